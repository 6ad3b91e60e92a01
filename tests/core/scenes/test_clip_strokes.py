"""Clip: exact parts of curves, and nothing outside."""

from __future__ import annotations

import math

import pytest
import torch

from clipasso_core.bezier import curve_points, segments_of
from clipasso_core.scenes.clip_strokes import clip_strokes
from clipasso_core.strokes import Strokes

SIDE = 64


def inside_of(strokes: Strokes, allowed: torch.Tensor) -> bool:
    points = curve_points(segments_of(strokes.control_points[0]), torch.linspace(0.001, 0.999, 99)).reshape(-1, 2)
    pixels = points.floor().long()
    return bool(allowed[pixels[:, 1], pixels[:, 0]].all())


def disc(radius: float) -> torch.Tensor:
    y, x = torch.meshgrid(torch.arange(SIDE) + 0.5, torch.arange(SIDE) + 0.5, indexing="ij")
    return (x - 32) ** 2 + (y - 32) ** 2 <= radius**2


def curves(count: int, segments: int) -> Strokes:
    points = torch.rand(1, count, 3 * segments + 1, 2, generator=torch.Generator().manual_seed(3)) * SIDE
    return Strokes.black(points, (SIDE, SIDE), 1.0)


@pytest.mark.parametrize("segments", [1, 2])
def test_no_curve_leaves_its_place_and_none_strays_from_its_way(segments: int) -> None:
    strokes, allowed = curves(12, segments), disc(20)
    cut = clip_strokes(strokes, allowed)
    assert cut.num_strokes > 4
    assert inside_of(cut, disc(20.8))  # ends lie on the rim
    along = torch.linspace(0, 1, 2001)
    whole = curve_points(segments_of(strokes.control_points[0]), along).reshape(-1, 2)
    parts = curve_points(segments_of(cut.control_points[0]), torch.linspace(0, 1, 20)).reshape(-1, 2)
    assert float(torch.cdist(parts, whole).min(dim=1).values.max()) < 0.05


def test_a_line_ends_at_the_rim() -> None:
    line = torch.tensor([[[[-8.0, 32.5], [16, 32.5], [48, 32.5], [72, 32.5]]]])
    allowed = torch.zeros(SIDE, SIDE, dtype=torch.bool)
    allowed[:, 10:50] = True
    ends = clip_strokes(Strokes.black(line, (SIDE, SIDE)), allowed).control_points[0, 0, [0, -1], 0]
    assert ends.tolist() == pytest.approx([10, 50], abs=1e-3)


def test_what_lies_inside_wholly_keeps_its_bits_and_looks_and_the_rest_is_gone() -> None:
    strokes = curves(3, 1)
    strokes = strokes.with_points(strokes.control_points / 4 + torch.tensor([[[8.0, 8]], [[40.0, 40]], [[24.0, 24]]]))
    strokes = strokes.with_groups(torch.tensor([[0, 1, 1]]), ["one", "two"])
    allowed = torch.ones(SIDE, SIDE, dtype=torch.bool)
    assert torch.equal(clip_strokes(strokes, allowed).control_points, strokes.control_points)
    allowed[:, :30] = False
    cut = clip_strokes(strokes, allowed)
    assert cut.names_of(0)[0] == "two"
    assert clip_strokes(strokes, ~torch.ones_like(allowed)).control_points.shape == (1, 0, 4, 2)


def test_scraps_are_dropped_but_dots_stay() -> None:
    y = math.floor(SIDE / 2) + 0.5
    long, dot = [[20.0, y], [30, y], [40, y], [50.5, y]], [[5.0, y], [5.1, y], [5.2, y], [5.3, y]]
    strokes = Strokes.black(torch.tensor([[long, dot]]), (SIDE, SIDE), 3.0)
    allowed = torch.ones(SIDE, SIDE, dtype=torch.bool)
    allowed[:, 45:49] = False  # what is behind it, 1.5 px, is a scrap
    assert clip_strokes(strokes, allowed).control_points[0, :, 0, 0].tolist() == [20.0, 5.0]


def test_a_stroke_that_leaves_its_place_where_it_starts_is_gone() -> None:
    line = torch.tensor([[[[32.0, 32.5], [24, 32.5], [16, 32.5], [8, 32.5]]]])
    allowed = torch.zeros(SIDE, SIDE, dtype=torch.bool)
    allowed[:, 32:] = True
    assert clip_strokes(Strokes.black(line, (SIDE, SIDE), 1.0), allowed).num_strokes == 0
