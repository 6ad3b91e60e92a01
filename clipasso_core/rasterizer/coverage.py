"""Coverage of the squares of all quads, differentiable, with a backward written by hand.

Squares that no edge can reach are settled by the distance to the nearest line. In the others that line gives
a first guess of the nearest point of the curve, and the edge there cuts the square.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from .cells import QUAD_SIDE, QUADS, Quads, SortedCells
from .edge import SMALLEST, Cut, EdgePoint, cut, dot, edge_point, nearest, slopes, stiffness
from .scene import HALF_DIAGONAL, TOLERANCE, Scene, points_basis

INDEX_BITS = 32
"""Nearest lines are found as whole numbers: bits of the squared distance, then INDEX_BITS bits of the pair's number."""

CUSP = 0.15
"""px from where a curve halts (a cusp, or an end whose two last control points are one)."""


@dataclass(frozen=True)
class EdgeSquares:
    """Hold n squares that an edge may cross.

    Args:
        where: [n] place in the squares [4 T] of some quads; ascending.
        q: [2, n] px, centres.
        t: [n] parameter of the nearest point.
        cubic: [n] the curve that it lies on.
        lengths: run lengths of squares with the same number and curve [4 * curves]; None if they are not sorted so.
    """

    where: Tensor
    q: Tensor
    t: Tensor
    cubic: Tensor
    lengths: Tensor | None


@dataclass(frozen=True)
class Part:
    """Hold what the backward needs of some quads.

    Args:
        squares: those that an edge may cross.
        seen: how the edge crosses them; None: to be worked out anew.
        coarse: how many of the quads are coarse cells.
    """

    squares: EdgeSquares
    seen: tuple[EdgePoint, Cut] | None
    coarse: int


def cover(scene: Scene, cells: SortedCells) -> tuple[Tensor, Tensor]:
    """Return the coverage of the coarse cells [E] and of the fine ones' squares [16, E'], with gradients."""
    coarse, fine = Coverage.apply(scene.cubics, scene.radius, scene, cells.quads)
    return coarse, fine.view(QUAD_SIDE**2, -1, QUADS).transpose(1, 2).reshape(QUAD_SIDE**2 * QUADS, -1)


class Coverage(torch.autograd.Function):
    """Coverage of coarse cells [E] and of the quads of fine ones [4, 4 E'] from cubics [C, 4, 2] and radii [S] px."""

    @staticmethod
    def forward(ctx: Any, cubics: Tensor, radius: Tensor, scene: Scene, quads: list[Quads]) -> tuple[Tensor, Tensor]:
        """Cover each square by the band between the two edges of the nearest piece of its stroke.

        Of a large scene, in several parts, the cuts are not kept for the backward, which works them out anew.
        """
        ctx.scene, ctx.parts = scene, []
        coarse, fine = [], []
        for part in quads:
            with torch.inference_mode():
                inside, squares, curves = _edge_squares(scene, part)
                seen = _cross(scene, squares, curves)
            near, far = seen[1].near, seen[1].far
            whole = inside.to(radius.dtype)
            whole.view(-1).index_copy_(0, squares.where, near.value + (0.5 if far is None else -far.value))
            count = part.coarse.stroke.shape[0]
            coarse.append(whole[:, :count].mean(0))
            fine.append(whole[:, count:])
            ctx.parts.append(Part(squares, seen if len(quads) == 1 else None, count))
        ctx.fine = [f.shape[1] for f in fine]
        return torch.cat(coarse), torch.cat(fine, 1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, by_coarse: Tensor, by_fine: Tensor) -> tuple[Tensor, Tensor, None, None]:
        """Give the exact derivative: the edge moves with the nearest point and turns with the curve."""
        scene: Scene = ctx.scene
        total = by_coarse.new_zeros(9, scene.scales.coefficients.shape[1])
        coarse = (by_coarse / QUAD_SIDE**2).split_with_sizes([p.coarse for p in ctx.parts])
        fine = by_fine.split_with_sizes(ctx.fine, 1)
        with torch.inference_mode():
            for part, alone, crowd in zip(ctx.parts, coarse, fine, strict=True):
                grad = torch.cat([alone.expand(QUAD_SIDE**2, -1), crowd], 1).view(-1)
                total += _part_gradient(scene, part, grad.index_select(0, part.squares.where))
        once, twice = total.view(9, 2, -1).unbind(1)
        total = once.add(twice, alpha=2)
        return points_basis(total[:8]), total[8].view(-1, scene.segments).sum(1), None, None


def _edge_squares(scene: Scene, quads: Quads) -> tuple[Tensor, EdgeSquares, Tensor]:
    """Find the squares that an edge may cross.

    Returns:
        (whether each square lies inside its stroke [4, T], the squares on an edge, which count as not inside,
        the polynomials of their nearest curves [2, 4, n]).
    """
    least = _least_pairs(scene, quads)
    low, high = (bound.index_select(0, quads.stroke) for bound in _bounds(scene))
    inside = least < low
    square, quad = (least <= high).logical_xor_(inside).nonzero(as_tuple=True)
    where = torch.add(quad, square, alpha=inside.shape[1])
    pair = least.view(-1).index_select(0, where).bitwise_and_((1 << INDEX_BITS) - 1)
    q = quads.corner.index_select(1, quad).add_(quads.offset.index_select(1, square))
    t, cubic, curves = _on_curves(scene, quads.line.index_select(0, pair), q)
    lengths = _lengths(square, cubic, scene.scales.coefficients.shape[1]) if scene.segments == 1 else None
    return inside, EdgeSquares(where, q, t, cubic, lengths), curves


def _least_pairs(scene: Scene, quads: Quads) -> Tensor:
    """Return squared distance and number of the nearest pair of line and quad for each square [4, T].

    Squared distances are never negative, so that their bits order as they do; of equals the first is taken.
    """
    x, y = quads.offset[:, :, None].unbind(0)
    dx, dy, ax, ay, ux, uy = scene.scales.table[:6].index_select(1, quads.line).unbind(0)
    px, py = quads.corner.index_select(1, quads.quad).unbind(0)
    px, py = px.sub_(ax), py.sub_(ay)
    u = torch.addcmul((px * ux).addcmul_(py, uy), x, ux).addcmul_(y, uy).clamp_(0, 1)
    fx = (px + x).addcmul_(u, dx, value=-1)
    fy = (py + y).addcmul_(u, dy, value=-1)
    bits = fx.square_().addcmul_(fy, fy).float().view(torch.int32)
    number = torch.arange(px.shape[0], device=px.device)
    key = bits.long().bitwise_left_shift_(INDEX_BITS).bitwise_or_(number)
    least = key.new_full((x.shape[0], quads.stroke.shape[0]), torch.iinfo(torch.int64).max)
    return least.scatter_reduce_(1, quads.quad.long().expand(x.shape[0], -1), key, "amin")


def _bounds(scene: Scene) -> Tensor:
    """Return how near a square is inside, and how far it may be on an edge [2, 2 S], as ``_least_pairs`` writes it."""
    radius = scene.scales.radius.view(2, -1)
    scale = torch.arange(1, 3, device=radius.device, dtype=radius.dtype)[:, None]
    band = scale * TOLERANCE + HALF_DIAGONAL / QUAD_SIDE
    bounds = torch.stack([(radius - band).clamp_(min=0), radius + band])
    return bounds.square_().float().view(torch.int32).long().bitwise_left_shift_(INDEX_BITS).view(2, -1)


def _on_curves(scene: Scene, line: Tensor, q: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Find the point nearest to q [2, n] on the curves that lines [n] follow.

    Returns:
        (t [n], number of the curve [n], its polynomial [2, 4, n]).
    """
    cubic = scene.scales.cubic.index_select(0, line)
    curves = scene.scales.coefficients.index_select(1, cubic).view(2, 4, -1)
    return nearest(curves, scene.scales.table[2:].index_select(1, line), q), cubic, curves


def _lengths(square: Tensor, cubic: Tensor, count: int) -> Tensor:
    """Return how many of the n squares belong to each (square number, curve) pair [4 * count].

    The input is sorted by both.
    """
    run = torch.add(cubic, square, alpha=count)
    return torch.searchsorted(run, torch.arange(QUAD_SIDE**2 * count + 1, device=run.device)).diff()


def _cross(scene: Scene, squares: EdgeSquares, curves: Tensor) -> tuple[EdgePoint, Cut]:
    """Say how the edges cross squares; the far edge of a stroke wider than their diagonal cannot meet the same one."""
    point = edge_point(curves, squares.t, squares.q)
    radius = scene.scales.radius
    by_cubic = radius if scene.segments == 1 else radius.repeat_interleave(scene.segments)
    thin = scene.thinnest * QUAD_SIDE < HALF_DIAGONAL
    return point, cut(point, by_cubic.index_select(0, squares.cubic), QUAD_SIDE, thin)


def _part_gradient(scene: Scene, part: Part, grad: Tensor) -> Tensor:
    """Turn derivatives [n] by the coverage of squares into those [9, 2 C] by each polynomial and its radius."""
    squares, rows = part.squares, grad.new_empty(9, grad.shape[0])
    curves = scene.scales.coefficients
    point, cut = part.seen or _cross(scene, squares, curves.index_select(1, squares.cubic).view(2, 4, -1))
    by_distance, rows[8], by_turn = edge_gradient(grad, point, cut)
    curve_gradient(point, squares.t, by_distance, by_turn, rows[:8].view(2, 4, -1))
    if squares.lengths is None or rows.device.type == "cuda":
        return _sum_by(squares.cubic, rows, curves.shape[1])
    lengths = squares.lengths.expand(9, -1).contiguous()
    return torch.segment_reduce(rows, "sum", lengths=lengths, axis=1, unsafe=True).view(9, QUAD_SIDE**2, -1).sum(1)


def edge_gradient(grad: Tensor, point: EdgePoint, cut: Cut) -> tuple[Tensor, Tensor, Tensor]:
    """Return the derivatives [n] by the edge's signed distance, by the radius, and by the edge's turning."""
    near_x, turn = slopes(cut.wide, cut.narrow, cut.near)
    nx, ny = point.normal.unbind(0)
    corner = (nx * ny).mul_(nx.abs().sub_(ny.abs())).sign_()
    scaled = grad * -QUAD_SIDE
    by_distance = by_radius = near_x.mul_(scaled)
    if cut.far is not None:
        far_x, far_turn = slopes(cut.wide, cut.narrow, cut.far)
        far_x.mul_(scaled)
        by_distance, by_radius, turn = near_x - far_x, near_x + far_x, turn.sub_(far_turn)
    return by_distance * point.distance.sign(), by_radius.neg(), corner.mul_(turn).mul_(grad)


def curve_gradient(point: EdgePoint, t: Tensor, by_distance: Tensor, by_turn: Tensor, rows: Tensor) -> None:
    """Turn derivatives by the edge's distance and direction into those by the polynomials: rows [2, 4, n].

    The nearest point slides along the curve when the curve changes; at first order that does not
    change the distance, but it does turn the edge. Within CUSP px of a point where the curve halts,
    the turning is damped: it grows beyond bounds there, over a length far below a square's.
    """
    p = point
    speed = dot(p.velocity, p.velocity)
    halt = dot(p.half, p.half).mul_(4).add_(SMALLEST).sqrt_().mul_(2 * CUSP)
    turn = (by_turn * p.slow).mul_((speed / halt).clamp_(max=1))
    slide = dot(p.normal, p.half).mul_(2 * turn).div_(stiffness(p.offset, p.half, speed))
    swing = by_turn * p.near
    shift = torch.mul(p.normal, by_distance).addcmul_(p.velocity, slide).neg_()
    shift[0].addcmul_(p.normal[1], swing)
    shift[1].addcmul_(p.normal[0], swing, value=-1)
    curl = (p.normal * turn).addcmul_(p.offset, slide)
    by_t = shift * t
    rows[:, 0] = shift
    torch.add(by_t, curl, out=rows[:, 1])
    torch.mul(by_t.add(curl, alpha=2), t, out=rows[:, 2])
    torch.mul(by_t.add(curl, alpha=3), t * t, out=rows[:, 3])


def _sum_by(index: Tensor, values: Tensor, count: int) -> Tensor:
    """Add up values [R, M] by index [M] into [R, count], in an order that never changes.

    The CPU adds one after another. A GPU would add in any order, so there the values go through
    index_put_, which sorts them first.
    """
    rows, index = values.shape[0], index.long()
    if values.device.type == "cuda":
        out = values.new_zeros(count, rows)
        return out.index_put_((index,), values.t(), accumulate=True).t()
    return values.new_zeros(rows, count).scatter_add_(1, index.expand(rows, -1), values)
