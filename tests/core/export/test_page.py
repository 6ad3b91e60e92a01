"""Pages by name and size, and where sketches lie on them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from clipasso_core.bezier import arc_length, curve_bounds
from clipasso_core.errors import ConfigError, ShapeError
from clipasso_core.export import Grid, Page, place
from clipasso_core.export.page import ALIGNS, PAGE_SIZES
from clipasso_core.export.paths import PenPath, flatten, without_padding
from clipasso_core.strokes import Strokes


def extent(points: np.ndarray) -> np.ndarray:
    """The corners [2, 2] of the box around a curve."""
    return curve_bounds(torch.from_numpy(points)).view(2, 2).numpy()


def ink(paths: list[PenPath], with_width: bool = True) -> np.ndarray:
    """The corners [2, 2] mm of the box around paths and their widths."""
    boxes = np.stack([extent(path.points) for path in paths])
    half = np.array([path.width for path in paths])[:, None] / 2 * with_width
    return np.stack([(boxes[:, 0] - half).min(axis=0), (boxes[:, 1] + half).max(axis=0)])


@pytest.mark.parametrize("name", [*PAGE_SIZES, "120x80mm", "12 x 8 cm", "8.5x11in"])
def test_names_and_sizes(name: str) -> None:
    upright, lying = Page.named(name), Page.named(name, landscape=True)
    assert sorted(upright.size) == sorted(lying.size)
    assert lying.width >= lying.height


@pytest.mark.parametrize("name", ["", "b5", "210", "0x100", "5x5mm", "3000x100", "210x297px", "-1x5"])
def test_what_is_no_page_is_one_sentence(name: str) -> None:
    with pytest.raises(ConfigError, match=r"a4|must lie between 10"):
        Page.named(name)


@pytest.mark.parametrize("align", ALIGNS)
@pytest.mark.parametrize("pen", [None, 0.7])
def test_ink_fills_the_room_and_lies_where_it_should(sketch: Strokes, align: str, pen: float | None) -> None:
    page = Page(210, 148, margin=12, align=align)  # type: ignore[arg-type]
    low, high = ink(place([sketch], page, pen_width=pen))
    room = np.array([[12.0, 12.0], [198.0, 136.0]])
    spare = (room[1] - room[0]) - (high - low)
    assert abs(spare.min()) < 0.01, "it is as large as can be"
    assert spare.max() > 1
    shares = np.array([[("left" in align), ("right" in align)], [("top" in align), ("bottom" in align)]]) * 1.0
    wanted = np.where(shares[:, 0] > 0, 0, np.where(shares[:, 1] > 0, 1, 0.5))
    np.testing.assert_allclose(low - room[0], spare * wanted, atol=0.01)


def test_a_grid_keeps_cells_apart_and_one_scale(sketches: Strokes) -> None:
    page = Page(210, 297, margin=10)
    paths = place([sketches], page, Grid(1, 2), pen_width=0.5)
    first, second = paths[:32], paths[32:]
    assert len(second) == 31, "one stroke is dead"
    assert ink(first)[1, 1] <= 143.51
    assert ink(second)[0, 1] >= 153.49
    grown = [np.array([path.length for path in cell[:5]]) for cell in (first, second)]
    drawn = arc_length(sketches.control_points[:, :5].double()).numpy()
    np.testing.assert_allclose(grown / drawn, grown[0][0] / drawn[0][0], rtol=1e-3)
    assert [path.rank for path in second[:8]] == list(range(8))


def test_levels_of_one_sketch_lie_in_one_place_of_their_cells(sketch: Strokes) -> None:
    both = Strokes.joined([sketch.prefix(3), sketch])
    paths = place([both], Page(210, 297), Grid(1, 2))
    shifts = [paths[index + 3].points - paths[index].points for index in range(3)]
    assert np.ptp(np.concatenate(shifts), axis=0).max() < 0.0021


@pytest.mark.parametrize("pen", [None, 0.7])
@pytest.mark.parametrize(
    ("name", "value"), [("stroke_width", 0.0), *(("color", torch.tensor([1, 0, 0, alpha])) for alpha in (0.0, 0.0004))]
)
def test_a_stroke_that_is_not_seen_is_not_on_the_page(sketch: Strokes, name: str, value: object, pen: float) -> None:
    far = sketch.with_points(torch.cat([sketch.control_points[:, :1] + 999, sketch.control_points[:, 1:]], dim=1))
    seen = torch.arange(sketch.num_strokes)[None] > 0
    getattr(far, name)[0, 0] = value
    wanted = place([replace(far, alive=seen)], Page(), pen_width=pen)
    got = place([far], Page(), pen_width=pen)
    assert [path.points.tolist() for path in got] == [path.points.tolist() for path in wanted]
    with pytest.raises(ShapeError, match="no strokes"):
        place([replace(far, alive=~seen)], Page(), pen_width=pen)


@pytest.mark.parametrize("name", ["control_points", "stroke_width", "color"])
def test_numbers_that_are_not_finite_are_still_refused(sketch: Strokes, name: str) -> None:
    getattr(sketch, name)[0, 0] = torch.nan
    with pytest.raises(ShapeError, match="NaN"):
        place([sketch], Page())


def test_a_page_that_was_read_stays_where_it_is(sketch: Strokes) -> None:
    page = Page(100, 80, margin=5)
    height, width = page.canvas_size
    line = Strokes.black(torch.tensor([[[[10.0, 20], [20, 20], [30, 20], [40, 20]]]]) * 96 / 25.4, (height, width))
    assert place([line], page)[0].ends.tolist() == [[10.0, 20.0], [40.0, 20.0]]
    assert place([line], page, Grid(1, 1))[0].ends[0, 0] < 10, "in a grid it is fitted"
    assert place([line], Page(100, 81))[0].ends[0, 0] != 10


def test_padding_and_dots() -> None:
    points = torch.tensor([[5.0, 5], [6, 5], [7, 5], [8, 5], [8, 5], [8, 5], [8, 5]])
    paths = place([Strokes.black(torch.stack([points, points[:1].expand(7, 2)])[None], (10, 10))], Page())
    assert [len(path.points) for path in paths] == [4, 4]
    assert len(without_padding(np.zeros((10, 2)))) == 4
    dot = place([Strokes.black(points[:1].expand(1, 1, 4, 2), (10, 10))], Page(), pen_width=1)
    np.testing.assert_allclose(dot[0].points, [[105, 148.5]] * 4)


def test_what_cannot_be_laid_out_is_one_sentence(sketches: Strokes) -> None:
    with pytest.raises(ConfigError, match=r"2 sketches are to lie on a page\. A page without a grid"):
        place([sketches], Page())
    with pytest.raises(ConfigError, match=r"4 sketches .* A grid of 3 has no room"):
        place([sketches, sketches], Page(), Grid(3, 1))
    with pytest.raises(ConfigError, match="leaves no room"):
        place([sketches], Page(50, 50, 20), Grid(1, 2))
    with pytest.raises(ConfigError, match="too wide"):
        place([sketches.select([0])], Page(30, 30, 10), pen_width=20)
    with pytest.raises(ShapeError, match="no strokes"):
        place([sketches.select([0]).prefix(0)], Page())
    broken = sketches.with_points(sketches.control_points.clone().fill_(float("nan")))
    with pytest.raises(ShapeError, match="NaN"):
        place([broken.select([0])], Page())
    for text in ("2", "0x3", "axb", "101x1"):
        with pytest.raises(ConfigError, match="grid must be columns x rows"):
            Grid.named(text)


def test_the_box_is_that_of_the_curve() -> None:
    generator = np.random.default_rng(0)
    for _ in range(20):
        points = generator.uniform(0, 100, (7, 2))
        points[::3] = points[::3].round()  # ties and straight parts, too
        fine = flatten(points, 1e-4)
        np.testing.assert_allclose(extent(points), [fine.min(axis=0), fine.max(axis=0)], atol=2e-3)


def test_chords_leave_the_curve_by_the_tolerance_at_most() -> None:
    generator = np.random.default_rng(1)
    for tolerance in (0.5, 0.05):
        points = generator.uniform(0, 100, (4, 2))
        rough, fine = flatten(points, tolerance), flatten(points, 1e-4)
        start, way = rough[:-1], np.diff(rough, axis=0)
        share = np.clip(((fine[:, None] - start) * way).sum(-1) / np.square(way).sum(-1), 0, 1)
        off = np.linalg.norm(fine[:, None] - start - share[..., None] * way, axis=-1).min(axis=1)
        assert off.max() <= tolerance
        assert off.max() > tolerance / 20, "the bound is not wasted"
