"""Crossings of strokes with themselves, against the formula for single cubics."""

from __future__ import annotations

import pytest
import torch

from clipasso_core.bezier import arc_length, curve_points, first_part
from clipasso_core.crossings import exact_crossing, self_crossings
from clipasso_core.strokes import Strokes
from clipasso_lab.tidiness import crosses_itself

PIECES = 64


def test_a_cubic_meets_itself_where_the_formula_says() -> None:
    """Of random cubics, those cross themselves of which a polyline does, and a few with loops too small for it."""
    cubics = torch.rand(200, 4, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64) * 100
    crossing = exact_crossing(cubics)
    crosses = ~crossing[:, 0].isnan()
    for cubic, (first, second) in zip(cubics[crosses], crossing[crosses], strict=True):
        assert 0 < first < second < 1
        here, there = curve_points(cubic, torch.stack([first, second]))
        torch.testing.assert_close(here, there)
    strokes = Strokes.black(cubics[None], (100, 100), stroke_width=1e-6)
    seen = crosses_itself(strokes)[0]
    assert not bool((seen & ~crosses).any())
    assert 0.9 < int(seen.sum()) / int(crosses.sum()) <= 1


def test_lines_and_points_do_not_cross_themselves() -> None:
    line = torch.tensor([[0.0, 0], [1, 1], [2, 2], [3, 3]])
    assert bool(exact_crossing(torch.stack([line, 0 * line, line[[0, 2, 1, 3]]])).isnan().all())


def test_what_a_formula_finds_is_found_where_it_is() -> None:
    """But loops too small for straight pieces, which are few."""
    cubics = torch.rand(200, 4, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64) * 100
    exact, found = exact_crossing(cubics), self_crossings(cubics, PIECES)
    crosses, seen = ~exact[:, 0].isnan(), found.there.flatten(1).any(dim=1)
    assert not bool((seen & ~crosses).any())
    assert 0.9 < int(seen.sum()) / int(crosses.sum()) <= 1
    for index in seen.nonzero().flatten().tolist():
        (at,) = found.there[index].nonzero().tolist()
        row, column = at
        first, second = (each[index, row, column] / PIECES for each in (found.first, found.second))
        torch.testing.assert_close(torch.stack([first, second]), exact[index], atol=0.01, rtol=0)
        before = arc_length(first_part(cubics[index], first), steps=256)
        assert float(found.before[index, row, column]) == pytest.approx(float(before), abs=0.3)


def test_the_three_lengths_are_the_stroke() -> None:
    chain = torch.tensor([[0.0, 50], [40, 50], [80, 50], [80, 20], [80, 0], [50, 0], [50, 90]])
    found = self_crossings(chain, PIECES)
    assert int(found.there.sum()) == 1
    parts = [part[found.there].item() for part in found[3:]]
    assert sum(parts) == pytest.approx(float(arc_length(chain, steps=PIECES)), rel=1e-5)
    assert parts[2] == pytest.approx(40, abs=10)  # from the line at 50 px down to 90


def test_lines_points_and_ways_back_do_not_cross() -> None:
    line = torch.tensor([[0.0, 0], [10, 10], [20, 20], [30, 30]])
    there_and_back = torch.cat([line, line[:3].flip(0)])
    for points in (line, 0 * line, there_and_back):
        assert not bool(self_crossings(points, PIECES).there.any())
