"""What the optimiser moves, as one tensor: control points, and the strokes' opacity where that is asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ..strokes import CANVAS_SIDE, Strokes
from .config import OptimizeConfig

OPACITY_RATE = 0.01
"""How much of an opacity of 1 Adam moves per step. Source: the paper's code."""


@dataclass(frozen=True)
class Coordinates:
    """Turn strokes into the tensor that Adam moves, and back.

    Adam moves each number by about its rate, however large the gradient. So opacity can be one more coordinate of a
    stroke, on a scale on which the rate of the points, in px, is ``OPACITY_RATE``; and whatever is kept, taken back or
    dropped during a run is one tensor.

    Args:
        opacity_span: px that stand for an opacity of 1; 0 leaves the strokes' opacity as it is.

    >>> strokes = Strokes.black(torch.zeros(1, 2, 4, 2), (224, 224))
    >>> Coordinates().of(strokes).shape, Coordinates(opacity_span=100).of(strokes)[0, 0, 4].tolist()
    (torch.Size([1, 2, 4, 2]), [100.0, 100.0])
    """

    opacity_span: float = 0.0

    @classmethod
    def of_run(cls, config: OptimizeConfig, canvas_size: tuple[int, int]) -> Coordinates:
        """Return those of a run on a canvas of (height, width) px."""
        rate = config.learning_rate * max(canvas_size) / CANVAS_SIDE
        return cls(rate / OPACITY_RATE if config.opacity_weight > 0 else 0.0)

    def of(self, strokes: Strokes) -> Tensor:
        """Return the coordinates [B, N, M, 2] of strokes, as a copy: M = K, or K + 1 with opacity."""
        points = strokes.control_points
        if not self.opacity_span:
            return points.clone()
        opacity = strokes.color[..., 3, None, None] * self.opacity_span
        return torch.cat([points, opacity.expand(-1, -1, 1, 2)], dim=2)

    def points(self, moved: Tensor) -> Tensor:
        """Return the control points [B, N, K, 2] among coordinates; they share memory."""
        return moved[:, :, :-1] if self.opacity_span else moved

    def place(self, strokes: Strokes, moved: Tensor) -> Strokes:
        """Return strokes at coordinates [B, N, M, 2]."""
        placed = strokes.with_points(self.points(moved))
        if not self.opacity_span:
            return placed
        opacity = moved[:, :, -1, :1] / self.opacity_span
        return replace(placed, color=torch.cat([strokes.color[..., :3], opacity], dim=-1))

    def confine(self, moved: Tensor) -> None:
        """Bring opacity that a step took beyond 0 or 1 back, in place."""
        if self.opacity_span:
            moved[:, :, -1].clamp_(0, self.opacity_span)


def mean_opacity(strokes: Strokes) -> Tensor:
    """Return the mean opacity of the living strokes of each sketch, as [B]: the L1 term that makes strokes fade.

    >>> strokes = Strokes.black(torch.zeros(1, 2, 4, 2), (32, 32), alive=torch.tensor([[True, False]]))
    >>> mean_opacity(strokes).tolist()
    [1.0]
    """
    alive = strokes.alive.to(strokes.color)
    return (strokes.color[..., 3] * alive).sum(dim=1) / alive.sum(dim=1).clamp(min=1)
