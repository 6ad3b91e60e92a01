"""Coverage of small squares by strokes, differentiable, with a backward written by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from .box import Edge, Share
from .drawing import Drawing
from .flatten import points_basis
from .nearest import SMALLEST, Frame, dot, frame_at, stiffness
from .place import HALF_DIAGONAL, SQUARES, Places, place
from .sums import reduce_runs, sum_by
from .tiles import Tiles

CUSP = 0.15
"""px from where a curve halts (a cusp, or an end whose two last control points are one)."""


@dataclass(frozen=True)
class View:
    """Hold how an edge crosses n squares; ``far`` is the other edge of the stroke where it matters."""

    frame: Frame
    edge: Edge
    near: Share
    far: Share | None


@dataclass(frozen=True)
class Part:
    """Hold the squares of some tiles on an edge.

    Args:
        places: the squares.
        view: how the edge crosses them; None: to be worked out anew.
        coarse: how many of the tiles are coarse cells.
    """

    places: Places
    view: View | None
    coarse: int


class Coverage(torch.autograd.Function):
    """Coverage of coarse cells [E] and of the tiles of fine ones [4, 4 E'] from cubics [C, 4, 2] and radii [S] px."""

    @staticmethod
    def forward(
        ctx: Any, cubics: Tensor, radius: Tensor, drawing: Drawing, tiles: list[Tiles]
    ) -> tuple[Tensor, Tensor]:
        """Cover each square by the band between the two edges of the nearest piece of its stroke.

        Of a large drawing, in several parts, the views are not kept for the backward, which works them out anew.
        """
        ctx.drawing, ctx.parts = drawing, []
        coarse, fine = [], []
        for part in tiles:
            with torch.inference_mode():
                inside, places, curves = place(drawing, part)
                view = _look(drawing, places, curves)
            other = 0.5 if view.far is None else -view.far.value
            cover = inside.to(radius.dtype)
            cover.view(-1).index_copy_(0, places.where, view.near.value + other)
            count = part.coarse.stroke.shape[0]
            coarse.append(cover[:, :count].mean(0))
            fine.append(cover[:, count:])
            ctx.parts.append(Part(places, view if len(tiles) == 1 else None, count))
        ctx.fine = [f.shape[1] for f in fine]
        return torch.cat(coarse), torch.cat(fine, 1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, by_coarse: Tensor, by_fine: Tensor) -> tuple[Tensor, Tensor, None, None]:
        """Give the exact derivative: the edge moves with the nearest point and turns with the curve."""
        drawing: Drawing = ctx.drawing
        total = by_coarse.new_zeros(9, drawing.coefficients.shape[1])
        coarse = (by_coarse / SQUARES**2).split_with_sizes([p.coarse for p in ctx.parts])
        fine = by_fine.split_with_sizes(ctx.fine, 1)
        with torch.inference_mode():
            for part, alone, crowd in zip(ctx.parts, coarse, fine, strict=True):
                grad = torch.cat([alone.expand(SQUARES**2, -1), crowd], 1).view(-1)
                total += _sums(drawing, part, grad.index_select(0, part.places.where))
        once, twice = total.view(9, 2, -1).unbind(1)
        total = once.add(twice, alpha=2)
        return points_basis(total[:8]), total[8].view(drawing.strokes, drawing.segments).sum(1), None, None


def _look(drawing: Drawing, places: Places, curves: Tensor) -> View:
    """Cut the squares by the near edge of their stroke, and by the far one.

    The far edge of a stroke wider than a square's diagonal cannot meet the same square.
    """
    frame = frame_at(curves, places.t, places.q)
    edge = Edge.of_normal(frame.normal)
    by_cubic = drawing.radius if drawing.segments == 1 else drawing.radius.repeat_interleave(drawing.segments)
    r, d = by_cubic.index_select(0, places.cubic), frame.distance.abs()
    far = edge.share((r + d).mul_(-SQUARES)) if drawing.thinnest * SQUARES < HALF_DIAGONAL else None
    return View(frame, edge, edge.share((r - d).mul_(SQUARES)), far)


def _sums(drawing: Drawing, part: Part, grad: Tensor) -> Tensor:
    """Turn derivatives [n] by the coverage of squares into those [9, 2 C] by each polynomial and its radius."""
    places, rows = part.places, grad.new_empty(9, grad.shape[0])
    view = part.view
    if view is None:
        view = _look(drawing, places, drawing.coefficients.index_select(1, places.cubic).view(2, 4, -1))
    by_distance, rows[8], by_turn = _by_edge(grad, view)
    _by_coefficients(view.frame, places.t, by_distance, by_turn, rows[:8].view(2, 4, -1))
    if places.lengths is None or rows.device.type == "cuda":
        return sum_by(places.cubic, rows, drawing.coefficients.shape[1])
    return reduce_runs(rows, places.lengths, "sum").view(9, SQUARES**2, -1).sum(1)


def _by_edge(grad: Tensor, view: View) -> tuple[Tensor, Tensor, Tensor]:
    """Return the derivatives [n] by the edge's signed distance, by the radius, and by the edge's turning."""
    near_x, turn = view.edge.slopes(view.near)
    nx, ny = view.frame.normal.unbind(0)
    corner = (nx * ny).mul_(nx.abs().sub_(ny.abs())).sign_()
    scaled = grad * -SQUARES
    by_distance = by_radius = near_x.mul_(scaled)
    if view.far is not None:
        far_x, far_turn = view.edge.slopes(view.far)
        far_x.mul_(scaled)
        by_distance, by_radius, turn = near_x - far_x, near_x + far_x, turn.sub_(far_turn)
    return by_distance * view.frame.distance.sign(), by_radius.neg(), corner.mul_(turn).mul_(grad)


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
