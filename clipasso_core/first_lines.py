"""First lines: which of the lines through likely starts get strokes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from .line_drawing import depth_inside
from .line_flow import LineFlow, Paths
from .strokes import CANVAS, CANVAS_SIDE

CLOSEST, OFF_MARKS = 6.0, 4.0
"""px within which a stroke ends beside an earlier one, and beside a mark."""

SHORTEST = 24.0
"""px: where no line is left that is so long, a stroke is laid along the shorter one it starts on and goes on straight.
Nothing but eyes and the like should be smaller: a speck of ink tells nothing, has no way to go, and moves slowly."""


def take_apart(paths: Paths, distance: float, count: int, marks: Sequence[Tensor] = ()) -> list[Tensor]:
    """Take up to ``count`` paths [T, 2] in turn, none whose start is nearer than ``distance`` px to an earlier one.

    A path ends where it would come near an earlier one, or a mark. When no start is left that far away, the
    distance halves.
    """
    middle = paths.points.shape[1] // 2
    starts, closest = _pixels(paths.points[:, middle]), min(CLOSEST, 0.75 * distance)
    left, drawn, nearest = np.ones(len(paths.points), dtype=bool), np.zeros(CANVAS, dtype=bool), np.full(CANVAS, np.inf)
    taken: list[Tensor] = []
    off_marks = _off_marks(marks)
    while len(taken) < min(count, len(left)):
        free = left & (nearest[starts] >= distance)
        if not free.any():
            distance = distance / 2 if distance > 1 else 0.0
            continue
        index = int(free.argmax())
        left[index] = False
        along = _pixels(paths.points[index])
        apart = (nearest[along] >= closest) & off_marks[along]
        path = paths.points[index, _run_around(middle, apart & paths.reached[index].numpy())]
        drawn[_pixels(path)] = True
        nearest = ndimage.distance_transform_edt(~drawn)
        taken.append(path)
    return taken


def most_telling(lines: list[Tensor], saliency: Tensor, count: int) -> list[Tensor]:
    """Keep the ``count`` best of some lines [T, 2] px, in their order: salient ones, and long before short ones."""
    worth = [float(saliency[_pixels(line)].mean()) * len(line) ** 0.5 for line in lines]
    best = sorted(range(len(lines)), key=lambda index: -worth[index])[:count]
    return [lines[index] for index in sorted(best)]


def lengthened(lines: Sequence[Tensor], flow: LineFlow, marks: Sequence[Tensor] = ()) -> list[Tensor]:
    """Return lines [T, 2] px, those that are too short as straight ones through their middles, along the flow.

    One that would run over a mark stays short.

    >>> flow = LineFlow(torch.tensor([1.0, 0.0]).expand(224, 224, 2), torch.ones(224, 224))
    >>> speck, mark = torch.tensor([[50.5, 80.5]]), torch.tensor([[60.5, 80.5]])
    >>> [len(lengthened([speck], flow, marks)[0]) for marks in ([], [mark])]  # steps of 1 px
    [25, 1]
    """
    off_marks = _off_marks(marks)
    return [_longer(line, flow, off_marks) if path_length(line) < SHORTEST else line for line in lines]


def extent(points: Tensor) -> float:
    """Return the area in px that points [M, 2] reach over: of all 8 px cells that hold one."""
    cells = torch.unique((points / 8).floor(), dim=0)
    return float(len(cells) * 64)


def path_length(path: Tensor) -> float:
    """Return how long a path [T, 2] is, px."""
    return float(torch.linalg.vector_norm(path.diff(dim=0), dim=-1).sum())


def _longer(line: Tensor, flow: LineFlow, off_marks: NDArray[np.bool_]) -> Tensor:
    """Return a straight line through the middle of one [T, 2] px, or that one where it would run over a mark."""
    middle = line[len(line) // 2]
    row, column = _pixels(middle[None])
    steps = torch.linspace(-SHORTEST / 2, SHORTEST / 2, round(SHORTEST) + 1)[:, None]
    longer = (middle + flow.direction[int(row[0]), int(column[0])] * steps).clamp(0, CANVAS_SIDE)
    return longer if bool(off_marks[_pixels(longer)].all()) else line


def _off_marks(marks: Sequence[Tensor]) -> NDArray[np.bool_]:
    """Return which px of the canvas are far enough from marks [T, 2] px for other strokes."""
    drawn = np.zeros(CANVAS, dtype=bool)
    for mark in marks:
        drawn[_pixels(mark)] = True
    off: NDArray[np.bool_] = depth_inside(~drawn) >= OFF_MARKS
    return off


def _pixels(points: Tensor) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return row and column of the pixels that points [T, 2] px lie in."""
    x, y = points.long().clamp(0, CANVAS_SIDE - 1).unbind(-1)
    return y.numpy(), x.numpy()


def _run_around(middle: int, good: NDArray[np.bool_]) -> slice:
    """Return the unbroken run of good places around the middle one, which counts as good."""
    ahead, back = good[middle + 1 :], good[:middle][::-1]
    return slice(middle - int(np.cumprod(back).sum()), middle + 1 + int(np.cumprod(ahead).sum()))
