"""Which cells (a pixel as one stroke sees it) lie inside a stroke or on its edge."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .candidates import Spans, Union, find_spans, unite
from .drawing import Drawing
from .flatten import expand

HALF_PIXEL = 0.7072
"""px from a pixel's centre to its corner."""


@dataclass(frozen=True)
class Cells:
    """Hold P cells; int32 [P] each.

    Args:
        stroke: the stroke.
        column: pixel column.
        row: pixel row.
        pixel: index into the flat canvas [B * H * W].
    """

    stroke: Tensor
    column: Tensor
    row: Tensor
    pixel: Tensor

    def select(self, index: Tensor) -> Cells:
        """Return the cells at index [P']."""
        fields = (self.stroke, self.column, self.row, self.pixel)
        return Cells(*(field.index_select(0, index) for field in fields))

    @staticmethod
    def join(parts: list[Cells]) -> Cells:
        """Return the cells of all parts."""
        if len(parts) == 1:
            return parts[0]
        fields = zip(*((p.stroke, p.column, p.row, p.pixel) for p in parts), strict=True)
        return Cells(*(torch.cat(field) for field in fields))


@dataclass(frozen=True)
class Found:
    """Hold P cells of some strokes and M lines near them.

    Args:
        cells: in order of stroke, then row, then column.
        nearest: [P] px from the pixel's centre to the nearest line.
        line: [M] int32, number of a line.
        cell: [M] int32, number of a cell that it may matter to.
        distance: [M] px between the line and the pixel's centre.
    """

    cells: Cells
    nearest: Tensor
    line: Tensor
    cell: Tensor
    distance: Tensor

    def select(self, chosen: Tensor, slack: float) -> Found:
        """Return the ``chosen`` cells ([P] bool) with the lines that come within ``slack`` px of the nearest."""
        index = chosen.nonzero().squeeze(1)
        limit = (self.nearest + slack).masked_fill_(~chosen, -1).index_select(0, self.cell)
        pair = (self.distance <= limit).nonzero().squeeze(1)
        number = chosen.cumsum(0, dtype=torch.int32).sub_(1)
        line, cell, distance = (f.index_select(0, pair) for f in (self.line, self.cell, self.distance))
        nearest = self.nearest.index_select(0, index)
        return Found(self.cells.select(index), nearest, line, number.index_select(0, cell), distance)


def find_cells(drawing: Drawing, part: slice, reach: Tensor) -> Found:
    """Find every cell whose centre is within reach [L'] px of the lines in ``part``."""
    spans = find_spans(drawing.lines, part, reach, drawing.size)
    union = unite(spans, drawing.stroke, drawing.size)
    cells = _cells(drawing, spans, union)
    span, cell, place = expand((spans.right - spans.left).add_(1), union.first, spans.left)
    distance = _centre_distance(drawing, spans, span, place)
    nearest = _least(distance, cell, cells.stroke.shape[0])
    return Found(cells, nearest, spans.line.index_select(0, span), cell, distance)


def _cells(drawing: Drawing, spans: Spans, union: Union) -> Cells:
    """Return the cells of all runs."""
    line, row, left = (f.index_select(0, union.span) for f in (spans.line, spans.row, spans.left))
    stroke = drawing.stroke.index_select(0, line)
    start = (drawing.sketch.index_select(0, stroke) * drawing.size[0]).add_(row).mul_(drawing.size[1]).add_(left)
    run, column, pixel = expand(union.counts, left, start.int())
    return Cells(stroke.index_select(0, run), column, row.index_select(0, run), pixel)


def _least(distance: Tensor, cell: Tensor, count: int) -> Tensor:
    """Return the least distance in each cell; the bits of what is never negative order as it does, and faster."""
    bits = distance.view(torch.int64 if distance.dtype == torch.float64 else torch.int32)
    least = bits.new_full((count,), torch.iinfo(bits.dtype).max).scatter_reduce_(0, cell.long(), bits, "amin")
    return least.view(distance.dtype)


def _centre_distance(drawing: Drawing, spans: Spans, span: Tensor, column: Tensor) -> Tensor:
    """Return the distance [M] px between the line of each span [M] and the centre of a pixel in it."""
    row = drawing.table[:6].index_select(1, spans.line)
    row[3].sub_(spans.row).sub_(0.5).neg_()
    row[5].mul_(row[3])
    dx, dy, x, y, ux, part = row.index_select(1, span).unbind(0)
    x = column.to(x.dtype).add_(0.5).sub_(x)
    u = part.addcmul_(x, ux).clamp_(0, 1)
    x, y = x.addcmul_(u, dx, value=-1), y.addcmul_(u, dy, value=-1)
    return x.square_().addcmul_(y, y).sqrt_()
