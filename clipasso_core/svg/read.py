"""Read the strokes of an SVG, safely: no entities, no bombs, no files from elsewhere."""

from __future__ import annotations

import itertools
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple
from xml.etree import ElementTree
from xml.parsers import expat

import numpy as np
import torch
from numpy.typing import NDArray

from ..errors import SvgError
from ..strokes import MAX_STROKES, PathText, Strokes
from .css import Rgba, Style, StyleSheet
from .path_data import MAX_SEGMENTS, Subpath
from .shapes import GROUPS, READABLE, UNREADABLE, rectangle, subpaths_of
from .viewport import Box, Matrix, Viewport, nested_viewport, parse_transform, root_viewport

MAX_COORDINATE = 1e6
"""Largest coordinate or width in canvas px."""

MAX_BYTES = 32 * 1024 * 1024
"""Largest file that is read."""

MAX_DEPTH = 200
"""Deepest nesting of elements."""

MAX_ELEMENTS = 500_000
"""Most elements in a file."""

PATH_DATA = "[Mm][-+0-9.,eE MmZzLlHhVvCcSsQqTtAa]*"
"""The form of path data that is kept as it is: on one line, and without anything that XML would have to escape."""

_NAMESPACE = "{http://www.w3.org/2000/svg}"

log = logging.getLogger(__name__)


def from_svg(data: str | bytes, canvas_size: tuple[int, int] | None = None) -> Strokes:
    """Read an SVG's stroked paths, lines, polylines and polygons as strokes.

    Everything becomes joined cubics; shorter strokes are padded at their end with segments of no length.
    Widths grow by the geometric mean of both axes' scales. Caps and joins become round. The fill of shapes
    that are stroked too, dashes, clips, masks and filters are left out, with a warning in the log.

    Args:
        data: the text or the bytes of an SVG.
        canvas_size: (height, width) px to fit the drawing into, whole and centred; None for the SVG's own
            size, rounded up.

    Returns:
        One sketch (B = 1), all strokes alive, float32. A path of one piece that the page shows as it is, without a
        transform, has a ``PathText``.

    Raises:
        ConfigError: canvas_size out of range.
        SvgError: not a whole SVG, no strokes or over 4096, filled outlines, shapes that cannot be read,
            entity declarations, malformed or too large numbers, no size.

    >>> drawing = '<svg width="9" height="5"><line x1="1" x2="4" stroke="red" stroke-width="2"/></svg>'
    >>> strokes = from_svg(drawing)
    >>> strokes.canvas_size, strokes.control_points[0, 0, :, 0].tolist(), strokes.stroke_width.item()
    ((5, 9), [1.0, 2.0, 3.0, 4.0], 2.0)
    """
    root = parse_document(data)
    viewport, canvas_size = root_viewport(root.attrib, canvas_size)
    texts = ["".join(element.itertext()) for element in root.iter() if local_name(element) == "style"]
    reader = _Reader(StyleSheet(texts), viewport)
    strokes = _gather(reader.strokes_in(root))
    if reader.left_out:
        log.warning("Left out of the SVG, for strokes cannot hold it: %s.", ", ".join(sorted(reader.left_out)))
    return _assemble(strokes, canvas_size)


class _Stroke(NamedTuple):
    points: Subpath
    width: float
    rgba: Rgba
    text: PathText | None


class _Place(NamedTuple):
    """Where an element stands: the map to the canvas, the visible part of user space, the style."""

    matrix: Matrix
    view: Box
    style: Style

    def within(self, element: ElementTree.Element) -> _Place:
        """Return the place inside a nested ``<svg>``."""
        inner = nested_viewport(element.attrib, self.view)
        return _Place(self.matrix @ inner.matrix, inner.view, self.style)


@dataclass
class _Reader:
    """Walk a document; left_out gathers what strokes cannot hold."""

    sheet: StyleSheet
    page: Viewport
    left_out: set[str] = field(default_factory=set)

    def strokes_in(self, root: ElementTree.Element) -> Iterator[_Stroke]:
        """Yield the strokes of the document, in painter's order."""
        style = Style.initial().child("svg", root.attrib, self.sheet)
        if style.is_displayed:
            self.left_out.update(style.unread())
            if style.own.get("transform", "none") != "none":
                self.left_out.add("transform of the page")
            place = _Place(self.page.matrix, self.page.view, style)
            for child in root:
                yield from self._element(child, place)

    def _element(self, element: ElementTree.Element, outer: _Place) -> Iterator[_Stroke]:
        """Yield the strokes of an element and of what it holds; ``outer`` is where its parent stands."""
        tag = local_name(element)
        if tag is None or tag not in (*GROUPS, *READABLE, *UNREADABLE):
            return
        style = outer.style.child(tag, element.attrib, self.sheet)
        if not style.is_displayed:
            return
        matrix = outer.matrix @ self._transform(style)
        if matrix.scale == 0:
            return  # SVG: what is squeezed flat is not drawn
        self.left_out.update(style.unread())
        place = _Place(matrix, outer.view, style)
        if tag in GROUPS:
            inside = place.within(element) if tag == "svg" else place
            for child in element:
                yield from self._element(child, inside)
        elif style.is_visible and tag in UNREADABLE:
            self._refuse(element, tag, place)
        elif style.is_visible:
            yield from self._shape(element, tag, place)

    def _shape(self, element: ElementTree.Element, tag: str, place: _Place) -> Iterator[_Stroke]:
        rgba, width = place.style.stroke(), place.style.stroke_width(place.view.diagonal)
        if width < 0:
            raise SvgError(f"<{tag}> has stroke-width {width:g}; it must be 0 or more. Correct it.")
        filled = tag != "line" and place.style.is_filled
        if filled and (rgba is None or width == 0):
            raise SvgError(
                f"A <{tag}> is filled and has no stroke: it is an outline, not a stroke. Give it a stroke and no fill, "
                "or trace the drawing by its centre lines (Inkscape: Path > Trace Bitmap > Centerline tracing)."
            )
        if rgba is None:
            return
        if filled:
            self.left_out.add("fill")
        growth = 1.0 if place.style.own.get("vector-effect") == "non-scaling-stroke" else place.matrix.scale
        subpaths = subpaths_of(tag, element.attrib, place.view)
        pieces = list(itertools.islice(subpaths, 2))
        text = _path_text(element, width) if len(pieces) == 1 and place.matrix == Matrix() else None
        for points in itertools.chain(pieces, subpaths):
            yield _Stroke([place.matrix.apply(point) for point in points], width * growth, rgba, text)

    def _refuse(self, element: ElementTree.Element, tag: str, place: _Place) -> None:
        """Raise for an element that draws and cannot be read; pass over frames and plain backgrounds."""
        if tag in ("rect", "circle", "ellipse") and place.style.stroke() is None:
            if not place.style.is_filled:
                return
            if tag == "rect" and self._is_background(rectangle(element.attrib, place.view), place.matrix):
                return
        raise SvgError(f"The SVG holds a <{tag}>, which cannot be read as strokes. {UNREADABLE[tag]}.")

    def _is_background(self, box: Box, matrix: Matrix) -> bool:
        """Whether a rectangle covers the whole page (to half a px)."""
        if matrix.b or matrix.c:
            return False
        low, high = _corners(box, matrix)
        page_low, page_high = _corners(self.page.view, self.page.matrix)
        return bool(np.all(low <= page_low + 0.5) and np.all(high >= page_high - 0.5))

    @staticmethod
    def _transform(style: Style) -> Matrix:
        transform = style.own.get("transform", "")
        if transform and "transform-origin" in style.own:
            raise SvgError(
                "transform-origin cannot be read; write the transform about the origin, or save as plain SVG."
            )
        return parse_transform(transform)


def _path_text(element: ElementTree.Element, width: float) -> PathText | None:
    data = element.attrib.get("d", "").strip()
    return PathText(data, width) if local_name(element) == "path" and re.fullmatch(PATH_DATA, data) else None


def _corners(box: Box, matrix: Matrix) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    ends = [matrix.apply(complex(box.x, box.y)), matrix.apply(complex(box.x + box.width, box.y + box.height))]
    corners = np.array([[end.real, end.imag] for end in ends])
    return corners.min(axis=0), corners.max(axis=0)


def _gather(strokes: Iterator[_Stroke]) -> list[_Stroke]:
    """Return the strokes as a list, or stop as soon as they are too much."""
    gathered: list[_Stroke] = []
    longest = 0
    for stroke in strokes:
        gathered.append(stroke)
        longest = max(longest, len(stroke.points) // 3)
        if len(gathered) > MAX_STROKES:
            raise SvgError(f"The SVG has over {MAX_STROKES} strokes; a sketch has at most that many. Simplify it.")
        if len(gathered) * longest > MAX_SEGMENTS:
            raise SvgError(
                f"The strokes have over {MAX_SEGMENTS} segments when all are padded to the longest, of {longest}. "
                "Break up the longest path, or simplify the drawing."
            )
    return gathered


def _assemble(strokes: list[_Stroke], canvas_size: tuple[int, int]) -> Strokes:
    """Pad the strokes to one length and make tensors of them."""
    if not strokes:
        raise SvgError("The SVG holds no strokes: no path, line, polyline or polygon with a stroke colour is visible.")
    longest = max(len(stroke.points) for stroke in strokes)
    padded = np.array([stroke.points + stroke.points[-1:] * (longest - len(stroke.points)) for stroke in strokes])
    points = np.stack([padded.real, padded.imag], axis=-1)
    width = np.array([stroke.width for stroke in strokes])
    if not (np.all(np.abs(points) <= MAX_COORDINATE) and np.all(width <= MAX_COORDINATE)):
        raise SvgError(
            f"The SVG has coordinates or widths over {MAX_COORDINATE:g} px, or that are no numbers. Scale it down."
        )
    color = np.array([stroke.rgba for stroke in strokes])
    tensors = [torch.from_numpy(values).to(torch.float32)[None] for values in (points, width, color)]
    alive = torch.ones(1, len(strokes), dtype=torch.bool)
    texts = tuple(stroke.text for stroke in strokes)
    return Strokes(tensors[0], tensors[1], tensors[2], alive, canvas_size, path_texts=texts)


def parse_document(data: str | bytes) -> ElementTree.Element:
    """Return the root of an SVG document.

    Args:
        data: the text, or the bytes of the file.

    Raises:
        SvgError: too large, compressed, not XML, truncated, no SVG, nested too deep, or with an entity declaration.
    """
    raw, encoding = _bytes(data)
    if len(raw) > MAX_BYTES:
        raise SvgError(f"The SVG has {len(raw) / 2**20:.1f} MB; at most {MAX_BYTES // 2**20} MB are read. Simplify it.")
    if raw[:2] == b"\x1f\x8b":
        raise SvgError("The SVG is compressed (.svgz); unpack it first, or save it as plain SVG.")
    try:
        _scan(raw, encoding)
        root = ElementTree.fromstring(raw, ElementTree.XMLParser(encoding=encoding))
    except SvgError:
        raise
    except (expat.ExpatError, ElementTree.ParseError, LookupError, ValueError) as error:
        raise SvgError(f"This is no whole SVG file (not XML, damaged or truncated): {error}. Save it anew.") from error
    if local_name(root) != "svg":
        raise SvgError(
            f"The SVG's first element must be <svg>, got <{root.tag.rpartition('}')[2]}>. Choose an SVG file."
        )
    return root


def local_name(element: ElementTree.Element) -> str | None:
    """Return an element's SVG name without namespace, or None for an element that is not SVG's.

    >>> local_name(parse_document('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'))
    'svg'
    """
    if element.tag.startswith(_NAMESPACE):
        return element.tag[len(_NAMESPACE) :]
    return None if element.tag.startswith("{") else element.tag


def _bytes(data: str | bytes) -> tuple[bytes, str | None]:
    """Return the bytes, and their encoding where the text itself does not decide."""
    if isinstance(data, bytes):
        return data, None
    return data.encode("utf-8", "replace"), "utf-8"


def _scan(raw: bytes, encoding: str | None) -> None:
    """Read through the file once, keeping nothing, and stop at whatever could harm."""
    parser = expat.ParserCreate(encoding)
    depth = count = 0

    def open_element(_name: str, _attributes: dict[str, str]) -> None:
        nonlocal depth, count
        depth, count = depth + 1, count + 1
        if depth > MAX_DEPTH:
            raise SvgError(f"The SVG's elements are nested over {MAX_DEPTH} deep; ungroup the drawing.")
        if count > MAX_ELEMENTS:
            raise SvgError(f"The SVG has over {MAX_ELEMENTS} elements; simplify the drawing.")

    def close_element(_name: str) -> None:
        nonlocal depth
        depth -= 1

    def refuse_entity(name: str, *_rest: object) -> None:
        raise SvgError(
            f"The SVG declares the entity {name!r}, which could blow up or read other files; such SVGs are not read. "
            "Save it as plain SVG without a DOCTYPE."
        )

    parser.StartElementHandler = open_element
    parser.EndElementHandler = close_element
    parser.EntityDeclHandler = refuse_entity
    parser.Parse(raw, True)
