"""Coverage of small squares by strokes, differentiable, with a backward that computes it anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from .box import Edge
from .nearest import SMALLEST, Frame, acceleration, frame_at, stiffness

CUSP = 0.15
"""px from where a curve halts (a cusp, or an end whose two last control points are one)."""


@dataclass(frozen=True)
class Places:
    """Hold E cells cut into squares * squares squares each, K in all, and their nearest curves.

    Args:
        t: [K, E] parameter of the nearest point.
        cubic: [1 or K, E] index of the nearest curve.
        stroke: [E] index of the stroke.
        column, row: [E] px.
        squares: squares a side.
        thin: whether both edges of a stroke may meet one square.
    """

    t: Tensor
    cubic: Tensor
    stroke: Tensor
    column: Tensor
    row: Tensor
    squares: int
    thin: bool


def square_centres(column: Tensor, row: Tensor, squares: int, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Return centres x and y [squares * squares, E] px of the squares in pixels [E]."""
    offset = (torch.arange(squares, device=column.device, dtype=dtype) + 0.5) / squares
    x = column + offset.repeat(squares)[:, None]
    y = row + offset.repeat_interleave(squares)[:, None]
    return x, y


class Coverage(torch.autograd.Function):
    """Coverage [K, E] of squares from polynomials [8, C] and radii [S] px."""

    @staticmethod
    def forward(ctx: Any, coefficients: Tensor, radius: Tensor, places: Places) -> Tensor:
        """Cover each square by the band between the two edges of the nearest piece of its stroke."""
        ctx.places = places
        ctx.save_for_backward(coefficients, radius)
        frame = _frame(_curves(coefficients, places), places)
        edge = Edge.of_normal(frame.nx, frame.ny)
        near, far = _offsets(radius, places, frame)
        return edge.share(near) + (0.5 if far is None else -edge.share(far))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None]:
        """Give the exact derivative: the edge moves with the nearest point and turns with the curve."""
        coefficients, radius = ctx.saved_tensors
        places: Places = ctx.places
        curves = _curves(coefficients, places)
        frame = _frame(curves, places)
        by_distance, by_radius, by_turn = _by_edge(grad, radius, places, frame)
        rows = _by_coefficients(curves, frame, places.t, by_distance, by_turn)
        grad_radius = sum_by(places.stroke, by_radius.sum(0)[None], radius.shape[0])[0]
        if places.cubic.shape[0] == 1:
            rows = rows.sum(1, keepdim=True)
        grad_coefficients = sum_by(places.cubic.reshape(-1), rows.reshape(8, -1), coefficients.shape[1])
        return grad_coefficients, grad_radius, None


class Distance(torch.autograd.Function):
    """Distance [E] px from pixel centres to their strokes, from polynomials [8, C]; places of one square."""

    @staticmethod
    def forward(ctx: Any, coefficients: Tensor, places: Places) -> Tensor:
        """Measure the distance to the nearest point."""
        ctx.places = places
        ctx.save_for_backward(coefficients)
        return _frame(_curves(coefficients, places), places).distance[0].abs()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        """Move the nearest point along the normal."""
        (coefficients,) = ctx.saved_tensors
        places: Places = ctx.places
        curves = _curves(coefficients, places)
        frame = _frame(curves, places)
        by_distance = grad * frame.distance.sign()
        rows = _by_coefficients(curves, frame, places.t, by_distance, torch.zeros_like(by_distance))
        return sum_by(places.cubic.reshape(-1), rows.reshape(8, -1), coefficients.shape[1]), None


def _curves(coefficients: Tensor, places: Places) -> Tensor:
    """Return the polynomials [8, 1 or K, E] of the nearest curves."""
    return coefficients.index_select(1, places.cubic.reshape(-1)).reshape(8, *places.cubic.shape)


def _frame(curves: Tensor, places: Places) -> Frame:
    x, y = square_centres(places.column, places.row, places.squares, places.t.dtype)
    return frame_at(curves, places.t, x, y)


def _offsets(radius: Tensor, places: Places, frame: Frame) -> tuple[Tensor, Tensor | None]:
    """Return how far inside the near and the far edge of the stroke the squares' centres lie, in squares.

    The far edge of a stroke wider than a square's diagonal cannot meet the same square: None.
    """
    r = radius.index_select(0, places.stroke) * places.squares
    d = frame.distance.abs() * places.squares
    return r - d, -r - d if places.thin else None


def _by_edge(grad: Tensor, radius: Tensor, places: Places, frame: Frame) -> tuple[Tensor, Tensor, Tensor]:
    """Return the derivatives [K, E] by the edge's signed distance, by the radius, and by the edge's turning."""
    edge = Edge.of_normal(frame.nx, frame.ny)
    near, far = _offsets(radius, places, frame)
    near_x, turn = edge.slopes(near)
    scaled = grad * places.squares
    by_distance, by_radius = -near_x, near_x
    if far is not None:
        far_x, far_turn = edge.slopes(far)
        by_distance, by_radius, turn = far_x - near_x, near_x + far_x, turn - far_turn
    corner = (frame.nx * frame.ny * (frame.nx.abs() - frame.ny.abs())).sign()
    return by_distance * scaled * frame.distance.sign(), scaled * by_radius, grad * turn * corner


def _by_coefficients(curves: Tensor, frame: Frame, t: Tensor, by_distance: Tensor, by_turn: Tensor) -> Tensor:
    """Turn derivatives by the edge's distance and direction into those by the polynomials [8, K, E].

    The nearest point slides along the curve when the curve changes; at first order that does not
    change the distance, but it does turn the edge. Within CUSP px of a point where the curve halts,
    the turning is damped: it grows beyond bounds there, over a length far below a square's.
    """
    f = frame
    ax, ay = acceleration(curves, t)
    speed = f.vx * f.vx + f.vy * f.vy + SMALLEST
    halt = (2 * CUSP) * (ax * ax + ay * ay + SMALLEST).sqrt()
    turn = by_turn * f.smooth * speed.rsqrt() * (speed / halt).clamp(max=1)
    slide = turn * (f.nx * ax + f.ny * ay) / stiffness(f.ex, f.ey, f.vx, f.vy, f.ex * ax + f.ey * ay)
    swing = by_turn * (1 - f.smooth) / f.distance.abs().clamp(min=1e-6)
    point_x = swing * f.ny - by_distance * f.nx - slide * f.vx
    point_y = -swing * f.nx - by_distance * f.ny - slide * f.vy
    rows = []
    for p, v in ((point_x, turn * f.nx + slide * f.ex), (point_y, turn * f.ny + slide * f.ey)):
        pt = p * t
        rows += [p, pt + v, t * (pt + 2 * v), t * t * (pt + 3 * v)]
    return torch.stack(rows)


def sum_by(index: Tensor, values: Tensor, count: int) -> Tensor:
    """Add up values [R, M] by index [M] into [R, count], in an order that never changes.

    The CPU adds one after another. A GPU would add in any order, so there the values go through
    index_put_, which sorts them first.
    """
    out = values.new_zeros(values.shape[0], count)
    if values.device.type != "cuda":
        return out.scatter_add_(1, index.expand(values.shape[0], -1), values)
    return out.t().contiguous().index_put_((index,), values.t(), accumulate=True).t()
