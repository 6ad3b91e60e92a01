"""Trim: short ends behind the own line and small knots go, and nothing else changes."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from clipasso_core.bezier import curve_points, first_part, parts_between, points_along
from clipasso_core.crossings import exact_crossing, self_crossings
from clipasso_core.strokes import Strokes
from clipasso_core.trim import PIECES, trim_beside, trim_ends, trim_knots

LOOP = torch.tensor([[20.0, 80], [140, 20], [-40, 20], [80, 80]])  # crosses itself at 0.113 and 0.887, 35 px in
WIDTH = 3.0
KNOTTED = torch.tensor([[10.0, 10], [20, 20], [30, 30], [44, 44], [48, 43], [44, 38], [20, 50]])  # a loop of 8 px


def stroke(points: Tensor, width: float = WIDTH) -> Strokes:
    return Strokes.black(points.view(1, 1, -1, 2), (100, 100), width)


def with_end_beyond(px: float) -> Tensor:
    """Return the loop with ``px`` left behind the crossing."""
    t = 0.887 + px / 325  # its speed there, px per unit
    return first_part(LOOP, torch.tensor(t))


def cut_in_two(cubic: Tensor) -> Tensor:
    """Return a cubic [4, 2] as two that meet in its middle, [7, 2]."""
    first, second = parts_between(cubic, torch.tensor([0.0, 0.5, 1.0]))
    return torch.cat([first, second[1:]])


@pytest.mark.parametrize("turned", [False, True])
def test_a_short_end_is_cut_where_its_round_cap_touches_the_line(turned: bool) -> None:
    whole = with_end_beyond(0.8 * WIDTH)
    points = whole.flip(0) if turned else whole
    trimmed = trim_ends(stroke(points)).control_points[0, 0]
    assert exact_crossing(trimmed).isnan().all()
    kept, cut = (trimmed[-1], trimmed[0]) if turned else (trimmed[0], trimmed[-1])
    torch.testing.assert_close(kept, whole[0])
    crossing = curve_points(LOOP, exact_crossing(LOOP)[:1])[0].float()
    assert float((cut - crossing).norm()) == pytest.approx(WIDTH / 2, rel=0.05)


@pytest.mark.parametrize("points", [LOOP, with_end_beyond(3 * WIDTH), LOOP[[0, 2, 1, 3]], 0 * LOOP + 50])
def test_long_ends_arches_and_dots_stay_to_the_bit(points: Tensor) -> None:
    assert torch.equal(trim_ends(stroke(points)).control_points, stroke(points).control_points)


def test_the_last_of_several_cubics_ends_where_a_single_one_would() -> None:
    whole = with_end_beyond(0.8 * WIDTH)
    joined = cut_in_two(whole)
    trimmed = trim_ends(stroke(joined)).control_points[0, 0]
    torch.testing.assert_close(trimmed[:4], joined[:4])
    alone = trim_ends(stroke(whole)).control_points[0, 0]
    torch.testing.assert_close(trimmed[-1], alone[-1], atol=0.01, rtol=0)
    assert not bool(self_crossings(trimmed, PIECES).there.any())


def test_padded_strokes_stay() -> None:
    joined = torch.cat([with_end_beyond(1.0), with_end_beyond(1.0)[-1:].expand(3, 2)])
    assert torch.equal(trim_ends(stroke(joined)).control_points, stroke(joined).control_points)


@pytest.mark.parametrize(("size", "goes"), [(0.5, True), (1.0, True), (3.0, False)])
def test_small_knots_at_joints_are_cut_off_where_the_line_crosses_itself(size: float, goes: bool) -> None:
    """What is left is the stroke without its loop: every place of it was there before."""
    points = size * KNOTTED
    trimmed = trim_knots(stroke(points)).control_points[0, 0]
    assert bool(self_crossings(points, PIECES).there.any())
    assert bool(self_crossings(trimmed, PIECES).there.any()) is not goes
    torch.testing.assert_close(trimmed[[0, -1]], points[[0, -1]])
    before, after = (points_along(each, 400) for each in (points, trimmed))
    assert float(torch.cdist(after, before).amin(dim=1).max()) < 0.2


def test_of_one_cubic_and_of_given_strokes_no_knot_is_cut() -> None:
    mine = replace(stroke(KNOTTED), num_given=1)
    for one in (mine, stroke(LOOP)):
        assert torch.equal(trim_knots(one).control_points, one.control_points)


def test_a_wide_pen_closes_a_small_loop_without_losing_it() -> None:
    """Where the loop is shorter than half a width, nothing would be left of it."""
    tiny = stroke(with_end_beyond(1.0) / 500, WIDTH)
    assert torch.equal(trim_ends(tiny).control_points, tiny.control_points)


def test_a_given_stroke_keeps_its_end() -> None:
    mine = replace(stroke(with_end_beyond(0.8 * WIDTH)), num_given=1)
    assert torch.equal(trim_ends(mine).control_points, mine.control_points)


EYE = torch.tensor([[40.0, 50], [43, 50], [47, 50], [50, 50]])
LASH = torch.tensor([[47.0, 52], [50, 60], [52, 70], [53, 80]])
BROW = torch.tensor([[10.0, 50], [30, 49], [60, 49], [90, 50]])


def beside_the_eye(line: Tensor) -> Tensor:
    """Return what becomes of a line where the eye stays."""
    strokes = Strokes.black(torch.stack([EYE, line])[None], (100, 100), WIDTH)
    trimmed = trim_beside(strokes, torch.tensor([[True, False]])).control_points[0]
    assert torch.equal(trimmed[0], EYE)
    return trimmed[1]


@pytest.mark.parametrize("turned", [False, True])
def test_an_end_beside_what_stays_is_cut_off_where_it_is_clear_of_it(turned: bool) -> None:
    line = LASH.flip(0) if turned else LASH
    kept = beside_the_eye(line)
    end, other = (-1, 0) if turned else (0, -1)
    torch.testing.assert_close(kept[other], line[other])
    away = torch.cdist(kept[end][None], points_along(EYE, 64)).min()
    assert float(away) == pytest.approx(1.5 * WIDTH, abs=0.3)


@pytest.mark.parametrize("line", [BROW, LASH + 30.0])
def test_lines_that_pass_by_or_are_far_stay(line: Tensor) -> None:
    torch.testing.assert_close(beside_the_eye(line), line)


def test_long_chains_and_many_strokes_take_little_memory() -> None:
    """A drawing of one line may have 512 cubics, and a sketch 4096 strokes: pairs of all their pieces would fill it."""
    line = torch.cumsum(torch.rand(1, 1, 3 * 512 + 1, 2, generator=torch.Generator().manual_seed(0)) - 0.5, dim=2)
    one = Strokes.black(50 + line, (100, 100), 0.1)
    assert torch.equal(trim_ends(one).control_points, one.control_points)
    many = Strokes.black(with_end_beyond(0.8 * WIDTH).expand(1, 4096, 4, 2), (100, 100), WIDTH)
    trimmed = trim_ends(many).control_points
    assert torch.equal(trimmed[0, :1].expand_as(trimmed), trimmed)
    assert not torch.equal(trimmed, many.control_points)
