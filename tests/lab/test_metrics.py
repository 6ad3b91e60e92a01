"""Metrics: the photo that a sketch is measured by, lines at known distances, and own edges against another's."""

from __future__ import annotations

import math
from dataclasses import astuple, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import Tensor

from clipasso_core.encoders import ImageEncoder
from clipasso_core.errors import ImageFileError, MaskError, ShapeError
from clipasso_core.files import load_image, save_png
from clipasso_core.line_drawing import line_drawing
from clipasso_core.mask import mask_object
from clipasso_core.optimize import OptimizeConfig, SketchRun
from clipasso_core.pixels import resize, resize_map
from clipasso_core.rasterizer import ink, rasterize
from clipasso_core.strokes import Strokes
from clipasso_core.xdog import xdog
from clipasso_lab.judge import Judge
from clipasso_lab.metrics import Metrics, ReferencePhoto, chamfer, reference_photo, score_strokes, see_photo
from clipasso_lab.spots import spots_found


def test_it_is_the_object_on_white_in_its_frame_with_lines_and_outline(
    photos: list[Path], references: dict[str, ReferencePhoto]
) -> None:
    cut, found = mask_object(load_image(photos[0])), references["cat"]
    assert torch.equal(found.image, cut.image)
    assert found.frame == cut.frames[0]
    inside = resize_map(cut.mask, (224, 224))[0] >= 0.5
    lines, edges = xdog(resize(cut.image, (224, 224)))[0], found.edges
    assert set(edges.unique().tolist()) == {0, 1}
    assert not bool(edges[~inside].any())
    assert bool((edges >= lines)[inside].all())
    deep = torch.from_numpy(ndimage.binary_erosion(inside.numpy(), np.ones((5, 5)), border_value=1))
    assert float(edges[inside & ~deep].mean()) > 0.9
    assert torch.equal(edges[deep], lines[deep])


def test_a_pale_object_still_has_its_outline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disc as white as the paper: no line inside, and its rim is the only edge."""
    y, x = torch.meshgrid(torch.arange(96) - 48, torch.arange(96) - 48, indexing="ij")
    disc = (x**2 + y**2 < 30**2).float()
    monkeypatch.setattr(
        "clipasso_lab.metrics.mask_object", lambda images: mask_object(torch.ones_like(images), disc[None])
    )
    save_png(torch.ones(3, 96, 96), tmp_path / "disc.png")
    rows, columns = reference_photo(tmp_path / "disc.png").edges.nonzero().unbind(1)
    radius = ((rows - 111.5) ** 2 + (columns - 111.5) ** 2).float().sqrt()
    assert float(radius.max() - radius.min()) < 5


def test_what_cannot_be_seen(tmp_path: Path) -> None:
    with pytest.raises(ImageFileError, match="does not exist"):
        reference_photo(tmp_path / "missing.png")
    save_png(torch.full((3, 64, 64), 0.5), tmp_path / "flat.png")
    with pytest.raises(MaskError, match="No object"):
        reference_photo(tmp_path / "flat.png")


def line(column: int, coverage: float = 1.0) -> Tensor:
    """A line from top to bottom, [40, 40]."""
    picture = torch.zeros(40, 40)
    picture[:, column] = coverage
    return picture


@pytest.mark.parametrize("shift", [0, 1, 7])
@pytest.mark.parametrize("coverage", [1.0, 0.2])
def test_a_shifted_line_lies_its_shift_away(shift: int, coverage: float) -> None:
    assert chamfer(line(10 + shift, coverage), line(10)) == pytest.approx((shift, shift))


def test_the_two_ways_are_apart() -> None:
    """Ink on one of two edges: nothing drawn without reason, half left out; and the other way round."""
    both = torch.maximum(line(10), line(20))
    assert chamfer(line(10), both) == pytest.approx((0, 5))
    assert chamfer(both, line(10)) == pytest.approx((5, 0))


def test_ink_counts_by_its_coverage() -> None:
    """A quarter as much ink at 8 px as at 0 px: a fifth of 8 px."""
    assert chamfer(line(10) + line(18, 0.25), line(10)).ink_to_edge == pytest.approx(8 / 5)


def test_faint_ink_is_no_ink_to_be_near_to() -> None:
    assert chamfer(line(20) + line(10, 0.25), line(10)).edge_to_ink == pytest.approx(10)


@pytest.mark.parametrize(
    ("ink", "edges", "said"),
    [
        (torch.zeros(40, 40), line(3), "no ink"),
        (line(3), torch.zeros(40, 40), "no edges"),
        (torch.zeros(40, 41), line(3), "of one size"),
    ],
)
def test_nothing_to_measure(ink: Tensor, edges: Tensor, said: str) -> None:
    with pytest.raises(ShapeError, match=said):
        chamfer(ink, edges)


def metrics_of(strokes: Strokes, photo: ReferencePhoto, judge: Judge) -> Metrics:
    return score_strokes(strokes, photo, see_photo(photo, judge), judge)[0]


@pytest.mark.parametrize(("own", "other"), [("cat", "cup"), ("cup", "cat")])
def test_own_edges_beat_anothers(
    own: str, other: str, traced: dict[str, Strokes], references: dict[str, ReferencePhoto], judge: Judge
) -> None:
    right, wrong = (metrics_of(traced[name], references[own], judge) for name in (own, other))
    assert right.loss < wrong.loss
    assert right.geometric < wrong.geometric
    assert right.ink_to_edge < 0.6 < wrong.ink_to_edge
    assert right.edge_to_ink < 1.5 < wrong.edge_to_ink
    assert right.features_found > wrong.features_found
    assert all(map(math.isfinite, astuple(right)))


def test_the_simple_loss_is_the_loss_beside_the_line_drawing(
    photos: list[Path], traced: dict[str, Strokes], references: dict[str, ReferencePhoto], judge: Judge
) -> None:
    photo, found = references["cat"], metrics_of(traced["cat"], references["cat"], judge)
    inside = resize_map(mask_object(load_image(photos[0])).mask, (224, 224)) >= 0.5
    drawing = line_drawing(resize(photo.image, (224, 224)), inside.float())
    assert photo.simple.shape == (1, 3, 224, 224)
    torch.testing.assert_close(photo.simple, drawing[:, None].expand(1, 3, 224, 224))
    beside = metrics_of(traced["cat"], replace(photo, image=photo.simple), judge)
    assert found.simple_loss == pytest.approx(beside.loss)
    assert found.simple_loss < found.loss  # lines are nearer to lines than to a photo
    assert found.simple_loss < metrics_of(traced["cup"], photo, judge).simple_loss


def test_the_plain_figures_of_a_scribble(references: dict[str, ReferencePhoto], judge: Judge) -> None:
    """A line drawn twice over the cat and a loop beside it."""
    line = torch.tensor([[20.0, 112], [80, 112], [140, 112], [200, 112]])
    loop = torch.tensor([[45.0, 80], [313, 45], [-90, 45], [179, 80]])
    strokes = Strokes.black(torch.stack([line, line, loop])[None], (224, 224))
    photo, seen = references["cat"], see_photo(references["cat"], judge)
    found, _ = score_strokes(strokes, photo, seen, judge)
    assert found.self_crossing == pytest.approx(1 / 3)
    assert 0.2 < found.overlap < 0.4
    assert found.ink_share == pytest.approx(float(ink(strokes)[0].mean()))
    assert found.features_found == spots_found(ink(strokes)[0], photo.spots)
    assert found.recognised == judge.recognised(judge.look(rasterize(strokes, judge.size)), seen.image) > 1


def test_the_loss_is_its_parts(traced: dict[str, Strokes], references: dict[str, ReferencePhoto], judge: Judge) -> None:
    found = metrics_of(traced["cat"], references["cat"], judge)
    weight = judge.encoder.recipe.semantic_weight
    assert found.loss == pytest.approx(found.geometric + weight * (1 - found.similarity))


def test_the_optimisers_own_encoder_finds_the_optimisers_loss(
    traced: dict[str, Strokes], references: dict[str, ReferencePhoto], encoder: ImageEncoder
) -> None:
    """Its photo is shrunk to the canvas first, and the embedded encoder's size is the canvas's."""
    strokes, plain = traced["cup"], OptimizeConfig(num_iterations=1, num_views=0, simplify=0.0, tidy=0.0)
    run = SketchRun(references["cup"].image, strokes, encoder, plain)
    loss = float(run.step().losses["evaluation"])
    found = metrics_of(strokes, references["cup"], Judge(encoder, torch.device("cpu")))
    assert found.loss == pytest.approx(loss, abs=1e-4)


def test_ink_outside_the_canvas_is_none(references: dict[str, ReferencePhoto], judge: Judge) -> None:
    outside = Strokes.black(torch.full((1, 1, 4, 2), 500.0), (224, 224))
    with pytest.raises(ShapeError, match="no ink on its canvas"):
        metrics_of(outside, references["cat"], judge)
