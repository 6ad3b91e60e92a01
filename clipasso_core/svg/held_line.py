"""Held lines: a path that is drawn otherwise than as its stroke keeps that stroke, for whoever reads it again.

A brush stroke is a filled shape, and the line of a shaking hand is not the line that was meant. Attributes of a
namespace of ours hold the stroke's own path data and width, and a sum of the data that is drawn: when another program
has changed that, the held line is not the drawing's any more, and does not count.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import NamedTuple

from .numerals import to_number

NAMESPACE, PREFIX = "urn:clipasso", "clipasso"

_LINE, _WIDTH, _SUM = "line", "width", "sum"


class HeldLine(NamedTuple):
    """The stroke that a path holds.

    Args:
        data: its path data, in the units of the path.
        width: of the stroke whose outline is drawn as a filled shape; None where a stroke is drawn, too.
    """

    data: str
    width: float | None


def holding(drawn: str, line: str, width: str | None = None) -> dict[str, str]:
    """Return the attributes of a path that is drawn as ``drawn`` and holds a line.

    >>> holding("M 0 0 L 9 0 L 9 1 Z", "M 0 0 C 3 0 6 0 9 0", "2")["clipasso:line"]
    'M 0 0 C 3 0 6 0 9 0'
    """
    values = {_LINE: line, _WIDTH: width, _SUM: _sum(drawn)}
    return {f"{PREFIX}:{name}": value for name, value in values.items() if value is not None}


def held_line(attributes: Mapping[str, str]) -> HeldLine | None:
    """Return the line that a path holds; None where it holds none, or is not drawn as it was when it was written.

    Raises:
        SvgError: its width is no number.

    >>> name = "{urn:clipasso}"
    >>> held_line({"d": "M 0 0", f"{name}line": "M 1 1", f"{name}sum": "51453545"})
    HeldLine(data='M 1 1', width=None)
    """
    data = attributes.get(f"{{{NAMESPACE}}}{_LINE}")
    if data is None or attributes.get(f"{{{NAMESPACE}}}{_SUM}") != _sum(attributes.get("d", "")):
        return None
    width = attributes.get(f"{{{NAMESPACE}}}{_WIDTH}")
    return HeldLine(data, None if width is None else to_number(width, f"{PREFIX}:{_WIDTH}"))


def _sum(text: str) -> str:
    return f"{zlib.crc32(text.encode('utf-8', 'replace')):08x}"
