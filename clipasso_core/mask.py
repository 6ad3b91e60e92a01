"""Mask: the object of a photo on white, framed as a square canvas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from .errors import ConfigError
from .framing import FITS, Fit, Frame, apply_frame, frame_photo, same_size
from .pixels import check_images, check_mask, require_object
from .u2net import salient_object

MaskSource = Literal["auto", "none"]
MASK_SOURCES: tuple[MaskSource, ...] = get_args(MaskSource)


@dataclass(frozen=True)
class MaskConfig:
    """How the object is cut out.

    Args:
        source: "auto" finds the salient object; "none" keeps the whole photo. A given mask overrides both.
        threshold: 0-1, from which value on a pixel belongs to the object. The paper's 0.5.
        grow: px to grow the object (negative: shrink), at the photo's own size.
        keep_largest: drop everything but the largest connected part.
        fit: how the photo becomes a square; see framing.frame_photo. The paper squashes; we crop to the object,
            because strokes spent on an object that fills the canvas say more.
        margin: white around the object with fit "crop", as a fraction of its longer side.
    """

    source: MaskSource = "auto"
    threshold: float = 0.5
    grow: int = 0
    keep_largest: bool = False
    fit: Fit = "crop"
    margin: float = 0.1

    def __post_init__(self) -> None:
        if self.source not in MASK_SOURCES:
            raise ConfigError(f"mask source must be one of {', '.join(MASK_SOURCES)}, got {self.source!r}.")
        if not 0 < self.threshold < 1:
            raise ConfigError(f"threshold must lie between 0 and 1, both excluded, got {self.threshold}.")
        if abs(self.grow) > 512:
            raise ConfigError(f"grow must lie between -512 and 512 px, got {self.grow}.")
        if self.fit not in FITS:
            raise ConfigError(f"fit must be one of {', '.join(FITS)}, got {self.fit!r}.")
        if not 0 <= self.margin <= 1:
            raise ConfigError(f"margin must lie between 0 and 1, got {self.margin}.")


@dataclass(frozen=True, eq=False)
class MaskedObject:
    """The object on white, ready to be sketched.

    Args:
        image: [B, 3, S, S] in 0-1, the object on white.
        mask: [B, S, S] of zeros and ones.
        frames: one a photo, the way back from the canvas to the photo's pixels.
    """

    image: Tensor
    mask: Tensor
    frames: tuple[Frame, ...]


def mask_object(images: Tensor, mask: Tensor | None = None, config: MaskConfig | None = None) -> MaskedObject:
    """Cut the object out of photos and frame it.

    Args:
        images: [B, 3, H, W] in 0-1.
        mask: [B or 1, H, W] in 0-1, white where the object is; None to follow ``config.source``.
        config: how; None for the defaults.

    Raises:
        ShapeError: images or mask of a wrong shape, size or batch, or with NaN.
        MaskError: no object was found, or nothing of it is left.
    """
    config = config or MaskConfig()
    images = check_images(images)
    found = _soft_mask(images, mask, config)
    binary = torch.stack([_refine(one, config) for one in found.cpu()]).to(images)
    require_object(binary)
    white = torch.ones_like(images)
    on_white = torch.where(binary[:, None] > 0, images, white)
    frames = tuple(frame_photo(one, config.fit, config.margin) for one in binary)
    cut = [apply_frame(image, one, frame) for image, one, frame in zip(on_white, binary, frames, strict=True)]
    image, square_mask = same_size([i for i, _ in cut]), same_size([m[None] for _, m in cut])[:, 0]
    return MaskedObject(image, (square_mask >= 0.5).to(images), frames)


def _soft_mask(images: Tensor, mask: Tensor | None, config: MaskConfig) -> Tensor:
    if mask is not None:
        return check_mask(mask, images)
    if config.source == "none":
        return torch.ones_like(images[:, 0])
    return salient_object(images).to(images)


def _refine(soft: Tensor, config: MaskConfig) -> Tensor:
    binary: np.ndarray[tuple[int, ...], np.dtype[np.bool_]] = (soft >= config.threshold).numpy()
    if config.keep_largest:
        labels, count = ndimage.label(binary)
        if count > 1:
            binary = labels == 1 + np.argmax(np.bincount(labels.ravel())[1:])
    if config.grow and 0 < binary.sum() < binary.size:
        distance = ndimage.distance_transform_edt(~binary if config.grow > 0 else binary)
        binary = (distance <= config.grow) if config.grow > 0 else (distance > -config.grow)
    return torch.from_numpy(np.ascontiguousarray(binary)).float()
