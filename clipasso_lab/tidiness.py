"""How tidy a drawing is: ink on ink, strokes that cross themselves, and how much of the canvas is inked."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from clipasso_core.bezier import curve_points, segments_of
from clipasso_core.errors import ShapeError
from clipasso_core.rasterizer import ink
from clipasso_core.strokes import CANVAS, Strokes

AT_ONCE = 64
"""Strokes that are drawn apart in one pass: 13 MB on the canvas."""

STEPS = 32
"""Straight pieces that a cubic is cut into: about 2 px each on the canvas."""

MOST_PIECES = 1024
"""That a stroke is cut into; one of more cubics than that, a traced line, has one for each."""

PARALLEL = 0.01
"""Sine of the angle below which two straight pieces never cross: a line drawn back over itself is no loop."""


class Tidiness(NamedTuple):
    """How tidy a drawing is, each in 0-1.

    Args:
        overlap: share of the ink that lies on ink already drawn.
        self_crossing: share of the living strokes that cross themselves.
        ink_share: share of the canvas that is inked.
    """

    overlap: float
    self_crossing: float
    ink_share: float


def tidiness(strokes: Strokes) -> Tidiness:
    """Measure how tidy a drawing is.

    Every stroke is drawn apart: where strokes cover the parts c of a pixel, 1 - prod(1 - c) of it is inked, and what
    the sum of c is more than that lies on ink already drawn.

    Args:
        strokes: one sketch (B = 1).

    Raises:
        ShapeError: not one sketch, or nothing of it lies on the canvas.

    >>> line = torch.tensor([[20.0, 50], [40, 50], [60, 50], [80, 50]])
    >>> twice = Strokes.black(torch.stack([line, line])[None], (100, 100))
    >>> round(tidiness(twice).overlap, 1)
    0.5
    """
    if strokes.batch_size != 1:
        raise ShapeError(f"tidiness measures one sketch at a time, got {strokes.batch_size}.")
    laid, inked = _laid_and_inked(strokes)
    if not laid > 0:
        raise ShapeError("The sketch has no ink on its canvas, so there is nothing to measure.")
    crossing = crosses_itself(strokes)[0][strokes.alive[0].cpu()]
    return Tidiness((laid - inked) / laid, float(crossing.double().mean()), float(ink(strokes, CANVAS).mean()))


def crosses_itself(strokes: Strokes) -> Tensor:
    """Return which strokes cross themselves, as [B, N] bool.

    A stroke whose ends meet, or pass each other by less than its width, is closed and does not cross itself for it.
    Neither does one that turns back on its own line.

    >>> arch = torch.tensor([[20.0, 80], [20, 20], [80, 20], [80, 80]])
    >>> loop = torch.tensor([[20.0, 80], [140, 20], [-40, 20], [80, 80]])
    >>> crosses_itself(Strokes.black(torch.stack([arch, loop])[None], (100, 100))).tolist()
    [[False, True]]
    """
    line = _polylines(strokes.control_points.detach().double().cpu())
    starts, steps = line[..., :-1, :], line.diff(dim=-2)
    length = steps.norm(dim=-1)
    before = length.cumsum(-1) - length
    after = length.sum(-1, keepdim=True) - before
    width = strokes.stroke_width.detach().double().cpu()[..., None]
    found = torch.zeros(line.shape[:2], dtype=torch.bool)
    for i in range(steps.shape[-2] - 2):
        later = slice(i + 2, None)
        here, there = _meeting(
            starts[..., i, None, :], steps[..., i, None, :], starts[..., later, :], steps[..., later, :]
        )
        meets = (here >= 0) & (here < 1) & (there >= 0) & (there < 1)
        from_start = before[..., i, None] + here * length[..., i, None]
        to_end = after[..., later] - there * length[..., later]
        closes = (from_start < width) & (to_end < width)
        found |= (meets & ~closes).any(-1)
    return found


def _laid_and_inked(strokes: Strokes) -> tuple[float, float]:
    """Return the ink in px² when every stroke keeps its own, and when what lies on other ink does not count."""
    apart = strokes.detach().each_alone(strokes.alive[0])
    laid, light = torch.zeros((), dtype=torch.float64), torch.ones(CANVAS, dtype=torch.float64)
    for start in range(0, apart.batch_size, AT_ONCE):
        inks = ink(apart.select(torch.arange(start, min(start + AT_ONCE, apart.batch_size))), CANVAS).double().cpu()
        laid += inks.sum()
        light *= (1 - inks).prod(0)
    return float(laid), float((1 - light).sum())


def _polylines(control_points: Tensor) -> Tensor:
    """Return curves [B, N, K, 2] as the joints [B, N, pieces + 1, 2] of straight pieces."""
    cubics = segments_of(control_points)
    steps = max(1, min(STEPS, MOST_PIECES // cubics.shape[-3]))
    joints = curve_points(cubics, torch.arange(steps) / steps).flatten(-3, -2)
    return torch.cat([joints, control_points[..., -1:, :]], dim=-2)


def _meeting(start: Tensor, step: Tensor, other_start: Tensor, other_step: Tensor) -> tuple[Tensor, Tensor]:
    """Return where the lines through straight pieces meet, in parts of each piece's length; infinity for parallels."""
    apart = other_start - start
    turn = _cross(step, other_step)
    parallel = turn.abs() <= PARALLEL * step.norm(dim=-1) * other_step.norm(dim=-1)
    turn = torch.where(parallel, 1.0, turn)
    here, there = _cross(apart, other_step) / turn, _cross(apart, step) / turn
    return here.masked_fill(parallel, torch.inf), there.masked_fill(parallel, torch.inf)


def _cross(a: Tensor, b: Tensor) -> Tensor:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
