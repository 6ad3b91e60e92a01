"""Images as a network wants them: its size, its colours, its device."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..errors import ShapeError


class PixelNormalization(nn.Module):
    """Resize images to the network's square and normalise their colours.

    Args:
        size: side in px.
        mean: RGB.
        std: RGB.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, size: int, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        super().__init__()
        self.size = size
        self.register_buffer("mean", torch.tensor(mean).reshape(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(std).reshape(1, 3, 1, 1))

    def forward(self, images: Tensor) -> Tensor:
        """Turn [B, 3, H, W] in 0-1 into [B, 3, size, size] on the network's device and in its type.

        Resizing is bicubic and antialiased; images that are not square are squashed, not cropped, so that every part
        of the canvas counts. What overshoots 0-1 is kept: clamping would stop the gradient there.

        Raises:
            ShapeError: not a batch of RGB images of floats.
        """
        check_images(images)
        images = images.to(device=self.mean.device, dtype=self.mean.dtype)
        if images.shape[-2:] != (self.size, self.size):
            images = F.interpolate(images, (self.size, self.size), mode="bicubic", antialias=True)
        return (images - self.mean) / self.std


def check_images(images: Tensor) -> None:
    """Raise ShapeError unless images are floats [B, 3, H, W] with at least one pixel."""
    if images.ndim != 4 or images.shape[1] != 3 or 0 in images.shape:
        raise ShapeError(f"images must be [B, 3, H, W] with B, H, W at least 1, got {list(images.shape)}.")
    if not images.is_floating_point():
        raise ShapeError(f"images must be floats in 0-1, got {images.dtype}; divide bytes by 255.")
