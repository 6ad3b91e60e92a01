"""The scene: the living strokes as polynomials and as short straight lines, as they are and twice as large."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..bezier import segments_of
from ..strokes import Strokes

FARTHEST = 2.0**17
"""px; control points beyond are drawn here, so that no square overflows."""

TOLERANCE = 0.05
"""px between a line and its curve. The lines only find the nearest part of the curve; the exact place is refined."""

MAX_LINES = 1024
"""Most lines per cubic; only curves far larger than any canvas need more."""

HALF_DIAGONAL = 0.7072
"""From the centre of a unit square to its corner, rounded up."""


@dataclass(frozen=True)
class Lines:
    """Hold L straight lines that follow the strokes, in their order.

    Args:
        table: [8, L] step x y px, start x y px, step / length^2 x y, the curve's t at the start, step in t.
        length: [L] px.
        cubic: [L] int32, number of the curve.
        stroke: [L] int32, number of the stroke.
    """

    table: Tensor
    length: Tensor
    cubic: Tensor
    stroke: Tensor


@dataclass(frozen=True)
class Scales:
    """Hold the scene at two scales in one table: first as it is, then doubled, with indices that continue.

    Args:
        coefficients: [8, 2 C] polynomials in t, rows x0 x1 x2 x3 y0 y1 y2 y3 in px.
        table: [8, 2 L] as that of ``Lines``.
        cubic: [2 L] int32, the curve of each line.
        radius: [2 S] px.
    """

    coefficients: Tensor
    table: Tensor
    cubic: Tensor
    radius: Tensor


@dataclass(frozen=True)
class Scene:
    """Hold S living strokes of C curves: three tensors with gradients, and what the search needs, without.

    Args:
        cubics: [C, 4, 2] px, the curves, stroke by stroke; with gradients.
        radius: [S] px; with gradients.
        color: [S, 4] straight RGBA; with gradients.
        sketch: [S] place in the batch.
        ends: [4, S] px, first point x y and last point x y.
        lines: the strokes as lines.
        scales: the strokes at both scales.
        size: (height, width) px.
        segments: curves per stroke.
        thinnest: px, the least radius.
    """

    cubics: Tensor
    radius: Tensor
    color: Tensor
    sketch: Tensor
    ends: Tensor
    lines: Lines
    scales: Scales
    size: tuple[int, int]
    segments: int
    thinnest: float


def make_scene(strokes: Strokes) -> Scene:
    """Pick the living strokes and follow them with lines; a stroke of no width is not drawn."""
    batch, count, points, _ = strokes.control_points.shape
    width = strokes.stroke_width.reshape(-1)
    index = (strokes.alive.reshape(-1) & (width.detach() > 0)).nonzero().squeeze(1)
    control = strokes.control_points.reshape(batch * count, points, 2).index_select(0, index)
    control = control.clamp(-FARTHEST, FARTHEST)
    radius = width.index_select(0, index).clamp(max=FARTHEST) / 2
    pieces = segments_of(control)
    segments, cubics = pieces.shape[1], pieces.reshape(-1, 4, 2)
    color = strokes.color.reshape(-1, 4).index_select(0, index)
    with torch.inference_mode():  # as in all of the search: it makes small operations an eighth faster than no_grad
        coefficients = power_basis(cubics)
        lines = _flatten(coefficients, line_counts(cubics).int(), segments)
        return Scene(
            cubics=cubics,
            radius=radius,
            color=color,
            sketch=index // count,
            ends=torch.cat([cubics[::segments, 0], cubics[segments - 1 :: segments, 3]], 1).t().contiguous(),
            lines=lines,
            scales=_at_both_scales(coefficients, lines, radius),
            size=strokes.canvas_size,
            segments=segments,
            thinnest=float(radius.min()) if radius.shape[0] else 1.0,
        )


def power_basis(cubics: Tensor) -> Tensor:
    """Write cubics [C, 4, 2] as polynomials in t: [8, C], rows x0 x1 x2 x3 y0 y1 y2 y3.

    >>> line = torch.tensor([[[0.0, 0], [1, 0], [2, 0], [3, 0]]])
    >>> power_basis(line)[:4, 0].tolist()  # x = 3 t
    [0.0, 3.0, 0.0, 0.0]
    """
    first = cubics[:, 1:] - cubics[:, :-1]
    second = first[:, 1:] - first[:, :-1]
    third = second[:, 1:] - second[:, :-1]
    rows = torch.cat([cubics[:, :1], 3 * first[:, :1], 3 * second[:, :1], third], 1)
    return rows.permute(2, 1, 0).reshape(8, -1)


def points_basis(rows: Tensor) -> Tensor:
    """Turn derivatives [8, C] by the polynomials of ``power_basis`` into those by its cubics [C, 4, 2]."""
    r0, r1, r2, r3 = rows.view(2, 4, -1).unbind(1)
    r1, r2 = 3 * r1, 3 * r2
    p2 = torch.sub(r2, r3, alpha=3)
    p0 = (r0 - r1).add_(r2).sub_(r3)
    return torch.stack([p0, r1 - r2 - p2, p2, r3]).permute(2, 0, 1)


def line_counts(cubics: Tensor) -> Tensor:
    """Return how many lines [C] follow cubics [C, 4, 2] to within TOLERANCE.

    Equal steps in t leave the curve by at most max|P''| / 8 n^2.

    >>> line = torch.tensor([[[0.0, 0], [1, 0], [2, 0], [3, 0]]])
    >>> line_counts(line).tolist()
    [1]
    """
    bend = (cubics[:, :2] - 2 * cubics[:, 1:3] + cubics[:, 2:]).square().sum(-1).amax(1).sqrt()
    return (bend * (0.75 / TOLERANCE)).sqrt().ceil().clamp(1, MAX_LINES).long()


def expand(counts: Tensor, *starts: Tensor) -> tuple[Tensor, ...]:
    """Number the members of groups of different sizes.

    Args:
        counts: [G] members per group.
        starts: [G] each.

    Returns:
        (group [M], start + place inside the group [M] for each of starts), in order of group.

    >>> group, number = expand(torch.tensor([2, 3]), torch.tensor([10, 20]))
    >>> group.tolist(), number.tolist()
    ([0, 0, 1, 1, 1], [10, 11, 20, 21, 22])
    """
    group = torch.repeat_interleave(counts)
    first = counts.cumsum(0, dtype=counts.dtype) - counts
    number = torch.arange(group.shape[0], device=counts.device, dtype=counts.dtype)
    return group, *((start - first).index_select(0, group).add_(number) for start in starts)


def _flatten(coefficients: Tensor, counts: Tensor, segments: int) -> Lines:
    """Follow polynomials [8, C] px with counts [C] straight lines each."""
    cubic, place = expand(counts, torch.zeros_like(counts))
    dt = counts.to(coefficients.dtype).reciprocal_().index_select(0, cubic)
    t = place * dt
    curves = coefficients.index_select(1, cubic).view(2, 4, -1)
    start = _points(curves, t)
    step = _points(curves, t + dt).sub_(start)
    length = step.square().sum(0).sqrt_()
    scaled = step / length.square().clamp_(min=1e-20)
    table = torch.cat([step, start, scaled, t[None], dt[None]])
    return Lines(table, length, cubic, cubic if segments == 1 else cubic // segments)


def _points(curves: Tensor, t: Tensor) -> Tensor:
    """Return the points [2, M] at t [M] of polynomials [2, 4, M]."""
    c0, c1, c2, c3 = curves.unbind(1)
    return torch.addcmul(c0, torch.addcmul(c1, torch.addcmul(c2, c3, t), t), t)


def _at_both_scales(coefficients: Tensor, lines: Lines, radius: Tensor) -> Scales:
    """Put the scene twice as large behind the scene; powers of two round nothing."""
    table = lines.table
    return Scales(
        torch.cat([coefficients, 2 * coefficients], 1),
        torch.cat([table, torch.cat([2 * table[:4], table[4:6] / 2, table[6:]])], 1),
        torch.cat([lines.cubic, lines.cubic + coefficients.shape[1]]),
        torch.cat([radius, 2 * radius]),
    )
