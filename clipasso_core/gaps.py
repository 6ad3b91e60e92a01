"""Gaps: where the lines of a finished sketch nearly meet, they meet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from torch import Tensor

from .bezier import arc_length, points_along
from .strokes import Strokes

Floats = NDArray[np.float64]

REACH = 2.0
"""Of the strokes' width: the longest gap that is closed, between the middles of both lines."""

TOUCHING = 0.85
"""Of the width: how far apart the middles are left. Round ends then cover the gap, and little of each other."""

AHEAD = 0.7
"""Least cosine between where an end points and the way it is moved: strokes go on, and are not bent aside."""

SHORTEST, SHORTEST_LOOP = 2.0, 12.0
"""Of the width: strokes below the first are dots, which stay; those below the second are not closed to loops."""

MOVED = (1.0, 0.6)
"""Shares of the way by which an end and the control point beside it move."""

SAMPLES = 128
"""Pieces of each cubic, between which what is near is looked for."""


@torch.no_grad()
def close_gaps(strokes: Strokes, free: Tensor | None = None) -> Strokes:
    """Let each loose end go on to the nearest line ahead of it, if that is near; ends that touch a line stay.

    Tidiness keeps strokes off each other, and so it parts lines that belong together.

    Args:
        strokes: [B, N, K, 2]; given and dead ones do not move and are not moved to.
        free: [B, N] bool, False for more such strokes, as eyes are; None for no more.

    >>> points = torch.tensor([[[[10.0, 20], [20, 20], [30, 20], [40, 20]], [[45.0, 5], [45, 15], [45, 25], [45, 35]]]])
    >>> closed = close_gaps(Strokes.black(points, (64, 64), stroke_width=3))
    >>> [round(x, 2) for x in closed.control_points[0, 0, :, 0].tolist()]
    [10.0, 20.0, 31.47, 42.45]
    """
    takes_part = strokes.alive & ~strokes.is_given
    takes_part = takes_part if free is None else takes_part & free
    closed = strokes.control_points.clone()
    for points, width, some in zip(closed, strokes.stroke_width, takes_part, strict=True):
        if bool(some.any()):
            points[some] = _closed(points[some], width[some])
    return strokes.with_points(closed)


@dataclass(frozen=True, eq=False)
class _Lines:
    """The strokes of a sketch, and points on them.

    Args:
        chains: [N, K, 2] px.
        width: [N] px.
        length: [N] px.
        points: [M, 2] px.
        stroke: [M], which stroke a point is of.
        end: [M], 0 for the start of a stroke, -1 for its end, and 1 elsewhere.
    """

    chains: Floats
    width: Floats
    length: Floats
    points: Floats
    stroke: NDArray[np.int64]
    end: NDArray[np.int64]

    @classmethod
    def of(cls, control_points: Tensor, width: Tensor) -> _Lines:
        """Find points on strokes [N, K, 2] px of widths [N] px."""
        chains = control_points.detach().cpu().double()
        points = points_along(chains, SAMPLES + 1)
        count = points.shape[1]
        end = np.ones((len(points), count), dtype=np.int64)
        end[:, 0], end[:, -1] = 0, -1
        stroke = np.repeat(np.arange(len(points)), count)
        wide, long = width.cpu().double().numpy(), arc_length(chains).numpy()
        return cls(chains.numpy(), wide, long, points.flatten(0, 1).numpy(), stroke, end.ravel())


@dataclass(frozen=True, eq=False)
class _Join:
    """How an end of a stroke gets to the line ahead.

    Args:
        gap: px, between the middles.
        stroke, end: which end of which stroke; end is 0 or -1.
        way: [2] px, by which it moves.
        met: the stroke that it meets, and which end of it, or 1.
    """

    gap: float
    stroke: int
    end: int
    way: Floats
    met: tuple[int, int]


def _closed(control_points: Tensor, width: Tensor) -> Tensor:
    """Close the gaps of one sketch [N, K, 2] px of widths [N] px, the shortest first; an end moves or is met once."""
    lines = _Lines.of(control_points, width)
    tree = cKDTree(lines.points)
    ends = [(int(stroke), end) for stroke in np.flatnonzero(lines.length >= SHORTEST * lines.width) for end in (0, -1)]
    joins = [join for stroke, end in ends if (join := _join(lines, tree, stroke, end)) is not None]
    moved, done = lines.chains.copy(), set[tuple[int, int]]()
    for join in sorted(joins, key=lambda join: (join.gap, join.stroke, join.end)):
        if (join.stroke, join.end) not in done:
            done |= {(join.stroke, join.end), join.met}
            chain = moved[join.stroke] if join.end == 0 else moved[join.stroke][::-1]
            chain[: len(MOVED)] += np.outer(MOVED, join.way)
    return torch.from_numpy(moved).to(control_points)


def _join(lines: _Lines, tree: cKDTree, stroke: int, end: int) -> _Join | None:
    """Return how one end gets to the nearest line ahead; None if it touches another stroke, or none is near."""
    chain = lines.chains[stroke] if end == 0 else lines.chains[stroke][::-1]
    near = np.array(tree.query_ball_point(chain[0], REACH * lines.width.max()), dtype=np.int64)
    toward = lines.points[near] - chain[0]
    gap = np.linalg.norm(toward, axis=1)
    width = (lines.width[stroke] + lines.width[lines.stroke[near]]) / 2
    others = lines.stroke[near] != stroke
    if (others & (gap <= TOUCHING * width)).any():
        return None
    closes = (lines.end[near] == -1 - end) & bool(lines.length[stroke] >= SHORTEST_LOOP * lines.width[stroke])
    cosine = toward @ _ahead(chain) / np.maximum(gap, 1e-9)
    fits = (others | closes) & (cosine >= AHEAD) & (gap > TOUCHING * width) & (gap <= REACH * width)
    if not fits.any():
        return None
    best = int(np.where(fits, gap / np.maximum(cosine, AHEAD), np.inf).argmin())
    way = toward[best] * (1 - TOUCHING * width[best] / gap[best])
    met = int(lines.stroke[near[best]]), int(lines.end[near[best]])
    return _Join(float(gap[best]), stroke, end, way, met)


def _ahead(chain: Floats) -> Floats:
    """Return where a chain [K, 2] points that starts at this end, away from the stroke, as a unit vector."""
    back = next((point for point in chain[1:] if np.linalg.norm(chain[0] - point) > 0.1), chain[0] - 1)
    way: Floats = (chain[0] - back) / np.linalg.norm(chain[0] - back)
    return way
