"""Pages: a sheet of paper in mm, and where on it sketches lie."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, get_args

import numpy as np
import torch
from torch import Tensor

from ..errors import ConfigError, ShapeError, check_choice, check_range
from ..strokes import Strokes
from ..svg.numerals import PX_PER_UNIT
from ..transform import ink_bounds
from .paths import DECIMALS, PenPath, Points, without_padding

PAGE_SIZES = {
    "a6": (105.0, 148.0),
    "a5": (148.0, 210.0),
    "a4": (210.0, 297.0),
    "a3": (297.0, 420.0),
    "letter": (215.9, 279.4),
    "legal": (215.9, 355.6),
    "tabloid": (279.4, 431.8),
}
"""(width, height) in mm of each name, upright."""

Align = Literal["top-left", "top", "top-right", "left", "center", "right", "bottom-left", "bottom", "bottom-right"]
ALIGNS: tuple[Align, ...] = get_args(Align)
"""Where a drawing lies in the room that it has."""

LEAST_SIDE, LARGEST_SIDE = 10.0, 2000.0
"""mm of a page's side."""

LEAST_WIDTH = 10.0**-DECIMALS
"""mm, of a line."""

_SIZE = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)\s*[x×]\s*([0-9]{1,6}(?:\.[0-9]{1,6})?)\s*(mm|cm|in)?")
_PX_PER_MM = PX_PER_UNIT["mm"]


@dataclass(frozen=True)
class Page:
    """Hold a sheet of paper and where drawings lie on it.

    Args:
        width: mm.
        height: mm.
        margin: mm on every side that stay free of ink, and between the sketches of a grid.
        align: where a drawing lies in the room that it has.

    Raises:
        ConfigError: a value is out of range, or the margin leaves no room.

    >>> Page(210, 297, margin=20).size
    (210, 297)
    >>> Page(210, 297, margin=105)
    Traceback (most recent call last):
    clipasso_core.errors.ConfigError: margin 105 mm leaves no room on a page of 210 x 297 mm. Make it smaller.
    """

    width: float = 210.0
    height: float = 297.0
    margin: float = 10.0
    align: Align = "center"

    def __post_init__(self) -> None:
        check_range("The page's width in mm", self.width, LEAST_SIDE, LARGEST_SIDE)
        check_range("The page's height in mm", self.height, LEAST_SIDE, LARGEST_SIDE)
        check_range("margin", self.margin, 0, LARGEST_SIDE)
        check_choice("align", self.align, ALIGNS)
        if min(self.size) - 2 * self.margin < 1:
            raise ConfigError(f"margin {self.margin:g} mm leaves no room on a page of {self}. Make it smaller.")

    def __str__(self) -> str:
        return f"{self.width:g} x {self.height:g} mm"

    @classmethod
    def named(cls, name: str, landscape: bool = False, margin: float = 10.0, align: Align = "center") -> Page:
        """Return the page of a name of ``PAGE_SIZES``, or of a size such as 210x297mm, 21x29.7cm or 8.5x11in.

        Args:
            name: either; a size without a unit is in mm.
            landscape: lay it on its side: width and height change places where it is upright.
            margin: mm.
            align: where a drawing lies.

        Raises:
            ConfigError: no such name and no size, or a value out of range.

        >>> Page.named("A5", landscape=True).size, Page.named("8.5x11in").size
        ((210.0, 148.0), (215.9, 279.4))
        """
        width, height = _page_size(name)
        if landscape and width < height:
            width, height = height, width
        return cls(width, height, margin, align)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in mm."""
        return self.width, self.height

    @property
    def canvas_size(self) -> tuple[int, int]:
        """(height, width) px of the canvas that ``from_svg`` makes of this page."""
        return math.ceil(self.height * _PX_PER_MM - 1e-6), math.ceil(self.width * _PX_PER_MM - 1e-6)


class Grid(NamedTuple):
    """How many sketches lie beside and under each other on a page."""

    columns: int = 1
    rows: int = 1

    @classmethod
    def named(cls, text: str) -> Grid:
        """Return the grid of a text such as 2x3: 2 columns of 3 rows.

        Raises:
            ConfigError: something else stands there, or over 100 either way.

        >>> Grid.named("2x3")
        Grid(columns=2, rows=3)
        """
        match = re.fullmatch(r"\s*([0-9]{1,3})\s*[x×]\s*([0-9]{1,3})\s*", text)
        if match is None or not all(1 <= int(number) <= 100 for number in match.groups()):
            raise ConfigError(f"grid must be columns x rows of 1 to 100 each, such as 2x3, got {text!r}.")
        return cls(*map(int, match.groups()))


def place(
    drawings: Sequence[Strokes], page: Page, grid: Grid | None = None, pen_width: float | None = None
) -> list[PenPath]:
    """Lay sketches on a page, as large as the room allows.

    What is fitted is the ink, not the canvas: no line comes nearer to the page's edge than the margin. The sketches of
    one batch keep one scale and one place in their cells, so that levels of one sketch can be compared. A single
    drawing whose canvas is this very page, as that of a page read again, stays where it is.

    Args:
        drawings: batches of sketches, all of whose sketches are laid out; dead strokes are left out, and those that
            are not seen, of no width or opacity.
        page: the page.
        grid: cells, filled row by row; None for a single sketch.
        pen_width: mm that all lines are wide; None keeps the drawn widths, which grow with the drawing.

    Returns:
        The paths of all sketches, in drawing order, in mm rounded to ``DECIMALS``.

    Raises:
        ConfigError: more sketches than cells, a pen too wide, or cells without room.
        ShapeError: there is nothing to lay out, or a point or a width is not finite.

    >>> import torch
    >>> arch = Strokes.black(torch.tensor([[[[0.0, 9], [3, 0], [6, 0], [9, 9]]]]), (9, 9))
    >>> place([arch], Page(100, 100), pen_width=0.5)[0].ends.tolist()
    [[10.25, 79.812], [89.75, 79.812]]
    """
    if pen_width is not None:
        check_range("pen_width in mm", pen_width, LEAST_WIDTH, 100)
    drawings = [replace(one, alive=one.alive & ~_unseen(one)) for one in drawings]
    count = sum(one.batch_size for one in drawings)
    _check_drawings(drawings, count, grid)
    if count == 1 and grid is None and drawings[0].canvas_size == page.canvas_size:
        return list(_paths(drawings[0], 0, 1 / _PX_PER_MM, np.zeros(2), pen_width))
    cells = _cells(page, grid or Grid())
    placed: list[PenPath] = []
    for strokes in drawings:
        window = _window(strokes, pen_width)
        for index in range(strokes.batch_size):
            scale, shift = _fit(window, next(cells), page.align, pen_width or 0.0, strokes.canvas_size)
            placed += _paths(strokes, index, scale, shift, pen_width)
    return placed


def _unseen(strokes: Strokes) -> Tensor:
    """[B, N] bool, the strokes of no width, or of an opacity that is written as 0; NaN is neither."""
    return (strokes.stroke_width <= 0) | (strokes.color[..., 3] < 0.5 * 10.0**-DECIMALS)


def _page_size(name: str) -> tuple[float, float]:
    if name.strip().lower() in PAGE_SIZES:
        return PAGE_SIZES[name.strip().lower()]
    match = _SIZE.fullmatch(name.strip().lower())
    if match is None:
        known = ", ".join(PAGE_SIZES)
        raise ConfigError(f"page must be one of {known}, or a size such as 210x297mm or 8.5x11in, got {name!r}.")
    mm = PX_PER_UNIT[match.group(3) or "mm"] / _PX_PER_MM
    width, height = (round(float(number) * mm, DECIMALS) for number in match.group(1, 2))
    return width, height


def _check_drawings(drawings: Sequence[Strokes], count: int, grid: Grid | None) -> None:
    if not any(bool(one.alive.any()) for one in drawings):
        raise ShapeError("There are no strokes to lay on a page. Give a drawing that has some.")
    for one in drawings:
        values = (one.control_points[one.alive], one.stroke_width[one.alive], one.color[one.alive])
        if not all(bool(value.isfinite().all()) for value in values):
            raise ShapeError("The strokes hold NaN or infinite values; check what made them.")
    cells = 1 if grid is None else grid.columns * grid.rows
    if count > cells:
        room = "A page without a grid has room for one" if grid is None else f"A grid of {cells} has no room for them"
        raise ConfigError(f"{count} sketches are to lie on a page. {room}: give a larger grid, such as 2x3.")


def _cells(page: Page, grid: Grid) -> Iterator[Points]:
    """Yield the corners [2, 2] mm of the grid's cells, row by row, a margin between them."""
    number = np.array(grid, dtype=np.float64)
    side = (np.array(page.size) - page.margin * (number + 1)) / number
    if side.min() < 1:
        raise ConfigError(
            f"A grid of {grid.columns} x {grid.rows} with a margin of {page.margin:g} mm leaves no room on a page of "
            f"{page}. Take a smaller margin or fewer cells."
        )
    for row in range(grid.rows):
        for column in range(grid.columns):
            corner = page.margin + np.array([column, row]) * (side + page.margin)
            yield np.stack([corner, corner + side])


def _window(strokes: Strokes, pen_width: float | None) -> Points:
    """Return the corners [2, 2] px of the box around the ink of all sketches, or around its centre lines with a pen."""
    drawn = strokes.detach().to("cpu", torch.float64)
    if pen_width is not None:
        drawn = replace(drawn, stroke_width=torch.zeros_like(drawn.stroke_width))
    bounds = ink_bounds(drawn)[drawn.alive.any(dim=1)].numpy()
    return np.stack([bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)]) if len(bounds) else np.zeros((2, 2))


def _fit(
    window: Points, cell: Points, align: Align, pen_width: float, canvas_size: tuple[int, int]
) -> tuple[float, Points]:
    """Return mm per px, and by how many mm [2] to shift then, so that the window with its pen lies in the cell."""
    room = cell[1] - cell[0] - pen_width
    if room.min() < LEAST_WIDTH:
        raise ConfigError(f"pen_width {pen_width:g} mm is too wide for the room on the page. Take a finer pen.")
    size = window[1] - window[0]
    size = size if size.max() > 0 else np.array(canvas_size[::-1], dtype=np.float64)  # a dot is not enlarged
    scale = float(min(space / side for space, side in zip(room, size, strict=True) if side > 0))
    shares = np.array([_share(align, "left", "right"), _share(align, "top", "bottom")])
    corner = cell[0] + pen_width / 2 + (room - (window[1] - window[0]) * scale) * shares
    return scale, corner - window[0] * scale


def _share(align: Align, low: str, high: str) -> float:
    """Return which share of the room that is left over lies before the drawing."""
    words = align.split("-")
    return 0.0 if low in words else 1.0 if high in words else 0.5


def _paths(strokes: Strokes, index: int, scale: float, shift: Points, pen_width: float | None) -> Iterator[PenPath]:
    """Yield the living strokes of one sketch as paths on the page."""
    alive = strokes.alive[index]
    points = strokes.control_points[index][alive].detach().cpu().double().numpy() * scale + shift
    widths = strokes.stroke_width[index][alive].detach().cpu().double().numpy() * scale
    colors = strokes.color[index][alive].detach().cpu().double().clamp(0, 1).numpy()
    given = strokes.is_given[alive].tolist()
    groups = [group for group, lives in zip(strokes.names_of(index), alive.tolist(), strict=True) if lives]
    for rank, (one, width, color) in enumerate(zip(points, widths, colors, strict=True)):
        rounded = without_padding(np.round(one, DECIMALS) + 0.0)
        wide = pen_width or max(float(width), LEAST_WIDTH)
        red, green, blue = (np.round(color[:3] * 255) / 255).tolist()
        rgba = (red, green, blue, round(float(color[3]), DECIMALS))
        yield PenPath(rounded, round(wide, DECIMALS), rgba, rank, given[rank], groups[rank])
