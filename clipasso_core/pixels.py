"""Checks and conversions that every step applies to the images and masks it is given."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from .errors import MaskError, ShapeError

LUMA = (0.299, 0.587, 0.114)
"""Shares of red, green and blue in grey (BT.601, as in Pillow's mode L)."""

MIN_SIDE = 16
"""Smallest image side in px: below it there is nothing to see for any encoder."""


def check_images(images: Tensor) -> Tensor:
    """Return images as float32 [B, 3, H, W] in 0-1, or say what is wrong with them.

    Args:
        images: [B, 3, H, W] in 0-1, any floating type; values slightly outside 0-1 are clamped.

    Raises:
        ShapeError: not 4-D, not 3 channels, a side under 16 px, NaN or infinite values, or an empty batch.

    >>> check_images(torch.full((2, 3, 64, 48), 1.01)).max().item()
    1.0
    >>> check_images(torch.zeros(1, 3, 8, 8))
    Traceback (most recent call last):
    clipasso_core.errors.ShapeError: image is 8 x 8 px; at least 16 px per side are needed.
    """
    if images.ndim != 4 or images.shape[1] != 3:
        raise ShapeError(
            f"image must be [B, 3, H, W] (RGB), got {list(images.shape)}. "
            "Convert grey or RGBA images to RGB first (composite transparency on white)."
        )
    if images.shape[0] == 0:
        raise ShapeError("image is an empty batch; give at least one image.")
    if min(images.shape[-2:]) < MIN_SIDE:
        height, width = images.shape[-2:]
        raise ShapeError(f"image is {width} x {height} px; at least {MIN_SIDE} px per side are needed.")
    images = images.float()
    if not torch.isfinite(images).all():
        raise ShapeError("image contains NaN or infinite values; check the node that made it.")
    return images.clamp(0, 1)


def check_mask(mask: Tensor, images: Tensor) -> Tensor:
    """Return a mask as float32 [B, H, W] in 0-1 that fits the images, or say what is wrong.

    A single mask serves a whole batch of images.

    Args:
        mask: [B or 1, H, W] in 0-1.
        images: [B, 3, H, W], already checked.

    Raises:
        ShapeError: not 3-D, another size or batch than the images, NaN.

    >>> check_mask(torch.ones(1, 64, 48), torch.zeros(5, 3, 64, 48)).shape
    torch.Size([5, 64, 48])
    """
    if mask.ndim != 3:
        raise ShapeError(f"mask must be [B, H, W], got {list(mask.shape)}.")
    if mask.shape[-2:] != images.shape[-2:]:
        raise ShapeError(
            f"mask is {mask.shape[-1]} x {mask.shape[-2]} px but the image is {images.shape[-1]} x "
            f"{images.shape[-2]} px. Resize one of them. (LoadImage gives a 64 x 64 mask of zeros for a photo "
            "without transparency: disconnect it.)"
        )
    if mask.shape[0] not in (1, images.shape[0]):
        raise ShapeError(f"mask has a batch of {mask.shape[0]} for {images.shape[0]} images; give 1 or one each.")
    mask = mask.float()
    if not torch.isfinite(mask).all():
        raise ShapeError("mask contains NaN or infinite values; check the node that made it.")
    return mask.clamp(0, 1).expand(images.shape[0], -1, -1)


def same_aspect(one: tuple[int, int], other: tuple[int, int], tolerance: float = 0.02) -> bool:
    """Whether two sizes (height, width) have one aspect, to within a part of it.

    >>> same_aspect((480, 640), (3, 4)), same_aspect((480, 640), (1, 1))
    (True, False)
    """
    return abs(one[1] * other[0] / (one[0] * other[1]) - 1) <= tolerance


def check_same_aspect(images: Tensor, canvas_size: tuple[int, int], name: str = "image") -> None:
    """Raise ShapeError when images [..., H, W] would have to be stretched to fit a canvas (height, width).

    >>> check_same_aspect(torch.zeros(1, 3, 512, 512), (224, 224))
    """
    height, width = images.shape[-2:]
    if not same_aspect((height, width), canvas_size):
        raise ShapeError(
            f"{name} is {width} x {height} px but the canvas is {canvas_size[1]} x {canvas_size[0]}: it would be "
            "distorted. Bring it through CLIPasso Mask first (fit 'crop' or 'pad'), which makes it square."
        )


def require_object(mask: Tensor) -> None:
    """Raise MaskError when some binary mask [B, H, W] marks nothing.

    >>> require_object(torch.ones(1, 32, 32))
    """
    for index in range(mask.shape[0]):
        if float(mask[index].max()) <= 0:
            raise MaskError(
                f"mask {index} is empty: it marks no object (white = object). Paint the object, invert the mask, "
                "or leave the mask out to have the object found."
            )


def resize(images: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize images [B, C, H, W] in 0-1 to (height, width), antialiased bicubic, clamped to 0-1.

    >>> resize(torch.zeros(1, 3, 480, 640), (224, 224)).shape
    torch.Size([1, 3, 224, 224])
    """
    if tuple(images.shape[-2:]) == tuple(size):
        return images
    return F.interpolate(images, size=size, mode="bicubic", antialias=True, align_corners=False).clamp(0, 1)


def resize_map(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize maps [B, H, W] in 0-1 to (height, width), antialiased bilinear.

    >>> resize_map(torch.zeros(1, 480, 640), (224, 224)).shape
    torch.Size([1, 224, 224])
    """
    if tuple(maps.shape[-2:]) == tuple(size):
        return maps
    return F.interpolate(maps[:, None], size=size, mode="bilinear", antialias=True, align_corners=False)[:, 0]


def enlarge_map(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Enlarge maps [B, H, W] to (height, width) by repeating pixels, so that ``fit_map`` finds the way back.

    Maps that are larger than that stay as they are.

    >>> enlarge_map(torch.tensor([[[0.0, 1.0]]]), (1, 4)).tolist()
    [[[0.0, 0.0, 1.0, 1.0]]]
    """
    if maps.shape[-2] > size[0] or maps.shape[-1] > size[1]:
        return maps
    return F.interpolate(maps[:, None], size=size, mode="nearest-exact")[:, 0]


def fit_map(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Bring maps [B, H, W] in 0-1 to (height, width): what ``enlarge_map`` did is undone, to the bit; else resampled.

    >>> lines = torch.rand(1, 224, 224)
    >>> torch.equal(fit_map(enlarge_map(lines, (500, 500)), (224, 224)), lines)
    True
    """
    if maps.shape[-2] > size[0] and maps.shape[-1] > size[1]:
        small = F.interpolate(maps[:, None], size=size, mode="nearest-exact")[:, 0]
        if torch.equal(enlarge_map(small, (maps.shape[-2], maps.shape[-1])), maps):
            return small
    return resize_map(maps, size)


def fit_each(maps: Tensor | Sequence[Tensor], photos: Tensor, name: str) -> Tensor:
    """Bring maps [h, w] to the size, device and type of photos [P, 3, H, W]: [M, H, W] of M maps.

    Raises:
        ShapeError: one is of another aspect; ``name`` is what the error calls it.

    >>> fit_each([torch.ones(8, 8), torch.ones(4, 4)], torch.zeros(1, 3, 16, 16), "mask").shape
    torch.Size([2, 16, 16])
    """
    size = (photos.shape[-2], photos.shape[-1])
    for one in maps:
        check_same_aspect(one, size, name)
    return torch.cat([resize_map(one[None].to(photos), size) for one in maps])


def grey(images: Tensor, shares: tuple[float, float, float] = LUMA) -> Tensor:
    """Return images [B, 3, H, W] as grey [B, H, W], float64 on the CPU; shares: of red, green and blue.

    >>> grey(torch.tensor([0.0, 1.0, 0.0]).view(1, 3, 1, 1)).item()
    0.587
    """
    return (images.detach().cpu().double() * torch.tensor(shares, dtype=torch.float64).view(3, 1, 1)).sum(dim=1)


def grown(maps: Tensor, px: int) -> Tensor:
    """Return maps [B, H, W] of which each pixel is the greatest within ``px`` px to the left, right, up and down.

    >>> grown(torch.tensor([[[0.0, 0.0, 1.0, 0.0, 0.0, 0.0]]]), 1).tolist()
    [[[0.0, 1.0, 1.0, 1.0, 0.0, 0.0]]]
    """
    return F.max_pool2d(maps[:, None], 2 * px + 1, 1, px)[:, 0]


def to_uint8(image: Tensor) -> Tensor:
    """Return an image [3, H, W] or a map [H, W] in 0-1 as bytes on the CPU: [H, W, 3] or [H, W].

    >>> to_uint8(torch.tensor([[0.0, 0.5, 2.0]])).tolist()
    [[0, 128, 255]]
    """
    pixels = (image.detach().float().clamp(0, 1) * 255).round().to(torch.uint8).cpu()
    return pixels if pixels.ndim == 2 else pixels.permute(1, 2, 0).contiguous()


def min_max(maps: Tensor) -> Tensor:
    """Stretch each map [B, H, W] to 0-1; a flat map becomes all zeros (never NaN).

    >>> min_max(torch.tensor([[[2.0, 4.0, 6.0]], [[5.0, 5.0, 5.0]]])).tolist()
    [[[0.0, 0.5, 1.0]], [[0.0, 0.0, 0.0]]]
    """
    low = maps.amin(dim=(-2, -1), keepdim=True)
    span = maps.amax(dim=(-2, -1), keepdim=True) - low
    return torch.where(span > 1e-8, (maps - low) / span.clamp_min(1e-8), torch.zeros_like(maps))
