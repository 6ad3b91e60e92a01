"""Strokes made ready: the living ones only, as polynomials and as lines."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..bezier import segments_of
from ..strokes import Strokes
from .flatten import Lines, flatten, line_counts, power_basis

FARTHEST = 2.0**17
"""px; control points beyond are drawn here, so that no square overflows."""

BLOCK = 2**16
"""About how many cells are looked for at once: what bounds the memory."""


@dataclass(frozen=True)
class Living:
    """Hold the S living strokes with their gradients.

    Args:
        cubics: [C, 4, 2] px, their curves.
        radius: [S] px.
        color: [S, 4] straight RGBA.
    """

    cubics: Tensor
    radius: Tensor
    color: Tensor


@dataclass(frozen=True)
class Drawing:
    """Hold S living strokes, detached, as the search for cells needs them: once as they are, once twice as large.

    Args:
        lines: 2 L lines along all strokes, those of the larger drawing last.
        coefficients: [8, 2 C] polynomials.
        table: [8, 2 L] of each line: step x y, start x y, step / length^2 x y, t at its start, its step in t.
        stroke: [2 L] stroke of each line, below S in the first half.
        ends: [4, S] px, first point x y and last point x y.
        radius: [2 S] px.
        sketch: [S] index in the batch.
        size: (height, width) px.
        segments: curves a stroke.
        thinnest: px, the least radius.
    """

    lines: Lines
    coefficients: Tensor
    table: Tensor
    stroke: Tensor
    ends: Tensor
    radius: Tensor
    sketch: Tensor
    size: tuple[int, int]
    segments: int
    thinnest: float

    @property
    def strokes(self) -> int:
        """Number of strokes, S."""
        return self.sketch.shape[0]

    def blocks(self, reach: Tensor) -> list[slice]:
        """Cut the lines [L] of whole strokes into parts with about BLOCK cells within reach [L] px of them."""
        count = reach.shape[0]
        work = ((self.lines.length[:count] + 1) * (2 * reach + 1)).cumsum(0)
        if count == 0 or float(work[-1]) <= BLOCK:
            return [slice(0, count)]
        strokes = torch.arange(self.strokes, device=reach.device, dtype=self.stroke.dtype)
        first = torch.searchsorted(self.stroke[:count], strokes)
        number = work.index_select(0, first).div_(BLOCK).floor_()
        begin = first[1:][number[1:] != number[:-1]].tolist()
        return [slice(a, b) for a, b in zip([0, *begin], [*begin, count], strict=True)]


def both(one: Tensor) -> Tensor:
    """Put twice its size behind ``one`` [..., N]: [..., 2 N]."""
    return torch.cat([one, 2 * one], -1)


def line_table(lines: Lines) -> Tensor:
    """Return what a point needs to find its place along each line [8, L]: see ``Drawing``."""
    scaled = lines.step / lines.length.square().clamp_(min=1e-20)
    return torch.cat([lines.step, lines.start, scaled, lines.t[None], lines.dt[None]])


def prepare(strokes: Strokes) -> tuple[Living, Drawing]:
    """Pick the living strokes and follow them with lines; a stroke of no width is not drawn."""
    batch, count, points, _ = strokes.control_points.shape
    width = strokes.stroke_width.reshape(-1)
    index = (strokes.alive.reshape(-1) & (width.detach() > 0)).nonzero().squeeze(1)
    control = strokes.control_points.reshape(batch * count, points, 2).index_select(0, index)
    control = control.clamp(-FARTHEST, FARTHEST)
    radius = width.index_select(0, index).clamp(max=FARTHEST) / 2
    cubics = segments_of(control).reshape(-1, 4, 2)
    color = strokes.color.reshape(-1, 4).index_select(0, index)
    with torch.inference_mode():  # as in all of the search: it makes small operations an eighth faster than no_grad
        drawing = _follow(cubics, radius, index // count, strokes)
    return Living(cubics, radius, color), drawing


def _follow(cubics: Tensor, radius: Tensor, sketch: Tensor, strokes: Strokes) -> Drawing:
    """Follow the living strokes (cubics [C, 4, 2] and radius [S] px, sketch [S]) with lines."""
    segments, coefficients = strokes.num_segments, both(power_basis(cubics))
    lines = flatten(coefficients, torch.cat([line_counts(cubics).int()] * 2))
    ends = torch.cat([cubics[::segments, 0], cubics[segments - 1 :: segments, 3]], 1)
    return Drawing(
        lines,
        coefficients,
        line_table(lines),
        lines.cubic if segments == 1 else lines.cubic // segments,
        ends.t().contiguous(),
        both(radius),
        sketch,
        strokes.canvas_size,
        segments,
        float(radius.min()) if radius.shape[0] else 1.0,
    )
