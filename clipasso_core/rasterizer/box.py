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
class Share:
    """Hold how edges cut unit squares.

    Args:
        value: [n] share of the square where the edge lies x outside its centre (negative: inside), minus 1/2.
        climbed: [n] part of the trapezoid's slope that |x| has climbed.
        side: [n] sign of x.
    """

    value: Tensor
    climbed: Tensor
    side: Tensor


@dataclass(frozen=True)
class Edge:
    """Hold the trapezoids of edges: ``wide`` and ``narrow`` are the larger and smaller of |n_x|, |n_y|."""

    wide: Tensor
    narrow: Tensor

    @classmethod
    def of_normal(cls, normal: Tensor) -> Edge:
        """Read the trapezoid off unit normals [2, n]."""
        x, y = normal.abs().unbind(0)
        return cls(torch.maximum(x, y), torch.minimum(x, y).clamp_(min=FLATTEST))

    def share(self, x: Tensor) -> Share:
        """Cut squares by edges at x [n]."""
        distance, level = x.abs(), (self.wide - self.narrow).mul_(0.5)
        climbed = (distance - level).div_(self.narrow).clamp_(0, 1)
        slope = torch.addcmul(climbed, climbed, climbed, value=-0.5)
        area = torch.minimum(distance, level).addcmul_(slope, self.narrow)
        side = x.sign()
        return Share(area.div_(self.wide).mul_(side), climbed, side)

    def slopes(self, share: Share) -> tuple[Tensor, Tensor]:
        """Return the share's derivatives (by x, by the edge's turning, without the turning's sign).

        The turning is a d/db - b d/da, with a = wide and b = narrow.
        """
        half = (0.5 * share.climbed).mul_(share.side)
        by_wide = (half - share.value).mul_(self.narrow).div_(self.wide)
        turning = torch.addcmul(-half - by_wide, half, share.climbed)
        return (1 - share.climbed).div_(self.wide), turning
