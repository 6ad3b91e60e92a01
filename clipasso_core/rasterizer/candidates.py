"""Which lines may touch which pixels: nothing is dense in strokes x pixels."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .flatten import Lines, expand


@dataclass(frozen=True)
class Pairs:
    """Hold M (line, cell) pairs over P cells; a cell is one pixel as one stroke sees it.

    Cells are in order of stroke, then row, then column.

    Args:
        line: [M] index of the line.
        cell: [M] index of the cell.
        stroke: [P] stroke of the cell.
        column: [P] pixel column.
        row: [P] pixel row.
    """

    line: Tensor
    cell: Tensor
    stroke: Tensor
    column: Tensor
    row: Tensor


def find_pairs(lines: Lines, stroke: Tensor, reach: Tensor, size: tuple[int, int]) -> Pairs:
    """Pair every line with the pixels whose centre is within reach of it.

    Args:
        lines: L lines.
        stroke: [L] stroke of each line, ascending.
        reach: [L] px.
        size: (height, width) px; what lies outside is dropped.
    """
    line, row = _rows(lines, reach, size[0])
    left, right = _columns(lines, reach, line, row, size[1])
    line, row, left, right = _keep(left <= right, line, row, left, right)
    row_key = (stroke.index_select(0, line) * size[0] + row) * (size[1] + 1)
    span_cell, union_left, owner, across = _merge(row_key + left, row_key + right)
    span, place = expand(right - left + 1)
    cell = span_cell.index_select(0, span).add_(place)
    column = (union_left % (size[1] + 1)).index_select(0, owner).add_(across)
    row_of = union_left // (size[1] + 1)
    stroke_of, row = (row_of // size[0]).index_select(0, owner), (row_of % size[0]).index_select(0, owner)
    return Pairs(line.index_select(0, span), cell, stroke_of, column, row)


def _keep(condition: Tensor, *columns: Tensor) -> list[Tensor]:
    index = condition.nonzero().squeeze(1)
    return [column.index_select(0, index) for column in columns]


def _rows(lines: Lines, reach: Tensor, height: int) -> tuple[Tensor, Tensor]:
    """Return the (line, row) pairs [R] whose row of pixel centres is within reach of the line."""
    top = torch.minimum(lines.start[1], lines.end[1]) - reach
    bottom = torch.maximum(lines.start[1], lines.end[1]) + reach
    first = (top - 0.5).ceil().clamp(0, height).long()
    last = (bottom - 0.5).floor().clamp(-1, height - 1).long()
    line, place = expand((last - first + 1).clamp(min=0))
    return line, first.index_select(0, line) + place


def _columns(lines: Lines, reach: Tensor, line: Tensor, row: Tensor, width: int) -> tuple[Tensor, Tensor]:
    """Return first and last column [R] within reach of a line on each row; first > last: none.

    A line with reach is a capsule, and its cut by a row of pixel centres is one interval. Its
    right end is the largest x(u) + sqrt(reach^2 - (y(u) - y)^2), concave in u, so that clamping
    the free optimum (where the row meets the capsule's straight side) gives the true one.
    """
    step = lines.end - lines.start
    length = step.square().sum(0).sqrt().clamp(min=1e-12)
    flat = step[1].abs().clamp(min=1e-9).copysign(step[1])
    table = torch.stack([lines.start[0], lines.start[1], step[0], step[1], 1 / flat, reach, step[0] / length])
    x, y, dx, dy, inverse, radius, cosine = table.index_select(1, line).unbind(0)
    offset = row + 0.5 - y
    ends = ((offset - radius) * inverse, (offset + radius) * inverse)
    low, high = torch.minimum(*ends).clamp(0, 1), torch.maximum(*ends).clamp(0, 1)
    side = radius * cosine * torch.sign(inverse)
    bounds = []
    for sign in (-1.0, 1.0):
        u = torch.minimum(torch.maximum((offset + sign * side) * inverse, low), high)
        half = (radius * radius - (offset - u * dy).square()).clamp(min=0).sqrt()
        bounds.append(x + u * dx + sign * half)
    first = (bounds[0] - 0.5).ceil().clamp(0, width).long()
    last = (bounds[1] - 0.5).floor().clamp(-1, width - 1).long()
    return first, last


def _merge(left: Tensor, right: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Unite spans of cells.

    Args:
        left: [R] key of each span's first cell.
        right: [R] key of its last.

    Returns:
        (number of each span's first cell [R], key of each union's first cell [U], and of every cell [P],
        numbered in order of key: its union and its place there).
    """
    key, order = torch.sort(left, stable=True)
    reached = torch.cummax(right.index_select(0, order), 0).values
    opens = torch.ones_like(key, dtype=torch.bool)
    opens[1:] = key[1:] > reached[:-1]
    union = opens.cumsum(0) - 1
    begin = opens.nonzero().squeeze(1)
    union_left = key.index_select(0, begin)
    last_of = torch.cat([begin[1:] - 1, begin.new_tensor([key.shape[0] - 1])])[: begin.shape[0]]
    counts = reached.index_select(0, last_of) - union_left + 1
    owner, place = expand(counts)
    first_cell = counts.cumsum(0) - counts
    shift = (first_cell - union_left).index_select(0, union)
    span_cell = torch.empty_like(key).scatter_(0, order, key + shift)
    return span_cell, union_left, owner, place
