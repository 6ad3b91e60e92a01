"""CSS colours as straight RGBA in 0-1."""

from __future__ import annotations

import re

from PIL import ImageColor

from ..errors import SvgError
from .numerals import shorten, to_fraction, to_number

Rgba = tuple[float, float, float, float]

BLACK: Rgba = (0.0, 0.0, 0.0, 1.0)

_RGB = re.compile(r"rgba?\(([^()]*)\)", re.IGNORECASE)
_HEX = re.compile(r"#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})", re.IGNORECASE)


def parse_colour(text: str, current: Rgba = BLACK, where: str = "stroke") -> Rgba | None:
    """Return the colour that a paint stands for.

    Args:
        text: a CSS name, #rgb, #rgba, #rrggbb, #rrggbbaa, rgb(), rgba(), hsl(), currentColor, or none.
        current: what currentColor stands for.
        where: the property, for the message.

    Returns:
        RGBA in 0-1, or None for ``none`` and ``transparent``.

    Raises:
        SvgError: a gradient or pattern, or no colour at all.
    """
    text = text.strip()
    if text.lower().startswith("url("):
        return _fallback(text, current, where)
    if text.lower() in ("none", "transparent"):
        return None
    if text.lower() == "currentcolor":
        return current
    if match := _RGB.fullmatch(text):
        return _functional(match.group(1), where)
    try:
        if text.startswith("#") and not _HEX.fullmatch(text):
            raise ValueError(text)
        red, green, blue, *alpha = ImageColor.getrgb(text)
    except ValueError as error:
        raise SvgError(
            f"{where} is {shorten(text)!r}, no colour that can be read; write #rrggbb, rgb(r, g, b) or a CSS name."
        ) from error
    return red / 255, green / 255, blue / 255, alpha[0] / 255 if alpha else 1.0


def _functional(inside: str, where: str) -> Rgba:
    """Read the arguments of rgb() or rgba(), split by commas, blanks or a slash."""
    parts = inside.replace(",", " ").replace("/", " ").split()
    if len(parts) not in (3, 4):
        raise SvgError(f"{where} is rgb({shorten(inside)}); rgb() takes 3 numbers, and an opacity if wanted.")
    channels = [_channel(part, where) for part in parts[:3]]
    alpha = to_fraction(parts[3], where) if len(parts) == 4 else 1.0
    return channels[0], channels[1], channels[2], alpha


def _channel(text: str, where: str) -> float:
    if text.endswith("%"):
        return to_fraction(text, where)
    return min(max(to_number(text, where) / 255, 0.0), 1.0)


def _fallback(text: str, current: Rgba, where: str) -> Rgba | None:
    """Return the plain colour that may follow a reference to a gradient or pattern."""
    fallback = text.partition(")")[2].strip()
    if not fallback:
        raise SvgError(
            f"{where} is {shorten(text)!r}, a gradient or pattern; strokes have one plain colour. "
            "Choose a flat colour in the editor."
        )
    return parse_colour(fallback, current, where)
