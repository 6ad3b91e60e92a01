"""What is drawn when: exact pieces of the curves, by arc length, one stroke after another."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from clipasso_core.animation import Timeline
from clipasso_core.bezier import curve_points, segments_of
from clipasso_core.strokes import Strokes

DENSE = torch.linspace(0, 1, 20_001, dtype=torch.float64)


def scribbles(batch: int = 2, count: int = 5, segments: int = 2) -> Strokes:
    generator = torch.Generator().manual_seed(3)
    points = torch.rand(batch, count, 3 * segments + 1, 2, generator=generator) * 100
    return Strokes.black(points, (100, 100))


def length_of(control_points: Tensor) -> Tensor:
    """Measure strokes [..., K, 2] with a great many chords."""
    chords = curve_points(segments_of(control_points.double()), DENSE).diff(dim=-2)
    return chords.norm(dim=-1).sum(dim=(-2, -1))


def distance_to(control_points: Tensor, points: Tensor) -> Tensor:
    """How far points [P, 2] are from a stroke [K, 2], px."""
    dense = curve_points(segments_of(control_points.double()), DENSE).flatten(0, 1)
    return torch.cdist(points.double(), dense).amin(dim=1)


@pytest.mark.parametrize("moment", [0.01, 0.2, 0.37, 0.5, 0.8, 0.99])
def test_what_is_drawn_is_as_long_as_the_time_that_is_over(moment: float) -> None:
    strokes = scribbles()
    now = Timeline.of(strokes).at(moment)
    drawn, whole = ((length_of(one.control_points) * one.alive).sum(dim=1) for one in (now, strokes))
    torch.testing.assert_close(drawn, moment * whole, rtol=1e-3, atol=1e-2)


def test_the_stroke_in_work_is_a_piece_of_its_curve() -> None:
    strokes = scribbles(batch=1)
    now = Timeline.of(strokes).at(0.47)
    unlike = (now.control_points != strokes.control_points).flatten(2).any(dim=-1) & now.alive
    (in_work,) = unlike[0].nonzero().flatten().tolist()
    whole, part = strokes.control_points[0, in_work], now.control_points[0, in_work]
    assert torch.equal(part[0], whole[0])
    on_part = curve_points(segments_of(part.double()), DENSE[::100]).flatten(0, 1)
    assert float(distance_to(whole, on_part).max()) < 0.01


def test_each_piece_begins_with_the_one_before() -> None:
    """Time only adds: whatever is drawn stays where it is."""
    timeline = Timeline.of(scribbles(batch=1, count=1, segments=3))
    early, late = (timeline.at(moment).control_points[0, 0] for moment in (0.4, 0.7))
    tip = segments_of(early)[-1, -1]
    assert float(distance_to(late, tip[None])) < 0.01
    on_early = curve_points(segments_of(early.double()), DENSE[::100]).flatten(0, 1)
    assert float(distance_to(late, on_early).max()) < 0.01


def test_strokes_are_drawn_in_their_order_without_pause() -> None:
    timeline = Timeline.of(scribbles())
    torch.testing.assert_close(timeline.begin[:, 1:], timeline.end[:, :-1])
    assert torch.equal(timeline.begin[:, 0], torch.zeros(2, dtype=torch.float64))
    torch.testing.assert_close(timeline.end[:, -1], torch.ones(2, dtype=torch.float64))
    begun = [int(timeline.at(step / 20).alive[0].sum()) for step in range(21)]
    assert begun == sorted(begun)
    assert (begun[0], begun[1], begun[-1]) == (0, 1, 5)


def test_strokes_that_are_done_are_the_strokes_themselves() -> None:
    strokes = scribbles()
    timeline = Timeline.of(strokes)
    half = timeline.at(0.5)
    done = timeline.end <= 0.5
    assert done.any()
    assert torch.equal(half.control_points[done], strokes.control_points[done])
    end = timeline.at(1)
    assert torch.equal(end.control_points, strokes.control_points)
    assert torch.equal(end.alive, strokes.alive)


def test_dead_strokes_take_no_time_and_stay_dead() -> None:
    strokes = scribbles(batch=1, count=3)
    some = replace(strokes, alive=torch.tensor([[True, False, True]]))
    timeline = Timeline.of(some)
    assert timeline.begin[0, 1] == timeline.end[0, 1]
    assert not any(bool(timeline.at(step / 10).alive[0, 1]) for step in range(11))
    assert len(timeline.pen_times(2)) == 2


def test_padding_takes_no_time() -> None:
    strokes = scribbles(batch=1)
    padding = strokes.control_points[:, :, -1:].expand(-1, -1, 6, -1)
    padded = Timeline.of(strokes.with_points(torch.cat([strokes.control_points, padding], dim=2)))
    torch.testing.assert_close(padded.end, Timeline.of(strokes).end)


def test_a_dot_takes_the_time_of_a_line_as_long_as_it_is_wide() -> None:
    line = torch.tensor([[0.0, 0], [3, 0], [6, 0], [9, 0]])
    both = Strokes.black(torch.stack([torch.full((4, 2), 5.0), line])[None], (16, 16), stroke_width=3)
    assert Timeline.of(both).end[0].tolist() == pytest.approx([0.25, 1])


def test_a_drawing_of_nothing_is_whole_at_once() -> None:
    nothing = Strokes.black(torch.full((1, 1, 4, 2), 5.0), (16, 16), stroke_width=0)
    assert Timeline.of(nothing).at(0.5).control_points.isfinite().all()
    assert Timeline.of(nothing).pen_times(3) == [(0, 0)]


def test_each_sketch_of_a_batch_has_its_own_time() -> None:
    strokes = scribbles()
    alone = Timeline.of(strokes.select([1])).at(0.3)
    assert torch.equal(Timeline.of(strokes).at(0.3).control_points[1:], alone.control_points)


def test_gradients_do_not_flow() -> None:
    strokes = scribbles()
    moving = strokes.with_points(strokes.control_points.requires_grad_())
    assert not Timeline.of(moving).at(0.5).control_points.requires_grad
