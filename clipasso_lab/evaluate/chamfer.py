"""Chamfer distance between ink and the photo's edges, both ways apart."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from clipasso_core.errors import ShapeError


class Chamfer(NamedTuple):
    """How far ink and edges lie apart, px.

    Args:
        ink_to_edge: mean distance of the ink from the nearest edge: large where lines have no reason.
        edge_to_ink: mean distance of the edges from the nearest ink: large where something was left out.
    """

    ink_to_edge: float
    edge_to_ink: float


def chamfer(ink: Tensor, edges: Tensor) -> Chamfer:
    """Measure how far ink and edges lie apart.

    Args:
        ink: [H, W] coverage in 0-1. Each pixel's distance counts by its coverage; the nearest ink is
            a pixel of at least half of the highest coverage.
        edges: [H, W] of zeros and ones.

    Returns:
        Means in px; a pixel that is both ink and edge lies 0 px away.

    Raises:
        ShapeError: of different shapes, or there is no ink or no edge at all.
    """
    if ink.shape != edges.shape or ink.ndim != 2:
        raise ShapeError(f"ink and edges must be [H, W] of one size, got {list(ink.shape)} and {list(edges.shape)}.")
    coverage, lines = ink.detach().cpu().double().numpy(), edges.detach().cpu().numpy() > 0.5
    if not coverage.max() > 0:
        raise ShapeError("The sketch has no ink on its canvas, so there is nothing to measure.")
    if not lines.any():
        raise ShapeError("The photo has no edges, so there is nothing to measure.")
    drawn = coverage >= 0.5 * coverage.max()
    return Chamfer(float(np.average(_distance_to(lines), weights=coverage)), float(_distance_to(drawn)[lines].mean()))


def _distance_to(marked: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return each pixel's distance [H, W], px, to the nearest marked one."""
    from scipy import ndimage

    found: NDArray[np.float64] = ndimage.distance_transform_edt(~marked)
    return found
