"""Saliency: where strokes should start — attention x edges x mask."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from .encoders.base import AttentionConfig, ImageEncoder
from .errors import MaskError
from .pixels import check_images, check_mask, check_same_aspect, min_max, require_object, resize, resize_map
from .xdog import xdog

CANVAS_SIZE = 224


@dataclass(frozen=True, eq=False)
class SaliencyMaps:
    """The saliency and what it is made of; each [B, H, W] in 0-1.

    Args:
        saliency: attention x (edges or the mask's contour) x mask, stretched to 0-1.
        attention: where the encoder looks.
        edges: the photo's lines (XDoG).
    """

    saliency: Tensor
    attention: Tensor
    edges: Tensor


def compute_saliency(
    images: Tensor,
    encoder: ImageEncoder,
    mask: Tensor | None = None,
    canvas_size: int = CANVAS_SIZE,
    attention: AttentionConfig | None = None,
) -> SaliencyMaps:
    """Find where strokes should start.

    Args:
        images: [B, 3, H, W] in 0-1, the object on white.
        encoder: whose attention is used.
        mask: [B or 1, H, W], white where the object is; None for everywhere.
        canvas_size: px, the side of the canvas on which the lines are found.
        attention: how and for which words the encoder is asked; None for its own way.

    Returns:
        Maps [B, H, W] at the images' own size.

    Raises:
        ShapeError: images or mask of a wrong shape, size or batch, or with NaN.
        MaskError: the mask is empty, or nothing salient: the photo has no lines inside the mask.

    Source: section 4.2 of the paper. Differs: the mask's contour counts as a line, because the edge map finds
    none around a pale object on white.
    """
    images = check_images(images)
    check_same_aspect(images, (canvas_size, canvas_size))
    size = (images.shape[-2], images.shape[-1])
    canvas = resize(images, (canvas_size, canvas_size))
    where, edges = _attend(encoder, canvas, attention or AttentionConfig()), xdog(canvas)
    lines = edges
    if mask is not None:
        inside = resize_map(check_mask(mask.to(images.device), images), (canvas_size, canvas_size)) >= 0.5
        require_object(inside.float())
        lines = lines_inside(edges, inside)
    product = (where + 1e-3) * lines  # a line where the encoder looks least still is a line
    for index in range(product.shape[0]):
        if float(product[index].max()) <= 0:
            raise MaskError(
                f"Image {index} has no lines inside its object (is it one flat colour?). "
                "Use another photo or mask, or paint the saliency yourself."
            )
    saliency = min_max(product)
    return SaliencyMaps(*(resize_map(m, size).clamp(0, 1) for m in (saliency, where, edges)))


def lines_inside(edges: Tensor, inside: Tensor) -> Tensor:
    """Return the lines [B, H, W] of objects: their edges [B, H, W], and their contour; inside: [B, H, W] bool."""
    return torch.maximum(edges, _contour(inside)) * inside


def _contour(inside: Tensor) -> Tensor:
    """Return the rim of masks [B, H, W], about 2 px wide; where an object is cut by the frame there is no rim."""
    padded = F.pad((~inside).float()[:, None], (2, 2, 2, 2), value=0.0)
    return (inside & (F.max_pool2d(padded, 5, stride=1)[:, 0] > 0)).float()


def _attend(encoder: ImageEncoder, canvas: Tensor, attention: AttentionConfig) -> Tensor:
    text = encoder.encode_text(attention.text) if attention.text.strip() else None
    return encoder.attention_map(canvas, attention.method, text)
