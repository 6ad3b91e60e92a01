"""The detail brush: a map that says where a sketch shows more of the photo, and where less."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .errors import ShapeError
from .framing import Frame, cut_map
from .pixels import fit_map, resize_map, same_aspect
from .strokes import CANVAS

NEUTRAL = 0.5
"""The grey of a detail map that changes nothing."""

MOST = 4.0
"""How much more white counts than neutral grey, and that more than black."""


def cut_detail(detail: Tensor, frames: Sequence[Frame]) -> tuple[Tensor, ...]:
    """Cut a detail map that lies over photos to what their canvases show; beyond a photo it is neutral.

    Args:
        detail: [1 or P, H, W] in 0-1, of the photos' aspect.
        frames: one per photo.

    Returns:
        P maps [S, S].

    Raises:
        ShapeError: not [B, H, W], NaN, or of another aspect or batch than the photos.

    >>> cut_detail(torch.ones(1, 48, 64), [Frame((48, 64), (0, -8, 64, 56))])[0][[0, 32], 32].tolist()
    [0.5, 1.0]
    """
    check_detail(detail)
    if len(detail) not in (1, len(frames)):
        raise ShapeError(f"detail has a batch of {len(detail)} for {len(frames)} photos; give 1 or one each.")
    maps = detail.detach().float().clamp(0, 1).expand(len(frames), -1, -1)
    return tuple(_cut(one, frame) for one, frame in zip(maps, frames, strict=True))


def favour_detail(saliency: Tensor, details: Tensor | Sequence[Tensor]) -> Tensor:
    """Make saliency maps brighter where detail is wanted, so that more strokes start there.

    Args:
        saliency: [P, S, S] in 0-1.
        details: 1 or P of [h, w] in 0-1, square.

    Returns:
        [P, 224, 224] in 0-1; as bright as before where most detail is wanted.

    >>> detail = torch.tensor([[[0.5, 1.0]]]).repeat_interleave(112, dim=2).expand(1, 224, 224)
    >>> favour_detail(torch.ones(1, 224, 224), detail)[0, 0, [0, 223]].tolist()
    [0.25, 1.0]
    """
    maps = fit_map(saliency.detach().float().cpu(), CANVAS)
    factors = _factors(details, len(maps), CANVAS).cpu()
    highest = (factors * (maps > 0)).amax(dim=(1, 2), keepdim=True)
    return maps * factors / torch.where(highest > 0, highest, 1.0)


def detail_weights(details: Tensor | Sequence[Tensor], photos: Tensor) -> Tensor:
    """Return how much each place of photos [P, 3, H, W] counts in the loss: [P, H, W], 1 on average.

    Args:
        details: 1 or P of [h, w] in 0-1, of the photos' aspect.
        photos: whose size, number and device count.

    >>> detail_weights(torch.full((1, 64, 64), 0.8), torch.zeros(2, 3, 32, 32))[1, 0, 0].item()
    1.0
    """
    factors = _factors(details, len(photos), (photos.shape[-2], photos.shape[-1])).to(photos)
    return factors / factors.cpu().double().mean(dim=(1, 2), keepdim=True).to(factors)


def check_detail(detail: Tensor) -> None:
    """Raise ShapeError unless a detail map is [B, H, W] of finite numbers."""
    if detail.ndim != 3 or not bool(torch.isfinite(detail).all()):
        raise ShapeError(f"detail must be [B, H, W] of finite numbers, got {list(detail.shape)}.")


def _factors(details: Tensor | Sequence[Tensor], count: int, size: tuple[int, int]) -> Tensor:
    """Return by how much each place of ``count`` canvases (height, width) counts more than neutral: [count, H, W]."""
    if len(details) not in (1, count):
        raise ShapeError(f"{len(details)} detail maps do not fit {count} photos; give one, or one each.")
    for detail in details:
        check_detail(detail[None])
        if not same_aspect((detail.shape[0], detail.shape[1]), size):
            raise ShapeError(
                f"detail is {detail.shape[1]} x {detail.shape[0]} px, but the canvas is square. If it lies over the "
                "photo, connect the frame of CLIPasso Mask."
            )
    maps = torch.cat([resize_map(detail[None].detach().float().clamp(0, 1), size) for detail in details])
    factors: Tensor = MOST ** (2 * maps - 2 * NEUTRAL)
    return factors.expand(count, -1, -1)


def _cut(detail: Tensor, frame: Frame) -> Tensor:
    height, width = frame.photo_size
    if not same_aspect((detail.shape[0], detail.shape[1]), frame.photo_size):
        raise ShapeError(
            f"detail is {detail.shape[1]} x {detail.shape[0]} px, but the photo is {width} x {height}. Paint it over "
            "the photo, at its size."
        )
    return cut_map(resize_map(detail[None], frame.photo_size)[0], frame, NEUTRAL)
