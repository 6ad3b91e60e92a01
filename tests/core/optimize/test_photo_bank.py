"""What drawings are compared with: the photo, its line drawing, or a mixture of both, seen through each view."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from clipasso_core.augment import warp
from clipasso_core.encoders import Features, ImageEncoder
from clipasso_core.errors import ShapeError
from clipasso_core.line_drawing import line_drawing
from clipasso_core.losses import comparable, geometric_loss
from clipasso_core.optimize import OptimizeConfig, SketchRun
from clipasso_core.optimize.photo_bank import PhotoBank
from clipasso_core.optimize.subject import Subject
from clipasso_core.stroke_init import StrokeInitConfig, init_strokes
from clipasso_core.strokes import Strokes

VIEWS, FIRST = torch.arange(3), torch.zeros(1, dtype=torch.long)


def bank_of(images: Tensor, encoder: ImageEncoder, simplify: float) -> PhotoBank:
    """Return a bank that has looked through the identity and two views."""
    config, generator = OptimizeConfig(bank_size=2, simplify=simplify), torch.Generator().manual_seed(0)
    subject = Subject.of(images, (64, 64), (64, 64))
    bank = PhotoBank(subject, encoder, encoder.recipe, config, generator)
    bank.learn(VIEWS.tolist())
    return bank


def seen_through_views(images: Tensor, bank: PhotoBank) -> Features:
    """Look at images [1, 3, 64, 64] through a bank's views, computed anew."""
    through = torch.cat([images, warp(images, bank.grids[1:], "border")])
    return comparable(bank.encoder.encode(through), bank.recipe)


@pytest.mark.parametrize("simplify", [0.0, 0.3, 1.0])
def test_maps_are_mixed_and_the_meaning_is_the_photos(cup: Tensor, encoder: ImageEncoder, simplify: float) -> None:
    """0 is the photo, 1 its line drawing."""
    bank = bank_of(cup, encoder, simplify)
    found, photo = bank.photo(VIEWS, FIRST), seen_through_views(cup, bank)
    lines = seen_through_views(line_drawing(cup)[:, None].expand(-1, 3, -1, -1), bank)
    assert set(found.maps) == set(encoder.recipe.layer_weights)
    for name, maps in found.maps.items():
        mixed = (1 - simplify) * photo.maps[name] + simplify * lines.maps[name]
        torch.testing.assert_close(maps, mixed, atol=1e-4, rtol=1e-3)
        assert not torch.allclose(photo.maps[name], lines.maps[name], atol=1e-2)
    assert found.embedding is not None
    torch.testing.assert_close(found.embedding, photo.embedding, atol=1e-3, rtol=1e-3)


def test_the_mixture_is_compared_as_both_are_but_for_a_constant(
    cup: Tensor, cat: Tensor, encoder: ImageEncoder
) -> None:
    """The difference of two drawings' losses: so the gradient is that of the weighted sum of both losses."""
    photo, mixed, lines = (bank_of(cup, encoder, share).photo(FIRST, FIRST) for share in (0.0, 0.3, 1.0))
    drawings = [
        comparable(encoder.encode(image), encoder.recipe) for image in (cat, line_drawing(cat).expand(1, 3, -1, -1))
    ]

    def apart(seen: Features) -> float:
        first, second = (float(geometric_loss(drawing, seen, encoder.recipe)) for drawing in drawings)
        return first - second

    assert apart(mixed) == pytest.approx(0.7 * apart(photo) + 0.3 * apart(lines), abs=1e-4)
    assert abs(apart(photo) - apart(lines)) > 0.01


class Counting:
    """Pass everything on to an encoder and count the images that it sees."""

    def __init__(self, encoder: ImageEncoder) -> None:
        self.encoder, self.seen = encoder, 0

    def __getattr__(self, name: str) -> object:
        return getattr(self.encoder, name)

    def encode(self, images: Tensor, layers: tuple[str, ...] | None = None, embedding: bool = True) -> Features:
        self.seen += len(images)
        return self.encoder.encode(images, layers, embedding)


@pytest.mark.parametrize(("simplify", "looks"), [(0.0, 1), (0.5, 2)])
def test_the_line_drawing_is_looked_at_only_where_it_counts(
    cup: Tensor, encoder: ImageEncoder, simplify: float, looks: int
) -> None:
    counting = Counting(encoder)
    bank_of(cup, counting, simplify)  # type: ignore[arg-type]
    assert counting.seen == 3 * looks


def first_strokes() -> Strokes:
    lines = torch.ones(1, 64, 64)
    return init_strokes(lines, StrokeInitConfig(num_strokes=4, num_sketches=1, canvas_size=64, follow=0.0, spare=0.0))


def run_of(image: Tensor, encoder: ImageEncoder, masks: Tensor | list[Tensor] | None, simplify: float) -> SketchRun:
    config = OptimizeConfig(num_iterations=1, num_views=0, bank_size=0, simplify=simplify)
    return SketchRun(image, first_strokes(), encoder, config, masks=masks)


def test_a_run_draws_the_lines_of_the_masked_object(cup: Tensor, encoder: ImageEncoder) -> None:
    """Without masks, of all that is not white; masks may be larger than the photo on its canvas."""
    mask = torch.zeros(1, 64, 64)
    mask[:, 20:44, 20:44] = 1
    assert torch.equal(run_of(cup, encoder, None, 1.0).subject.lines, line_drawing(cup))
    inside = run_of(cup, encoder, mask, 1.0).subject.lines
    assert torch.equal(inside, line_drawing(cup, mask))
    assert bool((inside[0][mask[0] == 0] == 1).all())
    large = mask.repeat_interleave(2, 1).repeat_interleave(2, 2)
    assert torch.equal(run_of(cup, encoder, [large[0]], 1.0).subject.lines, inside)
    losses = [float(run_of(cup, encoder, where, 1.0).step().losses["evaluation"]) for where in (None, mask)]
    assert abs(losses[0] - losses[1]) > 0.01
    losses = [float(run_of(cup, encoder, where, 0.0).step().losses["evaluation"]) for where in (None, mask)]
    assert losses[0] == losses[1]


@pytest.mark.parametrize(
    ("masks", "said"),
    [
        (torch.ones(2, 64, 64), "2 masks do not fit 1 images"),
        (torch.ones(1, 64, 96), "mask is 96 x 64 px but the canvas is 64 x 64"),
    ],
)
def test_masks_that_do_not_fit(cup: Tensor, encoder: ImageEncoder, masks: Tensor, said: str) -> None:
    with pytest.raises(ShapeError, match=said):
        run_of(cup, encoder, masks, 0.5)
