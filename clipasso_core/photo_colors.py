"""Colours for strokes from the photo: the mean of what lies under each stroke's ink."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from .pixels import resize, resize_map
from .rasterizer import ink
from .strokes import Strokes


@torch.no_grad()
def with_photo_colors(strokes: Strokes, photos: Tensor, masks: Tensor) -> Strokes:
    """Give each stroke the photo's mean colour under its ink, and leave its opacity.

    What lies outside the object does not count: half of a contour's ink lies there, and would make it pale. A stroke
    that touches no object keeps its colour, and so does a given one.

    Args:
        strokes: [B, N, K, 2].
        photos: [B, 3, H, W] in 0-1, one each.
        masks: [B, H, W] in 0-1, where the objects are.

    >>> photo = torch.zeros(1, 3, 32, 32)
    >>> photo[:, 0] = 0.75  # all red
    >>> line = torch.tensor([[[[8.0, 16], [12, 16], [18, 16], [24, 16]]]])
    >>> with_photo_colors(Strokes.black(line, (32, 32)), photo, torch.ones(1, 32, 32)).color.tolist()
    [[[0.75, 0.0, 0.0, 1.0]]]
    """
    photos, masks = resize(photos, strokes.canvas_size), resize_map(masks, strokes.canvas_size)
    colors = [_means(strokes.select([index]), photos[index], masks[index]) for index in range(strokes.batch_size)]
    return replace(strokes, color=torch.stack(colors))


def _means(sketch: Strokes, photo: Tensor, mask: Tensor) -> Tensor:
    """Return the colours [N, 4] of one sketch's strokes; each is drawn by itself, whatever lies over it."""
    color = sketch.color[0].clone()
    for number in (sketch.alive[0] & ~sketch.is_given).nonzero().flatten().tolist():
        one = slice(number, number + 1)
        points, width = sketch.control_points[:, one], float(sketch.stroke_width[0, number])
        weight = ink(Strokes.black(points, sketch.canvas_size, width))[0] * mask
        if float(weight.sum()) > 0:
            color[number, :3] = ((photo * weight).sum(dim=(1, 2)) / weight.sum()).to(color).clamp(0, 1)
    return color
