"""The detail brush: more strokes and more weight where a map is light."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from PIL import Image
from torch import Tensor

from clipasso_core.detail import cut_detail, detail_weights, favour_detail
from clipasso_core.encoders import ImageEncoder
from clipasso_core.errors import ShapeError
from clipasso_core.files import load_detail
from clipasso_core.framing import Frame
from clipasso_core.losses import geometric_loss, map_distance
from clipasso_core.optimize import OptimizeConfig, SketchRun
from clipasso_core.stroke_init import StrokeInitConfig, init_strokes

CONFIG = OptimizeConfig(num_iterations=3, num_views=1, bank_size=2, learning_rate=2.0)


def left_half(value: float = 1.0, other: float = 0.0, size: tuple[int, int] = (64, 64)) -> Tensor:
    detail = torch.full((1, *size), other)
    detail[..., : size[1] // 2] = value
    return detail


def test_a_map_over_the_photo_is_cut_as_the_photo_is() -> None:
    frame = Frame((40, 60), (20, -10, 80, 50))
    (cut,) = cut_detail(left_half(1.0, 0.0, (40, 60)), [frame])
    assert cut.shape == (60, 60)
    assert cut[30, [5, 9, 10, 39, 41]].tolist() == [1.0, 1.0, 0.0, 0.0, 0.5]
    assert cut[5, 5].item() == 0.5
    (small,) = cut_detail(left_half(1.0, 0.0, (20, 30)), [frame])  # any size of the photo's aspect
    assert small[30, [5, 20, 50]].tolist() == [1.0, 0.0, 0.5]


def test_a_map_of_another_picture_is_refused() -> None:
    with pytest.raises(ShapeError, match="detail is 64 x 64 px, but the photo is 60 x 40"):
        cut_detail(torch.ones(1, 64, 64), [Frame((40, 60), (0, 0, 40, 40))])
    with pytest.raises(ShapeError, match="connect the frame"):
        favour_detail(torch.ones(1, 224, 224), torch.ones(1, 40, 60))
    with pytest.raises(ShapeError, match="finite"):
        cut_detail(torch.full((1, 40, 60), torch.nan), [Frame((40, 60), (0, 0, 40, 40))])
    with pytest.raises(ShapeError, match="2 detail maps do not fit 3 photos"):
        detail_weights(torch.ones(2, 64, 64), torch.zeros(3, 3, 32, 32))


def test_more_strokes_start_where_the_map_is_light() -> None:
    saliency = torch.zeros(1, 224, 224)
    saliency[:, 20:200:30] = 0.8
    share = []
    for detail in (left_half(0.5, 0.5), left_half(1.0, 0.0), left_half(0.0, 1.0)):
        config = StrokeInitConfig(num_strokes=24, num_sketches=1, follow=0.0)
        starts = init_strokes(favour_detail(saliency, detail), config).control_points[0, :, 0, 0]
        share.append(float((starts < 112).float().mean()))
    assert share[2] < 0.3 < share[0] < 0.7 < share[1]


@pytest.mark.parametrize("value", [0.0, 0.3, 0.5, 1.0])
def test_a_map_of_one_grey_changes_nothing(value: float, cup: Tensor, encoder: ImageEncoder) -> None:
    saliency = torch.rand(1, 224, 224)
    flat = torch.full((1, 64, 64), value)
    torch.testing.assert_close(favour_detail(saliency, flat), saliency)
    first = init_strokes(torch.ones(1, 64, 64), StrokeInitConfig(num_strokes=4, num_sketches=1, follow=0.0))
    losses = []
    for details in (None, flat):
        run = SketchRun(cup, first, encoder, CONFIG, details=details)
        losses.append([float(step.losses["evaluation"]) for step in run])
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_differences_count_more_where_the_map_is_light() -> None:
    near, far = torch.zeros(1, 2, 4, 4), torch.zeros(1, 2, 4, 4)
    far[..., :2] = 1  # differs on the left
    places = detail_weights(left_half(1.0, 0.5, (4, 4)), torch.zeros(1, 3, 4, 4))
    assert places[0, 0].tolist() == pytest.approx([1.6, 1.6, 0.4, 0.4])
    for distance in ("l1", "l2"):
        for normalized in (True, False):
            plain = map_distance(near, far, normalized, distance)
            assert map_distance(near, far, normalized, distance, places).item() == pytest.approx(1.6 * plain.item())
    turned = map_distance(near + 1, far * torch.tensor([1.0, -1.0])[:, None, None] + 1e-9, False, "cosine", places)
    assert torch.isfinite(turned).all()


def test_the_loss_weighs_what_lies_where_the_map_is_light(
    cup: Tensor, encoder: ImageEncoder, pushed: Callable[..., Tensor]
) -> None:
    """The gradient to the drawing's left half grows beside that to its right half."""
    ratio = {name: pushed(details) for name, details in (("left", left_half()), ("right", left_half(0.0, 1.0)))}
    assert ratio["left"] > 4 * ratio["right"]


@pytest.fixture
def pushed(cup: Tensor, encoder: ImageEncoder) -> Callable[..., Tensor]:
    """Return how much a white drawing's left half is pushed, as a share of the right half."""
    first = init_strokes(torch.ones(1, 64, 64), StrokeInitConfig(num_strokes=4, num_sketches=1, follow=0.0))

    def push(details: Tensor) -> Tensor:
        bank = SketchRun(cup, first, encoder, CONFIG, details=details).bank
        bank.learn([0])
        zero = torch.zeros(1, dtype=torch.long)
        drawing = torch.ones_like(bank.subject.photos[:, :1]).requires_grad_(True)
        places = bank.places(zero, zero)
        geometric_loss(bank.look(drawing, None), bank.photo(zero, zero), bank.recipe, places).sum().backward()
        assert drawing.grad is not None
        left, right = drawing.grad.abs().chunk(2, dim=-1)
        return left.sum() / right.sum()

    return push


def test_transparent_parts_of_a_file_are_neutral(tmp_path: object) -> None:
    Image.new("RGBA", (32, 16), (255, 255, 255, 0)).save(f"{tmp_path}/clear.png")
    Image.new("L", (32, 16), 255).save(f"{tmp_path}/white.png")
    assert load_detail(f"{tmp_path}/clear.png").unique().tolist() == pytest.approx([0.5])
    assert load_detail(f"{tmp_path}/white.png").unique().tolist() == pytest.approx([1.0])
