"""Values of a JSON text that somebody else wrote, checked one by one; every message names the place in the text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NoReturn

from .errors import JsonError, first_line

MAX_CHARACTERS = 64 * 1024 * 1024
"""Longest text that is read."""

MAX_NUMBER = 1e9
"""Largest number that a coordinate, a width or a size may be."""

MOST_DIGITS = 1e15
"""Whole numbers below it are written without a point and an exponent."""

Points = list[tuple[float, float]]


def parse_json(text: str | bytes, kind: str) -> dict[str, object]:
    """Read a JSON object.

    Args:
        text: JSON in UTF-8, as RFC 8259 has it: NaN and infinity are no JSON.
        kind: what the text should hold, for the message.

    Raises:
        JsonError: it is no JSON, no object, or over 64 million characters long.

    >>> parse_json('{"version": 1}', "strokes")
    {'version': 1}
    >>> parse_json('[NaN]', "strokes")
    Traceback (most recent call last):
    clipasso_core.errors.JsonError: These are no strokes in JSON: NaN is no JSON number. Write the file anew.
    """
    if len(text) > MAX_CHARACTERS:
        raise JsonError(f"The JSON of {kind} is {len(text)} characters long; at most {MAX_CHARACTERS} are read.")
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError is a ValueError
        raise JsonError(f"These are no {kind} in JSON: {first_line(error)}. Write the file anew.") from error
    return as_object(value, kind)


def check_head(values: dict[str, object], name: str, version: int) -> None:
    """Raise JsonError unless an object says that it is of a format, and of a version that we read.

    >>> check_head({"format": "clipasso-strokes", "version": 2}, "clipasso-strokes", 1)
    Traceback (most recent call last):
    clipasso_core.errors.JsonError: version must be 1, got 2. Update clipasso, or write the file anew.
    """
    if values.get("format") != name:
        raise JsonError(f'format must be "{name}", got {_shown(values.get("format"))}. Is this another file?')
    if values.get("version") != version or isinstance(values["version"], bool):
        raise JsonError(
            f"version must be {version}, got {_shown(values.get('version'))}. Update clipasso, or write the file anew."
        )


def as_object(value: object, where: str) -> dict[str, object]:
    """Return a JSON object, or raise JsonError.

    >>> as_object({"a": 1}, "metadata")
    {'a': 1}
    """
    return value if isinstance(value, dict) else _refuse(where, "an object {...}", value)


def as_list(value: object, where: str, most: int | None = None) -> list[object]:
    """Return a JSON array of at most ``most`` values, or raise JsonError.

    >>> as_list([1, 2], "strokes", most=1)
    Traceback (most recent call last):
    clipasso_core.errors.JsonError: strokes must hold at most 1 values, got 2.
    """
    if not isinstance(value, list):
        _refuse(where, "a list [...]", value)
    if most is not None and len(value) > most:
        raise JsonError(f"{where} must hold at most {most} values, got {len(value)}.")
    return value


def as_number(value: object, where: str, low: float = -MAX_NUMBER, high: float = MAX_NUMBER) -> float:
    """Return a finite number between two bounds, or raise JsonError.

    >>> as_number(2, "width", low=0)
    2.0
    >>> as_number(True, "width")
    Traceback (most recent call last):
    clipasso_core.errors.JsonError: width must be a number from -1e+09 to 1e+09, got true.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        _refuse(where, f"a number from {low:g} to {high:g}", value)
    return float(value)


def as_whole(value: object, where: str, low: int, high: int) -> int:
    """Return a whole number between two bounds, or raise JsonError.

    >>> as_whole(1.5, "stroke", 0, 7)
    Traceback (most recent call last):
    clipasso_core.errors.JsonError: stroke must be a whole number from 0 to 7, got 1.5.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        _refuse(where, f"a whole number from {low} to {high}", value)
    return value


def as_text(value: object, where: str) -> str:
    """Return a text, or raise JsonError.

    >>> as_text(3, "groups[0]")
    Traceback (most recent call last):
    clipasso_core.errors.JsonError: groups[0] must be a text, got 3.
    """
    return value if isinstance(value, str) else _refuse(where, "a text", value)


def as_points(value: object, where: str) -> Points:
    """Return the control points of joined cubics, 3 * segments + 1 pairs [x, y], or raise JsonError.

    >>> as_points([[0, 0], [1, 2], [3, 4], [5.5, 6]], "points")[-1]
    (5.5, 6.0)
    """
    pairs = as_list(value, where)
    if len(pairs) < 4 or len(pairs) % 3 != 1:
        raise JsonError(f"{where} must hold 3 * segments + 1 points (4, 7, 10, ...), got {len(pairs)}.")
    return [_as_pair(pair, f"{where}[{index}]") for index, pair in enumerate(pairs)]


def as_color(value: object, where: str) -> tuple[float, ...]:
    """Return straight RGBA, four numbers in 0-1, or raise JsonError.

    >>> as_color([0, 0, 0, 1], "color")
    (0.0, 0.0, 0.0, 1.0)
    """
    parts = as_list(value, where)
    if len(parts) != 4:
        raise JsonError(f"{where} must be [red, green, blue, opacity], got {len(parts)} numbers.")
    return tuple(as_number(part, where, 0, 1) for part in parts)


def as_size(value: object, where: str) -> tuple[int, int]:
    """Return (height, width) px, or raise JsonError.

    >>> as_size([224, 300], "canvas_size")
    (224, 300)
    """
    parts = as_list(value, where)
    if len(parts) != 2:
        raise JsonError(f"{where} must be [height, width], got {len(parts)} numbers.")
    height, width = (as_whole(part, where, 1, int(MAX_NUMBER)) for part in parts)
    return height, width


def plain_numbers(values: Sequence[float]) -> list[float]:
    """Return numbers as JSON writes them shortest: whole ones without a point (but not -0.0, whose sign would go).

    >>> plain_numbers([20.0, 0.5, -0.0])
    [20, 0.5, -0.0]
    """
    whole = (value.is_integer() and abs(value) < MOST_DIGITS and str(value) != "-0.0" for value in map(float, values))
    return [int(value) if is_whole else float(value) for value, is_whole in zip(values, whole, strict=True)]


def _as_pair(value: object, where: str) -> tuple[float, float]:
    parts = as_list(value, where)
    if len(parts) != 2:
        raise JsonError(f"{where} must be [x, y], got {len(parts)} numbers.")
    return as_number(parts[0], where), as_number(parts[1], where)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _refuse(where: str, wanted: str, value: object) -> NoReturn:
    raise JsonError(f"{where} must be {wanted}, got {_shown(value)}.")


def _shown(value: object) -> str:
    """Return the beginning of a value as JSON."""
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "a list"
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:40]}..."
