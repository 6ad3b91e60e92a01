"""Mask: the object of a photo on white, framed as a square canvas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal, get_args

import numpy as np
import torch
import torch.nn.functional as F
from scipy import ndimage
from torch import Tensor

from .errors import ConfigError, MaskError, check_choice, check_range
from .framing import FITS, Fit, Frame, apply_frame, frame_photo, same_size
from .pixels import MIN_SIDE, check_images, check_mask, enlarge_map, require_object
from .u2net import salient_object

Marked = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
MaskSource = Literal["auto", "none"]
MASK_SOURCES: tuple[MaskSource, ...] = get_args(MaskSource)

SPECK = 0.005
"""Of the area of a found object: smaller parts and holes are specks, which would get lines of their own."""

NOISE_GRID, LEAST_LIKENESS = 48, 0.1
"""Patches along the shorter side, and the correlation of neighbouring ones below which an image is noise: white noise
stays below three deviations of chance, photos lie above 0.8, the least of 60 photos and textures is gravel's 0.19."""

LEAST_SPREAD = 0.2
"""Median distance of patches from their median, in standard deviations, below which most of an image is plain (a dot on
a page, stars): noise has 0.67."""

FLAT = 0.01
"""Standard deviation of the grey values below which an image is one flat colour."""

POSSIBLE, LIKELY, LEAST_CERTAINTY = 0.2, 0.8, 0.4
"""Values of a found mask from which on a place may belong to the object, and likely does; and which share of the former
the latter must be: photos of objects and scenes lie above 0.5, patterns, the sky and pages below 0.3."""


@dataclass(frozen=True)
class MaskConfig:
    """How the object is cut out.

    Args:
        source: "auto" finds the salient object, or takes the whole photo where none stands out; "none" keeps the whole
            photo. A given mask overrides both.
        threshold: 0-1, from which value on a pixel belongs to the object. The paper's 0.5.
        grow: px of the photo to grow the object (negative: shrink).
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
        check_choice("mask source", self.source, MASK_SOURCES)
        if not 0 < self.threshold < 1:
            raise ConfigError(f"threshold must lie between 0 and 1, both excluded, got {self.threshold}.")
        if abs(self.grow) > 512:
            raise ConfigError(f"grow must lie between -512 and 512 px, got {self.grow}.")
        check_choice("fit", self.fit, FITS)
        check_range("margin", self.margin, 0, 1)


@dataclass(frozen=True, eq=False)
class MaskedObject:
    """The objects of B photos on white, ready to be sketched.

    Args:
        images: one per photo, [3, S, S] in 0-1, the object on white; S differs with fit "crop".
        masks: one per photo, [S, S] of zeros and ones, and ``framing.GOES_ON`` beyond the photo.
        frames: one per photo, the way back from the canvas to the photo's pixels.
        facts: how the objects were found, as JSON values.
    """

    images: tuple[Tensor, ...]
    masks: tuple[Tensor, ...]
    frames: tuple[Frame, ...]
    facts: Mapping[str, Mapping[str, object]]

    @staticmethod
    def joined(parts: Sequence[MaskedObject]) -> MaskedObject:
        """Return the objects of photos of several sizes, one each, as those of one batch; all were found in one way."""
        whole = [index for index, part in enumerate(parts) if "whole" in part.facts["mask"]]
        return MaskedObject(
            tuple(image for part in parts for image in part.images),
            tuple(mask for part in parts for mask in part.masks),
            tuple(frame for part in parts for frame in part.frames),
            {"mask": {**parts[0].facts["mask"], **({"whole": whole} if whole else {})}},
        )

    @property
    def image(self) -> Tensor:
        """All objects as one batch [B, 3, S, S], enlarged to the largest."""
        return same_size(self.images)

    @property
    def mask(self) -> Tensor:
        """All masks as one batch [B, S, S], enlarged to the largest."""
        side = max(mask.shape[-1] for mask in self.masks)
        return torch.cat([enlarge_map(mask[None], (side, side)) for mask in self.masks])


def mask_object(images: Tensor, mask: Tensor | None = None, config: MaskConfig | None = None) -> MaskedObject:
    """Cut the object out of photos and frame it.

    Args:
        images: [B, 3, H, W] in 0-1.
        mask: [B or 1, H, W] in 0-1, white where the object is; None to follow ``config.source``.
        config: how; None for the defaults.

    Raises:
        ShapeError: images or mask of a wrong shape, size or batch, or with NaN.
        MaskError: no object was found, nothing of it is left, or (without a mask) the image is noise.

    >>> photo, mask = torch.zeros(1, 3, 40, 60), torch.zeros(1, 40, 60)
    >>> mask[:, 10:30, 20:40] = 1
    >>> mask_object(photo, mask, MaskConfig(margin=0.5)).frames[0].box
    (10, 0, 50, 40)
    """
    config = config or MaskConfig()
    images = check_images(images)
    found, whole = soft_mask(images, mask, config)
    speck = SPECK if mask is None and config.source == "auto" else 0.0
    binary = torch.stack([_refine(one, config, speck) for one in found.cpu()]).to(images)
    require_object(binary)
    on_white = torch.where(binary[:, None] > 0, images, torch.ones_like(images))
    frames = tuple(frame_photo(one, config.fit, config.margin) for one in binary)
    cut = [apply_frame(image, one, frame) for image, one, frame in zip(on_white, binary, frames, strict=True)]
    _check_sides([image.shape[-1] for image, _ in cut])
    facts = {**asdict(config), **({} if mask is None else {"source": "given"}), **({"whole": whole} if whole else {})}
    framed, masks = zip(*cut, strict=True)
    return MaskedObject(framed, masks, frames, {"mask": facts})


def soft_mask(images: Tensor, mask: Tensor | None, config: MaskConfig) -> tuple[Tensor, list[int]]:
    """Return how much each place belongs to the objects: as given, or as found.

    Where no object stands out, as in a pattern, the sky or a page, the whole image is the object.

    Args:
        images: [B, 3, H, W], already checked.
        mask: [B or 1, H, W] in 0-1; None to follow ``config.source``.
        config: where masks come from.

    Returns:
        [B, H, W] in 0-1, and the images that are whole because nothing stands out in them.

    Raises:
        ShapeError: the mask does not fit.
        MaskError: an image without a given mask is noise, or one flat colour.

    >>> stripes = (torch.arange(64) // 8 % 2).float().expand(1, 3, 64, -1)
    >>> soft_mask(stripes, None, MaskConfig("none"))[0].min().item()
    1.0
    """
    if mask is not None:
        return check_mask(mask, images), []
    _refuse_noise(images)
    if config.source == "none":
        return torch.ones_like(images[:, 0]), []
    found = torch.stack([_found(one[None], index) for index, one in enumerate(images)])
    whole = [index for index, one in enumerate(found) if certainty(one) < LEAST_CERTAINTY]
    found[whole] = 1
    return found.to(images), whole


def certainty(soft: Tensor) -> float:
    """Return how sure a found mask [H, W] is, 0-1: the share of what may belong to the object that likely does.

    >>> certainty(torch.tensor([[0.0, 0.3, 0.9, 1.0]]))
    0.6666666666666666
    """
    return int((soft >= LIKELY).sum()) / max(1, int((soft >= POSSIBLE).sum()))


def _found(image: Tensor, index: int) -> Tensor:
    """Return the mask [H, W] that the network finds in an image [1, 3, H, W]; zeros where it is sure of nothing."""
    try:
        return salient_object(image)[0]
    except MaskError as error:
        if float(image.mean(dim=1).std()) < FLAT:
            raise MaskError(
                f"No object found in image {index} (it is one flat colour). Use another photo, or give a mask of your "
                "own; mask source 'none' takes the whole photo."
            ) from error
        return torch.zeros(image.shape[-2:])


def _refine(soft: Tensor, config: MaskConfig, speck: float) -> Tensor:
    """Return a mask [H, W] of zeros and ones, without parts and holes that are smaller than a share of its area."""
    binary: Marked = (soft >= config.threshold).numpy()
    if speck > 0:
        least = speck * float(binary.sum())
        binary = ~_without_parts(~_without_parts(binary, least), least)
    if config.keep_largest:
        labels, count = ndimage.label(binary)
        if count > 1:
            binary = labels == 1 + np.argmax(np.bincount(labels.ravel())[1:])
    if config.grow and 0 < binary.sum() < binary.size:
        distance = ndimage.distance_transform_edt(~binary if config.grow > 0 else binary)
        binary = (distance <= config.grow) if config.grow > 0 else (distance > -config.grow)
    return torch.from_numpy(np.ascontiguousarray(binary)).float()


def _without_parts(marked: Marked, least: float) -> Marked:
    """Take the connected parts of fewer than ``least`` px away."""
    labels, _ = ndimage.label(marked)
    large = np.bincount(labels.ravel()) >= least
    large[0] = False
    kept: Marked = large[labels]
    return kept


def _check_sides(sides: list[int]) -> None:
    for index, side in enumerate(sides):
        if side < MIN_SIDE:
            raise MaskError(
                f"The object in image {index} is {side} px large with its margin; at least {MIN_SIDE} px are needed. "
                "Use a larger photo, more margin, or fit 'pad'."
            )


def _refuse_noise(images: Tensor) -> None:
    """Raise MaskError for images whose neighbouring patches are unlike everywhere: U²-Net sees an object even there."""
    side = max(1, min(images.shape[-2:]) // NOISE_GRID)
    patches = F.avg_pool2d(images.mean(dim=1, keepdim=True), side)
    for index, one in enumerate(patches[:, 0].cpu().double()):
        likeness = max(abs(_correlation(one[:, 1:], one[:, :-1])), abs(_correlation(one[1:], one[:-1])))
        spread = float((one - one.median()).abs().median() / one.std().clamp_min(1e-12))
        if likeness < max(LEAST_LIKENESS, 3 / one.numel() ** 0.5) and spread > LEAST_SPREAD:
            raise MaskError(
                f"Image {index} is noise: neighbouring patches have nothing in common (correlation {likeness:.2f}). "
                "Use a photo, or give a mask of your own to sketch it all the same."
            )


def _correlation(a: Tensor, b: Tensor) -> float:
    """Return Pearson's correlation of two tensors of one shape; 1 where one of them is flat."""
    a, b = a - a.mean(), b - b.mean()
    scale = float(a.square().sum() * b.square().sum()) ** 0.5
    return float((a * b).sum()) / scale if scale > 1e-12 else 1.0
