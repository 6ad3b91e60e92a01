"""Between ComfyUI's tensors and the core's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import overload

from torch import Tensor

from ..clipasso_core.errors import ShapeError


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


def image_to_host(images: Tensor) -> Tensor:
    """Return core images [B, 3, H, W] as an IMAGE [B, H, W, 3] on the CPU."""
    return images.detach().permute(0, 2, 3, 1).clamp(0, 1).float().cpu().contiguous()


def mask_to_host(masks: Tensor) -> Tensor:
    """Return core maps [B, H, W] as a MASK on the CPU."""
    return masks.detach().clamp(0, 1).float().cpu().contiguous()


def with_facts(tensor: Tensor, facts: Mapping[str, object]) -> Tensor:
    """Return a tensor for the host that remembers how it came to be, for as long as nothing changes it."""
    tensor.clipasso_facts = dict(facts)  # type: ignore[attr-defined]
    return tensor


def facts_of(tensor: Tensor | None, name: str) -> dict[str, object]:
    """Return what ``with_facts`` said of a tensor; of one that another node made, that ``name`` was given."""
    if tensor is None:
        return {}
    return dict(getattr(tensor, "clipasso_facts", {name: {"source": "given"}}))
