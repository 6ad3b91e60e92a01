"""The gradient of looking through views, summed in a fixed order.

On a GPU the gradient of ``grid_sample`` is added up atomically, in another order each time, so that no sketch would
repeat itself. Here every pixel of the image gathers from the view's pixels that look at it, one after another.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable


class Adjoint:
    """Hold who looks at whom, for a bank of views.

    Args:
        grids: [V, H, W, 2] from ``view_grid``, in -1..1.
    """

    def __init__(self, grids: Tensor) -> None:
        self.grids = grids
        count, self.height, self.width = grids.shape[:3]
        entries = 4 * self.height * self.width
        self._source = torch.empty(count, entries, dtype=torch.int32, device=grids.device)
        self._weight = torch.empty(count, entries, dtype=grids.dtype, device=grids.device)
        self._first = torch.zeros(count, self.height * self.width + 1, dtype=torch.int32, device=grids.device)
        self.most = max((self._learn(view) for view in range(count)), default=0)

    def _learn(self, view: int) -> int:
        """Sort a view's entries by image pixel; return how many look at the most looked-at one."""
        size = self.height * self.width
        target, weight = _entries(self.grids[view])
        order = torch.sort(target, stable=True).indices
        ends = torch.searchsorted(target[order], torch.arange(size + 1, device=target.device))
        self._source[view] = (order % size).int()
        self._weight[view] = weight[order]
        self._first[view] = ends.int()
        return int((ends[1:] - ends[:-1]).max())

    def gather(self, gradient: Tensor, views: Tensor) -> Tensor:
        """Return the gradient to images [B, C, H, W] from that to the views [B * V, C, H, W] of ``views`` [V]."""
        channels, size = gradient.shape[1], self.height * self.width
        rows = gradient.view(-1, len(views), channels, size).transpose(1, 2)  # [B, C, V, HW]
        first, last = self._first[views, :-1], self._first[views, 1:]
        source, weight = self._source[views], self._weight[views]
        total = torch.zeros_like(rows[:, :, 0])
        for k in range(self.most):
            place = (first + k).clamp(max=4 * size - 1).long()
            share = weight.gather(1, place) * (first + k < last)
            seen = rows.gather(3, source.gather(1, place).long().expand(*rows.shape[:2], -1, -1))
            total += (seen * share).sum(2)
        return total.view(-1, channels, self.height, self.width)


class Look(torch.autograd.Function):
    """Sample ink [B, C, H, W] at views [V] as [B * V, C, H, W]."""

    @staticmethod
    def forward(ctx: Any, ink: Tensor, views: Tensor, adjoint: Adjoint) -> Tensor:
        """Sample bilinearly; what lies beyond is 0."""
        ctx.save_for_backward(views)
        ctx.adjoint = adjoint
        return sample(ink, adjoint.grids[views])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, None, None]:
        """Gather."""
        (views,) = ctx.saved_tensors
        return ctx.adjoint.gather(upstream[0], views), None, None


def sample(ink: Tensor, grid: Tensor) -> Tensor:
    """Sample ink [B, C, H, W] bilinearly at every grid [V, H, W, 2]: [B * V, C, H, W]; what lies beyond is 0."""
    rows = ink.repeat_interleave(len(grid), dim=0)
    grids = grid.to(ink.dtype).repeat(len(ink), 1, 1, 1)
    return F.grid_sample(rows, grids, mode="bilinear", padding_mode="zeros", align_corners=False)


def _entries(grid: Tensor) -> tuple[Tensor, Tensor]:
    """Return (image pixel, weight) [4 * H * W] of a grid [H, W, 2]; what lies beyond is pixel H * W."""
    height, width = grid.shape[:2]
    x = (grid[..., 0] + 1) * (width / 2) - 0.5
    y = (grid[..., 1] + 1) * (height / 2) - 0.5
    targets, weights = [], []
    for dx in (0, 1):
        for dy in (0, 1):
            column, row = x.floor() + dx, y.floor() + dy
            inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
            target = (row * width + column).clamp(0, height * width - 1).long()
            targets.append(torch.where(inside, target, height * width).flatten())
            weights.append(((1 - (x - column).abs()) * (1 - (y - row).abs()) * inside).flatten())
    return torch.cat(targets), torch.cat(weights)
