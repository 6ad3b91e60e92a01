"""Widths and colours that move, and joints that stay smooth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from clipasso_core.errors import ConfigError
from clipasso_core.optimize import OptimizeConfig, SketchRun
from clipasso_core.optimize.coordinates import Coordinates
from clipasso_core.rasterizer import rasterize
from clipasso_core.strokes import Strokes

Start = Callable[..., SketchRun]
QUICK = {"num_views": 0, "bank_size": 0}


@pytest.fixture
def wavy() -> Strokes:
    """Two strokes of three segments on 64 px whose joints are corners."""
    points = torch.rand(1, 2, 10, 2, generator=torch.Generator().manual_seed(0)) * 40 + 12
    return Strokes.black(points, (64, 64), stroke_width=2.0)


def turns(strokes: Strokes) -> Tensor:
    """The cosines of the turns [B, N, S - 1] at the joints; 1 where a stroke goes straight on."""
    handles = strokes.control_points.double().diff(dim=2)
    return torch.cosine_similarity(handles[:, :, 2:-1:3], handles[:, :, 3::3], dim=-1)


# --- coordinates -------------------------------------------------------------------------------------------------


def test_all_looks_lead_back_to_the_strokes(wavy: Strokes) -> None:
    looks = torch.rand(1, 2, 4, generator=torch.Generator().manual_seed(1))
    strokes = replace(wavy, color=looks, stroke_width=torch.tensor([[1.5, 4.0]]))
    coordinates = Coordinates(100.0, color_span=50.0, width_span=20.0, width_range=(1.0, 3.0))
    moved = coordinates.of(strokes)
    assert moved.shape == (1, 2, 10 + 5, 2)
    back = coordinates.place(wavy, moved)
    torch.testing.assert_close(back.color, looks)
    assert back.stroke_width.tolist() == [[1.5, 3.0]]  # within the range from the start
    assert torch.equal(back.control_points, wavy.control_points)
    coordinates.shift(moved, torch.full((1, 2, 1, 2), 3.0))
    torch.testing.assert_close(coordinates.place(wavy, moved).color, looks)
    moved[:, :, 10:] = -1000.0
    coordinates.confine(moved)
    least = coordinates.place(wavy, moved)
    assert least.stroke_width.tolist() == [[1.0, 1.0]]
    assert not least.color.any()


def test_slow_strokes_change_their_looks_at_full_speed(wavy: Strokes) -> None:
    coordinates = Coordinates(100.0, color_span=50.0)
    before = coordinates.of(wavy)
    moved = before + 8.0
    coordinates.slow_down(moved, before, torch.tensor([[0.25, 1.0]]))
    went = torch.full_like(moved, 8.0)
    went[0, 0, :10] = 2.0
    torch.testing.assert_close(moved - before, went)


def test_one_width_is_the_mean_of_living_strokes(wavy: Strokes) -> None:
    points = wavy.control_points.repeat(1, 2, 1, 1)[:, :3]
    alive = torch.tensor([[True, True, False]])
    strokes = replace(Strokes.black(points, (64, 64), alive=alive), stroke_width=torch.tensor([[1.0, 3.0, 9.0]]))
    coordinates = Coordinates(width_span=10.0, one_width=True)
    assert coordinates.place(strokes, coordinates.of(strokes)).stroke_width.tolist() == [[2.0] * 3]


def test_smooth_joints_keep_smooth_strokes_and_straighten_corners(wavy: Strokes) -> None:
    coordinates = Coordinates(smooth=True)
    assert float(turns(wavy).min()) < 0.5
    smooth = coordinates.place(wavy, coordinates.of(wavy))
    assert float(turns(smooth).min()) > 1 - 1e-6
    assert torch.equal(smooth.control_points[:, :, ::3], wavy.control_points[:, :, ::3])
    lengths = [strokes.control_points.diff(dim=2).norm(dim=-1) for strokes in (wavy, smooth)]
    torch.testing.assert_close(*(length[:, :, [0, 2, 3, 5, 6, 8]] for length in lengths))
    again = coordinates.place(smooth, coordinates.of(smooth))
    torch.testing.assert_close(again.control_points, smooth.control_points)


def test_a_smooth_stroke_moves_as_it_is(wavy: Strokes) -> None:
    coordinates = Coordinates(smooth=True, width_span=10.0)
    moved = coordinates.of(wavy)
    before = coordinates.place(wavy, moved)
    coordinates.shift(moved, torch.full((1, 2, 1, 2), 5.0))
    after = coordinates.place(wavy, moved)
    torch.testing.assert_close(after.control_points, before.control_points + 5)
    assert torch.equal(after.stroke_width, before.stroke_width)


def test_the_gradient_through_smooth_joints_is_right_and_finite_at_a_cusp(wavy: Strokes) -> None:
    coordinates, strokes = Coordinates(smooth=True), wavy.to(dtype=torch.float64)
    moved = coordinates.of(strokes).requires_grad_(True)
    assert torch.autograd.gradcheck(lambda m: coordinates.place(strokes, m).control_points, [moved])
    flat = torch.zeros_like(moved).requires_grad_(True)
    coordinates.place(strokes, flat).control_points.square().sum().backward()
    assert flat.grad is not None
    assert bool(flat.grad.isfinite().all())


# --- runs --------------------------------------------------------------------------------------------------------


def test_a_run_keeps_joints_smooth(start: Start, cup: Tensor, wavy: Strokes) -> None:
    run = start(cup, strokes=wavy, smooth=True, learning_rate=4.0, **QUICK)
    steps = list(run)
    assert all(float(turns(step.strokes).min()) > 1 - 1e-5 for step in steps)
    assert float((steps[-1].strokes.control_points - steps[0].strokes.control_points).abs().max()) > 2
    assert float(turns(run.result().strokes).min()) > 1 - 1e-5
    free = list(start(cup, strokes=wavy, learning_rate=4.0, **QUICK))
    assert float(turns(free[-1].strokes).min()) < 0.9


def test_widths_move_each_or_as_one(start: Start, cup: Tensor) -> None:
    kept, one, each = (list(start(cup, widths=which, **QUICK))[-1].strokes for which in ("keep", "one", "each"))
    assert len(kept.stroke_width.unique(dim=1)[0]) == len(one.stroke_width.unique(dim=1)[0]) == 1
    assert not torch.equal(kept.stroke_width, one.stroke_width)
    assert len(each.stroke_width.unique(dim=1)[0]) == 4
    assert float((each.stroke_width - kept.stroke_width).abs().max()) < 4 * 0.06 * 64 / 224


@pytest.mark.parametrize("widths", ["one", "each"])
def test_widths_stay_within_their_bounds(start: Start, cup: Tensor, widths: str) -> None:
    bounds = {"min_width": 2.9, "max_width": 3.05, "num_iterations": 8}
    scale = 64 / 224
    for step in start(cup, 2, widths=widths, **bounds, **QUICK):
        assert float(step.strokes.stroke_width.min()) >= 2.9 * scale - 1e-5
        assert float(step.strokes.stroke_width.max()) <= 3.05 * scale + 1e-5


def test_colours_begin_with_the_photos_and_move(start: Start, cup: Tensor) -> None:
    photo = cup.clone()
    photo[:, 1:] *= 0.5  # all but the object's red is darker
    run = start(photo, 2, colors="optimized", num_iterations=6, halving=True, **QUICK)
    steps = list(run)
    assert not steps[0].strokes.is_opaque_black()
    first, last = steps[0].strokes, steps[-1].strokes
    assert float((last.color - first.color[: len(last.color)]).abs()[..., :3].max()) > 0.01
    assert torch.equal(last.color[..., 3], torch.ones_like(last.color[..., 3]))
    assert bool(((last.color >= 0) & (last.color <= 1)).all())
    result = run.result()
    assert result.strokes.color[..., :3].max() > 0
    seen = run.bank.look(rasterize(result.strokes, (64, 64)), None)
    assert seen.embedding is not None


def test_colours_of_the_photo_change_nothing_but_colours(start: Start, cup: Tensor) -> None:
    plain, painted = (start(cup, 2, colors=colors, **QUICK) for colors in ("keep", "photo"))
    steps = [list(plain), list(painted)]
    assert steps[1][-1].strokes.is_opaque_black()
    one, other = plain.result(), painted.result()
    assert torch.equal(one.strokes.control_points, other.strokes.control_points)
    assert one.loss == other.loss
    assert one.strokes.is_opaque_black()
    assert not other.strokes.is_opaque_black()


def test_bad_looks_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"min_width \(5\) cannot exceed max_width \(4\)"):
        OptimizeConfig(min_width=5, max_width=4)
    with pytest.raises(ConfigError, match="widths must be one of keep, one, each, got 'both'"):
        OptimizeConfig(widths="both")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="colors must be one of keep, photo, optimized, got 'red'"):
        OptimizeConfig(colors="red")  # type: ignore[arg-type]
