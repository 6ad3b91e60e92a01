"""The nearest curve to every square of a set of cells."""

from __future__ import annotations

import torch
from torch import Tensor

from .cells import Cells, to_line
from .coverage import Places, square_centres
from .drawing import Drawing
from .nearest import refine

HALF_DIAGONAL = 0.7072
"""Of a square, in squares."""


def place(drawing: Drawing, cells: Cells, squares: int) -> Places:
    """Find the nearest point of its stroke for every square of every cell.

    Args:
        drawing: the strokes.
        cells: E cells with their lines.
        squares: squares a side of a cell.
    """
    x, y = square_centres(cells.column, cells.row, squares, drawing.radius.dtype)
    t, cubic = _nearest_line(drawing, cells, x, y)
    shape = cubic.shape
    coefficients = drawing.coefficients.index_select(1, cubic.reshape(-1)).reshape(8, *shape)
    reach = drawing.step.index_select(0, cubic.reshape(-1)).reshape(shape)
    t = refine(coefficients, t, reach, x, y)
    return Places(t, cubic, cells.stroke, cells.column, cells.row, squares, drawing.thinnest * squares < HALF_DIAGONAL)


def _nearest_line(drawing: Drawing, cells: Cells, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Return (t [K, E], cubic [1 or K, E]) of the nearest place on the cells' lines."""
    lines = drawing.lines
    square, u = to_line(lines, cells.line, x.index_select(1, cells.cell), y.index_select(1, cells.cell))
    pair = _least_pair(square, cells.cell, x.shape[1])
    line = cells.line.index_select(0, pair.reshape(-1))
    t = torch.addcmul(lines.t.index_select(0, line), u.gather(1, pair).reshape(-1), lines.dt.index_select(0, line))
    cubic = cells.stroke[None] if drawing.segments == 1 else lines.cubic.index_select(0, line).reshape(pair.shape)
    return t.reshape(pair.shape), cubic


def _least_pair(square: Tensor, cell: Tensor, count: int) -> Tensor:
    """Return the pair [K, E] with the least square [K, M] in each cell; of equals the first.

    Squares are never negative, so that their bits order as they do; whole numbers compare faster.
    """
    rows, pairs = square.shape
    bits = square.view(torch.int64 if square.dtype == torch.float64 else torch.int32)
    where = cell.expand(rows, -1)
    least = bits.new_full((rows, count), torch.iinfo(bits.dtype).max).scatter_reduce_(1, where, bits, "amin")
    index = torch.arange(pairs, device=cell.device)
    number = index + (bits != least.index_select(1, cell)) * pairs
    return number.new_full((rows, count), 2 * pairs).scatter_reduce_(1, where, number, "amin")
