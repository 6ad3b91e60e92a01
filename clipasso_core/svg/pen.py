"""The pen that draws path commands as cubics. Points are complex numbers x + iy."""

from __future__ import annotations

from ..errors import SvgError
from .arc import arc_to_cubics

Subpath = list[complex]
"""3 * segments + 1 points, px."""

MAX_SEGMENTS = 1_000_000
"""Most segments a subpath may have, and most slots (strokes x longest stroke) a drawing may have."""


class Pen:
    """Follow path commands and gather the cubics of the present subpath."""

    def __init__(self) -> None:
        self.position = 0j
        self._start = 0j
        self._points: Subpath = []
        self._control: tuple[str, complex] = ("", 0j)

    def take(self) -> Subpath:
        """Hand over the points drawn since the last take (none: an empty list)."""
        points, self._points = self._points, []
        return points

    def move(self, to: complex) -> None:
        """Begin a subpath."""
        self.position = self._start = to
        self._control = ("", to)

    def line(self, to: complex) -> None:
        """Draw straight ahead."""
        start = self.position
        self._extend([start + (to - start) / 3, start + (to - start) * 2 / 3, to])

    def horizontal(self, x: float) -> None:
        """Draw a level line to x."""
        self.line(complex(x, self.position.imag))

    def vertical(self, y: float) -> None:
        """Draw an upright line to y."""
        self.line(complex(self.position.real, y))

    def cubic(self, first: complex, second: complex, to: complex) -> None:
        """Draw a cubic."""
        self._extend([first, second, to])
        self._control = ("cubic", second)

    def smooth_cubic(self, second: complex, to: complex) -> None:
        """Draw a cubic that goes on as the one before ended."""
        self.cubic(self._mirrored("cubic"), second, to)

    def quadratic(self, middle: complex, to: complex) -> None:
        """Draw a quadratic curve."""
        start = self.position
        self._extend([start + (middle - start) * 2 / 3, to + (middle - to) * 2 / 3, to])
        self._control = ("quadratic", middle)

    def smooth_quadratic(self, to: complex) -> None:
        """Draw a quadratic curve that goes on as the one before ended."""
        self.quadratic(self._mirrored("quadratic"), to)

    def arc(self, rx: float, ry: float, degrees: float, large: bool, sweep: bool, to: complex) -> None:
        """Draw an elliptical arc."""
        self._extend(arc_to_cubics(self.position, (rx, ry), degrees, large, sweep, to))

    def close(self) -> None:
        """Draw back to where the subpath began; a subpath of one point becomes a dot."""
        if self.position != self._start or not self._points:
            self.line(self._start)

    def _mirrored(self, kind: str) -> complex:
        last, control = self._control
        return 2 * self.position - control if last == kind else self.position

    def _extend(self, points: list[complex]) -> None:
        if points:
            self._points = self._points or [self.position]
            self._points += points
            self.position = points[-1]
        if len(self._points) > 3 * MAX_SEGMENTS + 1:
            raise SvgError(f"A path has more than {MAX_SEGMENTS} segments; simplify the drawing (Path > Simplify).")
        self._control = ("", self.position)
