"""Between ComfyUI's tensors and the core's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import overload

import torch
from torch import Tensor

from ..clipasso_core.detail import cut_detail
from ..clipasso_core.errors import ShapeError
from ..clipasso_core.framing import Frame
from ..clipasso_core.pixels import check_mask


def image_to_core(image: Tensor) -> Tensor:
    """Return an IMAGE [B, H, W, C] as a normal float32 copy [B, 3, H, W]; alpha is laid on white, grey tripled."""
    if image.ndim != 4 or image.shape[-1] not in (1, 3, 4):
        raise ShapeError(f"image must be [B, H, W, 3], got {list(image.shape)}. Connect an IMAGE output.")
    copy = image.clone().float().permute(0, 3, 1, 2)
    if copy.shape[1] == 4:
        copy = copy[:, :3] * copy[:, 3:] + (1 - copy[:, 3:])
    return copy.expand(-1, 3, -1, -1).contiguous()


@overload
def mask_to_core(mask: Tensor, invert: bool = False) -> Tensor: ...
@overload
def mask_to_core(mask: None, invert: bool = False) -> None: ...
@overload
def mask_to_core(mask: Tensor | None, invert: bool = False) -> Tensor | None: ...
def mask_to_core(mask: Tensor | None, invert: bool = False) -> Tensor | None:
    """Return a MASK [B, H, W] or [H, W] as a normal float32 copy [B, H, W]."""
    if mask is None:
        return None
    copy = mask.clone().float()
    copy = copy[None] if copy.ndim == 2 else copy
    return 1 - copy if invert else copy


def details_to_core(detail: Tensor | None, frame: tuple[Frame, ...] | None) -> tuple[Tensor, ...] | Tensor | None:
    """Return a detail MASK as square maps, one for each photo; with a frame it lies over the photos."""
    maps = mask_to_core(detail)
    return maps if maps is None or frame is None else cut_detail(maps, frame)


def image_to_host(images: Tensor) -> Tensor:
    """Return core images [B, 3, H, W] as an IMAGE [B, H, W, 3] on the CPU."""
    return images.detach().permute(0, 2, 3, 1).clamp(0, 1).float().cpu().contiguous()


def mask_to_host(masks: Tensor) -> Tensor:
    """Return core maps [B, H, W] as a MASK on the CPU."""
    return masks.detach().clamp(0, 1).float().cpu().contiguous()


@dataclass(frozen=True, eq=False)
class Origin:
    """What one of our nodes knows of a tensor that it gave; a tensor that another node makes of it has none.

    Args:
        facts: how it came to be, as JSON values.
        parts: one per photo, in the core's layout and at its own size; () where it has no more than the tensor says.
    """

    facts: Mapping[str, object]
    parts: tuple[Tensor, ...] = ()


def with_origin(tensor: Tensor, facts: Mapping[str, object], parts: tuple[Tensor, ...] = ()) -> Tensor:
    """Return a tensor for the host that knows where it comes from."""
    tensor.clipasso_origin = Origin(facts, parts)  # type: ignore[attr-defined]
    return tensor


def facts_of(tensor: Tensor | None, name: str) -> dict[str, object]:
    """Return how a tensor came to be; of one that another node made, that ``name`` was given."""
    if tensor is None:
        return {}
    return dict(_origin_of(tensor, {name: {"source": "given"}}).facts)


def photos_to_core(image: Tensor, device: torch.device) -> tuple[Tensor, ...]:
    """Return the photos [3, S, S] of an IMAGE; those that CLIPasso Mask cropped, at their own sizes.

    So a photo becomes the same sketch alone and in a batch, where all crops come at one size.
    """
    return tuple(photo.to(device) for photo in _parts_of(image) or image_to_core(image))


def photos_and_masks(
    image: Tensor, mask: Tensor | None, device: torch.device
) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...] | Tensor | None]:
    """Return the photos of an IMAGE as ``photos_to_core`` does, and their masks, if both have sizes of their own.

    Raises:
        ShapeError: the mask is of another size or batch than the image, or holds NaN; one mask serves a whole batch.
    """
    if mask is None or (_parts_of(mask) and _parts_of(image)):
        return photos_to_core(image, device), _parts_of(mask) or None
    photos = image_to_core(image).to(device)
    return tuple(photos), check_mask(mask_to_core(mask), photos)


def _parts_of(tensor: Tensor | None) -> tuple[Tensor, ...]:
    return _origin_of(tensor, {}).parts


def _origin_of(tensor: Tensor | None, otherwise: Mapping[str, object]) -> Origin:
    """Return where a tensor comes from; what no node of ours gave has the facts ``otherwise``, and no parts."""
    found: Origin = getattr(tensor, "clipasso_origin", Origin(otherwise))
    return found
