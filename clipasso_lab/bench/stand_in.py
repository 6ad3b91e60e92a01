"""A photo that is always at hand: drawn by formula."""

from __future__ import annotations

import torch
from torch import Tensor


def stand_in_photo(side: int = 224) -> Tensor:
    """Return a shaded ball with a ring on white [1, 3, side, side] in 0-1: an object with edges and tones."""
    axis = (torch.arange(side) + 0.5) / side * 2 - 1
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    distance = (x.square() + y.square()).sqrt()
    ball = distance < 0.55
    ring = ((x / 0.9).square() + (3 * y - x).square()).sub(1).abs() < 0.12
    shade = (0.75 - 0.5 * x - 0.4 * y).clamp(0.1, 0.95)
    tones = torch.stack([shade, 0.8 * shade, 0.5 * shade])
    picture = torch.where(ball, tones, torch.ones(3, side, side))
    front = ring & ((y * 3 - x > 0) | ~ball)
    return torch.where(front, torch.tensor([0.2, 0.25, 0.4]).view(3, 1, 1), picture)[None]
