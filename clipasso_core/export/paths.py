"""Pen paths: what a pen draws without being lifted, in mm on a page. Unlike strokes they differ in length."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from ..bezier import arc_length, segments_of

Points = NDArray[np.float64]
"""[3 * segments + 1, 2] mm (x, y), cubics joined end to start; x right, y down from the page's upper left corner."""

DECIMALS = 3
"""Of mm on a page, to which everything is rounded as soon as it lies there. So a page that was written and read again
is the same page, and all that is decided by where paths lie is decided the same way."""


@dataclass(frozen=True, eq=False)
class PenPath:
    """Hold one path of the pen.

    Args:
        points: [3 * segments + 1, 2] mm.
        width: mm, the full width of the line.
        color: straight RGBA in 0-1.
        rank: its place in its sketch's drawing order, 0 for the first stroke.
        is_given: whether a person drew it.

    >>> path = PenPath(np.array([[0.0, 0], [1, 0], [2, 0], [3, 0]]), 0.5)
    >>> path.length, path.turned().points[0].tolist(), path.ends.tolist()
    (3.0, [3.0, 0.0], [[0.0, 0.0], [3.0, 0.0]])
    """

    points: Points
    width: float
    color: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 1.0)
    rank: int = 0
    is_given: bool = False

    @property
    def ends(self) -> Points:
        """[2, 2] mm, the first and the last point."""
        return self.points[[0, -1]]

    @property
    def length(self) -> float:
        """Length of the line in mm."""
        return float(arc_length(torch.from_numpy(self.points)))

    @property
    def look(self) -> tuple[tuple[float, float, float, float], float]:
        """Colour and width: paths of one look can be one."""
        return self.color, self.width

    def turned(self) -> PenPath:
        """Return the same path, drawn from its end to its start."""
        return replace(self, points=self.points[::-1].copy())


def without_padding(points: Points) -> Points:
    """Leave out the segments of no length at a path's end, but never its first one.

    >>> without_padding(np.array([[0.0, 0], [1, 0], [2, 0], [3, 0], [3, 0], [3, 0], [3, 0]])).shape
    (4, 2)
    """
    moves = np.flatnonzero((points != points[-1]).any(axis=1))
    last = int(moves[-1]) if len(moves) else 0
    return points[: max(3 * (last // 3 + 1) + 1, 4)]


def extent(points: Points) -> Points:
    """Return the corners [2, 2] of the smallest box around a path: least x and y, greatest x and y.

    A cubic is farthest out at its ends, or where its derivative is zero along an axis.

    >>> extent(np.array([[0.0, 0], [0, 4], [4, 4], [4, 0]])).tolist()
    [[0.0, 0.0], [4.0, 3.0]]
    """
    cubics = segments_of(torch.from_numpy(points)).numpy()
    p0, p1, p2, p3 = (cubics[:, index] for index in range(4))
    a, b, c = p3 - p0 + 3 * (p1 - p2), 2 * (p0 - 2 * p1 + p2), p1 - p0  # the derivative is 3 (a t² + b t + c)
    with np.errstate(divide="ignore", invalid="ignore"):
        root = np.sqrt(b * b - 4 * a * c)
        turns = [(-b - root) / (2 * a), (-b + root) / (2 * a), -c / b]
    found = [p0, p3]
    for turn in turns:
        t = np.clip(np.nan_to_num(turn), 0, 1)
        s = 1 - t
        found.append(s**3 * p0 + 3 * s * s * t * p1 + 3 * s * t * t * p2 + t**3 * p3)
    reached = np.concatenate(found)
    return np.stack([reached.min(axis=0), reached.max(axis=0)])


def flatten(points: Points, tolerance: float) -> Points:
    """Return points [M, 2] on a path whose chords leave it by at most ``tolerance`` mm.

    Each cubic is cut into n equal steps of its parameter: with d the largest second difference of its control points,
    a chord is off by at most 6 d / (8 n²).

    Source: G. Wang, "The subdivision method for finding the intersection between two Bézier curves", 1984 (the bound).

    >>> flatten(np.array([[0.0, 0], [1, 0], [2, 0], [3, 0]]), 0.1).tolist()
    [[0.0, 0.0], [3.0, 0.0]]
    """
    flat = [points[:1]]
    for cubic in segments_of(torch.from_numpy(points)).numpy():
        bend = np.sqrt(np.square(np.diff(cubic, 2, axis=0)).sum(axis=1)).max()
        steps = max(1, int(np.ceil(np.sqrt(0.75 * bend / tolerance))))
        t = np.arange(1, steps + 1)[:, None] / steps
        s = 1 - t
        flat.append(s**3 * cubic[0] + 3 * s * s * t * cubic[1] + 3 * s * t * t * cubic[2] + t**3 * cubic[3])
    return np.concatenate(flat)
