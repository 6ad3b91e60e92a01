"""The squares that an edge may cross, and the nearest curve to each."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .drawing import Drawing, both
from .flatten import TOLERANCE
from .nearest import dot, refine
from .tiles import Tiles, quarters

SQUARES = 2
"""Squares a side of a tile."""

HALF_DIAGONAL = 0.7072
"""Of a square, in squares."""

WORD = 32
"""Nearest lines are found as whole numbers: bits of the squared distance, then WORD bits of the pair's number."""


@dataclass(frozen=True)
class Places:
    """Hold n squares that an edge may cross.

    Args:
        where: [n] place in the squares [4 T] of some tiles; ascending.
        q: [2, n] px, centres.
        t: [n] parameter of the nearest point.
        cubic: [n] the curve that it lies on.
        lengths: how many follow one another that share a square's number and a curve [4 * curves]; None
            if the curves are in no order.
    """

    where: Tensor
    q: Tensor
    t: Tensor
    cubic: Tensor
    lengths: Tensor | None


def place(drawing: Drawing, tiles: Tiles) -> tuple[Tensor, Places, Tensor]:
    """Find the squares of tiles that an edge may cross.

    Returns:
        (whether each square lies inside its stroke [4, T], the squares on an edge, which count as not inside,
        the polynomials of their nearest curves [2, 4, n]).
    """
    offset = quarters(tiles.corner).add_(0.5).div_(SQUARES)
    least = _least(drawing, tiles, offset)
    low, high = (bound.index_select(0, tiles.stroke) for bound in _bounds(drawing))
    inside = least < low
    square, tile = (least <= high).logical_xor_(inside).nonzero(as_tuple=True)
    where = torch.add(tile, square, alpha=inside.shape[1])
    pair = least.view(-1).index_select(0, where).bitwise_and_((1 << WORD) - 1)
    q = tiles.corner.index_select(1, tile).add_(offset.index_select(1, square))
    t, cubic, curves = _on_curve(drawing, tiles.line.index_select(0, pair), q)
    lengths = _lengths(square, cubic, drawing.coefficients.shape[1]) if drawing.segments == 1 else None
    return inside, Places(where, q, t, cubic, lengths), curves


def _lengths(square: Tensor, cubic: Tensor, count: int) -> Tensor:
    """Return how many of n squares have each number in their tile and each curve [4 * count]; both ascend."""
    run = torch.add(cubic, square, alpha=count)
    return torch.searchsorted(run, torch.arange(SQUARES**2 * count + 1, device=run.device)).diff()


def _on_curve(drawing: Drawing, line: Tensor, q: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Find the point nearest to q [2, n] on the curves that lines [n] follow.

    Returns:
        (t [n], number of the curve [n], its polynomial [2, 4, n]).
    """
    cubic = drawing.lines.cubic.index_select(0, line)
    row = drawing.table[2:].index_select(1, line)
    along = dot(q - row[:2], row[2:4]).clamp_(0, 1)
    curves = drawing.coefficients.index_select(1, cubic).view(2, 4, -1)
    return refine(curves, torch.addcmul(row[4], along, row[5]), row[5], q), cubic, curves


def _bounds(drawing: Drawing) -> tuple[Tensor, Tensor]:
    """Return, as ``_least`` writes distances, how near [2 S] a square is inside, and how far it may be on an edge."""
    band = both(drawing.radius.new_full((drawing.strokes,), TOLERANCE)) + HALF_DIAGONAL / SQUARES
    bounds = torch.stack([(drawing.radius - band).clamp_(min=0), drawing.radius + band])
    low, high = bounds.square_().float().view(torch.int32).long().bitwise_left_shift_(WORD)
    return low, high


def _least(drawing: Drawing, tiles: Tiles, offset: Tensor) -> Tensor:
    """Return squared distance and number of the nearest pair [4, T] for squares at offset [2, 4] in their tiles.

    Squares are never negative, so that their bits order as they do; of equals the first is taken.
    """
    x, y = offset[:, :, None].unbind(0)
    dx, dy, ax, ay, ux, uy = drawing.table[:6].index_select(1, tiles.line).unbind(0)
    px, py = tiles.corner.index_select(1, tiles.tile).unbind(0)
    px, py = px.sub_(ax), py.sub_(ay)
    u = torch.addcmul((px * ux).addcmul_(py, uy), x, ux).addcmul_(y, uy).clamp_(0, 1)
    fx = (px + x).addcmul_(u, dx, value=-1)
    fy = (py + y).addcmul_(u, dy, value=-1)
    bits = fx.square_().addcmul_(fy, fy).float().view(torch.int32)
    number = torch.arange(px.shape[0], device=px.device)
    key = bits.long().bitwise_left_shift_(WORD).bitwise_or_(number)
    least = key.new_full((x.shape[0], tiles.stroke.shape[0]), torch.iinfo(torch.int64).max)
    return least.scatter_reduce_(1, tiles.tile.long().expand(x.shape[0], -1), key, "amin")
