"""The exact share of a square on one side of a straight edge, and its derivatives.

For an edge at signed distance x from the centre of a unit square, with unit normal n, the share is
the cumulated density of a trapezoid: the sum of two uniform variables of widths |n_x| and |n_y|.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

FLATTEST = 1e-4
"""Least |n_x|, |n_y|: keeps the division stable; moves the share by less than 1e-4."""


@dataclass(frozen=True)
class Edge:
    """Hold the trapezoids of edges: ``wide`` and ``narrow`` are the larger and smaller of |n_x|, |n_y|."""

    wide: Tensor
    narrow: Tensor

    @classmethod
    def of_normal(cls, nx: Tensor, ny: Tensor) -> Edge:
        """Read the trapezoid off unit normals [...]."""
        ax, ay = nx.abs(), ny.abs()
        return cls(torch.maximum(ax, ay), torch.minimum(ax, ay).clamp(min=FLATTEST))

    def excess(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return (share above one half at distance |x|, part of the slope that |x| has climbed)."""
        distance = x.abs()
        level = (self.wide - self.narrow) * 0.5
        slope = torch.minimum((distance - level).clamp(min=0), self.narrow)
        climbed = slope / self.narrow
        area = torch.minimum(distance, level) + slope * (1 - 0.5 * climbed)
        return area / self.wide, climbed

    def share(self, x: Tensor) -> Tensor:
        """Return the share of the square where the edge lies x outside its centre (negative: inside), minus 1/2."""
        return self.excess(x)[0] * x.sign()

    def slopes(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the share's derivatives (by x, by the edge's turning, without the turning's sign).

        The turning is a d/db - b d/da, with a = wide and b = narrow.
        """
        share, climbed = self.excess(x)
        by_wide = (0.5 * climbed - share) / self.wide
        by_narrow = 0.5 * climbed * (climbed - 1) / self.wide
        turning = (self.wide * by_narrow - self.narrow * by_wide) * x.sign()
        return (1 - climbed) / self.wide, turning
