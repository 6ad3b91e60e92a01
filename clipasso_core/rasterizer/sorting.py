"""Sort cells by the work they need."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .cells import HALF_PIXEL, Cells, find_cells
from .drawing import Drawing
from .flatten import TOLERANCE

SQUARES = 2
"""Squares a side of an edge pixel."""

FINE_SQUARES = 4
"""Squares a side where the edge in a pixel is no plain one."""

FINE_RADIUS = 2.0
"""px; the ends of strokes up to this radius get finer squares."""


@dataclass(frozen=True)
class Sorted:
    """Hold the cells of a drawing by the work they need, over a flat canvas of Q pixels.

    Args:
        inside: cells wholly inside their stroke (none if only light matters).
        coarse: cells on an edge.
        fine: cells on an edge that need finer squares: in pixels with several edges, where a thin
            stroke ends, or where a stroke meets itself.
        crowd: [Q'] the pixels with several edges.
        spot: [Q] place of each pixel in ``crowd``, or -1.
        covered: [Q] bool, pixels inside some stroke.
    """

    inside: Cells
    coarse: Cells
    fine: Cells
    crowd: Tensor
    spot: Tensor
    covered: Tensor


def sort_cells(drawing: Drawing, pixels: int, softness: float, opaque: bool) -> Sorted:
    """Find and sort all cells.

    Args:
        drawing: the strokes.
        pixels: Q, pixels of the whole batch.
        softness: px that ink reaches beyond the edge; with any, no pixel counts as crowded.
        opaque: leave out the edges that an opaque stroke covers in an order-free product.
    """
    cells = find_cells(drawing, max(HALF_PIXEL + TOLERANCE, softness))
    inside = cells.distance < (drawing.radius - (HALF_PIXEL + TOLERANCE)).index_select(0, cells.stroke)
    covered = torch.zeros(pixels, dtype=torch.bool, device=cells.pixel.device)
    covered.index_fill_(0, cells.pixel.index_select(0, inside.nonzero().squeeze(1)), True)
    edge = ~(inside | covered.index_select(0, cells.pixel)) if opaque else ~inside
    edges = cells.select(edge, spread(FINE_SQUARES))
    crowd, spot = _crowd(edges.pixel, pixels, softness)
    fine = (spot.index_select(0, edges.pixel) >= 0) | _ends(drawing, edges) | _folded(drawing, edges)
    coarse = edges.select(~fine, spread(SQUARES))
    kept = cells.none() if opaque else cells.select(inside, -1)
    return Sorted(kept, coarse, edges.select(fine, torch.inf), crowd, spot, covered)


def spread(squares: int) -> float:
    """Return how much farther than the nearest line of a pixel's centre that of a square's can be, px."""
    return 2 * HALF_PIXEL * (1 - 1 / squares)


def _crowd(pixel: Tensor, pixels: int, softness: float) -> tuple[Tensor, Tensor]:
    """Return the pixels that several edges share and, for every pixel, its place among them or -1."""
    spot = torch.full((pixels,), -1, device=pixel.device)
    if softness > 0:
        return pixel[:0], spot
    edges = torch.zeros(pixels, dtype=torch.int32, device=pixel.device)
    edges.scatter_add_(0, pixel, torch.ones_like(pixel, dtype=torch.int32))
    crowd = (edges > 1).nonzero().squeeze(1)
    return crowd, spot.scatter_(0, crowd, torch.arange(crowd.shape[0], device=pixel.device))


def _folded(drawing: Drawing, cells: Cells) -> Tensor:
    """Say which cells [E] a stroke passes more than once.

    Those are the ones whose nearby lines lie farther apart along the stroke than the lines of a
    straight stroke could, whatever the lines' length.
    """
    lines, size = drawing.lines, cells.stroke.shape
    length = (lines.end - lines.start).square().sum(0).sqrt()
    arc = length.cumsum(0)
    first = cells.line.new_full(size, max(arc.shape[0] - 1, 0)).scatter_reduce_(0, cells.cell, cells.line, "amin")
    last = cells.line.new_zeros(size).scatter_reduce_(0, cells.cell, cells.line, "amax")
    apart = (arc - length).index_select(0, last) - arc.index_select(0, first)
    slack = spread(FINE_SQUARES)
    limit = (slack * (2 * (drawing.radius + HALF_PIXEL) + slack)).sqrt() * 2 + 0.5
    return apart > limit.index_select(0, cells.stroke)


def _ends(drawing: Drawing, cells: Cells) -> Tensor:
    """Say which cells [E] lie where a thin stroke ends."""
    radius = drawing.radius
    limit = ((radius + 1) * (radius < FINE_RADIUS)).square().index_select(0, cells.stroke)
    ends = drawing.ends.reshape(-1, 4).t().contiguous().index_select(1, cells.stroke).view(2, 2, -1)
    apart = (torch.stack([cells.column, cells.row]) + 0.5 - ends).square_().sum(1)
    return torch.minimum(apart[0], apart[1]) < limit
