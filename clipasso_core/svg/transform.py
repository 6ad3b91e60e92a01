"""Affine maps of the plane, and the ``transform`` attribute. Points are complex numbers x + iy."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import NamedTuple

from ..errors import SvgError
from .numerals import shorten, to_numbers


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

    @property
    def scale(self) -> float:
        """How lengths grow on average: the square root of how areas grow."""
        return math.sqrt(abs(self.a * self.d - self.b * self.c))


def translate(x: float, y: float = 0.0) -> Matrix:
    """Return the shift by (x, y)."""
    return Matrix(e=x, f=y)


def scale(x: float, y: float | None = None) -> Matrix:
    """Return the scaling about the origin; y defaults to x."""
    return Matrix(a=x, d=x if y is None else y)


def rotate(degrees: float, x: float = 0.0, y: float = 0.0) -> Matrix:
    """Return the turn by ``degrees`` (clockwise on the screen) about (x, y)."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return translate(x, y) @ Matrix(cos, sin, -sin, cos) @ translate(-x, -y)


def skew_x(degrees: float) -> Matrix:
    """Return the shear along x."""
    return Matrix(c=math.tan(math.radians(degrees)))


def skew_y(degrees: float) -> Matrix:
    """Return the shear along y."""
    return Matrix(b=math.tan(math.radians(degrees)))


_FUNCTIONS: dict[str, tuple[Callable[..., Matrix], tuple[int, ...]]] = {
    "matrix": (Matrix, (6,)),
    "translate": (translate, (1, 2)),
    "scale": (scale, (1, 2)),
    "rotate": (rotate, (1, 3)),
    "skewX": (skew_x, (1,)),
    "skewY": (skew_y, (1,)),
}
_HEAD = re.compile(r"[\s,]*([A-Za-z]+)\s*\Z")
_CSS_UNIT = re.compile(r"(?<=[0-9.])(?:px|deg)\b")


def parse_transform(text: str) -> Matrix:
    """Return the map that a ``transform`` attribute describes; the rightmost function is applied first.

    Args:
        text: functions matrix, translate, scale, rotate, skewX, skewY; empty or ``none`` for the identity.

    Raises:
        SvgError: another function, or a wrong number of arguments.
    """
    result = Matrix()
    if text.strip() in ("", "none"):
        return result
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
