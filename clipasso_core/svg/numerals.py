"""Numbers and lengths as SVG writes them."""

from __future__ import annotations

import re

from ..errors import SvgError

NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
"""One number, as short as SVG allows: ``1.5.5-3e-2`` is 1.5, 0.5 and -0.03.

Digits match in one way only: any other form of this takes the square of the time for a long row of them."""

MAX_NUMBER = 1e9
"""Largest number that a drawing may hold; beyond it the file is damaged, and sums lose their digits."""

PX_PER_UNIT = {
    "": 1.0,
    "px": 1.0,
    "in": 96.0,
    "cm": 96 / 2.54,
    "mm": 96 / 25.4,
    "q": 96 / 101.6,
    "pt": 96 / 72,
    "pc": 16.0,
}
"""CSS pixels in each absolute unit."""

_SEPARATOR = re.compile(r"[\s,]*")


def format_number(value: float, decimals: int) -> str:
    """Write a finite number with fixed decimals: no exponent, no trailing zeros, no ``-0``.

    >>> format_number(2.50, 3), format_number(-0.0004, 3), format_number(1e-7, 8)
    ('2.5', '0', '0.0000001')
    """
    text = f"{value:.{decimals}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def to_number(text: str, where: str) -> float:
    """Return the number that ``text`` is.

    Args:
        text: the number, blanks around it allowed.
        where: what it belongs to, for the message.

    Raises:
        SvgError: it is no number, or larger than MAX_NUMBER.

    >>> to_number(" 1.5e1 ", "a width")
    15.0
    """
    text = text.strip()
    if not NUMBER.fullmatch(text):
        raise SvgError(f"{where} must be a number, got {shorten(text)!r}. Correct it, or save the SVG anew.")
    value = float(text)
    if not abs(value) <= MAX_NUMBER:
        raise SvgError(f"{where} holds the number {shorten(text)}; at most {MAX_NUMBER:g} can be read. Scale it down.")
    return value


def to_numbers(text: str, where: str) -> list[float]:
    """Return all numbers in a list split by blanks, commas, or nothing but their signs and points.

    Raises:
        SvgError: something else stands in the list.

    >>> to_numbers("1.5.5-3e-2, 4", "points")
    [1.5, 0.5, -0.03, 4.0]
    """
    values = []
    at = skip_separator(text, 0)
    while at < len(text):
        match = NUMBER.match(text, at)
        if match is None:
            raise SvgError(f"{where} must be a list of numbers, got {shorten(text[at:])!r} in it. Correct it.")
        values.append(to_number(match.group(), where))
        at = skip_separator(text, match.end())
    return values


def to_length(text: str, percent_of: float, where: str) -> float:
    """Return a length in px.

    Args:
        text: a number with or without a unit (px, mm, Q, cm, in, pt, pc or %).
        percent_of: px that 100 % stands for.
        where: what it belongs to, for the message.

    Raises:
        SvgError: no number, or another unit.

    >>> to_length("1in", 0, "width"), to_length("50%", 300, "width")
    (96.0, 150.0)
    """
    text = text.strip()
    number = text.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ%")
    unit = text[len(number) :].lower()
    if unit == "%":
        return to_number(number, where) / 100 * percent_of
    if unit not in PX_PER_UNIT:
        known = ", ".join(name for name in PX_PER_UNIT if name)
        raise SvgError(f"{where} is {shorten(text)!r}; a length is a number with a unit of {known}, % or none.")
    return to_number(number, where) * PX_PER_UNIT[unit]


def to_fraction(text: str, where: str) -> float:
    """Return an opacity (``0.5`` or ``50%``) clamped to 0-1.

    >>> to_fraction("50%", "an opacity"), to_fraction("7", "an opacity")
    (0.5, 1.0)
    """
    percent = text.strip().endswith("%")
    value = to_number(text.strip().rstrip("%"), where)
    return min(max(value / 100 if percent else value, 0.0), 1.0)


def skip_separator(text: str, at: int) -> int:
    """Return where the next number may begin: after blanks and commas at ``at``.

    >>> skip_separator("1 , 2", 1)
    4
    """
    match = _SEPARATOR.match(text, at)
    return match.end() if match else at


def shorten(text: str, limit: int = 40) -> str:
    """Cut text for a message.

    >>> len(shorten("x" * 1000)) < 50
    True
    """
    return text if len(text) <= limit else text[:limit] + "…"
