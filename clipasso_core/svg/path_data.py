"""Path data (the ``d`` attribute) as joined cubic Bézier curves. Points are complex numbers x + iy."""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable, Iterator

from ..errors import SvgError
from .numerals import NUMBER, shorten, skip_separator, to_number

Subpath = list[complex]
"""3 * segments + 1 points, px."""

MAX_SEGMENTS = 1_000_000
"""Most segments a subpath may have, and most slots (strokes x longest stroke) a drawing may have."""

PATH_DATA = "[Mm][-+0-9.,eE MmZzLlHhVvCcSsQqTtAa]*"
"""The form of path data that is kept as it is: on one line, and without anything that XML would have to escape."""


def parse_path(data: str) -> Iterator[Subpath]:
    """Yield the subpaths of path data as joined cubics.

    All commands are read, absolute and relative, in the short forms too (``1.5.5-3e-2``, arc flags
    run together). Moves that draw nothing yield nothing.

    Args:
        data: the ``d`` attribute; empty or ``none`` for no path.

    Raises:
        SvgError: not path data, a number over 1e9, or over 1,000,000 segments in one subpath.

    >>> list(parse_path("M0 0 h3"))
    [[0j, (1+0j), (2+0j), (3+0j)]]
    """
    scanner, pen, letter = _Scanner("" if data.strip() == "none" else data), Pen(), ""
    while not scanner.at_end:
        last, letter = letter, scanner.command(letter)
        values = scanner.arguments(letter, pen.position)
        if last in "Zz" and letter in "Zz":
            continue  # closed already
        if letter in "Mm" and (drawn := pen.take()):
            yield drawn
        _COMMANDS[letter.upper()][1](pen, *values)
        if letter in "Zz" and (drawn := pen.take()):
            yield drawn
    if drawn := pen.take():
        yield drawn


class _Scanner:
    """Read commands and their arguments off path data."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._skip()

    @property
    def at_end(self) -> bool:
        return self._at >= len(self._text)

    def command(self, last: str) -> str:
        """Return the next command, or the one that ``last`` implies when a number follows."""
        letter = self._text[self._at]
        if letter.isascii() and letter.upper() in _COMMANDS and (last or letter in "Mm"):
            self._at += 1
            self._skip()
            return letter
        if not last or last in "Zz":
            raise self._error("a command" if last else "the first command, M or m,")
        return {"M": "L", "m": "l"}.get(last, last)

    def arguments(self, letter: str, position: complex) -> list[complex | float | bool]:
        """Return what follows a command, in absolute px."""
        origin = position if letter.islower() else 0j
        values: list[complex | float | bool] = []
        for kind in _COMMANDS[letter.upper()][0]:
            if kind == "p":
                values.append(origin + complex(self._number(), self._number()))
            elif kind == "f":
                values.append(self._flag())
            else:
                values.append(self._number() + {"x": origin.real, "y": origin.imag}.get(kind, 0.0))
        return values

    def _number(self) -> float:
        match = NUMBER.match(self._text, self._at)
        if match is None:
            raise self._error("a number")
        self._at = match.end()
        self._skip()
        return to_number(match.group(), "Path data")

    def _flag(self) -> bool:
        flag = self._text[self._at : self._at + 1]
        if flag not in ("0", "1"):
            raise self._error("an arc flag, 0 or 1,")
        self._at += 1
        self._skip()
        return flag == "1"

    def _skip(self) -> None:
        self._at = skip_separator(self._text, self._at)

    def _error(self, wanted: str) -> SvgError:
        found = repr(shorten(self._text[self._at :], 20)) if not self.at_end else "the end"
        return SvgError(
            f"Path data must hold {wanted} at character {self._at + 1}, got {found}. Correct it, or save the SVG anew."
        )


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


_COMMANDS: dict[str, tuple[str, Callable[..., None]]] = {
    "M": ("p", Pen.move),
    "L": ("p", Pen.line),
    "H": ("x", Pen.horizontal),
    "V": ("y", Pen.vertical),
    "C": ("ppp", Pen.cubic),
    "S": ("pp", Pen.smooth_cubic),
    "Q": ("pp", Pen.quadratic),
    "T": ("p", Pen.smooth_quadratic),
    "A": ("nnnffp", Pen.arc),
    "Z": ("", Pen.close),
}
"""What follows each command (p a point, x or y one coordinate, n a number, f a flag), and what the pen does then."""


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
