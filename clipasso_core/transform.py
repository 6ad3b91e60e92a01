"""Transform strokes: move, scale, rotate, mirror, fit them to a canvas, crop or extend the canvas."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

import torch
from torch import Tensor

from .bezier import curve_bounds
from .errors import ConfigError, check_choice, check_range
from .strokes import Strokes
from .svg.viewport import Box, Matrix, check_canvas_size, fit, rotation

Point = tuple[float, float]
Mirror = Literal["none", "left-right", "top-bottom"]
MIRRORS: tuple[Mirror, ...] = get_args(Mirror)
"""Which sides change places."""

Fitted = Literal["nothing", "canvas", "drawing"]
FITTED: tuple[Fitted, ...] = get_args(Fitted)
"""What is brought whole, centred and as large as it goes, onto a new canvas: nothing (the canvas is cropped or extended
around its middle), the canvas as it was, or what is drawn on it."""

MAX_MOVE, MAX_SCALE, MAX_DEGREES = 1e5, 1e3, 3600.0
"""px, factor and degrees: farther is an error of typing."""

LEAST_BOX = 1.0
"""px: a drawing that is narrower is not enlarged for it."""


@dataclass(frozen=True)
class TransformConfig:
    """Say what is done to a drawing, in this order.

    Args:
        mirror: which sides change places.
        degrees: turn about the canvas's middle, clockwise.
        scale: factor about the canvas's middle.
        move: (x, y) px to the right and down.
        canvas_size: (height, width) px of the new canvas; None leaves it as it is.
        fitted: what is fitted to the canvas.
        margin: px of the new canvas that stay free on each side of what is fitted.
        scale_widths: whether strokes get thicker and thinner with the drawing.

    Raises:
        ConfigError: an option out of range.

    >>> TransformConfig(scale=0)
    Traceback (most recent call last):
    clipasso_core.errors.ConfigError: scale must lie between 0.001 and 1000.0, got 0.
    """

    mirror: Mirror = "none"
    degrees: float = 0.0
    scale: float = 1.0
    move: Point = (0.0, 0.0)
    canvas_size: tuple[int, int] | None = None
    fitted: Fitted = "nothing"
    margin: float = 0.0
    scale_widths: bool = True

    def __post_init__(self) -> None:
        check_choice("mirror", self.mirror, MIRRORS)
        check_range("degrees", self.degrees, -MAX_DEGREES, MAX_DEGREES)
        check_range("scale", self.scale, 1 / MAX_SCALE, MAX_SCALE)
        for name, value in zip(("move_x", "move_y"), self.move, strict=True):
            check_range(name, value, -MAX_MOVE, MAX_MOVE)
        check_choice("fitted", self.fitted, FITTED)
        if self.fitted == "nothing" and self.margin:
            raise ConfigError(
                "margin needs something that is fitted: set fitted to 'canvas' or 'drawing', or margin 0."
            )


def transform(strokes: Strokes, config: TransformConfig) -> Strokes:
    """Mirror, rotate, scale and move sketches, and bring them to a canvas.

    Args:
        strokes: [B, N, K, 2].
        config: what is done.

    Raises:
        ConfigError: the canvas or the margin is out of range.

    >>> line = Strokes.black(torch.tensor([[[[10.0, 50], [20, 50], [30, 50], [40, 50]]]]), (100, 100))
    >>> turned = transform(line, TransformConfig(degrees=90, move=(0, 5)))
    >>> turned.control_points[0, 0, [0, 3]].round().tolist()
    [[50.0, 15.0], [50.0, 45.0]]
    """
    placed = rotate(mirror(strokes, config.mirror), config.degrees)
    placed = move(scale(placed, config.scale, scale_widths=config.scale_widths), *config.move)
    canvas_size = config.canvas_size or strokes.canvas_size
    if config.fitted == "nothing":
        return resize_canvas(placed, canvas_size)
    return fit_to_canvas(placed, canvas_size, config.margin, config.fitted, config.scale_widths)


def move(strokes: Strokes, x: float, y: float) -> Strokes:
    """Return the strokes farther to the right and down, px.

    >>> dot = Strokes.black(torch.zeros(1, 1, 4, 2), (100, 100))
    >>> move(dot, 3, -2).control_points[0, 0, 0].tolist()
    [3.0, -2.0]
    """
    return _mapped(strokes, Matrix(e=x, f=y), False)


def scale(strokes: Strokes, factor: float, about: Point | None = None, scale_widths: bool = True) -> Strokes:
    """Return the strokes larger or smaller.

    Args:
        strokes: [B, N, K, 2].
        factor: of lengths.
        about: (x, y) px of the point that stays; None for the canvas's middle.
        scale_widths: whether widths take the factor, too.

    >>> dot = Strokes.black(torch.full((1, 1, 4, 2), 60.0), (100, 100), stroke_width=4)
    >>> half = scale(dot, 0.5)
    >>> half.control_points[0, 0, 0].tolist(), half.stroke_width.item()
    ([55.0, 55.0], 2.0)
    """
    x, y = about or _middle(strokes)
    return _mapped(strokes, Matrix(factor, 0, 0, factor, x * (1 - factor), y * (1 - factor)), scale_widths)


def rotate(strokes: Strokes, degrees: float, about: Point | None = None) -> Strokes:
    """Return the strokes turned clockwise about (x, y) px, or the canvas's middle.

    >>> dot = Strokes.black(torch.tensor([90.0, 50.0]).expand(1, 1, 4, 2), (100, 100))
    >>> rotate(dot, 90).control_points[0, 0, 0].tolist()
    [50.0, 90.0]
    """
    return _mapped(strokes, rotation(degrees, *(about or _middle(strokes))), False)


def mirror(strokes: Strokes, sides: Mirror) -> Strokes:
    """Return the strokes with left and right, or top and bottom, of the canvas changed.

    Raises:
        ConfigError: unknown sides.

    >>> dot = Strokes.black(torch.tensor([90.0, 20.0]).expand(1, 1, 4, 2), (100, 100))
    >>> mirror(dot, "left-right").control_points[0, 0, 0].tolist()
    [10.0, 20.0]
    """
    check_choice("mirror", sides, MIRRORS)
    height, width = strokes.canvas_size
    maps = {"left-right": Matrix(a=-1, e=width), "top-bottom": Matrix(d=-1, f=height)}
    return _mapped(strokes, maps.get(sides, Matrix()), False)


def resize_canvas(strokes: Strokes, canvas_size: tuple[int, int], anchor: Point = (0.5, 0.5)) -> Strokes:
    """Crop or extend the canvas; nothing is scaled.

    What lies outside of it afterwards is not seen, but is still there.

    Args:
        strokes: [B, N, K, 2].
        canvas_size: (height, width) px.
        anchor: which point of the old canvas meets which of the new one, as shares of width and height: (0, 0) the
            upper left corners, (0.5, 0.5) the middles.

    Raises:
        ConfigError: canvas_size out of range.

    >>> dot = Strokes.black(torch.full((1, 1, 4, 2), 50.0), (100, 100))
    >>> resize_canvas(dot, (60, 200)).control_points[0, 0, 0].tolist()
    [100.0, 30.0]
    """
    check_canvas_size(canvas_size)
    height, width = strokes.canvas_size
    x, y = (canvas_size[1] - width) * anchor[0], (canvas_size[0] - height) * anchor[1]
    return replace(move(strokes, x, y), canvas_size=canvas_size)


def fit_to_canvas(
    strokes: Strokes,
    canvas_size: tuple[int, int],
    margin: float = 0.0,
    fitted: Fitted = "canvas",
    scale_widths: bool = True,
) -> Strokes:
    """Bring sketches to a canvas of another size: whole, centred, as large as they go, and not distorted.

    Args:
        strokes: [B, N, K, 2].
        canvas_size: (height, width) px.
        margin: px that stay free on each side.
        fitted: "canvas", or "drawing": the ink of each sketch by itself.
        scale_widths: whether strokes get thicker and thinner with the drawing.

    Raises:
        ConfigError: canvas_size out of range, nothing to be fitted, or a margin that leaves nothing.

    >>> wide = Strokes.black(torch.full((1, 1, 4, 2), 50.0), (100, 200))
    >>> fit_to_canvas(wide, (100, 100)).control_points[0, 0, 0].tolist()
    [25.0, 50.0]
    """
    check_canvas_size(canvas_size)
    check_choice("fitted", fitted, ("canvas", "drawing"))
    if not 0 <= margin < min(canvas_size) / 2:
        raise ConfigError(f"margin must be 0 to less than half the canvas ({min(canvas_size) / 2:g} px), got {margin}.")
    if fitted == "canvas":
        box = Box(0, 0, strokes.canvas_size[1], strokes.canvas_size[0])
        return replace(_onto(strokes, box, canvas_size, margin, scale_widths), canvas_size=canvas_size)
    sketches = [strokes.select([index]) for index in range(strokes.batch_size)]
    each = [_drawing_onto(one, canvas_size, margin, scale_widths) for one in sketches]
    return replace(Strokes.joined(each), canvas_size=canvas_size)


def ink_bounds(strokes: Strokes) -> Tensor:
    """Return where each sketch's ink ends, [B, 4] px (left, top, right, bottom); NaN where no stroke is alive.

    >>> line = Strokes.black(torch.tensor([[[[10.0, 50], [20, 50], [30, 50], [40, 50]]]]), (100, 100), stroke_width=4)
    >>> ink_bounds(line).tolist()
    [[8.0, 48.0, 42.0, 52.0]]
    """
    half = strokes.stroke_width[..., None] / 2
    first, last = curve_bounds(strokes.control_points).chunk(2, dim=-1)
    dead = ~strokes.alive[..., None]
    low = (first - half).masked_fill(dead, torch.inf).amin(dim=1)
    high = (last + half).masked_fill(dead, -torch.inf).amax(dim=1)
    return torch.cat([low, high], dim=1).masked_fill(~strokes.alive.any(dim=1, keepdim=True), torch.nan)


def _drawing_onto(sketch: Strokes, canvas_size: tuple[int, int], margin: float, scale_widths: bool) -> Strokes:
    """Fit what one sketch draws to a canvas; an empty one stays as it is.

    Widths that stay as they are belong to the margin, not to what is scaled.
    """
    if not bool(sketch.alive.any()):
        return sketch
    kept = 0.0 if scale_widths else float(sketch.stroke_width[sketch.alive].max()) / 2
    thin = sketch if scale_widths else replace(sketch, stroke_width=torch.zeros_like(sketch.stroke_width))
    left, top, right, bottom = ink_bounds(thin)[0].tolist()
    wide, high = max(right - left, LEAST_BOX), max(bottom - top, LEAST_BOX)
    box = Box((left + right - wide) / 2, (top + bottom - high) / 2, wide, high)
    return _onto(sketch, box, canvas_size, min(margin + kept, min(canvas_size) / 2 - LEAST_BOX / 2), scale_widths)


def _onto(strokes: Strokes, box: Box, canvas_size: tuple[int, int], margin: float, scale_widths: bool) -> Strokes:
    page = Box(margin, margin, canvas_size[1] - 2 * margin, canvas_size[0] - 2 * margin)
    return _mapped(strokes, fit(box, page), scale_widths)


def _mapped(strokes: Strokes, matrix: Matrix, scale_widths: bool) -> Strokes:
    """Return the strokes where a matrix brings them; widths grow as the square root of areas."""
    if matrix == Matrix():
        return strokes
    linear = strokes.control_points.new_tensor([[matrix.a, matrix.b], [matrix.c, matrix.d]])
    points = strokes.control_points @ linear + strokes.control_points.new_tensor([matrix.e, matrix.f])
    width = strokes.stroke_width * matrix.scale if scale_widths else strokes.stroke_width
    return replace(strokes, control_points=points, stroke_width=width)


def _middle(strokes: Strokes) -> Point:
    return strokes.canvas_size[1] / 2, strokes.canvas_size[0] / 2
