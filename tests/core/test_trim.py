"""Trim: short ends behind the own line go, and nothing else changes."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from clipasso_core.bezier import curve_points, first_part, self_crossing
from clipasso_core.strokes import Strokes
from clipasso_core.trim import trim_ends

LOOP = torch.tensor([[20.0, 80], [140, 20], [-40, 20], [80, 80]])  # crosses itself at 0.113 and 0.887, 35 px in
WIDTH = 3.0


def stroke(points: Tensor, width: float = WIDTH) -> Strokes:
    return Strokes.black(points.view(1, 1, -1, 2), (100, 100), width)


def with_end_beyond(px: float) -> Tensor:
    """Return the loop with ``px`` left behind the crossing."""
    t = 0.887 + px / 325  # its speed there, px per unit
    return first_part(LOOP, torch.tensor(t))


@pytest.mark.parametrize("turned", [False, True])
def test_a_short_end_is_cut_where_its_round_cap_touches_the_line(turned: bool) -> None:
    whole = with_end_beyond(0.8 * WIDTH)
    points = whole.flip(0) if turned else whole
    trimmed = trim_ends(stroke(points)).control_points[0, 0]
    assert self_crossing(trimmed).isnan().all()
    kept, cut = (trimmed[-1], trimmed[0]) if turned else (trimmed[0], trimmed[-1])
    torch.testing.assert_close(kept, whole[0])
    crossing = curve_points(LOOP, self_crossing(LOOP)[:1])[0].float()
    assert float((cut - crossing).norm()) == pytest.approx(WIDTH / 2, rel=0.05)


@pytest.mark.parametrize("points", [LOOP, with_end_beyond(1.5 * WIDTH), LOOP[[0, 2, 1, 3]], 0 * LOOP + 50])
def test_long_ends_arches_and_dots_stay_to_the_bit(points: Tensor) -> None:
    assert torch.equal(trim_ends(stroke(points)).control_points, stroke(points).control_points)


def test_strokes_of_several_cubics_stay() -> None:
    joined = torch.cat([with_end_beyond(1.0), with_end_beyond(1.0)[-1:].expand(3, 2)])
    assert torch.equal(trim_ends(stroke(joined)).control_points, stroke(joined).control_points)


def test_a_wide_pen_closes_a_small_loop_without_losing_it() -> None:
    """Where the loop is shorter than half a width, nothing would be left of it."""
    tiny = stroke(with_end_beyond(1.0) / 500, WIDTH)
    assert torch.equal(trim_ends(tiny).control_points, tiny.control_points)


def test_a_given_stroke_keeps_its_end() -> None:
    mine = replace(stroke(with_end_beyond(0.8 * WIDTH)), num_given=1)
    assert torch.equal(trim_ends(mine).control_points, mine.control_points)
