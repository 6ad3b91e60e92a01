"""Path data (the ``d`` attribute) as cubic Bézier curves. Points are complex numbers x + iy."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..errors import SvgError
from .numerals import NUMBER, SEPARATOR, shorten, to_number
from .pen import Pen, Subpath

_ARGUMENTS = {
    "M": "p",
    "L": "p",
    "H": "x",
    "V": "y",
    "C": "ppp",
    "S": "pp",
    "Q": "pp",
    "T": "p",
    "A": "nnnffp",
    "Z": "",
}
"""What follows each command: p a point, x or y one coordinate, n a number, f a flag."""

_DRAW: dict[str, Callable[..., None]] = {
    "M": Pen.move,
    "L": Pen.line,
    "H": Pen.horizontal,
    "V": Pen.vertical,
    "C": Pen.cubic,
    "S": Pen.smooth_cubic,
    "Q": Pen.quadratic,
    "T": Pen.smooth_quadratic,
    "A": Pen.arc,
    "Z": Pen.close,
}


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
        if letter.upper() in _ARGUMENTS and (last or letter in "Mm"):
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
        for kind in _ARGUMENTS[letter.upper()]:
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
        match = SEPARATOR.match(self._text, self._at)
        self._at = match.end() if match else self._at

    def _error(self, wanted: str) -> SvgError:
        found = repr(shorten(self._text[self._at :], 20)) if not self.at_end else "the end"
        return SvgError(
            f"Path data must hold {wanted} at character {self._at + 1}, got {found}. Correct it, or save the SVG anew."
        )


def parse_path(data: str) -> Iterator[Subpath]:
    """Yield the subpaths of path data as joined cubics.

    All commands are read, absolute and relative, in the short forms too (``1.5.5-3e-2``, arc flags
    run together). Moves that draw nothing yield nothing.

    Args:
        data: the ``d`` attribute; empty or ``none`` for no path.

    Raises:
        SvgError: not path data, a number over 1e9, or over 1,000,000 segments in one subpath.
    """
    scanner, pen, letter = _Scanner("" if data.strip() == "none" else data), Pen(), ""
    while not scanner.at_end:
        letter = scanner.command(letter)
        values = scanner.arguments(letter, pen.position)
        if letter in "Mm" and (drawn := pen.take()):
            yield drawn
        _DRAW[letter.upper()](pen, *values)
        if letter in "Zz" and (drawn := pen.take()):
            yield drawn
    if drawn := pen.take():
        yield drawn
