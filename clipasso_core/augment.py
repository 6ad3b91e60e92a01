"""The bank of views through which drawing and photo are compared."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor

from .adjoint import Adjoint, Look, sample

DISTORTION = 0.5
CROP_AREA = 0.8


def identity_view() -> Tensor:
    """Return the view [3, 3] that changes nothing."""
    return torch.eye(3, dtype=torch.float64)


def random_views(count: int, generator: torch.Generator) -> Tensor:
    """Draw views: a random perspective, then a random crop of 80 % of the area, back to full size.

    Eight random numbers a view for the corners, then two for the crop.

    Args:
        count: how many.
        generator: a CPU generator, so that every device gets the same views.

    Returns:
        [count, 3, 3] float64 homographies from view coordinates to image coordinates, both in -1..1.

    Source: section 4.1 of the paper. Differs: both steps are one resampling, and what lies beyond the
    drawing is white, not black.
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
    """Return the homographies [B, 3, 3] that take four points source [B, 4, 2] to target [B, 4, 2]."""
    x, y = source.unbind(-1)
    u, v = target.unbind(-1)
    one, zero = torch.ones_like(x), torch.zeros_like(x)
    rows_u = torch.stack([x, y, one, zero, zero, zero, -u * x, -u * y], dim=-1)
    rows_v = torch.stack([zero, zero, zero, x, y, one, -v * x, -v * y], dim=-1)
    solution = torch.linalg.solve(torch.cat([rows_u, rows_v], dim=1), torch.cat([u, v], dim=1))
    return torch.cat([solution, torch.ones_like(solution[:, :1])], dim=1).view(-1, 3, 3)


def view_grid(views: Tensor, size: tuple[int, int]) -> Tensor:
    """Return where each pixel of each view looks: views [V, 3, 3] -> [V, height, width, 2] in -1..1."""
    center_y, center_x = ((torch.arange(n, dtype=views.dtype) + 0.5) / n * 2 - 1 for n in size)
    y, x = torch.meshgrid(center_y, center_x, indexing="ij")
    homogeneous = torch.stack([x, y, torch.ones_like(x)], dim=-1) @ views[:, None].transpose(-1, -2)
    return homogeneous[..., :2] / homogeneous[..., 2:]


def warp(images: Tensor, grid: Tensor) -> Tensor:
    """See every image through every view.

    Args:
        images: [B, C, H, W] in 0-1.
        grid: [V, H, W, 2] from ``view_grid``, on the images' device.

    Returns:
        [B * V, C, H, W], image by image; what lies beyond an image is white.
    """
    return 1 - sample(1 - images, grid)


def warp_from_bank(images: Tensor, views: Tensor, adjoint: Adjoint) -> Tensor:
    """Do as ``warp`` for some views [V] of a bank, with a gradient that is the same bits on every run on any device."""
    return 1 - cast(Tensor, Look.apply(1 - images, views, adjoint))
