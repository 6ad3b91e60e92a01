"""Path data (the ``d`` attribute), read command by command, or a row of the same one at once; ``Pen`` draws it."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from ..errors import SvgError
from .numerals import MAX_NUMBER, NUMBER, numbers_at_once, shorten, skip_separator, to_number
from .path_pen import MAX_SEGMENTS, Pen, Subpath, too_many_segments

MAX_COMMANDS = 200_000
"""Most commands in all path data of a drawing, clones counted; an arc counts as several, and a row as of ``ROW``."""

ARC_COUNTS = 5
"""Commands that an arc counts as: it takes as long."""

ROW = 64
"""Characters from which on a row of the same command is read in one go, and so many commands of it, or points, count as
one command."""

TEXT = 1024
"""Characters of an element's attributes that count as one command."""

PATH_DATA = "[Mm][-+0-9.,eE MmZzLlHhVvCcSsQqTtAa]*"
"""The form of path data that is kept as it is: on one line, and without anything that XML would have to escape."""


class Effort:
    """Count what reading a drawing's shapes takes, and stop before it takes long."""

    def __init__(self) -> None:
        self._commands = 0

    def spend(self, commands: int = 1) -> None:
        """Count commands.

        Raises:
            SvgError: they are over MAX_COMMANDS by now.
        """
        self._commands += commands
        if self._commands > MAX_COMMANDS:
            raise SvgError(
                f"The SVG's paths hold over {MAX_COMMANDS} commands, or as much in points and attributes (clones "
                "counted, and long rows as little); simplify the drawing (Path > Simplify)."
            )


def parse_path(data: str, effort: Effort | None = None) -> Iterator[Subpath]:
    """Yield the subpaths of path data as joined cubics.

    All commands are read, absolute and relative, in the short forms too (``1.5.5-3e-2``, arc flags
    run together). Moves that draw nothing yield nothing.

    Args:
        data: the ``d`` attribute; empty or ``none`` for no path.
        effort: counts the commands of all paths of a drawing; None for those of this one.

    Raises:
        SvgError: not path data, a number over 1e9, over 1,000,000 segments in one subpath, or over MAX_COMMANDS.

    >>> list(parse_path("M0 0 h3"))
    [[0j, (1+0j), (2+0j), (3+0j)]]
    """
    scanner, pen, letter = _Scanner("" if data.strip() == "none" else data), Pen(), ""
    effort = effort or Effort()
    while not scanner.at_end:
        last, letter = letter, scanner.command(letter)
        effort.spend(ARC_COUNTS if letter in "Aa" else 1)
        if letter in _ROWS and (row := scanner.row(letter)) is not None:
            effort.spend(len(row) // ROW)
            _ROWS[letter](pen, row)
            continue
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
        self._at = self._tried = 0
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

    def row(self, letter: str) -> NDArray[np.float64] | None:
        """Return all arguments [n, count] of this command and the like ones after it, as they stand, and pass them.

        None where the row is short, or not as it must be: the commands are then read one by one.
        """
        match = _ROW[letter].match(self._text, self._at) if self._at >= self._tried else None
        if match is None or match.end() - self._at < ROW:
            return None
        self._tried = match.end()  # what cannot be read at once is not tried again
        text = match.group()
        if text.count(letter) > MAX_SEGMENTS:
            raise too_many_segments()
        count, values = _COUNTS[letter.upper()], numbers_at_once(text.replace(letter, _MARK))
        if values is None:
            values = np.zeros(0)
        marks = np.flatnonzero(values == _MARKED)
        before = np.diff(marks - np.arange(len(marks)), prepend=0, append=len(values) - len(marks))
        row = np.delete(values, marks)
        if not len(row) or (before % count).any() or not before.all() or np.abs(row).max() > MAX_NUMBER:
            return None
        self._at = match.end()
        return row.reshape(-1, count)

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


_COUNTS = {letter: sum({"p": 2}.get(kind, 1) for kind in kinds) for letter, (kinds, _) in _COMMANDS.items()}
"""Numbers that follow each command."""


def _lines_to(pen: Pen, row: NDArray[np.float64]) -> None:
    pen.lines(row.view(np.complex128)[:, 0])


def _lines_by(pen: Pen, row: NDArray[np.float64]) -> None:
    pen.lines(_summed(pen.position, row.view(np.complex128)[:, 0]))


def _horizontals_to(pen: Pen, row: NDArray[np.float64]) -> None:
    pen.lines(_points(row[:, 0], np.array(pen.position.imag)))


def _horizontals_by(pen: Pen, row: NDArray[np.float64]) -> None:
    pen.lines(_summed(pen.position, _points(row[:, 0], np.array(0.0))))


def _verticals_to(pen: Pen, row: NDArray[np.float64]) -> None:
    pen.lines(_points(np.array(pen.position.real), row[:, 0]))


def _verticals_by(pen: Pen, row: NDArray[np.float64]) -> None:
    pen.lines(_summed(pen.position, _points(np.array(0.0), row[:, 0])))


def _cubics_to(pen: Pen, row: NDArray[np.float64]) -> None:
    pen.cubics(row.view(np.complex128))


def _cubics_by(pen: Pen, row: NDArray[np.float64]) -> None:
    steps = row.view(np.complex128)
    ends = _summed(pen.position, steps[:, 2])
    pen.cubics(steps + np.concatenate([[pen.position], ends[:-1]])[:, None])


def _points(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.complex128]:
    points = np.empty(np.broadcast(x, y).shape, dtype=np.complex128)
    points.real, points.imag = x, y
    return points


def _summed(start: complex, steps: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Return where steps [n] lead to from a start, each from where the one before it ended."""
    ends: NDArray[np.complex128] = np.cumsum(np.concatenate([[start], steps]))[1:]
    return ends


_ROWS: dict[str, Callable[[Pen, NDArray[np.float64]], None]] = {
    "L": _lines_to,
    "l": _lines_by,
    "H": _horizontals_to,
    "h": _horizontals_by,
    "V": _verticals_to,
    "v": _verticals_by,
    "C": _cubics_to,
    "c": _cubics_by,
}
"""What the pen does with a row [n, count] of the same command."""

_ROW = {
    letter: re.compile(f"[^{''.join(sorted(set(string.ascii_letters) - {'e', 'E', letter}))}]*") for letter in _ROWS
}
"""What a row of a command is at most: all up to another letter."""

_MARK, _MARKED = " 1e99 ", 1e99
"""What stands for a command's letter among the numbers of a row: no number may be as large."""
