"""Coverage of single strokes to pictures: the order-free product, and painter's order."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


def layers(place: Tensor) -> list[Tensor]:
    """Sort entries into layers that name each place once at most, earlier entries in lower layers.

    Args:
        place: [M] where each entry lies.

    Returns:
        one index [M_k] a layer.
    """
    if place.shape[0] == 0:
        return []
    key, order = torch.sort(place, stable=True)
    number = torch.arange(key.shape[0], device=key.device)
    fresh = torch.ones_like(key, dtype=torch.bool)
    fresh[1:] = key[1:] != key[:-1]
    depth = number - torch.cummax(number * fresh, 0).values
    return [order.index_select(0, (depth == k).nonzero().squeeze(1)) for k in range(int(depth.max()) + 1)]


class Product(torch.autograd.Function):
    """Light [K, Q] that passes through layers of coverage [K, M] lying at places [M] of Q."""

    @staticmethod
    def forward(ctx: Any, coverage: Tensor, place: Tensor, stack: list[Tensor], count: int) -> Tensor:
        """Multiply 1 - coverage at every place; coverage that rounding took above 1 counts as 1."""
        light = coverage.new_ones(coverage.shape[0], count)
        passing = (1 - coverage).clamp_(min=0)
        for index in stack:
            at = place.index_select(0, index)
            light.index_copy_(1, at, light.index_select(1, at) * passing.index_select(1, index))
        ctx.save_for_backward(passing, light, place)
        return light

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None, None]:
        """Give each layer the product of all others; behind a full layer that is 0."""
        passing, light, place = ctx.saved_tensors
        others = light.index_select(1, place) / passing.clamp(min=torch.finfo(passing.dtype).tiny)
        return -grad.index_select(1, place) * others, None, None, None


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
