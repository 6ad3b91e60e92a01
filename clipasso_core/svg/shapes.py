"""The shapes that can be read as strokes, and the names of those that cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from ..errors import SvgError
from .numerals import to_array, to_length
from .path_data import ROW, Effort, parse_path
from .path_pen import MAX_SEGMENTS, Pen, Subpath, too_many_segments
from .viewport import Box

GROUPS = ("g", "a", "svg", "switch")
"""Elements that only hold others."""

UNREADABLE = {
    "text": "Convert it to a path first (Inkscape: Path > Object to Path)",
    "image": "Delete it, or trace it first (Inkscape: Path > Trace Bitmap)",
    "foreignObject": "Delete it, or save the drawing as plain SVG",
}
"""Elements that draw and cannot be read -> what to do about them. All others draw nothing."""


def subpaths_of(tag: str, attributes: Mapping[str, str], view: Box, effort: Effort) -> Iterator[Subpath]:
    """Yield the curves of a readable shape, in its own user units, from where SVG 2 says that they start.

    Args:
        tag: one of READABLE.
        attributes: of the element.
        view: what percentages refer to.
        effort: counts the commands of all path data of a drawing, and the points.

    Raises:
        SvgError: coordinates that cannot be read, negative sizes, or paths that take too long.
    """
    if tag == "path":
        yield from parse_path(attributes.get("d", ""), effort)
        return
    pen = Pen()
    _DRAW[tag](pen, attributes, view)
    if drawn := pen.take():
        effort.spend(len(drawn) // (3 * ROW))
        yield drawn


def rectangle(attributes: Mapping[str, str], view: Box) -> Box:
    """Return where a ``<rect>`` lies, user units."""
    width, height = (_size(attributes, "rect", *side) for side in (("width", view.width), ("height", view.height)))
    return Box(*_point(attributes, "rect", ("x", "y"), view), width or 0.0, height or 0.0)


def _draw_line(pen: Pen, attributes: Mapping[str, str], view: Box) -> None:
    pen.move(complex(*_point(attributes, "line", ("x1", "y1"), view)))
    pen.line(complex(*_point(attributes, "line", ("x2", "y2"), view)))


def _draw_polyline(pen: Pen, attributes: Mapping[str, str], _view: Box, tag: str = "polyline") -> None:
    values = to_array(attributes.get("points", ""), f"<{tag}> points")
    if len(values) % 2:
        raise SvgError(f"<{tag}> points must be pairs of x and y, got {len(values)} numbers. Correct it.")
    points = values.view(np.complex128)
    if len(points) > MAX_SEGMENTS:
        raise too_many_segments()
    if not len(points):
        return
    pen.move(complex(points[0]))
    if len(points) > 1:
        pen.lines(points[1:])
    if tag == "polygon":
        pen.close()


def _draw_polygon(pen: Pen, attributes: Mapping[str, str], view: Box) -> None:
    _draw_polyline(pen, attributes, view, "polygon")


def _draw_rectangle(pen: Pen, attributes: Mapping[str, str], view: Box) -> None:
    """Draw clockwise from the upper left; a corner's radius that is not given is as the other one."""
    x, y, width, height = box = rectangle(attributes, view)
    if not (width and height):
        return
    rx, ry = _radii(attributes, "rect", view)
    rx, ry = min(rx, width / 2), min(ry, height / 2)
    low, high = complex(x, y), complex(x + width, y + height)
    if not (rx and ry):
        pen.move(low)
        for to in (complex(high.real, low.imag), high, complex(low.real, high.imag)):
            pen.line(to)
        pen.close()
        return
    _draw_rounded(pen, box, rx, ry)


def _draw_rounded(pen: Pen, box: Box, rx: float, ry: float) -> None:
    x, y, right, bottom = box.x, box.y, box.x + box.width, box.y + box.height
    pen.move(complex(x + rx, y))
    for line_to, arc_to in (
        (complex(right - rx, y), complex(right, y + ry)),
        (complex(right, bottom - ry), complex(right - rx, bottom)),
        (complex(x + rx, bottom), complex(x, bottom - ry)),
        (complex(x, y + ry), complex(x + rx, y)),
    ):
        if line_to != pen.position:
            pen.line(line_to)
        pen.arc(rx, ry, 0, False, True, arc_to)
    pen.close()


def _draw_circle(pen: Pen, attributes: Mapping[str, str], view: Box) -> None:
    radius = _size(attributes, "circle", "r", view.diagonal) or 0.0
    _draw_round(pen, complex(*_point(attributes, "circle", ("cx", "cy"), view)), radius, radius)


def _draw_ellipse(pen: Pen, attributes: Mapping[str, str], view: Box) -> None:
    centre = complex(*_point(attributes, "ellipse", ("cx", "cy"), view))
    _draw_round(pen, centre, *_radii(attributes, "ellipse", view))


def _draw_round(pen: Pen, centre: complex, rx: float, ry: float) -> None:
    """Draw clockwise from the right."""
    if not (rx and ry):
        return
    pen.move(centre + rx)
    for to in (centre + 1j * ry, centre - rx, centre - 1j * ry, centre + rx):
        pen.arc(rx, ry, 0, False, True, to)


def _point(attributes: Mapping[str, str], tag: str, names: tuple[str, str], view: Box) -> tuple[float, float]:
    x, y = (
        to_length(attributes.get(name, "0"), whole, f"<{tag}> {name}")
        for name, whole in zip(names, (view.width, view.height), strict=True)
    )
    return x, y


def _radii(attributes: Mapping[str, str], tag: str, view: Box) -> tuple[float, float]:
    rx, ry = (_size(attributes, tag, *side) for side in (("rx", view.width), ("ry", view.height)))
    return (rx if rx is not None else ry or 0.0), (ry if ry is not None else rx or 0.0)


def _size(attributes: Mapping[str, str], tag: str, name: str, whole: float) -> float | None:
    """Return a length that may not be negative, or None where it is "auto" or not given."""
    text = attributes.get(name, "auto").strip()
    if text == "auto":
        return None
    size = to_length(text, whole, f"<{tag}> {name}")
    if size < 0:
        raise SvgError(f"<{tag}> {name} is {size:g}; it must be 0 or more. Correct it.")
    return size


_DRAW: dict[str, Callable[[Pen, Mapping[str, str], Box], None]] = {
    "line": _draw_line,
    "polyline": _draw_polyline,
    "polygon": _draw_polygon,
    "rect": _draw_rectangle,
    "circle": _draw_circle,
    "ellipse": _draw_ellipse,
}

READABLE = ("path", *_DRAW)
"""Shapes that become strokes."""
