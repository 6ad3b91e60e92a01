"""The pen that path data moves: each command as joined cubic Bézier curves. Points are complex numbers x + iy."""

from __future__ import annotations

import cmath
import math

import numpy as np
from numpy.typing import NDArray

from ..errors import SvgError

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

    def lines(self, ends: NDArray[np.complex128]) -> None:
        """Draw straight ahead to many points [n], one after the other."""
        starts = np.concatenate([[self.position], ends[:-1]])
        way = (ends - starts).view(np.float64)
        thirds = starts + (way / 3).view(np.complex128), starts + (way * 2 / 3).view(np.complex128)
        self._extend(np.stack([*thirds, ends], axis=1).ravel().tolist())

    def cubics(self, points: NDArray[np.complex128]) -> None:
        """Draw many cubics [n, 3], one after the other."""
        self._extend(points.ravel().tolist())
        self._control = ("cubic", complex(points[-1, 1]))

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
            raise too_many_segments()
        self._control = ("", self.position)


def too_many_segments() -> SvgError:
    """Return the error for a path without end."""
    return SvgError(f"A path has more than {MAX_SEGMENTS} segments; simplify the drawing (Path > Simplify).")


def arc_to_cubics(
    start: complex, radii: tuple[float, float], degrees: float, large: bool, sweep: bool, end: complex
) -> list[complex]:
    """Write an SVG arc as joined cubics of at most a quarter turn each.

    The curve is off by less than 0.03 % of the larger radius.

    Args:
        start: where the arc begins, px.
        radii: of the ellipse along its own axes, px; signs do not count, too small ones grow until they reach.
        degrees: turn of the ellipse's x axis, clockwise on the screen.
        large: take the arc of more than half a turn.
        sweep: go clockwise on the screen.
        end: where the arc ends, px.

    Returns:
        The points after ``start``: three a segment, the last of them ``end``; none when start and end are one.

    Source: SVG 1.1, appendix F.6 (elliptical arc implementation notes).

    >>> quarter = arc_to_cubics(1 + 0j, (1, 1), 0, False, True, 1j)
    >>> len(quarter), abs(quarter[-1] - 1j) < 1e-9
    (3, True)
    """
    rx, ry = abs(radii[0]), abs(radii[1])
    if start == end:
        return []
    straight = [start + (end - start) / 3, start + (end - start) * 2 / 3, end]
    if min(rx, ry) <= 1e-9 * abs(end - start):
        return straight
    turn = cmath.exp(1j * math.radians(degrees))
    chord = _squeeze((end - start) / turn, rx, ry)
    if abs(chord) < 1e-300:
        return straight
    grow = max(abs(chord) / 2, 1.0)
    points = _unit_arc(chord / grow, large, sweep)
    placed = [start + complex(p.real * rx, p.imag * ry) * grow * turn for p in points]
    return [*placed[:-1], end]


def _squeeze(point: complex, rx: float, ry: float) -> complex:
    return complex(point.real / rx, point.imag / ry)


def _unit_arc(chord: complex, large: bool, sweep: bool) -> list[complex]:
    """Return cubics along an arc of radius 1 from 0 to ``chord`` (at most 2 long), without the first point."""
    height = math.sqrt(max(1 - abs(chord / 2) ** 2, 0.0))
    side = -1 if large == sweep else 1
    centre = chord / 2 + side * height * 1j * chord / abs(chord)
    angle = cmath.phase((chord - centre) / -centre)
    if sweep and angle < 0:
        angle += 2 * math.pi
    elif not sweep and angle > 0:
        angle -= 2 * math.pi
    count = max(math.ceil(abs(angle) / (math.pi / 2) - 1e-9), 1)
    step = cmath.exp(1j * angle / count)
    reach = 4 / 3 * math.tan(angle / count / 4)
    spoke, points = -centre, []
    for _ in range(count):
        following = spoke * step
        points += [spoke * (1 + 1j * reach), following * (1 - 1j * reach), following]
        spoke = following
    return [centre + point for point in points]
