"""Read the strokes of an SVG."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np
import torch
from numpy.typing import NDArray

from ..errors import SvgError
from ..strokes import MAX_STROKES, Strokes
from .colour import Rgba
from .document import local_name, parse_document
from .pen import MAX_SEGMENTS, Subpath
from .shapes import GROUPS, READABLE, UNREADABLE, rectangle, subpaths_of
from .style import Style
from .style_sheet import StyleSheet
from .transform import Matrix, parse_transform
from .viewport import Box, nested_viewport, root_viewport

MAX_COORDINATE = 1e6
"""Largest coordinate or width in canvas px."""

_LOGGER = logging.getLogger(__name__)


class _Stroke(NamedTuple):
    points: Subpath
    width: float
    rgba: Rgba


class _Place(NamedTuple):
    """Where an element stands: the map to the canvas, the visible part of user space, the style."""

    matrix: Matrix
    view: Box
    style: Style


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
        One sketch (B = 1), all strokes alive, float32.

    Raises:
        ConfigError: canvas_size out of range.
        SvgError: not a whole SVG, no strokes or over 4096, filled outlines, shapes that cannot be read,
            entity declarations, numbers that are no numbers or too large, no size.
    """
    root = parse_document(data)
    viewport, canvas_size = root_viewport(root.attrib, canvas_size)
    texts = ["".join(element.itertext()) for element in root.iter() if local_name(element) == "style"]
    reader = _Reader(StyleSheet(texts), viewport.matrix, viewport.view)
    style = Style.initial().child("svg", root.attrib, reader.sheet)
    strokes: list[_Stroke] = []
    if style.is_displayed:
        for stroke in reader.children(root, _Place(viewport.matrix, viewport.view, style)):
            strokes.append(stroke)
            if len(strokes) > MAX_STROKES:
                raise SvgError(f"The SVG has over {MAX_STROKES} strokes; a sketch has at most that many. Simplify it.")
    if reader.left_out:
        _LOGGER.warning("Left out of the SVG, for strokes cannot hold it: %s.", ", ".join(sorted(reader.left_out)))
    return _assemble(strokes, canvas_size)


@dataclass
class _Reader:
    """Walk a document; left_out gathers what strokes cannot hold."""

    sheet: StyleSheet
    page_matrix: Matrix
    page: Box
    left_out: set[str] = field(default_factory=set)

    def children(self, parent: ElementTree.Element, place: _Place) -> Iterator[_Stroke]:
        """Yield the strokes inside an element, in painter's order."""
        for element in parent:
            tag = local_name(element)
            if tag is None or tag not in (*GROUPS, *READABLE, *UNREADABLE):
                continue
            style = place.style.child(tag, element.attrib, self.sheet)
            if not style.is_displayed:
                continue
            matrix = place.matrix @ self._transform(style)
            if matrix.scale == 0:
                continue  # SVG: what is squeezed flat is not drawn
            self.left_out.update(style.unread())
            yield from self._element(element, tag, _Place(matrix, place.view, style))

    def _element(self, element: ElementTree.Element, tag: str, place: _Place) -> Iterator[_Stroke]:
        if tag == "svg":
            inner = nested_viewport(element.attrib, place.view)
            yield from self.children(element, _Place(place.matrix @ inner.matrix, inner.view, place.style))
        elif tag in GROUPS:
            yield from self.children(element, place)
        elif place.style.is_visible and tag in UNREADABLE:
            self._refuse(element, tag, place)
        elif place.style.is_visible:
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
        for points in subpaths_of(tag, element.attrib, place.view):
            yield _Stroke([place.matrix.apply(point) for point in points], width * growth, rgba)

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
        page_low, page_high = _corners(self.page, self.page_matrix)
        return bool(np.all(low <= page_low + 0.5) and np.all(high >= page_high - 0.5))

    @staticmethod
    def _transform(style: Style) -> Matrix:
        transform = style.own.get("transform", "")
        if transform and "transform-origin" in style.own:
            raise SvgError(
                "transform-origin cannot be read; write the transform about the origin, or save as plain SVG."
            )
        return parse_transform(transform)


def _corners(box: Box, matrix: Matrix) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    ends = [matrix.apply(complex(box.x, box.y)), matrix.apply(complex(box.x + box.width, box.y + box.height))]
    corners = np.array([[end.real, end.imag] for end in ends])
    return corners.min(axis=0), corners.max(axis=0)


def _assemble(strokes: list[_Stroke], canvas_size: tuple[int, int]) -> Strokes:
    """Pad the strokes to one length and make tensors of them."""
    if not strokes:
        raise SvgError("The SVG holds no strokes: no path, line, polyline or polygon with a stroke colour is visible.")
    longest = max(len(stroke.points) for stroke in strokes)
    if len(strokes) * longest > 3 * MAX_SEGMENTS:
        raise SvgError(
            f"{len(strokes)} strokes, the longest of {longest // 3} segments, are too much; at most {MAX_SEGMENTS} "
            "segments fit when all are padded to the longest. Break up the longest path, or simplify it."
        )
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
    return Strokes(tensors[0], tensors[1], tensors[2], alive, canvas_size)
