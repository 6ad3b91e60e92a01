"""Pen paths: what a pen draws without being lifted, in mm on a page. Unlike strokes they differ in length."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from ..bezier import arc_length, curve_points, last_points, segments_of

Points = NDArray[np.float64]
"""[3 * segments + 1, 2] mm (x, y), cubics joined end to start; x right, y down from the page's upper left corner."""

DECIMALS = 3
"""Of mm on a page, to which everything is rounded as soon as it lies there. So a page that was written and read again
is the same page, and all that is decided by where paths lie is decided the same way."""


STEPS = 64
"""Chords by which a cubic is measured."""


@dataclass(frozen=True, eq=False)
class PenPath:
    """Hold one path of the pen.

    Args:
        points: [3 * segments + 1, 2] mm.
        width: mm, the full width of the line.
        color: straight RGBA in 0-1.
        rank: its place in its sketch's drawing order, 0 for the first stroke.
        is_given: whether a person drew it.
        group: the name of its group, or None.
        meant: [3 * segments + 1, 2] mm, the line that an unsteady hand has missed; None where it has not.

    >>> path = PenPath(np.array([[0.0, 0], [1, 0], [2, 0], [3, 0]]), 0.5)
    >>> path.length, path.turned().points[0].tolist(), path.ends.tolist()
    (3.0, [3.0, 0.0], [[0.0, 0.0], [3.0, 0.0]])
    """

    points: Points
    width: float
    color: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 1.0)
    rank: int = 0
    is_given: bool = False
    group: str | None = None
    meant: Points | None = None

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

    def as_meant(self) -> PenPath:
        """Return the path as a steady hand draws it."""
        return self if self.meant is None else replace(self, points=self.meant, meant=None)

    def turned(self) -> PenPath:
        """Return the same path, drawn from its end to its start."""
        return replace(self, points=self.points[::-1].copy())


def walked(points: Points) -> NDArray[np.float64]:
    """Return how long a path is up to each of ``STEPS`` equal steps of each of its cubics, [S, STEPS + 1] mm.

    >>> walked(np.array([[0.0, 0], [1, 0], [2, 0], [3, 0], [4, 0], [5, 0], [6, 0]]))[:, [0, -1]].tolist()
    [[0.0, 3.0], [3.0, 6.0]]
    """
    grid = torch.linspace(0, 1, STEPS + 1, dtype=torch.float64)
    chords = curve_points(segments_of(torch.from_numpy(points)), grid).diff(dim=1).norm(dim=2)
    inside = torch.nn.functional.pad(chords.cumsum(dim=1), (1, 0))
    before = torch.nn.functional.pad(chords.sum(dim=1).cumsum(dim=0), (1, 0))[:-1]
    lengths: NDArray[np.float64] = (inside + before[:, None]).numpy()
    return lengths


def without_padding(points: Points) -> Points:
    """Leave out the segments of no length at a path's end, but never its first one.

    >>> without_padding(np.array([[0.0, 0], [1, 0], [2, 0], [3, 0], [3, 0], [3, 0], [3, 0]])).shape
    (4, 2)
    """
    return points[: int(last_points(torch.from_numpy(points)[None, None])) + 1]


def flatten(points: Points, tolerance: float) -> Points:
    """Return points [M, 2] on a path whose chords leave it by at most ``tolerance`` mm.

    Each cubic is cut into n equal steps of its parameter: with d the largest second difference of its control points,
    a chord is off by at most 6 d / (8 n²).

    Source: G. Wang, "The subdivision method for finding the intersection between two Bézier curves", 1984 (the bound).

    >>> flatten(np.array([[0.0, 0], [1, 0], [2, 0], [3, 0]]), 0.1).tolist()
    [[0.0, 0.0], [3.0, 0.0]]
    """
    flat = [points[:1]]
    for cubic in segments_of(torch.from_numpy(points)):
        bend = float(cubic.diff(n=2, dim=0).norm(dim=1).max())
        steps = max(1, int(np.ceil(np.sqrt(0.75 * bend / tolerance))))
        flat.append(curve_points(cubic, torch.arange(1, steps + 1) / steps).numpy())
    return np.concatenate(flat)
