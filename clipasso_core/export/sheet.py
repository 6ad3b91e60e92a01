"""Sheets: layers of paths on a page, as any format writes them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch

from ..errors import ConfigError, check_choice, check_range
from ..levels import check_levels
from ..stroke_groups import number_names
from ..strokes import Strokes
from ..svg.numerals import PX_PER_UNIT
from .dashes import cut_into_dashes
from .jitter import with_jitter
from .layers import LAYER_RULES, LONGEST_SPLIT, Layer, LayerRule, into_layers, split_layers
from .page import Grid, Page, place
from .paths import PenPath
from .pen import PATH_ORDERS, PathOrder, join_paths, order_paths, travel
from .styles import LineStyle

MOST_JOINED = 100.0
"""mm between ends that are joined."""


@dataclass(frozen=True)
class SheetConfig:
    """Say how sketches become a sheet.

    Args:
        page: the paper.
        pen_width: mm that all lines are wide; None keeps the drawn widths, which grow with the drawing.
        layers: what each layer holds; see ``LAYER_RULES``.
        levels: of layers ``level``, numbers of strokes; () for those of 4, 8, 16, 32 that the sketch has.
        order: of the paths in each layer; see ``PATH_ORDERS``.
        join: mm up to which ends of paths of one look become one path; None joins none.
        one_path: whether each layer is a single path of many pieces, as programs of cutters want it.
        split_after: mm of line, after which another layer begins; None for never.
        grid: cells for several sketches; None for a single sketch.
        style: how lines look.

    Raises:
        ConfigError: a value is out of range, or levels without layers by level.

    >>> SheetConfig(Page.named("a5"), order="pen", join=0.3).layers
    'none'
    """

    page: Page = field(default_factory=Page)
    pen_width: float | None = None
    layers: LayerRule = "none"
    levels: tuple[int, ...] = ()
    order: PathOrder = "drawn"
    join: float | None = None
    one_path: bool = False
    split_after: float | None = None
    grid: Grid | None = None
    style: LineStyle = field(default_factory=LineStyle)

    def __post_init__(self) -> None:
        check_choice("layers", self.layers, LAYER_RULES)
        check_choice("order", self.order, PATH_ORDERS)
        if self.join is not None:
            check_range("join in mm", self.join, 0, MOST_JOINED)
        if self.levels:
            check_levels(self.levels)
            if self.layers != "level":
                raise ConfigError("levels say which strokes are in which layer. Choose layers by level, or leave them.")
        if self.split_after is not None:
            check_range("split_after in mm", self.split_after, 1, LONGEST_SPLIT)


@dataclass(frozen=True, eq=False)
class Sheet:
    """Hold a page with its layers, ready to be written.

    Args:
        page: the paper.
        layers: in drawing order, each with at least one path.
        one_path: whether each layer is a single path of many pieces.
        drawn_travel: mm that a pen would have travelled between strokes in the sketch's own order.
        title: any text.
        metadata: JSON values that formats with room for them keep, or None.
        style: how lines look; what of it moves or colours paths is in the layers already.
    """

    page: Page
    layers: tuple[Layer, ...]
    one_path: bool = False
    drawn_travel: float = 0.0
    title: str = "CLIPasso sketch"
    metadata: Mapping[str, object] | None = None
    style: LineStyle = field(default_factory=LineStyle)

    @property
    def paths(self) -> tuple[PenPath, ...]:
        """All paths, in drawing order."""
        return tuple(path for layer in self.layers for path in layer.paths)

    @property
    def travel(self) -> float:
        """Mm that the pen travels between paths; each layer begins in the page's upper left corner."""
        return sum(travel(layer.paths) for layer in self.layers)

    def summary(self) -> str:
        """Say in one line what there is.

        >>> line = Strokes.black(torch.tensor([[[[0.0, 4], [3, 4], [6, 4], [9, 4]]]]), (9, 9))
        >>> lay_out([line], SheetConfig(Page.named("a5", margin=20), pen_width=0.3)).summary()
        '1 path in 1 layer on 148 x 210 mm, 0.11 m of line, pen travel 0.11 m (0.11 m as drawn)'
        """
        line = sum(layer.length for layer in self.layers) / 1000
        return (
            f"{_several(len(self.paths), 'path')} in {_several(len(self.layers), 'layer')} on {self.page}, "
            f"{line:.2f} m of line, pen travel {self.travel / 1000:.2f} m ({self.drawn_travel / 1000:.2f} m as drawn)"
        )

    def in_dashes(self) -> Sheet:
        """Return the sheet with each dash as a path of its own, for formats that know no dashed lines."""
        if not self.style.dashes:
            return self
        layers = [
            Layer(layer.name, tuple(dash for path in layer.paths for dash in cut_into_dashes(path, self.style.dashes)))
            for layer in self.layers
        ]
        return replace(self, layers=tuple(layers), style=replace(self.style, dashes=()))

    def to_strokes(self, px_per_mm: float = 1.0) -> Strokes:
        """Return the page as one sketch (B = 1) on a canvas of its size; shorter paths are padded at their end.

        >>> sheet = lay_out([Strokes.black(torch.rand(1, 3, 4, 2), (9, 9))], SheetConfig())
        >>> sheet.to_strokes(2.0).canvas_size
        (594, 420)
        """
        size = (max(1, round(self.page.height * px_per_mm)), max(1, round(self.page.width * px_per_mm)))
        return _strokes(self.paths, px_per_mm, size)

    def to_page_strokes(self) -> Strokes:
        """Return the page as the sketch (B = 1) that reading its SVG gives, at 96 px an inch.

        Its lines are as they were meant, without the style's jitter, dashes and changes of width. Laid out with the
        same page, layers and style it is the same sheet again. It knows which of its strokes were given where these
        come first, and its provenance is what the metadata says of "clipasso".

        >>> sheet = lay_out([Strokes.black(torch.rand(1, 3, 4, 2), (9, 9))], SheetConfig(Page.named("a5")))
        >>> sheet.to_page_strokes().canvas_size == sheet.page.canvas_size
        True
        """
        known = (self.metadata or {}).get("clipasso")
        given = [path.is_given for path in self.paths]
        return replace(
            _strokes([path.as_meant() for path in self.paths], PX_PER_UNIT["mm"], self.page.canvas_size),
            provenance=known if isinstance(known, Mapping) else {},
            num_given=sum(given) if given == sorted(given, reverse=True) else 0,
        )


def lay_out(
    drawings: Sequence[Strokes],
    config: SheetConfig | None = None,
    *,
    title: str = "CLIPasso sketch",
    metadata: Mapping[str, object] | None = None,
) -> Sheet:
    """Lay sketches on a page, in layers, in the order of the pen.

    Args:
        drawings: batches of sketches, all of whose sketches are laid out.
        config: how; None for the defaults.
        title: of the sheet.
        metadata: JSON values, or None.

    Raises:
        ConfigError, ShapeError: as ``place`` and ``into_layers``.

    >>> sheet = lay_out([Strokes.black(torch.rand(1, 8, 4, 2), (9, 9))], SheetConfig(layers="level", order="pen"))
    >>> [layer.name for layer in sheet.layers]
    ['level 4', 'level 8']
    """
    config = config or SheetConfig()
    paths = config.style.inked(place(drawings, config.page, config.grid, config.pen_width))
    layers = into_layers(paths, config.layers, config.levels)
    drawn_travel = sum(travel(layer.paths) for layer in layers)
    ready = [Layer(layer.name, tuple(_drawn(layer.paths, config))) for layer in layers]
    ready = ready if config.split_after is None else split_layers(ready, config.split_after)
    drawn = iter(with_jitter([path for layer in ready for path in layer.paths], config.style.jitter, config.style.seed))
    moved = [Layer(layer.name, tuple(itertools.islice(drawn, len(layer.paths)))) for layer in ready]
    return Sheet(config.page, tuple(moved), config.one_path, drawn_travel, title, metadata, config.style)


def _strokes(paths: Sequence[PenPath], px_per_mm: float, canvas_size: tuple[int, int]) -> Strokes:
    longest = max(len(path.points) for path in paths)
    padded = [np.pad(path.points, [(0, longest - len(path.points)), (0, 0)], mode="edge") for path in paths]
    drawn = Strokes(
        torch.from_numpy(np.stack(padded) * px_per_mm).float()[None],
        torch.tensor([[path.width for path in paths]]) * px_per_mm,
        torch.tensor([[path.color for path in paths]]),
        torch.ones(1, len(paths), dtype=torch.bool),
        canvas_size,
    )
    return drawn.with_groups(*number_names([[path.group for path in paths]]))


def _drawn(paths: Sequence[PenPath], config: SheetConfig) -> list[PenPath]:
    """Return a layer's paths as the pen draws them."""
    joined = list(paths) if config.join is None else join_paths(paths, config.join)
    return order_paths(joined) if config.order == "pen" else joined


def _several(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
