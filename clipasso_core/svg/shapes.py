"""The shapes that can be read as strokes, and the names of those that cannot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..errors import SvgError
from .numerals import to_length, to_numbers
from .path_data import Pen, Subpath, parse_path
from .viewport import Box

READABLE = ("path", "line", "polyline", "polygon")
"""Shapes that become strokes."""

GROUPS = ("g", "a", "svg")
"""Elements that only hold others."""

_TO_PATH = "Convert it to a path first (Inkscape: Path > Object to Path)"
UNREADABLE = {
    "circle": _TO_PATH,
    "ellipse": _TO_PATH,
    "rect": _TO_PATH,
    "text": _TO_PATH,
    "image": "Delete it, or trace it first (Inkscape: Path > Trace Bitmap)",
    "use": "Unlink the clone first (Inkscape: Edit > Clone > Unlink Clone)",
    "switch": "Ungroup it, or save the drawing as plain SVG",
    "foreignObject": "Delete it, or save the drawing as plain SVG",
}
"""Elements that draw and cannot be read -> what to do about them. All others draw nothing."""


def subpaths_of(tag: str, attributes: Mapping[str, str], view: Box) -> Iterator[Subpath]:
    """Yield the curves of a readable shape, in its own user units.

    Args:
        tag: one of READABLE.
        attributes: of the element.
        view: what percentages refer to.

    Raises:
        SvgError: coordinates that cannot be read.
    """
    if tag == "path":
        yield from parse_path(attributes.get("d", ""))
        return
    pen = Pen()
    if tag == "line":
        _draw_line(pen, attributes, view)
    else:
        _draw_polyline(pen, tag, attributes.get("points", ""))
    if drawn := pen.take():
        yield drawn


def rectangle(attributes: Mapping[str, str], view: Box) -> Box:
    """Return where a ``<rect>`` lies, user units."""
    wholes = {"x": view.width, "y": view.height, "width": view.width, "height": view.height}
    return Box(*(to_length(attributes.get(name, "0"), whole, f"<rect> {name}") for name, whole in wholes.items()))


def _draw_line(pen: Pen, attributes: Mapping[str, str], view: Box) -> None:
    wholes = {"x1": view.width, "y1": view.height, "x2": view.width, "y2": view.height}
    ends = [to_length(attributes.get(name, "0"), whole, f"<line> {name}") for name, whole in wholes.items()]
    pen.move(complex(ends[0], ends[1]))
    pen.line(complex(ends[2], ends[3]))


def _draw_polyline(pen: Pen, tag: str, text: str) -> None:
    values = to_numbers(text, f"<{tag}> points")
    if len(values) % 2:
        raise SvgError(f"<{tag}> points must be pairs of x and y, got {len(values)} numbers. Correct it.")
    points = [complex(*values[i : i + 2]) for i in range(0, len(values), 2)]
    for draw, point in zip([pen.move] + [pen.line] * (len(points) - 1), points, strict=False):
        draw(point)
    if tag == "polygon" and points:
        pen.close()
