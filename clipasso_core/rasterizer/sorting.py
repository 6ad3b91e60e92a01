"""Sort cells by the work they need."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .cells import HALF_PIXEL, Cells, Found, find_cells
from .drawing import Drawing
from .flatten import TOLERANCE
from .tiles import Tiles, make_tiles

BAND = HALF_PIXEL + TOLERANCE
"""px from an edge, as the lines have it, to the farthest centre of a pixel that it may cross."""

SPREAD = 2 * HALF_PIXEL * 0.75
"""px that the nearest line of a square of 1/4 px can be farther than that of its pixel's centre."""

FINE_RADIUS = 2.0
"""px; the ends of strokes up to this radius get finer squares."""


@dataclass(frozen=True)
class Sorted:
    """Hold the cells of a drawing by the work they need, over a flat canvas of Q pixels.

    Args:
        inside: cells wholly inside their stroke (none if only light matters).
        coarse: cells on an edge, cut into 2 x 2 squares.
        fine: cells on an edge that need 4 x 4: in pixels with several edges, where a thin stroke ends,
            or where a stroke meets itself.
        tiles: the squares of both, part by part.
        edges: [Q] int16, edges in each pixel.
    """

    inside: Cells
    coarse: Cells
    fine: Cells
    tiles: list[Tiles]
    edges: Tensor


def sort_cells(drawing: Drawing, light: Tensor, opaque: bool) -> Sorted:
    """Find and sort all cells.

    Args:
        drawing: the strokes.
        light: [Q] 1 for each pixel of the whole batch; made 0 inside strokes.
        opaque: leave out the edges that an opaque stroke covers in an order-free product.
    """
    edges, inside = _edges(drawing, light, opaque)
    count = torch.zeros_like(light, dtype=torch.int16)
    for part in edges:
        count.scatter_add_(0, part.cells.pixel.long(), torch.ones_like(part.cells.pixel, dtype=count.dtype))
    fine = [_needs_finer(drawing, part, count) for part in edges]
    tiles = [make_tiles(drawing, *work) for work in zip(edges, fine, strict=True)]
    coarse, quartered = Cells.join([t.coarse for t in tiles]), Cells.join([t.fine for t in tiles])
    return Sorted(Cells.join(inside), coarse, quartered, tiles, count)


def _edges(drawing: Drawing, light: Tensor, opaque: bool) -> tuple[list[Found], list[Cells]]:
    """Return, part by part, the cells on an edge and those inside (not if opaque), and put out their ``light``."""
    limit = drawing.radius - BAND
    reach = (drawing.radius + BAND).index_select(0, drawing.stroke[: drawing.stroke.shape[0] // 2])
    edges, inside = [], []
    for part in drawing.blocks(reach):
        found = find_cells(drawing, part, reach[part])
        within = found.nearest < limit.index_select(0, found.cells.stroke)
        index = within.nonzero().squeeze(1)
        light.index_fill_(0, found.cells.pixel.index_select(0, index).long(), 0)
        inside.append(found.cells.select(index[:0] if opaque else index))
        edges.append(found if opaque else found.select(~within, SPREAD))
    if opaque:
        edges = [part.select(light.index_select(0, part.cells.pixel) > 0, SPREAD) for part in edges]
    return edges, inside


def _needs_finer(drawing: Drawing, edges: Found, count: Tensor) -> Tensor:
    """Say which cells [P] need 4 x 4 squares; ``count`` [Q]: edges in each pixel."""
    crowded = count.index_select(0, edges.cells.pixel) > 1
    return crowded.logical_or_(_ends(drawing, edges.cells)).logical_or_(_folded(drawing, edges))


def _folded(drawing: Drawing, edges: Found) -> Tensor:
    """Say which cells [P] a stroke passes more than once.

    Those are the ones whose nearby lines lie farther apart along the stroke than the lines of a
    straight stroke could, whatever the lines' length.
    """
    length = drawing.lines.length[: drawing.lines.length.shape[0] // 2]
    arc = length.cumsum(0)
    cell = edges.cell.long()
    last = torch.zeros_like(edges.cells.stroke).scatter_reduce_(0, cell, edges.line, "amax")
    first = torch.full_like(last, arc.shape[0] - 1).scatter_reduce_(0, cell, edges.line, "amin")
    apart = (arc - length).index_select(0, last) - arc.index_select(0, first)
    limit = (SPREAD * (2 * (drawing.radius + HALF_PIXEL) + SPREAD)).sqrt_().mul_(2).add_(0.5)
    return apart > limit.index_select(0, edges.cells.stroke)


def _ends(drawing: Drawing, cells: Cells) -> Tensor:
    """Say which cells [P] lie where a thin stroke ends."""
    radius = drawing.radius
    limit = (radius + 1).mul_(radius < FINE_RADIUS).square_().index_select(0, cells.stroke)
    ends = drawing.ends.index_select(1, cells.stroke).view(2, 2, -1)
    centre = torch.stack([cells.column, cells.row]).to(ends.dtype).add_(0.5)
    x, y = ends.sub_(centre).square_().unbind(1)
    return torch.minimum(*x.add_(y)) < limit
