"""The squares that an edge may cross, and the nearest curve to each."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .cells import Cells
from .coverage import Places
from .drawing import Drawing
from .flatten import TOLERANCE
from .nearest import dot, refine

HALF_DIAGONAL = 0.7072
"""Of a square, in squares."""

CHUNK = 32768
"""Squares worked on at once: what fits the cache."""

BLOCK = 2**17
"""Squares looked through at once: what bounds the memory."""

WORD = 2**32
"""Nearest lines are found as whole numbers: bits of the squared distance * WORD + number of the pair."""


@dataclass(frozen=True)
class Found:
    """Hold n of the squares of a set of cells, in order of the cells.

    Args:
        inside: [K * E] 1 in the squares inside their stroke, else 0; the n squares count as not inside.
        where: [n] place of each in ``inside``.
        line: [n] nearest line.
        q: [2, n] px, centre.
    """

    inside: Tensor
    where: Tensor
    line: Tensor
    q: Tensor


def place(drawing: Drawing, *sets: tuple[Cells, int]) -> tuple[Tensor, list[Places]]:
    """Find the squares that an edge may cross, in pieces of CHUNK.

    Args:
        drawing: the strokes.
        sets: cells [E] and how many squares a side they are cut into.

    Returns:
        (1 in every square inside its stroke, else 0: sets flat one after another, [K, E] each; the squares
        on an edge).
    """
    found = [_find(drawing, cells, squares) for cells, squares in sets]
    cubics, done, groups = drawing.coefficients.shape[1], 0, 0
    where, group, scale = [], [], []
    for f, (_, squares) in zip(found, sets, strict=True):
        where.append(f.where + done)
        group.append(f.line.new_full(f.where.shape, groups))
        scale.append(f.q.new_full(f.where.shape, float(squares)))
        done, groups = done + f.inside.shape[0], groups + cubics
    line, q = torch.cat([f.line for f in found]), torch.cat([f.q for f in found], 1)
    fields = (torch.cat(where), torch.cat(group), torch.cat(scale), line)
    thin = drawing.thinnest * min(squares for _, squares in sets) < HALF_DIAGONAL
    groups = groups if drawing.segments == 1 else 0
    places = []
    for start in range(0, line.shape[0], CHUNK):
        at, number, density, nearest = (field[start : start + CHUNK] for field in fields)
        piece = q[:, start : start + CHUNK]
        places.append(_refined(drawing, at, number, density, nearest, piece, groups, thin))
    return torch.cat([f.inside for f in found]), places


def centres(drawing: Drawing, cells: Cells) -> Places:
    """Find the nearest curve to the centre of every cell."""
    found = _find(drawing, cells, 1, everywhere=True)
    one = torch.ones_like(found.q[0])
    return _refined(drawing, found.where, found.where, one, found.line, found.q, 0, False)


def _refined(
    drawing: Drawing, where: Tensor, group: Tensor, scale: Tensor, line: Tensor, q: Tensor, groups: int, thin: bool
) -> Places:
    """Refine the nearest point on a line to that on the curve; ``groups`` 0: in no order."""
    cubic = drawing.lines.cubic.index_select(0, line)
    row = drawing.table.index_select(1, line)
    along = dot(q - row[:2], row[4:6]).clamp_(0, 1)
    first, reach = row[6], row[7]
    curves = drawing.coefficients.index_select(1, cubic).view(2, 4, -1)
    t = refine(curves, torch.addcmul(first, along, reach), reach, q)
    ordered = group + cubic if groups else None
    return Places(where, q, scale, t, curves, cubic, ordered, groups, drawing.segments, thin)


def _find(drawing: Drawing, cells: Cells, squares: int, everywhere: bool = False) -> Found:
    """Find the squares that may lie on an edge, or all of them."""
    step = (torch.arange(squares, device=cells.row.device, dtype=drawing.radius.dtype) + 0.5) / squares
    offset = torch.stack([step.expand(squares, -1), step[:, None].expand(-1, squares)]).view(2, -1)
    band = HALF_DIAGONAL / squares + TOLERANCE
    low, high = _bits((drawing.radius - band).clamp_(min=0)), _bits(drawing.radius + band)
    insides, found, start = [], [], 0
    for part in cells.split(BLOCK // squares**2):
        least = _least(drawing, part, offset)
        inside = least < low.index_select(0, part.stroke)
        edge = least <= high.index_select(0, part.stroke)
        edge = torch.ones_like(edge) if everywhere else edge.logical_xor_(inside)
        cell, square = edge.t().nonzero(as_tuple=True)
        pair = least.view(-1).index_select(0, torch.add(cell, square, alpha=part.stroke.shape[0]))
        line = part.line.index_select(0, pair.bitwise_and_(WORD - 1))
        found.append((cell + start, square, line))
        insides.append(inside)
        start += part.stroke.shape[0]
    cell, square, line = (torch.cat(f) if len(found) > 1 else f[0] for f in zip(*found, strict=True))
    q = torch.stack([cells.column, cells.row]).to(step.dtype).index_select(1, cell)
    q.add_(offset.index_select(1, square))
    dense = torch.cat(insides, 1).view(-1).to(step.dtype)
    return Found(dense, torch.add(cell, square, alpha=start), line, q)


def _bits(distance: Tensor) -> Tensor:
    """Write a distance [...] px so that it compares with those of ``_least``."""
    return distance.square().float().view(torch.int32).long().mul_(WORD)


def _least(drawing: Drawing, cells: Cells, offset: Tensor) -> Tensor:
    """Return squared distance and number of the nearest pair [K, E] for squares at offset [2, K] in their cells.

    Squares are never negative, so that their bits order as they do; of equals the first is taken.
    """
    x, y = offset[:, :, None].unbind(0)
    ax, ay, dx, dy, ux, uy = drawing.table[:6].index_select(1, cells.line).unbind(0)
    px = cells.column.index_select(0, cells.cell) - ax
    py = cells.row.index_select(0, cells.cell) - ay
    u = torch.addcmul((px * ux).addcmul_(py, uy), x, ux).addcmul_(y, uy).clamp_(0, 1)
    fx = (px + x).addcmul_(u, dx, value=-1)
    fy = (py + y).addcmul_(u, dy, value=-1)
    square = fx.square_().addcmul_(fy, fy)
    key = square.float().view(torch.int32).long().mul_(WORD).add_(torch.arange(px.shape[0], device=px.device))
    least = key.new_full((x.shape[0], cells.stroke.shape[0]), torch.iinfo(torch.int64).max)
    return least.scatter_reduce_(1, cells.cell.expand(x.shape[0], -1), key, "amin")
