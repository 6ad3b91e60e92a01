"""Coverage of single strokes to pictures: the order-free product, and painter's order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from .flatten import expand
from .sums import reduce_runs


@dataclass(frozen=True)
class Piles:
    """Hold M entries in U piles, one a place.

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
        if self.order.shape[0] == 0:
            return []
        _, depth = expand(self.height, torch.zeros_like(self.height))
        top = int(self.height.max())
        return [self.order.index_select(0, (depth == k).nonzero().squeeze(1)) for k in range(top)]


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
            light: [Q] everywhere else; written to.
        """
        passing = (1 - piled).clamp_(min=0)
        through = reduce_runs(passing.index_select(1, piles.order), piles.height, "prod")
        light.scatter_(0, pixel, 1 - alone).scatter_(0, piles.place, through.mean(0))
        ctx.piles = piles
        ctx.save_for_backward(passing, through, pixel)
        ctx.mark_dirty(light)
        return light

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None, None, None]:
        """Give each entry the product of all others; behind a full one that is 0."""
        passing, through, pixel = ctx.saved_tensors
        piles: Piles = ctx.piles
        share = grad.index_select(0, piles.place).div_(-passing.shape[0])
        others = (through * share).index_select(1, piles.pile).div_(passing.clamp(min=torch.finfo(passing.dtype).tiny))
        return grad.index_select(0, pixel).neg_(), others, None, None, None


class Painter(torch.autograd.Function):
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
