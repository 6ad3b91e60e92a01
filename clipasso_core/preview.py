"""Pictures for people: first strokes over the photo."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from .errors import ShapeError
from .pixels import resize
from .rasterizer import render
from .strokes import Strokes

COLORS = ((0.85, 0.1, 0.15), (0.1, 0.35, 0.85), (0.1, 0.6, 0.25), (0.7, 0.3, 0.75), (0.9, 0.55, 0.05))
PREVIEW_SIDE = 448
FADE = 0.6


def first_strokes_preview(strokes: Strokes, saliency: Tensor, photos: Tensor | None = None) -> Tensor:
    """Draw the first strokes of every sketch over its photo, each sketch in a colour of its own.

    Args:
        strokes: [P * k, ...], photo by photo.
        saliency: [P, H, W], shown where no photo is given.
        photos: [P, 3, H, W] in 0-1, or None.

    Returns:
        [P, 3, h, w], the longer side 448 px.

    Raises:
        ShapeError: another number of photos than of saliency maps.

    >>> strokes = Strokes.black(torch.rand(3, 4, 4, 2) * 224, (224, 224))  # three sketches of one photo
    >>> first_strokes_preview(strokes, torch.ones(1, 224, 224)).shape
    torch.Size([1, 3, 448, 448])
    """
    ground = saliency[:, None].expand(-1, 3, -1, -1) if photos is None else photos
    if ground.shape[0] != saliency.shape[0]:
        raise ShapeError(f"{ground.shape[0]} images do not fit {saliency.shape[0]} saliency maps.")
    size = strokes.size_for(PREVIEW_SIDE)
    picture = 1 - FADE * (1 - resize(ground.float().clamp(0, 1), size))
    per_photo = strokes.batch_size // ground.shape[0]
    for k in range(per_photo):
        tinted = _tint(strokes.select(torch.arange(k, strokes.batch_size, per_photo)), COLORS[k % len(COLORS)])
        layer = render(tinted, size)
        picture = layer[:, :3] + picture * (1 - layer[:, 3:])
    return picture.clamp(0, 1)


def _tint(strokes: Strokes, color: tuple[float, float, float]) -> Strokes:
    rgba = strokes.color.new_tensor([*color, 1.0])
    return replace(strokes, color=rgba.expand_as(strokes.color).contiguous())
