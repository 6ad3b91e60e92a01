"""Jitter: paths as a hand draws them that is not quite steady."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from ..bezier import arc_length, parts_between, segments_of
from ..determinism import seeded_generator
from .paths import DECIMALS, PenPath

WAVE = 12.0
"""mm of line between places that are moved, at most."""


def with_jitter(paths: Sequence[PenPath], most: float, seed: int = 0) -> list[PenPath]:
    """Move paths here and there, smoothly, and let them remember where they were.

    Each path is cut every ``WAVE`` mm or less, and each cut, with its handles, is moved by its own random step: what
    was smooth stays smooth, and what was closed stays closed.

    Args:
        paths: in the order in which they are drawn, by which random numbers are dealt.
        most: mm by which a place is moved at most; 0 moves nothing.
        seed: of the random numbers.

    >>> line = PenPath(np.array([[0.0, 0], [10, 0], [20, 0], [30, 0]]), 0.5)
    >>> (moved,) = with_jitter([line], 0.5)
    >>> moved.points.shape, bool(np.hypot(*(moved.ends - line.ends).T).max() <= 0.5), moved.meant is line.points
    ((10, 2), True, True)
    """
    if most == 0:
        return list(paths)
    generator = seeded_generator(seed)
    return [_moved(path, most, generator) for path in paths]


def _moved(path: PenPath, most: float, generator: torch.Generator) -> PenPath:
    cubics = segments_of(torch.from_numpy(path.points))
    counts = [max(1, math.ceil(length / WAVE)) for length in arc_length(cubics).tolist()]
    grids = (torch.linspace(0, 1, count + 1, dtype=torch.float64) for count in counts)
    parts = torch.cat([parts_between(cubic, grid) for cubic, grid in zip(cubics, grids, strict=True)])
    steps = _steps(len(parts) + 1, most, generator)
    if bool((path.points[0] == path.points[-1]).all()):
        steps[-1] = steps[0]
    moved = parts + torch.stack([steps[:-1], steps[:-1], steps[1:], steps[1:]], dim=1)
    points = np.concatenate([moved[0, :1].numpy(), moved[:, 1:].flatten(0, 1).numpy()])
    return replace(path, points=np.round(points, DECIMALS) + 0.0, meant=path.points)


def _steps(count: int, most: float, generator: torch.Generator) -> torch.Tensor:
    """Return random steps [count, 2] mm, evenly spread over a disc."""
    reach, turn = torch.rand(2, count, generator=generator, dtype=torch.float64)
    angle = 2 * math.pi * turn
    away = most * reach.sqrt()
    return torch.stack([away * angle.cos(), away * angle.sin()], dim=1)
