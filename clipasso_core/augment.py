"""The bank of views through which drawing and photo are compared."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, cast

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

Beyond = Literal["zeros", "border"]
DISTORTION = 0.5
CROP_AREA = 0.8


def identity_view() -> Tensor:
    """Return the view [3, 3] that changes nothing.

    >>> identity_view().diagonal().tolist()
    [1.0, 1.0, 1.0]
    """
    return torch.eye(3, dtype=torch.float64)


def random_views(count: int, generator: torch.Generator) -> Tensor:
    """Draw views: a random perspective, then a random crop of 80 % of the area, back to full size.

    Eight random numbers per view for the corners, then two for the crop.

    Args:
        count: how many.
        generator: a CPU generator, so that every device gets the same views.

    Returns:
        [count, 3, 3] float64 homographies from view coordinates to image coordinates, both in -1..1.

    Source: section 4.1 of the paper. Differs: both steps are one resampling, and what lies beyond the
    drawing is white, not black.

    >>> random_views(4, torch.Generator().manual_seed(0)).shape
    torch.Size([4, 3, 3])
    """
    corners = torch.tensor([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]], dtype=torch.float64)
    inward = torch.rand((count, 4, 2), generator=generator, dtype=torch.float64) * DISTORTION
    moved = corners * (1 - inward)
    perspective = homography(moved, corners.expand(count, 4, 2))
    side = CROP_AREA**0.5
    offset = (torch.rand((count, 2), generator=generator, dtype=torch.float64) * 2 - 1) * (1 - side)
    crop = torch.zeros(count, 3, 3, dtype=torch.float64)
    crop[:, 0, 0] = crop[:, 1, 1] = side
    crop[:, :2, 2] = offset
    crop[:, 2, 2] = 1
    return perspective @ crop


def homography(source: Tensor, target: Tensor) -> Tensor:
    """Return the homographies [B, 3, 3] that take four points source [B, 4, 2] to target [B, 4, 2].

    >>> square = torch.tensor([[[-1.0, -1], [1, -1], [1, 1], [-1, 1]]])
    >>> homography(square, 2 * square)[0].diagonal().tolist()
    [2.0, 2.0, 1.0]
    """
    x, y = source.unbind(-1)
    u, v = target.unbind(-1)
    one, zero = torch.ones_like(x), torch.zeros_like(x)
    rows_u = torch.stack([x, y, one, zero, zero, zero, -u * x, -u * y], dim=-1)
    rows_v = torch.stack([zero, zero, zero, x, y, one, -v * x, -v * y], dim=-1)
    solution = torch.linalg.solve(torch.cat([rows_u, rows_v], dim=1), torch.cat([u, v], dim=1))
    return torch.cat([solution, torch.ones_like(solution[:, :1])], dim=1).view(-1, 3, 3)


def view_grid(views: Tensor, size: tuple[int, int]) -> Tensor:
    """Return where each pixel of each view looks: views [V, 3, 3] -> [V, height, width, 2] in -1..1, (x, y).

    >>> view_grid(identity_view()[None], (1, 2)).tolist()  # two pixels side by side look at themselves
    [[[[-0.5, 0.0], [0.5, 0.0]]]]
    """
    center_y, center_x = ((torch.arange(n, dtype=views.dtype) + 0.5) / n * 2 - 1 for n in size)
    y, x = torch.meshgrid(center_y, center_x, indexing="ij")
    homogeneous = torch.stack([x, y, torch.ones_like(x)], dim=-1) @ views[:, None].transpose(-1, -2)
    return homogeneous[..., :2] / homogeneous[..., 2:]


def warp(images: Tensor, grid: Tensor, beyond: Beyond = "zeros") -> Tensor:
    """See every image through every view.

    Args:
        images: [B, C, H, W] in 0-1.
        grid: [V, H, W, 2] from ``view_grid``, on the images' device.
        beyond: what lies beyond an image: "zeros" of ink, which is white, or its "border", which goes on.

    Returns:
        [B * V, C, H, W], image by image.

    >>> photo = torch.rand(1, 3, 8, 8)
    >>> torch.allclose(warp(photo, view_grid(identity_view()[None], (8, 8)).float()), photo)
    True
    """
    return 1 - sample(1 - images, grid, beyond)


def warp_from_bank(images: Tensor, views: Tensor, adjoint: Adjoint) -> Tensor:
    """Do as ``warp`` for some views [V] of a bank, with a gradient that is the same bits on every run on any device."""
    return 1 - cast(Tensor, SampleViews.apply(1 - images, views, adjoint))


class Adjoint:
    """Hold, for every view of a bank, which view pixels sample each image pixel, and with which weight.

    On a GPU the gradient of ``grid_sample`` is added up atomically, in another order each time, so that no sketch would
    repeat itself. Here each image pixel adds up its view pixels in a fixed order.

    Args:
        grids: [V, H, W, 2] from ``view_grid``, in -1..1.

    Attributes:
        most: how many view pixels sample one image pixel at most, in all views that were ever learnt.
    """

    def __init__(self, grids: Tensor) -> None:
        self.grids, self.most = grids, 0
        count, self.height, self.width = grids.shape[:3]
        entries = 4 * self.height * self.width
        self._source = torch.empty(count, entries, dtype=torch.int32, device=grids.device)
        self._weight = torch.empty(count, entries, dtype=grids.dtype, device=grids.device)
        self._first = torch.zeros(count, self.height * self.width + 1, dtype=torch.int32, device=grids.device)
        self.learn(range(count))

    def learn(self, views: Iterable[int]) -> None:
        """Learn views from their grids, in place."""
        for view in views:
            self.most = max(self.most, self._learn_view(view))

    def _learn_view(self, view: int) -> int:
        """Sort a view's entries by image pixel; return the most view pixels that sample one image pixel."""
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


class SampleViews(torch.autograd.Function):
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
        """Return the gradient to the ink: ``Adjoint.gather``, which adds in a fixed order."""
        (views,) = ctx.saved_tensors
        return ctx.adjoint.gather(upstream[0], views), None, None


def sample(ink: Tensor, grid: Tensor, beyond: Beyond = "zeros") -> Tensor:
    """Sample ink [B, C, H, W] bilinearly at every grid [V, H, W, 2]: [B * V, C, H, W]; ``beyond`` as for ``warp``."""
    rows = ink.repeat_interleave(len(grid), dim=0)
    grids = grid.to(ink.dtype).repeat(len(ink), 1, 1, 1)
    return F.grid_sample(rows, grids, mode="bilinear", padding_mode=beyond, align_corners=False)


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
