"""Marks: short lines, such as an eye's, that a sketch keeps as its first strokes draw them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .bezier import parts_between, points_along
from .line_flow import curve_through, place_evenly

POINTS, AJAR = 25, 0.02
"""Points of a mark's line; and how much of a drop's, which goes round, is left out at either end."""

ON_MARK, ON_CURVE = 2.0, 9
"""px of a 224 px canvas, how far a stroke is from the one along a mark that it is taken for; and points of a cubic to
measure that."""


def drop(width: float, height: float) -> Tensor:
    """Return a line [T, 2] around the origin, a drop on its side: from its end on the left to the right and back.

    It is one cubic, all but closed, so that nothing takes its ends for a crossing. A stroke of one cubic along it is
    0.71 of the width wide and 1.33 of the height high.

    >>> [[round(x, 1), round(y, 1)] for x, y in drop(10, 4)[[0, 12, 24]].tolist()]
    [[-4.2, 0.4], [5.0, 0.0], [-4.2, -0.4]]
    """
    t = torch.linspace(AJAR, 1 - AJAR, POINTS)
    x, y = 4 * t * (1 - t) - 0.5, 6 * 3**0.5 * t * (1 - t) * (1 - 2 * t)
    return torch.stack([width * x, height / 2 * y], dim=-1)


def stroke_along(mark: Tensor, count: int) -> Tensor:
    """Return the control points [K, 2] of a stroke of K = ``count`` along a line [T, 2] px.

    It is one cubic, cut where there are to be more: a drop is as wide and high whatever the number.

    >>> line = torch.tensor([[0.0, 0.0], [6.0, 0.0], [12.0, 0.0]])
    >>> [stroke_along(line, count)[:, 0].round().tolist() for count in (4, 7)]
    [[0.0, 4.0, 8.0, 12.0], [0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0]]
    """
    cubic = curve_through(place_evenly(mark[None], 4))[0]
    parts = parts_between(cubic, torch.linspace(0, 1, (count - 1) // 3 + 1))
    return torch.cat([parts[:, :3].flatten(0, 1), cubic[3:]])


def on_marks(control_points: Tensor, marks: Sequence[Tensor]) -> Tensor:
    """Return which strokes [N] lie on marks as first strokes do.

    Args:
        control_points: [N, K, 2] px of a 224 px canvas.
        marks: lines [T, 2] in the same px, all of one T.

    >>> mark = torch.tensor([[50.0, 90.0], [60.0, 92.0], [70.0, 92.0], [80.0, 90.0]])
    >>> stroke = stroke_along(mark, 4)
    >>> on_marks(torch.stack([stroke, stroke.flip(0), stroke + 5]), [mark]).tolist()
    [True, True, False]
    """
    if not marks:
        return torch.zeros_like(control_points[:, 0, 0], dtype=torch.bool)
    points = points_along(control_points.detach().cpu(), ON_CURVE)[:, None]
    there = points_along(torch.stack([stroke_along(mark, control_points.shape[1]) for mark in marks]), ON_CURVE)
    away = [torch.linalg.vector_norm(points - way, dim=3).amax(dim=2) for way in (there, there.flip(1))]
    return (torch.minimum(*away) <= ON_MARK).any(dim=1).to(control_points.device)
