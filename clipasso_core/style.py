"""Style: give strokes another width, colour or opacity; colours may come from a photo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from .errors import ConfigError, ShapeError, check_range
from .photo_colors import with_photo_colors
from .pixels import check_images, check_mask, check_same_aspect
from .selection import StrokeRange, in_ranges
from .strokes import Strokes
from .svg.css import parse_colour

MAX_WIDTH = 1000.0
"""px: a stroke that is wider is a flood."""


@dataclass(frozen=True)
class StrokeStyle:
    """Say how strokes look; what is None stays as it is.

    Args:
        width: px of the canvas, the full width.
        color: a CSS colour such as "red" or "#cc3300".
        opacity: 0-1.

    Raises:
        ConfigError: width or opacity out of range.
        SvgError: no colour that can be read.

    >>> StrokeStyle(color="rgb(255, 0, 0)").rgb
    (1.0, 0.0, 0.0)
    """

    width: float | None = None
    color: str | None = None
    opacity: float | None = None

    def __post_init__(self) -> None:
        if self.width is not None:
            check_range("width", self.width, 0, MAX_WIDTH)
        if self.opacity is not None:
            check_range("opacity", self.opacity, 0, 1)
        _ = self.rgb

    @property
    def rgb(self) -> tuple[float, float, float] | None:
        """The colour's red, green and blue in 0-1, or None where it stays as it is."""
        if self.color is None:
            return None
        rgba = parse_colour(self.color, where="color")
        if rgba is None or rgba[3] < 1:
            raise ConfigError(f"color must be opaque, such as 'red' or '#cc3300', got {self.color!r}; set opacity.")
        return rgba[:3]


def with_style(strokes: Strokes, style: StrokeStyle, chosen: Tensor | None = None) -> Strokes:
    """Return sketches whose strokes look otherwise.

    Args:
        strokes: [B, N, K, 2].
        style: how they look.
        chosen: [B, N] bool, which strokes; None for all.

    >>> two = Strokes.black(torch.zeros(1, 2, 4, 2), (32, 32))
    >>> with_style(two, StrokeStyle(width=5, color="red"), torch.tensor([[False, True]])).color[0, :, 0].tolist()
    [0.0, 1.0]
    """
    which = torch.ones_like(strokes.alive) if chosen is None else chosen
    width, color = strokes.stroke_width, strokes.color
    if style.width is not None:
        width = torch.where(which, style.width, width)
    if style.rgb is not None:
        color = torch.cat(
            [torch.where(which[..., None], color.new_tensor(style.rgb), color[..., :3]), color[..., 3:]], -1
        )
    if style.opacity is not None:
        color = torch.cat([color[..., :3], torch.where(which[..., None], style.opacity, color[..., 3:])], -1)
    return replace(strokes, stroke_width=width, color=color)


def restyle(
    strokes: Strokes,
    style: StrokeStyle,
    ranges: Sequence[StrokeRange] = (),
    photos: Tensor | None = None,
    masks: Tensor | None = None,
) -> Strokes:
    """Return sketches whose strokes look otherwise, all or some by their numbers.

    Args:
        strokes: B sketches.
        style: how they look.
        ranges: numbers of strokes; () for all.
        photos: [B or 1, 3, H, W] in 0-1 over the canvas: strokes take the colours that lie under them, as
            ``with_photo_colors`` does; None for no photo.
        masks: [B or 1, H, W] in 0-1, where the photos' objects are; None for everywhere.

    Raises:
        ConfigError: a sketch has no stroke of some number, or both style and photos tell a colour.
        ShapeError: photos or masks do not fit.

    >>> two = Strokes.black(torch.rand(1, 2, 4, 2) * 32, (32, 32))
    >>> restyle(two, StrokeStyle(), photos=torch.ones(1, 3, 64, 64)).color.mean().round().item()
    1.0
    """
    chosen = in_ranges(strokes, ranges) if ranges else strokes.alive
    if photos is not None:
        if style.color is not None:
            raise ConfigError(f"color is {style.color!r} and a photo is given, too. Leave one of them out.")
        color = _photo_colors(strokes, photos, masks)
        strokes = replace(strokes, color=torch.where(chosen[..., None], color, strokes.color))
    return with_style(strokes, style, chosen)


def _photo_colors(strokes: Strokes, photos: Tensor, masks: Tensor | None) -> Tensor:
    photos, count = check_images(photos), strokes.batch_size
    if photos.shape[0] not in (1, count):
        raise ShapeError(f"image has a batch of {photos.shape[0]} for {count} sketches; give 1 or one each.")
    check_same_aspect(photos, strokes.canvas_size)
    photos = photos.expand(count, -1, -1, -1)
    where = torch.ones_like(photos[:, 0]) if masks is None else check_mask(masks, photos)
    return with_photo_colors(strokes, photos, where).color
