"""Saliency: where strokes should start — attention x edges x mask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

from .determinism import same_kernels
from .encoders.base import AttentionConfig, ImageEncoder
from .errors import MaskError, ShapeError, check_choice
from .line_drawing import contour, inner_lines, object_on_white
from .pixels import check_images, check_mask, check_same_aspect, grown, min_max, require_object, resize, resize_map
from .strokes import CANVAS
from .xdog import xdog

EdgeMethod = Literal["drawing", "textbook", "published"]
EDGE_METHODS: tuple[EdgeMethod, ...] = get_args(EdgeMethod)

LEAST_ATTENTION, FAINT_ATTENTION = 0.15, 1e-3
"""Counts everywhere: a line where the encoder looks least still is a line; the second one with XDoG's edges."""

CONTOUR_SHARE, LEAST_LINE = 0.5, 0.25
"""How strong a line the object's contour is, beside the strongest inside, and how strong one is at least."""


@dataclass(frozen=True, eq=False)
class SaliencyMaps:
    """The saliency and what it is made of; each [B, 224, 224] in 0-1.

    Args:
        saliency: attention x edges x mask, stretched to 0-1.
        attention: where the encoder looks.
        edges: the lines that strokes may start on.
        facts: how they came to be, as JSON values.
    """

    saliency: Tensor
    attention: Tensor
    edges: Tensor
    facts: Mapping[str, object]

    @property
    def maps(self) -> tuple[Tensor, Tensor, Tensor]:
        """Saliency, attention and edges."""
        return self.saliency, self.attention, self.edges


def compute_saliency(
    images: Tensor | Iterable[Tensor],
    encoder: ImageEncoder,
    mask: Tensor | Iterable[Tensor] | None = None,
    attention: AttentionConfig | None = None,
    edges: EdgeMethod = "drawing",
) -> SaliencyMaps:
    """Find where strokes should start.

    Each photo is looked at alone and on the paper's canvas of 224 px, for which the lines' widths are made; whatever
    canvas the strokes get later, they start in the same places.

    Args:
        images: B of [3, H, W] in 0-1, the objects on white: one tensor, or several sizes; square.
        encoder: whose attention is used.
        mask: one for all images, or one each, of [H, W], white where the object is; None for everywhere.
        attention: how and for which words the encoder is asked; None for its own way.
        edges: how lines are found: those of ``line_drawing``, or XDoG's in one of the ways of ``xdog``.

    Raises:
        ShapeError: images or mask of a wrong shape, size or batch, or with NaN.
        MaskError: the mask is empty, or nothing salient: the photo has no lines inside the mask.
        ConfigError: there is no such way to find lines.

    Source: section 4.2 of the paper. Differs: the lines are those of ``line_drawing``, and the stronger a line, the
    likelier strokes start there; with "textbook" and "published", lines are XDoG's and the mask's contour.

    >>> from clipasso_core.encoders import get_encoder
    >>> photo = torch.ones(1, 3, 100, 100)
    >>> photo[:, :, 30:70, 30:70] = 0.2
    >>> compute_saliency(photo, get_encoder()).saliency.shape
    torch.Size([1, 224, 224])
    """
    check_choice("edges", edges, EDGE_METHODS)
    attention = attention or AttentionConfig()
    text = encoder.encode_text(attention.text) if attention.text.strip() else None
    photos = list(images)
    maps = []
    for index, (image, where) in enumerate(zip(photos, _one_each(mask, len(photos)), strict=True)):
        canvas, fitted = _on_canvas(image, where)
        with same_kernels():
            seen = encoder.attention_map(canvas, attention.method, text)
        lines = _lines(canvas, fitted, edges)
        product = (seen + (LEAST_ATTENTION if edges == "drawing" else FAINT_ATTENTION)) * lines
        if float(product.max()) <= 0:
            raise MaskError(
                f"Image {index} has no lines inside its object (is it one flat colour?). "
                "Use another photo or mask, or paint the saliency yourself."
            )
        maps.append((min_max(product), seen, lines))
    if not maps:
        raise ShapeError("images is an empty batch; give at least one image.")
    saliency, attended, lines = (torch.cat(each).clamp(0, 1) for each in zip(*maps, strict=True))
    return SaliencyMaps(saliency, attended, lines, {"saliency": describe_saliency(encoder, attention, edges)})


def describe_saliency(encoder: ImageEncoder, attention: AttentionConfig, edges: EdgeMethod) -> dict[str, object]:
    """Return the facts that decide a saliency besides its inputs, as JSON values."""
    return {**asdict(attention), "edges": edges, "encoder": encoder.name, "encoder_sha256": encoder.fingerprint}


def lines_inside(edges: Tensor, inside: Tensor) -> Tensor:
    """Return the lines [B, H, W] of objects: their edges [B, H, W], and their contour; inside: [B, H, W] bool.

    >>> inside = torch.zeros(1, 20, 20, dtype=torch.bool)
    >>> inside[:, 4:16, 4:16] = True
    >>> lines_inside(torch.zeros(1, 20, 20), inside)[0, 10].int().tolist()  # the contour, 2 px wide
    [0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0]
    """
    return torch.maximum(edges, _contour(inside)) * inside


def _lines(image: Tensor, mask: Tensor | None, edges: EdgeMethod) -> Tensor:
    """Return the lines [1, 224, 224] in 0-1 that strokes may start on."""
    if edges != "drawing":
        drawn = xdog(image, edges)
        return drawn if mask is None else lines_inside(drawn, mask >= 0.5)
    mask = object_on_white(image) if mask is None else mask
    lines = torch.maximum(inner_lines(image, mask), CONTOUR_SHARE * contour(mask, CANVAS).to(image))
    return torch.where(lines > LEAST_LINE, lines, torch.zeros_like(lines))


def _contour(inside: Tensor) -> Tensor:
    """Return the rim of masks [B, H, W], about 2 px wide; where an object is cut by the frame there is no rim.

    Much as ``line_drawing.contour``: XDoG's lines, and the edges that sketches are judged by, stay what they were.
    """
    return (inside & (grown((~inside).float(), 2) > 0)).float()


def _one_each(mask: Tensor | Iterable[Tensor] | None, count: int) -> list[Tensor | None]:
    """Return a mask for each of ``count`` images."""
    masks: list[Tensor | None] = [None] if mask is None else list(mask)
    if len(masks) not in (1, count):
        raise ShapeError(f"mask has a batch of {len(masks)} for {count} images; give 1 or one each.")
    return masks if len(masks) == count else masks * count


def _on_canvas(image: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """Bring an image [3, H, W] and its mask [H, W] to the canvas: [1, 3, 224, 224], [1, 224, 224]."""
    images = check_images(image[None])
    check_same_aspect(images, CANVAS)
    if mask is None:
        return resize(images, CANVAS), None
    fitted = resize_map(check_mask(mask[None].to(images.device), images), CANVAS)
    require_object((fitted >= 0.5).float())
    return resize(images, CANVAS), fitted
