"""Transform: where points go, what widths do, and that inverse transforms lead back."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from clipasso_core.bezier import curve_bounds, curve_points
from clipasso_core.errors import ConfigError
from clipasso_core.rasterizer import ink
from clipasso_core.strokes import Strokes
from clipasso_core.transform import (
    TransformConfig,
    fit_to_canvas,
    ink_bounds,
    mirror,
    move,
    resize_canvas,
    rotate,
    scale,
    transform,
)

SIZE = (60, 100)  # height, width


def drawing(batch: int = 1, size: tuple[int, int] = SIZE) -> Strokes:
    points = torch.rand(batch, 3, 7, 2, generator=torch.Generator().manual_seed(0)) * 60
    return Strokes.black(points, size, stroke_width=4)


def dot(x: float, y: float, size: tuple[int, int] = SIZE) -> Strokes:
    return Strokes.black(torch.tensor([x, y], dtype=torch.float32).expand(1, 1, 4, 2), size, stroke_width=2)


def place(strokes: Strokes) -> list[float]:
    found: list[float] = strokes.control_points[0, 0, 0].tolist()
    return found


@pytest.mark.parametrize(
    ("config", "wanted", "width"),
    [
        (TransformConfig(), (90, 20), 2),
        (TransformConfig(move=(5, -7)), (95, 13), 2),
        (TransformConfig(scale=2), (130, 10), 4),
        (TransformConfig(scale=2, scale_widths=False), (130, 10), 2),
        (TransformConfig(degrees=90), (60, 70), 2),  # clockwise about (50, 30): 40 right, 10 up -> 10 right, 40 down
        (TransformConfig(degrees=-90), (40, -10), 2),
        (TransformConfig(mirror="left-right"), (10, 20), 2),
        (TransformConfig(mirror="top-bottom"), (90, 40), 2),
        (TransformConfig(mirror="left-right", degrees=90, scale=0.5, move=(1, 2)), (56, 12), 1),
        (TransformConfig(canvas_size=(100, 120)), (100, 40), 2),
        (TransformConfig(canvas_size=(200, 200), fitted="canvas"), (180, 80), 4),
        (TransformConfig(canvas_size=(200, 200), fitted="canvas", margin=50), (140, 90), 2),
        (TransformConfig(canvas_size=(200, 200), fitted="canvas", scale_widths=False), (180, 80), 2),
    ],
)
def test_points_and_widths_go_where_they_are_sent(
    config: TransformConfig, wanted: tuple[float, float], width: float
) -> None:
    sent = transform(dot(90, 20), config)
    assert place(sent) == pytest.approx(wanted, abs=1e-4)
    assert sent.stroke_width.item() == pytest.approx(width)
    assert sent.canvas_size == (config.canvas_size or SIZE)


def test_what_does_nothing_changes_no_bit() -> None:
    strokes = drawing()
    assert transform(strokes, TransformConfig()).control_points is strokes.control_points


def test_inverse_transforms_lead_back() -> None:
    strokes = drawing(2)
    there = mirror(scale(rotate(move(strokes, 7, -3), 33, (10, 20)), 1.7, (4, 5)), "top-bottom")
    back = move(rotate(scale(mirror(there, "top-bottom"), 1 / 1.7, (4, 5)), -33, (10, 20)), -7, 3)
    torch.testing.assert_close(back.control_points, strokes.control_points, atol=1e-4, rtol=0)
    torch.testing.assert_close(back.stroke_width, strokes.stroke_width)


def test_the_point_about_which_is_turned_and_scaled_stays() -> None:
    assert place(rotate(dot(10, 20), 47, (10, 20))) == pytest.approx((10, 20))
    assert place(scale(dot(10, 20), 3, (10, 20))) == pytest.approx((10, 20))


def test_the_canvas_is_cropped_from_any_side() -> None:
    assert place(resize_canvas(dot(90, 20), (40, 40), (0, 0))) == [90, 20]
    assert place(resize_canvas(dot(90, 20), (40, 40), (1, 1))) == [30, 0]


def test_a_rotation_turns_the_picture() -> None:
    square = Strokes.black(torch.tensor([[[[8.0, 4], [20, 4], [28, 10], [28, 20]]]]), (32, 32))
    torch.testing.assert_close(ink(rotate(square, 90)), ink(square).rot90(-1, (1, 2)), atol=1e-3, rtol=0)


@pytest.mark.parametrize("scale_widths", [True, False])
def test_each_drawing_fills_the_canvas_up_to_the_margin(scale_widths: bool) -> None:
    small = drawing(2)
    two = Strokes.joined([small.select([0]), move(scale(small.select([1]), 0.3), 20, 5)])
    fitted = fit_to_canvas(two, (200, 300), 10, "drawing", scale_widths)
    for left, top, right, bottom in ink_bounds(fitted).tolist():
        assert left + right == pytest.approx(300, abs=0.01)
        assert top + bottom == pytest.approx(200, abs=0.01)
        assert min(left, top) == pytest.approx(10, abs=0.01)


def test_a_dead_stroke_does_not_count_for_the_fit() -> None:
    far = replace(drawing(), alive=torch.tensor([[True, True, False]]))
    far.control_points[0, 2] = 5000
    left, _, right, _ = ink_bounds(fit_to_canvas(far, (100, 100), 0, "drawing"))[0].tolist()
    assert (left >= -0.01, right <= 100.01) == (True, True)


def test_an_empty_sketch_and_a_point_can_be_fitted() -> None:
    empty = replace(dot(9, 9), alive=torch.zeros(1, 1, dtype=torch.bool))
    assert fit_to_canvas(empty, (50, 50), 0, "drawing").canvas_size == (50, 50)
    assert ink_bounds(empty).isnan().all()
    thin = replace(dot(9, 9), stroke_width=torch.zeros(1, 1))
    assert place(fit_to_canvas(thin, (50, 50), 0, "drawing")) == pytest.approx((25, 25))


def test_bounds_are_those_of_the_curve() -> None:
    strokes = drawing(2)
    t = torch.linspace(0, 1, 2001)
    pieces = torch.stack([strokes.control_points[..., :4, :], strokes.control_points[..., 3:, :]], dim=2)
    on_it = curve_points(pieces, t).flatten(2, 3)
    sampled = torch.cat([on_it.amin(dim=2), on_it.amax(dim=2)], dim=-1)
    torch.testing.assert_close(curve_bounds(strokes.control_points), sampled, atol=1e-3, rtol=0)


@pytest.mark.parametrize(
    "points",
    [
        [[0.0, 0], [1, 1], [2, 2], [3, 3]],  # a line: derivatives are constant
        [[0.0, 0], [1, 0], [1, 0], [0, 0]],  # there and back
        [[2.0, 2], [2, 2], [2, 2], [2, 2]],  # a point
        [[0.0, 0], [2 / 3, 0], [1, 1 / 3], [1, 1]],  # an elevated quadratic
    ],
)
def test_bounds_of_degenerate_curves_are_finite(points: list[list[float]]) -> None:
    curve = torch.tensor(points)
    bounds = curve_bounds(curve)
    on_it = curve_points(curve, torch.linspace(0, 1, 1001))
    wanted = torch.cat([on_it.amin(dim=0), on_it.amax(dim=0)])
    torch.testing.assert_close(bounds, wanted, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"mirror": "both"}, "mirror must be one of none, left-right, top-bottom"),
        ({"degrees": math.nan}, "degrees must lie between"),
        ({"move": (0, math.inf)}, "move_y must lie between"),
        ({"fitted": "all"}, "fitted must be one of"),
        ({"margin": 5}, "margin needs something that is fitted"),
    ],
)
def test_bad_options_are_refused(bad: dict[str, object], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        TransformConfig(**bad)  # type: ignore[arg-type]


def test_a_canvas_or_margin_out_of_range_is_refused() -> None:
    with pytest.raises(ConfigError, match="canvas_size must be"):
        transform(dot(1, 1), TransformConfig(canvas_size=(0, 100)))
    with pytest.raises(ConfigError, match="margin must be 0 to less than half the canvas \\(30 px\\), got 30"):
        fit_to_canvas(dot(1, 1), SIZE, 30)
