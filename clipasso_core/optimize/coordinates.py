"""What the optimiser moves, as one tensor: control points, and the strokes' looks where that is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ..strokes import CANVAS_SIDE, Strokes
from .config import OptimizeConfig

OPACITY_RATE = 0.01
"""How much of an opacity of 1 Adam moves per step. Source: the paper's code."""

COLOR_RATE = 0.02
"""How much of a red, green or blue of 1."""

WIDTH_RATE = 0.05
"""How many px of width, on a canvas of 224 px."""


@dataclass(frozen=True)
class Coordinates:
    """Turn strokes into the tensor that Adam moves, and back.

    Adam moves each number by about its rate, however large the gradient. So opacity can be one more coordinate of a
    stroke, on a scale on which the rate of the points, in px, is ``OPACITY_RATE``; colour and width likewise; and
    whatever is kept, taken back or dropped during a run is one tensor.

    Where joints are smooth, a joint carries its two handles with it, and both lie on one straight line through it.

    Args:
        opacity_span: px that stand for an opacity of 1; 0 leaves the strokes' opacity as it is.
        color_span: px that stand for a red, green or blue of 1; 0 leaves the strokes' colour as it is.
        width_span: px that stand for a width of 1 px; 0 leaves the strokes' width as it is.
        width_range: px, the least and the largest width.
        one_width: whether all strokes of a sketch have one width.
        smooth: whether joined segments have one direction where they meet.

    >>> strokes = Strokes.black(torch.zeros(1, 2, 4, 2), (224, 224))
    >>> Coordinates().of(strokes).shape, Coordinates(opacity_span=100).of(strokes)[0, 0, 4].tolist()
    (torch.Size([1, 2, 4, 2]), [100.0, 100.0])
    """

    opacity_span: float = 0.0
    color_span: float = 0.0
    width_span: float = 0.0
    width_range: tuple[float, float] = (0.0, 1e6)
    one_width: bool = False
    smooth: bool = False

    @classmethod
    def of_run(cls, config: OptimizeConfig, canvas_size: tuple[int, int]) -> Coordinates:
        """Return those of a run on a canvas of (height, width) px."""
        scale = max(canvas_size) / CANVAS_SIDE
        rate = config.learning_rate * scale
        return cls(
            opacity_span=rate / OPACITY_RATE if config.opacity_weight > 0 else 0.0,
            color_span=rate / COLOR_RATE if config.colors == "optimized" else 0.0,
            width_span=rate / (WIDTH_RATE * scale) if config.widths != "keep" else 0.0,
            width_range=(config.min_width * scale, config.max_width * scale),
            one_width=config.widths == "one",
            smooth=config.smooth,
        )

    def of(self, strokes: Strokes) -> Tensor:
        """Return the coordinates [B, N, M, 2] of strokes, as a copy: M = K, and one for each number of their looks."""
        points = _with_relative_handles(strokes.control_points) if self.smooth else strokes.control_points
        rows = [
            (values * span).clamp(low * span, high * span)[..., None, None].expand(-1, -1, 1, 2)
            for values, (span, low, high) in zip(_numbers_of_looks(strokes), self._scales(), strict=True)
            if span
        ]
        return torch.cat([points, *rows], dim=2) if rows else points.clone()

    def place(self, strokes: Strokes, moved: Tensor) -> Strokes:
        """Return strokes at coordinates [B, N, M, 2]; given ones keep their looks."""
        count = strokes.control_points.shape[2]
        points = _with_smooth_joints(moved[:, :, :count]) if self.smooth else moved[:, :, :count]
        placed = strokes.with_points(points)
        if moved.shape[2] == count:
            return placed
        rows = iter(moved[:, :, count:, 0].unbind(dim=2))
        before = _numbers_of_looks(strokes)
        *color, width = [
            next(rows) / span if span else values for values, (span, _, _) in zip(before, self._scales(), strict=True)
        ]
        if self.one_width:
            width = _mean_over(strokes.alive & ~strokes.is_given, width)[:, None].expand_as(width)
        if strokes.num_given:
            *color, width = [torch.where(strokes.is_given, *pair) for pair in zip(before, (*color, width), strict=True)]
        return replace(placed, color=torch.stack(color, dim=-1), stroke_width=width)

    def confine(self, moved: Tensor) -> None:
        """Bring looks that a step took out of their range back, in place."""
        scales = [scale for scale in self._scales() if scale[0]]
        for row, (span, low, high) in enumerate(scales, start=moved.shape[2] - len(scales)):
            moved[:, :, row].clamp_(low * span, high * span)

    def slow_down(self, moved: Tensor, before: Tensor, pace: Tensor) -> None:
        """Shorten the way that control points went, in place, to a share [B, N] of it; looks go all of theirs."""
        points = slice(moved.shape[2] - self._num_looks())
        went = moved[:, :, points] - before[:, :, points]
        moved[:, :, points] = before[:, :, points] + went * pace[..., None, None]

    def shift(self, moved: Tensor, by: Tensor) -> None:
        """Move strokes as they are by ``by`` [B, N, 1, 2] px, in place."""
        moved[:, :, : moved.shape[2] - self._num_looks() : 3 if self.smooth else 1].add_(by)

    def _num_looks(self) -> int:
        """Return how many coordinates of a stroke are not of its control points."""
        return sum(scale[0] > 0 for scale in self._scales())

    def _scales(self) -> Iterator[tuple[float, float, float]]:
        """Yield of red, green, blue, opacity and width: the px that stand for 1, the least and the largest."""
        yield from [(self.color_span, 0.0, 1.0)] * 3
        yield self.opacity_span, 0.0, 1.0
        yield self.width_span, *self.width_range


def mean_opacity(strokes: Strokes) -> Tensor:
    """Return the mean opacity of the living strokes of each sketch, as [B]: the L1 term that makes strokes fade.

    >>> strokes = Strokes.black(torch.zeros(1, 2, 4, 2), (32, 32), alive=torch.tensor([[True, False]]))
    >>> mean_opacity(strokes).tolist()
    [1.0]
    """
    return _mean_over(strokes.alive, strokes.color[..., 3])


def _mean_over(which: Tensor, values: Tensor) -> Tensor:
    """Return the mean of values [B, N] over some strokes [B, N] bool of each sketch, as [B]."""
    counted = which.to(values)
    return (values * counted).sum(dim=1) / counted.sum(dim=1).clamp(min=1)


def _numbers_of_looks(strokes: Strokes) -> tuple[Tensor, ...]:
    """Return red, green, blue, opacity and width, each [B, N]."""
    return *strokes.color.unbind(dim=-1), strokes.stroke_width


def _with_relative_handles(points: Tensor) -> Tensor:
    """Return control points [B, N, K, 2] with each handle as its way from its joint."""
    relative = points.clone()
    relative[:, :, 1::3] -= points[:, :, :-1:3]
    relative[:, :, 2::3] -= points[:, :, 3::3]
    return relative


def _with_smooth_joints(relative: Tensor) -> Tensor:
    """Turn ``_with_relative_handles`` back; a joint's handles keep their lengths, and turn into one straight line."""
    joints, ahead, back = relative[:, :, ::3], relative[:, :, 1::3], relative[:, :, 2::3]
    along = ahead[:, :, 1:] - back[:, :, :-1]
    along = along / _length(along)
    ahead = torch.cat([ahead[:, :, :1], along * _length(ahead[:, :, 1:])], dim=2)
    back = torch.cat([-along * _length(back[:, :, :-1]), back[:, :, -1:]], dim=2)
    cubics = torch.stack([joints[:, :, :-1], joints[:, :, :-1] + ahead, joints[:, :, 1:] + back], dim=3)
    return torch.cat([cubics.flatten(2, 3), joints[:, :, -1:]], dim=2)


def _length(vectors: Tensor) -> Tensor:
    """Return the lengths of vectors [..., 2] as [..., 1], with a gradient where they are 0."""
    return vectors.square().sum(dim=-1, keepdim=True).clamp(min=1e-12).sqrt()
