"""Cells cut into squares, all alike: a cell that needs finer ones becomes four cells of a drawing twice as large."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .cells import Cells, Found
from .drawing import Drawing

QUARTERS = 4
"""Tiles of a fine cell."""


@dataclass(frozen=True)
class Tiles:
    """Hold T tiles of 2 x 2 squares: first one a coarse cell, then four a fine cell.

    Args:
        coarse: the E coarse cells.
        fine: the E' fine cells, in the order of their tiles; T = E + 4 E'.
        stroke: [T] the stroke; of the twice larger drawing for the tiles of fine cells.
        corner: [2, T] px of the drawing's size, upper left corner.
        line: [M] a line that may matter to a tile.
        tile: [M] that tile.
    """

    coarse: Cells
    fine: Cells
    stroke: Tensor
    corner: Tensor
    line: Tensor
    tile: Tensor


def make_tiles(drawing: Drawing, edges: Found, fine: Tensor) -> Tiles:
    """Make tiles of the cells ``edges``; ``fine`` [P] says which are fine."""
    plain, odd = (~fine).nonzero().squeeze(1), fine.nonzero().squeeze(1)
    coarse, quartered = edges.cells.select(plain), edges.cells.select(odd)
    count, device = plain.shape[0], fine.device
    total = count + QUARTERS * odd.shape[0]
    number = torch.empty_like(edges.cells.stroke)
    number.index_copy_(0, plain, torch.arange(count, device=device, dtype=torch.int32))
    number.index_copy_(0, odd, torch.arange(count, total, QUARTERS, device=device, dtype=torch.int32))
    line, tile = _pairs(edges, number, count, drawing.lines.length.shape[0] // 2)
    stroke = (quartered.stroke + drawing.strokes).repeat_interleave(QUARTERS)
    corner = torch.cat([_corner(drawing, coarse), _quarters(drawing, quartered)], 1)
    return Tiles(coarse, quartered, torch.cat([coarse.stroke, stroke]), corner, line, tile)


def _pairs(edges: Found, number: Tensor, count: int, lines: int) -> tuple[Tensor, Tensor]:
    """Pair lines with tiles; each cell's (first) tile is ``number`` [P], from ``count`` on of the larger drawing."""
    tile = number.index_select(0, edges.cell)
    large = tile >= count
    line = torch.add(edges.line, large, alpha=lines)
    far = large.nonzero().squeeze(1)
    step = torch.arange(1, QUARTERS, device=tile.device, dtype=torch.int32)[:, None]
    others = (tile.index_select(0, far) + step).view(-1)
    more = line.index_select(0, far).expand(QUARTERS - 1, -1).reshape(-1)
    return torch.cat([line, more]), torch.cat([tile, others])


def _corner(drawing: Drawing, cells: Cells) -> Tensor:
    return torch.stack([cells.column, cells.row]).to(drawing.radius.dtype)


def _quarters(drawing: Drawing, cells: Cells) -> Tensor:
    """Return the corners [2, 4 P] of the quarters of cells in the drawing twice as large."""
    corner = _corner(drawing, cells)
    return (2 * corner[:, :, None] + quarters(corner)[:, None]).view(2, -1)


def quarters(like: Tensor) -> Tensor:
    """Return how far the corners [2, 4] of four unit squares in a square lie from its own."""
    quarter = torch.arange(QUARTERS, device=like.device, dtype=like.dtype)
    down = (quarter / 2).floor_()
    return torch.stack([torch.sub(quarter, down, alpha=2), down])
