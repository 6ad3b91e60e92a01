"""Strokes made ready: the living ones only, as polynomials and as lines."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..bezier import segments_of
from ..strokes import Strokes
from .flatten import Lines, flatten, power_basis

FARTHEST = 2.0**17
"""px; control points beyond are drawn here, so that no square overflows."""


@dataclass(frozen=True)
class Living:
    """Hold the S living strokes with their gradients.

    Args:
        coefficients: [8, C] polynomials of their curves.
        radius: [S] px.
        color: [S, 4] straight RGBA.
    """

    coefficients: Tensor
    radius: Tensor
    color: Tensor


@dataclass(frozen=True)
class Drawing:
    """Hold S living strokes, detached, as the search for cells needs them.

    Args:
        lines: L lines along all strokes.
        coefficients: [8, C] polynomials.
        table: [8, L] of each line: start x y, step x y, step / length^2 x y, t at its start, its step in t.
        stroke: [L] stroke of each line.
        ends: [S, 2, 2] px, first and last point.
        radius: [S] px.
        sketch: [S] index in the batch.
        size: (height, width) px.
        segments: curves a stroke.
        thinnest: px, the least radius.
    """

    lines: Lines
    coefficients: Tensor
    table: Tensor
    stroke: Tensor
    ends: Tensor
    radius: Tensor
    sketch: Tensor
    size: tuple[int, int]
    segments: int
    thinnest: float


def line_table(lines: Lines) -> Tensor:
    """Return what a point needs to find its place along each line [8, L]: see ``Drawing``."""
    step = lines.end - lines.start
    scaled = step / (step * step).sum(0).clamp_(min=1e-20)
    return torch.cat([lines.start, step, scaled, lines.t[None], lines.dt[None]])


def prepare(strokes: Strokes) -> tuple[Living, Drawing]:
    """Pick the living strokes and follow them with lines; a stroke of no width is not drawn."""
    batch, count, points, _ = strokes.control_points.shape
    width = strokes.stroke_width.reshape(-1)
    index = (strokes.alive.reshape(-1) & (width.detach() > 0)).nonzero().squeeze(1)
    control = strokes.control_points.reshape(batch * count, points, 2).index_select(0, index)
    control = control.clamp(-FARTHEST, FARTHEST)
    radius = width.index_select(0, index).clamp(max=FARTHEST) / 2
    cubics = segments_of(control).reshape(-1, 4, 2)
    coefficients = power_basis(cubics)
    color = strokes.color.reshape(-1, 4).index_select(0, index)
    with torch.no_grad():
        fixed, segments = cubics.detach(), strokes.num_segments
        lines = flatten(fixed)
        stroke = lines.cubic if segments == 1 else lines.cubic // segments
        drawing = Drawing(
            lines,
            coefficients.detach(),
            line_table(lines),
            stroke,
            control.detach()[:, :: points - 1],
            radius.detach(),
            index // count,
            strokes.canvas_size,
            segments,
            float(radius.detach().min()) if radius.shape[0] else 1.0,
        )
    return Living(coefficients, radius, color), drawing
