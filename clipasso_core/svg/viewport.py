"""How coordinates lie on the canvas: size, viewBox, preserveAspectRatio, transform. A point is a complex x + iy."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import ConfigError, SvgError
from .numerals import shorten, to_length, to_numbers

MAX_CANVAS = 8192
"""Largest canvas side in px."""


MAX_TRANSFORM = 10_000
"""Most characters of a ``transform``."""


class Matrix(NamedTuple):
    """Map (x, y) to (a x + c y + e, b x + d y + f), as SVG's ``matrix(a b c d e f)``."""

    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 1.0
    e: float = 0.0
    f: float = 0.0

    def __matmul__(self, inner: Matrix) -> Matrix:
        """Return the map that applies ``inner`` first."""
        return Matrix(
            self.a * inner.a + self.c * inner.b,
            self.b * inner.a + self.d * inner.b,
            self.a * inner.c + self.c * inner.d,
            self.b * inner.c + self.d * inner.d,
            self.a * inner.e + self.c * inner.f + self.e,
            self.b * inner.e + self.d * inner.f + self.f,
        )

    def apply(self, point: complex) -> complex:
        """Return where a point goes."""
        x, y = point.real, point.imag
        return complex(self.a * x + self.c * y + self.e, self.b * x + self.d * y + self.f)

    def apply_all(self, points: NDArray[np.complex128]) -> NDArray[np.complex128]:
        """Return where points [n] go."""
        x, y = points.real, points.imag
        moved = np.empty_like(points)
        moved.real, moved.imag = self.a * x + self.c * y + self.e, self.b * x + self.d * y + self.f
        return moved

    @property
    def scale(self) -> float:
        """How lengths grow on average: the square root of how areas grow."""
        return math.sqrt(abs(self.a * self.d - self.b * self.c))


class Box(NamedTuple):
    """An upright rectangle, px."""

    x: float
    y: float
    width: float
    height: float

    @property
    def diagonal(self) -> float:
        """What percentages of stroke widths refer to."""
        return math.hypot(self.width, self.height) / math.sqrt(2)


@dataclass(frozen=True)
class Viewport:
    """Hold where user space lies.

    Args:
        matrix: user units -> px of what surrounds the ``<svg>``.
        view: the part of user space that is shown; percentages refer to it.
        scale: px of the canvas per px of the page, of the outermost one.
    """

    matrix: Matrix
    view: Box
    scale: float = 1.0


def root_viewport(
    attributes: Mapping[str, str], canvas_size: tuple[int, int] | None
) -> tuple[Viewport, tuple[int, int]]:
    """Place the outermost ``<svg>`` on a canvas.

    Args:
        attributes: of the ``<svg>``.
        canvas_size: (height, width) px to fit the drawing into (whole, centred), or None for its own size.

    Returns:
        The viewport (its matrix leads to canvas px), and the canvas (height, width).

    Raises:
        ConfigError: canvas_size out of range.
        SvgError: no size, or one over 8192 px.
    """
    view_box = _view_box(attributes)
    size = _own_size(attributes, view_box)
    if canvas_size is None:
        canvas_size, onto = _canvas(size), Matrix()
    else:
        check_canvas_size(canvas_size)
        page = Box(0, 0, float(canvas_size[1]), float(canvas_size[0]))
        onto = Matrix() if size is None else fit(size, page)
    page = size or Box(0, 0, float(canvas_size[1]), float(canvas_size[0]))
    inner = _inner(attributes, view_box, page)
    return Viewport(onto @ inner.matrix, inner.view, onto.scale), canvas_size


def check_canvas_size(canvas_size: tuple[int, int]) -> None:
    """Raise ConfigError unless a (height, width) in px is that of a canvas.

    >>> check_canvas_size((0, 5))
    Traceback (most recent call last):
    clipasso_core.errors.ConfigError: canvas_size must be (height, width) of 1 to 8192 px, got (0, 5).
    """
    if not all(1 <= side <= MAX_CANVAS for side in canvas_size):
        raise ConfigError(f"canvas_size must be (height, width) of 1 to {MAX_CANVAS} px, got {canvas_size}.")


def nested_viewport(attributes: Mapping[str, str], outer: Box) -> Viewport:
    """Place an ``<svg>`` inside another, whose visible part is ``outer``."""
    x = to_length(attributes.get("x", "0"), outer.width, "x")
    y = to_length(attributes.get("y", "0"), outer.height, "y")
    width, height = (_inner_side(attributes, *side) for side in (("width", outer.width), ("height", outer.height)))
    if width == 0 or height == 0:
        return Viewport(Matrix(a=0, d=0), outer)  # SVG: nothing inside is drawn
    return _inner(attributes, _view_box(attributes), Box(x, y, width, height))


def _inner_side(attributes: Mapping[str, str], name: str, whole: float) -> float:
    text = attributes.get(name, "auto").strip()
    side = whole if text == "auto" else to_length(text, whole, name)
    if side < 0:
        raise SvgError(f"An inner <svg>'s {name} is {shorten(text)!r}; it must be 0 or more. Correct it.")
    return side


def _inner(attributes: Mapping[str, str], view_box: Box | None, page: Box) -> Viewport:
    if view_box is None:
        return Viewport(Matrix(e=page.x, f=page.y), Box(0, 0, page.width, page.height))
    return Viewport(fit(view_box, page, attributes.get("preserveAspectRatio", "xMidYMid meet").strip()), view_box)


def _view_box(attributes: Mapping[str, str]) -> Box | None:
    text = attributes.get("viewBox", "").strip()
    if text in ("", "none"):
        return None
    values = to_numbers(text, "viewBox")
    if len(values) != 4 or min(values[2:]) <= 0:
        raise SvgError(f"viewBox={shorten(text)!r} must be 'x y width height' with a width and height over 0.")
    return Box(*values)


def _own_size(attributes: Mapping[str, str], view_box: Box | None) -> Box | None:
    """Return the page in px: from width and height, what is missing from the viewBox; None when nothing tells."""
    width = _side(attributes, "width", view_box and view_box.width)
    height = _side(attributes, "height", view_box and view_box.height)
    if view_box is not None:
        if width is None and height is None:
            width, height = view_box.width, view_box.height
        elif width is None and height is not None:
            width = height * view_box.width / view_box.height
        elif height is None and width is not None:
            height = width * view_box.height / view_box.width
    if width is None or height is None:
        return None
    if min(width, height) <= 0:
        raise SvgError(f"The SVG is {width:g} x {height:g} px; both must be over 0. Correct its viewBox.")
    return Box(0, 0, width, height)


def _side(attributes: Mapping[str, str], name: str, percent_of: float | None) -> float | None:
    text = attributes.get(name, "auto").strip()
    if text == "auto" or (text.endswith("%") and percent_of is None):
        return None
    side = to_length(text, percent_of or 0.0, name)
    if side <= 0:
        raise SvgError(f"The SVG's {name} is {shorten(text)!r}; it must be over 0. Correct it, or save the SVG anew.")
    return side


def _canvas(size: Box | None) -> tuple[int, int]:
    if size is None:
        raise SvgError(
            "The SVG says neither its width and height nor a viewBox; give canvas_size (height, width) in px."
        )
    if not max(size.height, size.width) <= MAX_CANVAS:
        raise SvgError(
            f"The SVG is {size.width:g} x {size.height:g} px; at most {MAX_CANVAS} px per side can be drawn. "
            "Give a smaller canvas_size (height, width); the drawing is fitted to it."
        )
    return max(math.ceil(size.height - 1e-6), 1), max(math.ceil(size.width - 1e-6), 1)


def fit(box: Box, page: Box, align: str = "xMidYMid meet") -> Matrix:
    """Return the map that lays ``box`` onto ``page`` as preserveAspectRatio says.

    Raises:
        SvgError: ``align`` is not of SVG's.
    """
    name, _, how = align.removeprefix("defer ").strip().partition(" ")
    wide, high = page.width / box.width, page.height / box.height
    if name == "none":
        return Matrix(wide, 0, 0, high, page.x - box.x * wide, page.y - box.y * high)
    shares = {"Min": 0.0, "Mid": 0.5, "Max": 1.0}
    x_word, y_word = name[1:4], name[5:8]
    if name != f"x{x_word}Y{y_word}" or {x_word, y_word} - shares.keys() or how.strip() not in ("", "meet", "slice"):
        raise SvgError(
            f"preserveAspectRatio={shorten(align)!r} must be such as 'xMidYMid meet', 'xMinYMax slice', 'none'."
        )
    factor = max(wide, high) if how.strip() == "slice" else min(wide, high)
    x = page.x + (page.width - box.width * factor) * shares[x_word] - box.x * factor
    y = page.y + (page.height - box.height * factor) * shares[y_word] - box.y * factor
    return Matrix(factor, 0, 0, factor, x, y)


def parse_transform(text: str) -> Matrix:
    """Return the map that a ``transform`` attribute describes; the rightmost function is applied first.

    Args:
        text: functions matrix, translate, scale, rotate, skewX, skewY; empty or ``none`` for the identity.

    Raises:
        SvgError: another function, or a wrong number of arguments.

    >>> parse_transform("translate(1 1) scale(2)").apply(3 + 2j)
    (7+5j)
    """
    result = Matrix()
    if text.strip() in ("", "none"):
        return result
    if len(text) > MAX_TRANSFORM:
        raise _unreadable(text)
    *calls, rest = text.split(")")
    if rest.strip(" \t\r\n,"):
        raise _unreadable(text)
    for call in calls:
        head, bracket, inside = call.partition("(")
        match = _HEAD.match(head)
        if match is None or not bracket or match.group(1) not in _FUNCTIONS:
            raise _unreadable(text)
        make, counts = _FUNCTIONS[match.group(1)]
        values = to_numbers(_CSS_UNIT.sub("", inside), f"transform {match.group(1)}()")
        if len(values) not in counts:
            raise _unreadable(text)
        result = result @ make(*values)
    return result


def _unreadable(text: str) -> SvgError:
    return SvgError(
        f"transform={shorten(text)!r} cannot be read; known are matrix(a b c d e f), translate(x [y]), scale(x [y]), "
        "rotate(degrees [x y]), skewX(degrees) and skewY(degrees)."
    )


def rotation(degrees: float, x: float = 0.0, y: float = 0.0) -> Matrix:
    """Return the turn by ``degrees`` (clockwise on the screen) about (x, y)."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return Matrix(e=x, f=y) @ Matrix(cos, sin, -sin, cos) @ Matrix(e=-x, f=-y)


_FUNCTIONS: dict[str, tuple[Callable[..., Matrix], tuple[int, ...]]] = {
    "matrix": (Matrix, (6,)),
    "translate": (lambda x, y=0.0: Matrix(e=x, f=y), (1, 2)),
    "scale": (lambda x, y=None: Matrix(a=x, d=x if y is None else y), (1, 2)),
    "rotate": (rotation, (1, 3)),
    "skewX": (lambda degrees: Matrix(c=math.tan(math.radians(degrees))), (1,)),
    "skewY": (lambda degrees: Matrix(b=math.tan(math.radians(degrees))), (1,)),
}
"""Each function of ``transform``: how its map is made, and how many arguments it may have."""

_HEAD = re.compile(r"[\s,]*([A-Za-z]+)\s*\Z")
_CSS_UNIT = re.compile(r"(?<=[0-9.])(?:px|deg)\b")
