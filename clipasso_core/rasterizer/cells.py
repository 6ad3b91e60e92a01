"""Which cells (a pixel as one stroke sees it) lie inside a stroke, and which on its edge."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .candidates import Pairs, find_pairs
from .drawing import Drawing
from .flatten import Lines

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
        pair_distance: [M] px.
    """

    stroke: Tensor
    column: Tensor
    row: Tensor
    pixel: Tensor
    distance: Tensor
    line: Tensor
    cell: Tensor
    pair_distance: Tensor

    def select(self, index: Tensor, slack: float) -> Cells:
        """Return the cells at ``index`` [E] with the lines that come within ``slack`` px of the nearest."""
        place = torch.full_like(self.stroke, -1)
        place[index] = torch.arange(index.shape[0], device=index.device)
        limit = self.distance.new_full(self.distance.shape, -1.0)
        limit[index] = self.distance.index_select(0, index) + slack
        pair = (self.pair_distance <= limit.index_select(0, self.cell)).nonzero().squeeze(1)
        cell = place.index_select(0, self.cell.index_select(0, pair))
        stroke, column, row, pixel, nearest = (f.index_select(0, index) for f in self._fields())
        line, distance = (f.index_select(0, pair) for f in (self.line, self.pair_distance))
        return Cells(stroke, column, row, pixel, nearest, line, cell, distance)

    def _fields(self) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        return self.stroke, self.column, self.row, self.pixel, self.distance

    def split(self, most: int) -> list[Cells]:
        """Cut into parts of ``most`` cells at most; at least one part."""
        count = self.stroke.shape[0]
        if count <= most:
            return [self]
        cell, order = torch.sort(self.cell, stable=True)
        line, distance = self.line.index_select(0, order), self.pair_distance.index_select(0, order)
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
    reach = drawing.radius.index_select(0, drawing.stroke) + margin
    pairs = find_pairs(drawing.lines, drawing.stroke, reach, drawing.size)
    distance = _centre_distance(drawing.lines, pairs)
    nearest = distance.new_full((pairs.stroke.shape[0],), torch.inf)
    nearest = nearest.scatter_reduce_(0, pairs.cell, distance, "amin")
    height, width = drawing.size
    sketch = drawing.sketch.index_select(0, pairs.stroke)
    pixel = (sketch * height + pairs.row) * width + pairs.column
    return Cells(pairs.stroke, pairs.column, pairs.row, pixel, nearest, pairs.line, pairs.cell, distance)


def _centre_distance(lines: Lines, pairs: Pairs) -> Tensor:
    """Return the distance [M] px between the line and the pixel's centre of each pair."""
    x, y = pairs.column + 0.5, pairs.row + 0.5
    x, y = x.to(lines.t.dtype).index_select(0, pairs.cell), y.to(lines.t.dtype).index_select(0, pairs.cell)
    return to_line(lines, pairs.line, x, y)[0].sqrt()


def to_line(lines: Lines, index: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Return (squared distance, place 0-1 along the line) from points [..., M] to the lines [M] at ``index``."""
    step = lines.end - lines.start
    scale = 1 / (step * step).sum(0).clamp(min=1e-20)
    ax, ay = (row.index_select(0, index) for row in lines.start)
    dx, dy = (row.index_select(0, index) for row in step)
    px, py = x - ax, y - ay
    u = ((px * dx + py * dy) * scale.index_select(0, index)).clamp(0, 1)
    px, py = px - u * dx, py - u * dy
    return px * px + py * py, u
