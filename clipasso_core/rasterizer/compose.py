"""Coverage of single strokes to pictures: the order-free product, and painter's order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from .cells import Cells, SortedCells


@dataclass(frozen=True)
class Piles:
    """Hold M entries in U piles, one per place.

    Args:
        place: [U] where each pile lies.
        pile: [M] pile of each entry.
        order: [M] the entries, pile by pile, earlier ones lower.
        height: [U] entries of each pile.
    """

    place: Tensor
    pile: Tensor
    order: Tensor
    height: Tensor

    @classmethod
    def of_places(cls, place: Tensor) -> Piles:
        """Pile up entries that lie at place [M]."""
        key, order = torch.sort(place, stable=True)
        place, pile, height = torch.unique_consecutive(key, return_inverse=True, return_counts=True)
        return cls(place.long(), torch.empty_like(order).scatter_(0, order, pile), order, height)

    def layers(self) -> list[Tensor]:
        """Return the entries [M_k] of each layer, which holds one of each pile at most."""
        count = self.order.shape[0]
        if count == 0:
            return []
        lowest = (self.height.cumsum(0) - self.height).repeat_interleave(self.height)
        depth = torch.arange(count, device=lowest.device).sub_(lowest)
        return [self.order.index_select(0, (depth == k).nonzero().squeeze(1)) for k in range(int(self.height.max()))]


def let_through(cells: SortedCells, coarse: Tensor, fine: Tensor, light: Tensor) -> Tensor:
    """Return the light [Q] that opaque strokes let through.

    Args:
        cells: where the strokes' edges are.
        coarse: [E] coverage of the coarse cells.
        fine: [16, E'] coverage of the fine cells' squares.
        light: [Q] 1 or 0 everywhere else; overwritten in place.
    """
    piles = Piles.of_places(cells.fine.pixel)
    return cast(Tensor, Light.apply(coarse, fine, cells.coarse.pixel.long(), piles, light))


def paint(cells: SortedCells, coarse: Tensor, fine: Tensor, color: Tensor) -> Tensor:
    """Return premultiplied RGBA [4, Q] in painter's order; arguments as for ``let_through``, color [S, 4]."""
    (own, shared), (plain, buried) = _parted(cells, cells.fine), _parted(cells, cells.inside)
    count, one = cells.edges.shape[0], color.new_ones(1, 1)
    cover = torch.cat([coarse, fine.mean(0).index_select(0, own), one[0].expand(plain.shape[0])])[None]
    layers = [_entries(cells.coarse), _entries(cells.fine, own), _entries(cells.inside, plain)]
    stroke, pixel = torch.cat(layers, 1)
    canvas = _over(color, cover, stroke, pixel.long(), count)[:, 0]
    if shared.shape[0]:
        cover = torch.cat([fine.index_select(1, shared), one.expand(fine.shape[0], buried.shape[0])], 1)
        stroke, pixel = torch.cat([_entries(cells.fine, shared), _entries(cells.inside, buried)], 1)
        piles = Piles.of_places(pixel)
        mixed = _over(color, cover, stroke, piles.pile, piles.place.shape[0])
        canvas = canvas.scatter(1, piles.place.expand(4, -1), mixed.mean(1))
    return canvas


def _parted(cells: SortedCells, some: Cells) -> tuple[Tensor, Tensor]:
    """Return which of some cells lie in pixels without several edges, and which in pixels with."""
    crowded = cells.edges.index_select(0, some.pixel) > 1
    return (~crowded).nonzero().squeeze(1), crowded.nonzero().squeeze(1)


def _entries(cells: Cells, index: Tensor | None = None) -> Tensor:
    """Return stroke and pixel [2, M] of the cells at index [M], or of all."""
    both = torch.stack([cells.stroke, cells.pixel])
    return both if index is None else both.index_select(1, index)


def _over(color: Tensor, cover: Tensor, stroke: Tensor, place: Tensor, count: int) -> Tensor:
    """Paint coverage [K, M] of strokes [M] at places [M] of ``count``: premultiplied RGBA [4, K, count]."""
    order = torch.argsort(stroke, stable=True)
    stroke, place, cover = stroke.index_select(0, order), place.index_select(0, order), cover.index_select(1, order)
    paints = color.t().contiguous().index_select(1, stroke)
    stack = Piles.of_places(place).layers()
    canvas: Tensor = PaintLayers.apply(cover * paints[3], paints[:3], place, stack, count)
    return canvas


class Light(torch.autograd.Function):
    """Light [Q] that passes through opaque strokes: coverage [E] alone in its pixel and [K, M] in piles."""

    @staticmethod
    def forward(ctx: Any, alone: Tensor, piled: Tensor, pixel: Tensor, piles: Piles, light: Tensor) -> Tensor:
        """Multiply 1 - coverage in each pile; coverage that rounding took above 1 counts as 1.

        Args:
            ctx: autograd's.
            alone: coverage of pixels that one edge crosses.
            piled: coverage of K parts of pixels, multiplied part by part.
            pixel: [E] where each of ``alone`` lies.
            piles: where ``piled`` lies.
            light: [Q] 1 or 0 everywhere else; overwritten in place.
        """
        passing = (1 - piled).clamp_(min=0)
        lengths = piles.height.expand(passing.shape[0], -1).contiguous()
        piled = passing.index_select(1, piles.order)
        through = torch.segment_reduce(piled, "prod", lengths=lengths, axis=1, unsafe=True)
        light.scatter_(0, pixel, 1 - alone).scatter_(0, piles.place, through.mean(0))
        ctx.piles = piles
        ctx.save_for_backward(passing, through, pixel)
        ctx.mark_dirty(light)
        return light

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None, None, None]:
        """Give each entry the product of all others; 0 for every entry of a pile that holds a full one."""
        passing, through, pixel = ctx.saved_tensors
        piles: Piles = ctx.piles
        share = grad.index_select(0, piles.place).div_(-passing.shape[0])
        others = (through * share).index_select(1, piles.pile).div_(passing.clamp(min=torch.finfo(passing.dtype).tiny))
        return grad.index_select(0, pixel).neg_(), others, None, None, None


class PaintLayers(torch.autograd.Function):
    """Premultiplied RGBA [4, K, Q] of layers painted one over the other."""

    @staticmethod
    def forward(ctx: Any, alpha: Tensor, color: Tensor, place: Tensor, stack: list[Tensor], count: int) -> Tensor:
        """Paint entries of opacity alpha [K, M] and straight colour color [3, M] at places [M] of Q."""
        canvas = alpha.new_zeros(4, alpha.shape[0], count)
        paint = torch.cat([color, color.new_ones(1, color.shape[1])])[:, None]
        below = alpha.new_empty(4, *alpha.shape)
        for index in stack:
            at, a = place.index_select(0, index), alpha.index_select(1, index)
            old = canvas.index_select(2, at)
            below.index_copy_(2, index, old)
            canvas.index_copy_(2, at, old + (paint.index_select(2, index) - old) * a)
        ctx.save_for_backward(alpha, paint, below, place)
        ctx.stack = stack
        return canvas

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None, None, None]:
        """Peel the layers off, top first."""
        alpha, paint, below, place = ctx.saved_tensors
        seen = torch.empty_like(below)
        left = grad.clone()
        for index in reversed(ctx.stack):
            at = place.index_select(0, index)
            now = left.index_select(2, at)
            seen.index_copy_(2, index, now)
            left.index_copy_(2, at, now * (1 - alpha.index_select(1, index)))
        return (seen * (paint - below)).sum(0), (seen[:3] * alpha).sum(1), None, None, None
