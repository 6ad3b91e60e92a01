"""Groups of strokes in an SVG: a ``<g>`` around strokes of one group that follow each other.

Drawing order says what lies over what, so it stays: a group that is left and come back to has a ``<g>`` for each of its
parts. To which group they belong says the attribute ``data-clipasso-group``, the name itself. The id, which must be a
name of XML and the only one in the document, is made from it: "object-1", and of further parts "object-1.2" and so on.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from xml.sax.saxutils import escape

NAME = "data-clipasso-group"

FORM = rf"""<g id="[^<>&"]+" {NAME}="(?:[^<>&"]|&(?:lt|gt|amp|quot);)+">"""
"""Regular expression of a group's beginning, as ever written."""

_FIRST = (
    "A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf"
)
_NOT_IN_A_NAME = re.compile(rf"[^{_FIRST}0-9.-]")


def in_group_elements(paths: Sequence[str], names: Sequence[str | None], ids: set[str]) -> list[str]:
    """Return the lines of paths, with a ``<g>`` around those of one group that follow each other.

    Args:
        paths: one line each.
        names: of each path's group; None for none.
        ids: those that the document has already; those that are made are added.

    >>> print(*in_group_elements(["1", "2", "3", "4"], ["sky", "sky", None, "sky"], set()), sep="\\n")
        <g id="sky" data-clipasso-group="sky">
    1
    2
        </g>
    3
        <g id="sky.2" data-clipasso-group="sky">
    4
        </g>
    """
    lines: list[str] = []
    for name, run in itertools.groupby(zip(names, paths, strict=True), key=lambda pair: pair[0]):
        members = [path for _, path in run]
        lines += members if name is None else [_beginning(name, ids), *members, "    </g>"]
    return lines


def xml_name(text: str) -> str:
    """Return a text as a name of XML, whose other characters are "_".

    Source: Extensible Markup Language (XML) 1.0, Fifth Edition, 2.3, without the colon, which parts namespaces.

    >>> xml_name("object-1"), xml_name("2 trees & sky")
    ('object-1', '_2_trees___sky')
    """
    name = _NOT_IN_A_NAME.sub("_", text)
    return name if re.match(f"[{_FIRST}]", name) else f"_{name}"


def _beginning(name: str, ids: set[str]) -> str:
    """Return the first line of a group with an id that is not taken yet, and take it."""
    wanted = xml_name(name)
    further = (f"{wanted}.{number}" for number in itertools.count(2))
    chosen = next(one for one in itertools.chain([wanted], further) if one not in ids)
    ids.add(chosen)
    return f'    <g id="{chosen}" {NAME}={quoted(name)}>'


def quoted(text: str) -> str:
    """Return a text as the value of an attribute.

    >>> quoted('the "cat" & dog')
    '"the &quot;cat&quot; &amp; dog"'
    """
    return f'"{escape(text, {chr(34): "&quot;"})}"'
