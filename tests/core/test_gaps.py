"""Gaps: ends go on to a line ahead of them that is near, touch it, and nothing else moves."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from clipasso_core.bezier import curve_points
from clipasso_core.gaps import REACH, TOUCHING, close_gaps
from clipasso_core.strokes import Strokes

WIDTH = 3.0


def line(start: tuple[float, float], stop: tuple[float, float]) -> Tensor:
    """Return a straight stroke [4, 2] px."""
    t = torch.linspace(0, 1, 4)[:, None]
    return (1 - t) * torch.tensor(start) + t * torch.tensor(stop)


def sketch(*lines: Tensor, width: float = WIDTH) -> Strokes:
    return Strokes.black(torch.stack(lines)[None], (100, 100), width)


def moved(strokes: Strokes, free: Tensor | None = None) -> list[list[bool]]:
    """Say which strokes' start and end ``close_gaps`` moves."""
    after = close_gaps(strokes, free).control_points
    return (after != strokes.control_points).any(-1)[0][:, [0, -1]].tolist()


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("gap", [4.0, 5.9])
def test_a_loose_end_goes_on_to_the_line_ahead_and_touches_it(gap: float, turned: bool) -> None:
    post = line((60, 20), (60, 80))
    beam = line((10, 50), (60 - gap, 50))
    after = close_gaps(sketch(beam.flip(0) if turned else beam, post)).control_points[0]
    tip = after[0, 0] if turned else after[0, -1]
    torch.testing.assert_close(tip, torch.tensor([60 - TOUCHING * WIDTH, 50]), atol=0.02, rtol=0)
    torch.testing.assert_close(after[0, -1] if turned else after[0, 0], beam[0], atol=1.0, rtol=0)
    assert torch.equal(after[1], post)


def test_one_of_two_ends_that_face_each_other_moves() -> None:
    assert moved(sketch(line((10, 50), (45, 50)), line((50, 50), (90, 50)))) == [[False, True], [False, False]]


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("too far", (line((10, 50), (53, 50)), line((60, 20), (60, 80)))),
        ("it touches already", (line((10, 50), (58, 50)), line((60, 20), (60, 80)))),
        ("side by side", (line((10, 50), (60, 50)), line((10, 55), (60, 55)))),
        ("a dot", (line((50, 50), (55, 50)), line((60, 20), (60, 80)))),
        ("alone", (line((10, 50), (53, 50)),)),
    ],
)
def test_what_does_not_move(name: str, lines: tuple[Tensor, ...]) -> None:
    assert not any(map(any, moved(sketch(*lines)))), name


def test_a_long_stroke_becomes_a_loop_and_a_short_one_does_not() -> None:
    open_ring = torch.tensor([[50.0, 20.0], [95, 80], [5, 80], [46.0, 22.0]])
    ends = close_gaps(sketch(open_ring)).control_points[0, 0, [0, -1]]
    assert float((ends[0] - ends[1]).norm()) == pytest.approx(TOUCHING * WIDTH, abs=0.3)
    small = torch.tensor([[50.0, 20.0], [60, 34], [36, 34], [46.0, 22.0]])
    assert moved(sketch(small)) == [[False, False]]


def test_dead_and_given_strokes_and_those_that_are_not_free_take_no_part() -> None:
    both = sketch(line((60, 20), (60, 80)), line((10, 50), (55, 50)))
    assert moved(both) == [[False, False], [False, True]]
    assert moved(replace(both, num_given=1)) == [[False, False], [False, False]]
    assert moved(replace(both, alive=torch.tensor([[True, False]]))) == [[False, False], [False, False]]
    assert moved(replace(both, num_given=2)) == [[False, False], [False, False]]
    for free in ([True, False], [False, True]):
        assert moved(both, torch.tensor([free])) == [[False, False], [False, False]]


def test_reach_follows_the_width() -> None:
    beam, post = line((10, 50), (52, 50)), line((60, 20), (60, 80))
    assert not any(map(any, moved(sketch(beam, post))))
    assert any(map(any, moved(sketch(beam, post, width=8 / REACH + 0.1))))


def test_sketches_of_a_batch_and_of_any_scale_are_closed_alike() -> None:
    generator = torch.Generator().manual_seed(3)
    points = torch.rand(2, 12, 4, 2, generator=generator) * 100
    both = Strokes.black(points, (100, 100), WIDTH)
    closed = close_gaps(both)
    assert bool((closed.control_points != points).any())
    for index in range(2):
        assert torch.equal(close_gaps(both.select([index])).control_points[0], closed.control_points[index])
    large = close_gaps(both.scaled_to((400, 400))).scaled_to((100, 100))
    torch.testing.assert_close(large.control_points, closed.control_points, atol=1e-4, rtol=0)


def test_the_last_cubic_of_a_long_stroke_bends_and_its_joints_stay() -> None:
    chain = torch.cat([line((10, 50), (30, 50)), line((30, 50), (55, 50))[1:]])
    post = torch.cat([line((60, 20), (60, 50)), line((60, 50), (60, 80))[1:]])
    after = close_gaps(sketch(chain, post)).control_points[0, 0]
    assert torch.equal(after[:4], chain[:4])
    assert float(curve_points(after[3:], torch.tensor([1.0]))[0, 0]) == pytest.approx(60 - TOUCHING * WIDTH, abs=0.02)
