"""Coverage of small squares by strokes, differentiable, with a backward written by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from .box import Edge, Share
from .nearest import SMALLEST, Frame, dot, frame_at, stiffness
from .sums import sum_by

CUSP = 0.15
"""px from where a curve halts (a cusp, or an end whose two last control points are one)."""

KEPT = 2**16
"""Most squares whose frames the forward keeps for the backward, which else computes them anew."""


@dataclass(frozen=True)
class Places:
    """Hold n squares that an edge may cross, and their nearest curves.

    Args:
        where: [n] place among all squares.
        q: [2, n] px, centres.
        scale: [n] squares a px.
        t: [n] parameter of the nearest point.
        curves: [2, 4, n] polynomials of the nearest curves.
        cubic: [n] index of the nearest curve.
        group: [n] ascending: cubic + a multiple of the number of curves; None if the curves are in no order.
        groups: one more than the largest group possible.
        segments: curves a stroke.
        thin: whether both edges of a stroke may meet one square.
    """

    where: Tensor
    q: Tensor
    scale: Tensor
    t: Tensor
    curves: Tensor
    cubic: Tensor
    group: Tensor | None
    groups: int
    segments: int
    thin: bool


@dataclass(frozen=True)
class View:
    """Hold how an edge crosses n squares; ``far`` is the other edge of the stroke where it matters."""

    frame: Frame
    edge: Edge
    near: Share
    far: Share | None


class Coverage(torch.autograd.Function):
    """Coverage [D] of squares from polynomials [8, C] and radii [S] px."""

    @staticmethod
    def forward(ctx: Any, coefficients: Tensor, radius: Tensor, inside: Tensor, places: list[Places]) -> Tensor:
        """Cover each square by the band between the two edges of the nearest piece of its stroke.

        Args:
            ctx: autograd's.
            coefficients, radius: the strokes.
            inside: [D] 1 in squares inside a stroke, else 0.
            places: those of the squares that an edge may cross.
        """
        keep = sum(p.t.shape[0] for p in places) <= KEPT
        ctx.places, ctx.views = places, []
        ctx.save_for_backward(coefficients, radius)
        cover = inside.clone()
        for p in places:
            view = _look(radius, p)
            if keep:
                ctx.views.append(view)
            other = 0.5 if view.far is None else -view.far.value
            cover.index_copy_(0, p.where, view.near.value + other)
        return cover

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None, None]:
        """Give the exact derivative: the edge moves with the nearest point and turns with the curve."""
        coefficients, radius = ctx.saved_tensors
        total = coefficients.new_zeros(9, coefficients.shape[1])
        for i, places in enumerate(ctx.places):
            view = ctx.views[i] if ctx.views else _look(radius, places)
            by_distance, by_radius, by_turn = _by_edge(grad.index_select(0, places.where), places, view)
            rows = by_radius.new_empty(9, by_radius.shape[0])
            rows[8] = by_radius
            _by_coefficients(view.frame, places.t, by_distance, by_turn, rows[:8].view(2, 4, -1))
            total += _gather(places, rows, total.shape[1])
        return total[:8], total[8].view(radius.shape[0], -1).sum(1) if radius.shape[0] else radius, None, None


class Distance(torch.autograd.Function):
    """Distance [E] px from pixel centres to their strokes, from polynomials [8, C]."""

    @staticmethod
    def forward(ctx: Any, coefficients: Tensor, places: Places) -> Tensor:
        """Measure the distance to the nearest point."""
        ctx.places = places
        ctx.save_for_backward(coefficients)
        return frame_at(places.curves, places.t, places.q).distance.abs()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        """Move the nearest point along the normal."""
        (coefficients,) = ctx.saved_tensors
        places: Places = ctx.places
        frame = frame_at(places.curves, places.t, places.q)
        by_distance = grad * frame.distance.sign()
        rows = by_distance.new_empty(8, by_distance.shape[0])
        _by_coefficients(frame, places.t, by_distance, torch.zeros_like(by_distance), rows.view(2, 4, -1))
        return _gather(places, rows, coefficients.shape[1]), None


def _look(radius: Tensor, places: Places) -> View:
    """Cut the squares by the near edge of their stroke, and by the far one.

    The far edge of a stroke wider than a square's diagonal cannot meet the same square.
    """
    frame = frame_at(places.curves, places.t, places.q)
    edge = Edge.of_normal(frame.normal)
    by_cubic = radius if places.segments == 1 else radius.repeat_interleave(places.segments)
    r, d = by_cubic.index_select(0, places.cubic), frame.distance.abs()
    far = edge.share((r + d).neg_().mul_(places.scale)) if places.thin else None
    return View(frame, edge, edge.share((r - d).mul_(places.scale)), far)


def _by_edge(grad: Tensor, places: Places, view: View) -> tuple[Tensor, Tensor, Tensor]:
    """Return the derivatives [n] by the edge's signed distance, by the radius, and by the edge's turning."""
    near_x, turn = view.edge.slopes(view.near)
    scaled = grad * places.scale
    nx, ny = view.frame.normal.unbind(0)
    corner = (nx * ny).mul_(nx.abs() - ny.abs()).sign_()
    by_distance, by_radius = scaled * near_x, scaled * near_x
    if view.far is not None:
        far_x, far_turn = view.edge.slopes(view.far)
        by_distance, by_radius = scaled * (near_x - far_x), scaled * (near_x + far_x)
        turn = turn - far_turn
    return by_distance.mul_(view.frame.distance.sign()).neg_(), by_radius, corner.mul_(turn).mul_(grad)


def _by_coefficients(frame: Frame, t: Tensor, by_distance: Tensor, by_turn: Tensor, rows: Tensor) -> None:
    """Turn derivatives by the edge's distance and direction into those by the polynomials: rows [2, 4, n].

    The nearest point slides along the curve when the curve changes; at first order that does not
    change the distance, but it does turn the edge. Within CUSP px of a point where the curve halts,
    the turning is damped: it grows beyond bounds there, over a length far below a square's.
    """
    f = frame
    speed = dot(f.velocity, f.velocity)
    halt = dot(f.half, f.half).mul_(4).add_(SMALLEST).sqrt_().mul_(2 * CUSP)
    turn = (by_turn * f.slow).mul_((speed / halt).clamp_(max=1))
    slide = dot(f.normal, f.half).mul_(2 * turn).div_(stiffness(f.offset, f.half, speed))
    swing = by_turn * f.near
    point = torch.mul(f.normal, by_distance).addcmul_(f.velocity, slide).neg_()
    point[0].addcmul_(f.normal[1], swing)
    point[1].addcmul_(f.normal[0], swing, value=-1)
    curl = (f.normal * turn).addcmul_(f.offset, slide)
    pt = point * t
    rows[:, 0] = point
    torch.add(pt, curl, out=rows[:, 1])
    torch.mul(pt.add(curl, alpha=2), t, out=rows[:, 2])
    torch.mul(pt.add(curl, alpha=3), t * t, out=rows[:, 3])


def _gather(places: Places, rows: Tensor, count: int) -> Tensor:
    """Add up rows [R, n] by curve into [R, count]."""
    if places.group is None:
        return sum_by(places.cubic, rows, count)
    return sum_by(places.group, rows, places.groups, True).view(rows.shape[0], -1, count).sum(1)
