"""What every encoder does with its frozen network: bring images to it, move it, keep its weights fit for gradients."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..errors import ShapeError


class PixelNormalization(nn.Module):
    """Resize images to the size at which a network looks, and normalise their colours.

    Args:
        size: px of the longer side.
        mean: RGB.
        std: RGB.
        square: whether the network takes nothing but squares of that size. Images that are not square are squashed
            then, not cropped, so that every part of the canvas counts; otherwise they keep their shape.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, size: int, mean: tuple[float, ...], std: tuple[float, ...], square: bool = True) -> None:
        super().__init__()
        self.size, self.square = size, square
        self.register_buffer("mean", torch.tensor(mean).reshape(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(std).reshape(1, 3, 1, 1))

    def forward(self, images: Tensor, weight: Tensor) -> Tensor:
        """Return the pixels that a network looks at.

        Resizing is bicubic and antialiased. What overshoots 0-1 is kept: clamping would stop the gradient there.

        Args:
            images: [B, 3, H, W] in 0-1.
            weight: of the network, whose device and type the pixels get. (A host that is short of memory may have
                moved the network's parameters alone, and left these buffers where they were.)

        Returns:
            [B, 3, h, w] normalised.

        Raises:
            ShapeError: not a batch of RGB images of floats.
        """
        _require_rgb(images)
        images = images.to(device=weight.device, dtype=weight.dtype)
        size = self._target(images.shape[-2], images.shape[-1])
        if images.shape[-2:] != size:
            images = F.interpolate(images, size, mode="bicubic", antialias=True)
        return (images - self.mean.to(images)) / self.std.to(images)

    def _target(self, height: int, width: int) -> tuple[int, int]:
        if self.square:
            return self.size, self.size
        scale = self.size / max(height, width)
        return max(1, round(height * scale)), max(1, round(width * scale))


def _require_rgb(images: Tensor) -> None:
    if images.ndim != 4 or images.shape[1] != 3 or 0 in images.shape:
        raise ShapeError(f"images must be [B, 3, H, W] with B, H, W at least 1, got {list(images.shape)}.")
    if not images.is_floating_point():
        raise ShapeError(f"images must be floats in 0-1, got {images.dtype}; divide bytes by 255.")


def first_weight(network: nn.Module) -> Tensor:
    """Return one of a network's weights, to ask for the device and the type of them all.

    >>> first_weight(nn.Linear(2, 3)).device
    device(type='cpu')
    """
    return next(network.parameters())


def move_network(network: nn.Module, device: torch.device | str, dtype: torch.dtype | None = None) -> None:
    """Move the weights of a network, and give them another floating type where one is named."""
    with torch.inference_mode(False), torch.no_grad():
        network.to(device=device, dtype=dtype)


def ensure_normal_tensors(network: nn.Module) -> None:
    """Replace every inference tensor among a network's weights by a normal copy.

    Under ComfyUI another node may move our network while inference mode is on; its weights are then
    inference tensors, and autograd refuses them. Nothing happens where all is well.
    """
    with torch.inference_mode(False), torch.no_grad():
        for part in network.modules():
            for name, parameter in part.named_parameters(recurse=False):
                if parameter.is_inference():
                    part.register_parameter(name, nn.Parameter(parameter.clone(), requires_grad=False))
            for name, buffer in part.named_buffers(recurse=False):
                if buffer.is_inference():
                    part.register_buffer(name, buffer.clone(), persistent=name in part.state_dict())
