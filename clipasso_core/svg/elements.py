"""Walk the elements of an SVG and find the strokes that they draw: groups, clones, shapes, and how they look."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple, get_args
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from ..errors import ConfigError, SvgError
from ..stroke_groups import check_group_names
from ..strokes import PathText
from .css import Rgba, Style, StyleSheet
from .document import MAX_DEPTH, MAX_ELEMENTS, elements_by_id, local_name
from .group_elements import NAME as GROUP_NAME
from .held_line import HeldLine, held_line
from .numerals import shorten, to_length
from .path_data import PATH_DATA, TEXT, Effort
from .shapes import GROUPS, READABLE, UNREADABLE, rectangle, subpaths_of
from .viewport import Box, Matrix, Viewport, nested_viewport, parse_transform

Fills = Literal["refuse", "outline", "skip"]
FILLS: tuple[Fills, ...] = get_args(Fills)
"""What becomes of filled shapes without a stroke."""

MAX_DRAWN = 20_000
"""Most elements that are looked at for strokes, those that clones draw once more counted again."""

MAX_VISITED = 2 * MAX_ELEMENTS
"""Most elements that are come to, those that draw nothing and those of clones counted, too."""

_XLINK = "{http://www.w3.org/1999/xlink}href"
_KNOWN = frozenset((*GROUPS, *READABLE, *UNREADABLE, "use"))


class ReadStroke(NamedTuple):
    """A stroke as it lies on the canvas: points x + iy [3 S + 1] px; ``text`` is its path data where it holds there,
    ``group`` the name of its group."""

    points: NDArray[np.complex128]
    width: float
    rgba: Rgba
    text: PathText | None
    group: str | None = None


class _Place(NamedTuple):
    """Where an element stands.

    Args:
        matrix: user units -> canvas px.
        view: the visible part of user space.
        style: what is in force there.
        clones: the ids that the ``<use>`` elements around it name.
        depth: how deep it is nested, through clones too.
        group: the name of the group of strokes that it is in.
    """

    matrix: Matrix
    view: Box
    style: Style
    clones: frozenset[str] = frozenset()
    depth: int = 0
    group: str | None = None

    def inside(self, viewport: Viewport) -> _Place:
        """Return the place inside a nested viewport."""
        return self._replace(matrix=self.matrix @ viewport.matrix, view=viewport.view)


@dataclass
class ElementReader:
    """Walk a document, and count what becomes no stroke.

    Args:
        root: the ``<svg>``.
        sheet: the document's style sheet.
        page: where the ``<svg>`` lies on the canvas.
        fills: what becomes of filled shapes without a stroke.
        left_out: by name, what strokes cannot hold.
        outlined: filled shapes that became their outlines.
        skipped: filled shapes that were passed over.
    """

    root: ElementTree.Element
    sheet: StyleSheet
    page: Viewport
    fills: Fills = "refuse"
    left_out: set[str] = field(default_factory=set)
    outlined: int = 0
    skipped: int = 0
    _drawn: int = 0
    _visited: int = 0
    _effort: Effort = field(default_factory=Effort)

    def strokes(self) -> Iterator[ReadStroke]:
        """Yield the strokes of the document, in painter's order.

        Raises:
            SvgError: something that draws and cannot be read.
        """
        style = Style.initial().child("svg", self.root.attrib, self.sheet)
        if style.is_displayed:
            self.left_out.update(style.unread())
            if style.own.get("transform", "none") != "none":
                self.left_out.add("transform of the page")
            place = _Place(self.page.matrix, self.page.view, style)
            for child in self.root:
                yield from self._element(child, place)

    def _element(self, element: ElementTree.Element, outer: _Place) -> Iterator[ReadStroke]:
        """Yield the strokes of an element and of what it holds; ``outer`` is where its parent stands."""
        self._visit(element)
        tag = local_name(element)
        if tag not in _KNOWN:
            return
        self._count(outer)
        style = outer.style.child(tag, element.attrib, self.sheet)
        if not style.is_displayed:
            return
        matrix = outer.matrix @ _transform(style) if "transform" in style.own else outer.matrix
        if matrix.scale == 0:
            return  # SVG: what is squeezed flat is not drawn
        self.left_out.update(style.unread())
        place = _Place(matrix, outer.view, style, outer.clones, outer.depth + 1, _group(element, outer.group))
        if tag in UNREADABLE or tag in READABLE:
            yield from self._shape(element, tag, place) if style.is_visible else ()
        elif tag == "use":
            yield from self._clone(element, place)
        else:
            for child, where in self._held(element, tag, place):
                yield from self._element(child, where)

    def _visit(self, element: ElementTree.Element) -> None:
        """Count an element that is come to and what its attributes hold, as clones make many of few."""
        self._visited += 1
        if self._visited > MAX_VISITED:
            raise SvgError(f"The SVG comes to over {MAX_VISITED} elements, clones counted; simplify the drawing.")
        self._effort.spend(sum(len(name) + len(value) for name, value in element.attrib.items()) // TEXT)

    def _count(self, outer: _Place) -> None:
        """Stop before drawings that would never end."""
        self._drawn += 1
        if self._drawn > MAX_DRAWN:
            raise SvgError(f"The SVG draws over {MAX_DRAWN} elements, clones counted; simplify the drawing.")
        if outer.depth > MAX_DEPTH:
            raise SvgError(f"The SVG's elements are nested over {MAX_DEPTH} deep; ungroup the drawing.")

    def _held(
        self, element: ElementTree.Element, tag: str, place: _Place
    ) -> Iterator[tuple[ElementTree.Element, _Place]]:
        """Yield what a group draws, and where."""
        if tag == "switch":
            for child in element:
                self._visit(child)
                if local_name(child) is not None and _is_for_us(child):
                    yield child, place
                    return
            return
        inner = place.inside(nested_viewport(element.attrib, place.view)) if tag == "svg" else place
        yield from ((child, inner) for child in element)

    def _clone(self, element: ElementTree.Element, place: _Place) -> Iterator[ReadStroke]:
        """Yield the strokes of what a ``<use>`` names, drawn where the ``<use>`` stands."""
        name = element.get("href", element.get(_XLINK, "")).strip()
        if name and not name.startswith("#"):
            raise SvgError(
                f"A <use> names {shorten(name)!r}, which is outside this file; only '#id' is read. "
                "Save the drawing with everything in one file."
            )
        target = self._by_id.get(name[1:])
        if target is None:
            self.left_out.add("use of what is not there")
            return
        if name in place.clones:
            raise SvgError(f"The <use> of {shorten(name)!r} draws itself; unlink the clone.")
        place = place._replace(matrix=place.matrix @ _shift(element, place.view), clones=place.clones | {name})
        tag = local_name(target)
        if tag in ("symbol", "svg"):
            yield from self._viewport(element, target, tag, place)
        else:
            yield from self._element(target, place)

    def _viewport(
        self, clone: ElementTree.Element, target: ElementTree.Element, tag: str, place: _Place
    ) -> Iterator[ReadStroke]:
        """Yield the strokes of a ``<symbol>`` or ``<svg>``, of the size that its ``<use>`` says."""
        self._visit(target)
        self._count(place)
        style = place.style.child(tag, target.attrib, self.sheet)
        if not style.is_displayed:
            return
        self.left_out.update(style.unread())
        size: dict[str, str] = {key: value for key, value in clone.attrib.items() if key in ("width", "height")}
        viewport = nested_viewport({**target.attrib, **size}, place.view)
        placed = place._replace(matrix=place.matrix @ _transform(style), style=style, depth=place.depth + 1)
        inner = placed.inside(viewport)
        if inner.matrix.scale == 0:
            return
        for child in target:
            yield from self._element(child, inner)

    @cached_property
    def _by_id(self) -> dict[str, ElementTree.Element]:
        return elements_by_id(self.root)

    def _shape(self, element: ElementTree.Element, tag: str, place: _Place) -> Iterator[ReadStroke]:
        if tag in UNREADABLE:
            raise SvgError(f"The SVG holds a <{tag}>, which cannot be read as strokes. {UNREADABLE[tag]}.")
        if not place.style.is_painted:
            return
        held = held_line(element.attrib) if tag == "path" else None
        attributes: dict[str, str] = element.attrib if held is None else {**element.attrib, "d": held.data}
        subpaths = subpaths_of(tag, attributes, place.view, self._effort)
        pieces = list(itertools.islice(subpaths, 2))
        look = self._look(element, tag, place, held) if pieces else None
        if look is None:
            return
        width, rgba = look
        fixed = place.style.own.get("vector-effect") == "non-scaling-stroke"
        growth = self.page.scale if fixed else place.matrix.scale
        text = _path_text(tag, attributes, width) if len(pieces) == 1 and place.matrix == Matrix() else None
        for points in itertools.chain(pieces, subpaths):
            yield ReadStroke(place.matrix.apply_all(np.array(points)), width * growth, rgba, text, place.group)

    def _look(
        self, element: ElementTree.Element, tag: str, place: _Place, held: HeldLine | None
    ) -> tuple[float, Rgba] | None:
        """Return a shape's width (user units) and colour as a stroke, or None when it is none."""
        rgba, width = place.style.stroke(), place.style.stroke_width(place.view.diagonal)
        fill = None if tag == "line" else place.style.fill()
        if held is not None and held.width is not None:  # what is filled is the stroke itself
            rgba, width, fill = place.style.fill_even_if_unseen(), held.width, None
        if width < 0:
            raise SvgError(f"<{tag}> has stroke-width {width:g}; it must be 0 or more. Correct it.")
        if fill is not None and (rgba is None or rgba[3] <= 0 or width == 0):
            covers = tag == "rect" and self._is_background(rectangle(element.attrib, place.view), place.matrix)
            return None if covers else self._filled(tag, fill, width or 1.0)
        if rgba is None:
            return None
        if fill is not None:
            self.left_out.add("fill")
        return width, rgba

    def _filled(self, tag: str, fill: Rgba, width: float) -> tuple[float, Rgba] | None:
        """Do with a filled shape without a stroke as ``fills`` says."""
        if self.fills == "refuse":
            raise SvgError(
                f"A <{tag}> is filled and has no stroke: it is an outline, not a stroke. Give it a stroke and no fill, "
                "or trace the drawing by its centre lines (Inkscape: Path > Trace Bitmap > Centerline tracing)."
            )
        if self.fills == "skip":
            self.skipped += 1
            return None
        self.outlined += 1
        return width, fill

    def _is_background(self, box: Box, matrix: Matrix) -> bool:
        """Whether a rectangle covers the whole page (to half a px)."""
        if matrix.b or matrix.c:
            return False
        (left, top), (right, bottom) = _corners(box, matrix)
        (page_left, page_top), (page_right, page_bottom) = _corners(self.page.view, self.page.matrix)
        covers_x = left <= page_left + 0.5 and right >= page_right - 0.5
        return covers_x and top <= page_top + 0.5 and bottom >= page_bottom - 0.5


def _group(element: ElementTree.Element, outer: str | None) -> str | None:
    """Return the name of the group of strokes that an element is, or else of the one around it."""
    name = element.get(GROUP_NAME)
    if name is None:
        return outer
    try:
        return check_group_names([name])[0]
    except ConfigError as error:
        raise SvgError(f"The {GROUP_NAME} of an element is no name. {error}") from error


def _transform(style: Style) -> Matrix:
    transform = style.own.get("transform", "")
    if transform and "transform-origin" in style.own:
        raise SvgError("transform-origin cannot be read; write the transform about the origin, or save as plain SVG.")
    return parse_transform(transform)


def _is_for_us(element: ElementTree.Element) -> bool:
    """Whether a ``<switch>`` may choose an element: it asks for no extension and speaks English, or no language."""
    languages = element.get("systemLanguage", "en").replace(",", " ").split()
    return "requiredExtensions" not in element.attrib and any(one.split("-")[0] == "en" for one in languages)


def _shift(clone: ElementTree.Element, view: Box) -> Matrix:
    """Return the map that x and y of a ``<use>`` say."""
    if "x" not in clone.attrib and "y" not in clone.attrib:
        return Matrix()
    sides = (("x", view.width), ("y", view.height))
    x, y = (to_length(clone.get(name, "0"), side, f"<use> {name}") for name, side in sides)
    return Matrix(e=x, f=y)


def _path_text(tag: str, attributes: Mapping[str, str], width: float) -> PathText | None:
    data = attributes.get("d", "").strip()
    return PathText(data, width) if tag == "path" and re.fullmatch(PATH_DATA, data) else None


def _corners(box: Box, matrix: Matrix) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the upper left and the lower right corner of where a box goes."""
    one, other = (matrix.apply(complex(box.x + part * box.width, box.y + part * box.height)) for part in (0, 1))
    x, y = sorted((one.real, other.real)), sorted((one.imag, other.imag))
    return (x[0], y[0]), (x[1], y[1])
