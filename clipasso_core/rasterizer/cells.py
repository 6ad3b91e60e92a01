"""Which cells (a pixel as one stroke sees it) lie inside a stroke, and which on its edge."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .candidates import Pairs, find_pairs
from .drawing import Drawing

HALF_PIXEL = 0.7072
"""px from a pixel's centre to its corner."""


@dataclass(frozen=True)
class Cells:
    """Hold P cells with the M lines that may matter to each.

    Args:
        stroke, column, row: [P].
        pixel: [P] index into the flat canvas [B * H * W].
        distance: [P] px from the pixel's centre to the nearest line.
        line, cell: [M] pairs.
        excess: [M] px that the line is farther from the pixel's centre than the nearest.
    """

    stroke: Tensor
    column: Tensor
    row: Tensor
    pixel: Tensor
    distance: Tensor
    line: Tensor
    cell: Tensor
    excess: Tensor

    def select(self, chosen: Tensor, slack: float) -> Cells:
        """Return the ``chosen`` cells ([P] bool) with the lines that come within ``slack`` px of the nearest."""
        index = chosen.nonzero().squeeze(1)
        pair = (self.excess <= slack).logical_and_(chosen.index_select(0, self.cell)).nonzero().squeeze(1)
        cell = chosen.cumsum(0).sub_(1).index_select(0, self.cell.index_select(0, pair))
        stroke, column, row, pixel, nearest = (f.index_select(0, index) for f in self._fields())
        line, excess = self.line.index_select(0, pair), self.excess.index_select(0, pair)
        return Cells(stroke, column, row, pixel, nearest, line, cell, excess)

    def none(self) -> Cells:
        """Return no cells."""
        stroke, column, row, pixel, nearest = (f[:0] for f in self._fields())
        return Cells(stroke, column, row, pixel, nearest, self.line[:0], self.cell[:0], self.excess[:0])

    def _fields(self) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        return self.stroke, self.column, self.row, self.pixel, self.distance

    def split(self, most: int) -> list[Cells]:
        """Cut into parts of ``most`` cells at most; at least one part."""
        count = self.stroke.shape[0]
        if count <= most:
            return [self]
        cell, order = torch.sort(self.cell, stable=True)
        line, distance = self.line.index_select(0, order), self.excess.index_select(0, order)
        starts = torch.arange(0, count, most, device=cell.device)
        bounds = [*torch.searchsorted(cell, starts).tolist(), cell.shape[0]]
        parts = []
        for i, start in enumerate(range(0, count, most)):
            stroke, column, row, pixel, nearest = (f[start : start + most] for f in self._fields())
            own = slice(bounds[i], bounds[i + 1])
            part = Cells(stroke, column, row, pixel, nearest, line[own], cell[own] - start, distance[own])
            parts.append(part)
        return parts


def find_cells(drawing: Drawing, margin: float) -> Cells:
    """Find every cell whose centre is within ``margin`` px of its stroke's edge or inside the stroke."""
    reach = (drawing.radius + margin).index_select(0, drawing.stroke)
    pairs = find_pairs(drawing.lines, drawing.stroke, reach, drawing.size)
    distance = _centre_distance(drawing, pairs)
    nearest = _least(distance, pairs.cell, pairs.stroke.shape[0])
    height, width = drawing.size
    sketch = drawing.sketch.index_select(0, pairs.stroke)
    pixel = (sketch * height).add_(pairs.row).mul_(width).add_(pairs.column)
    excess = distance - nearest.index_select(0, pairs.cell)
    return Cells(pairs.stroke, pairs.column, pairs.row, pixel, nearest, pairs.line, pairs.cell, excess)


def _least(distance: Tensor, cell: Tensor, count: int) -> Tensor:
    """Return the least distance in each cell; the bits of what is never negative order as it does, and faster."""
    bits = distance.view(torch.int64 if distance.dtype == torch.float64 else torch.int32)
    least = bits.new_full((count,), torch.iinfo(bits.dtype).max).scatter_reduce_(0, cell, bits, "amin")
    return least.view(distance.dtype)


def _centre_distance(drawing: Drawing, pairs: Pairs) -> Tensor:
    """Return the distance [M] px between the line and the pixel's centre of each pair."""
    ax, ay, dx, dy, ux, uy = drawing.table[:6].index_select(1, pairs.line).unbind(0)
    x, y = torch.stack([pairs.column, pairs.row]).to(ax.dtype).add_(0.5).index_select(1, pairs.cell).unbind(0)
    x, y = x.sub_(ax), y.sub_(ay)
    u = (x * ux).addcmul_(y, uy).clamp_(0, 1)
    x, y = x.addcmul_(u, dx, value=-1), y.addcmul_(u, dy, value=-1)
    return x.square_().addcmul_(y, y).sqrt_()
