"""The edge: the nearest point of a curve, and the exact share of a square that a straight edge cuts off. Pure maths.

``fused/edge.py`` holds the same functions under the same names for the Triton kernels.

For an edge at signed distance x from the centre of a unit square, with unit normal n, the share is
the cumulated density of a trapezoid: the sum of two uniform variables of widths |n_x| and |n_y|.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

SMALLEST = 1e-20
"""px^2 per t^2 and the like; keeps divisions finite."""

FLATTEST = 1e-4
"""Least |n_x|, |n_y|: keeps the division stable; moves the share by less than 1e-4."""


@dataclass(frozen=True)
class EdgePoint:
    """Hold the points of n curves nearest to n places q, and the stroke's edge there.

    Args:
        offset: [2, n] q minus the curve's point, px.
        velocity: [2, n] of the curve there, px per t.
        half: [2, n] half its acceleration, px per t^2.
        normal: [2, n] unit normal of the stroke's edge.
        distance: [n] px from the curve, with the sign of the normal where smooth.
        slow: [n] 1 / speed, t per px, where q lies square to the curve; 0 at its ends and cusps.
        near: [n] 1 / distance at ends and cusps, 0 elsewhere.
    """

    offset: Tensor
    velocity: Tensor
    half: Tensor
    normal: Tensor
    distance: Tensor
    slow: Tensor
    near: Tensor


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
class Cut:
    """Hold how the two edges of strokes cut n squares.

    Args:
        wide: [n] the larger of |n_x|, |n_y|, of the edges' normal.
        narrow: [n] the smaller.
        near: the share inside the near edge.
        far: minus the share outside the far edge; None where that cannot meet the same square.
    """

    wide: Tensor
    narrow: Tensor
    near: Share
    far: Share | None


def nearest(c: Tensor, line: Tensor, q: Tensor) -> Tensor:
    """Find the nearest point of each curve: on the line that follows it there, then on the curve itself.

    Args:
        c: [2, 4, n] polynomials.
        line: [6, n] start x y px, step / length^2 x y, the curve's t at the start, step in t.
        q: [2, n] px.

    Returns:
        t [n].
    """
    along = dot(q - line[:2], line[2:4]).clamp_(0, 1)
    return refine(c, torch.addcmul(line[4], along, line[5]), line[5], q)


def refine(c: Tensor, t: Tensor, reach: Tensor, q: Tensor) -> Tensor:
    """Move t [n] to the nearest point of the curve: one Newton step, three in float64.

    The lines are so close to the curve that one step lands within rounding of single precision.

    Args:
        c: [2, 4, n] polynomials.
        t: [n] first guess.
        reach: [n] farthest to move.
        q: [2, n] px.
    """
    low, high = (t - reach).clamp_(min=0), (t + reach).clamp_(max=1)
    for _ in range(3 if t.dtype == torch.float64 else 1):
        offset, velocity, half = motion(c, t, q)
        firm = stiffness(offset, half, dot(velocity, velocity))
        t = torch.addcdiv(t, dot(offset, velocity), firm)
        t = torch.minimum(torch.maximum(t, low), high)
    return t


def edge_point(c: Tensor, t: Tensor, q: Tensor) -> EdgePoint:
    """Describe the curves c [2, 4, n] at t [n] as seen from q [2, n]."""
    offset, velocity, half = motion(c, t, q)
    speed, square = dot(velocity, velocity), dot(offset, offset)
    inverse = (speed + SMALLEST).rsqrt_()
    along = dot(offset, velocity).mul_(inverse)
    level = (0.01 * square).add_(1e-3).addcmul_(along, along, value=-1)
    level = torch.minimum(torch.minimum(level, speed.sub_(1e-12)), torch.addcmul(t, t, t, value=-1))
    smooth = level.sign_().clamp_(min=0)
    near = square.clamp_(min=1e-12).rsqrt_()
    near.addcmul_(near, smooth, value=-1)
    slow = inverse.mul_(smooth)
    normal = offset * near
    normal[0].addcmul_(velocity[1], slow, value=-1)
    normal[1].addcmul_(velocity[0], slow)
    return EdgePoint(offset, velocity, half, normal, dot(offset, normal), slow, near)


def cut(point: EdgePoint, radius: Tensor, squares: int, both: bool) -> Cut:
    """Cut squares by the near edge of their stroke, and by the far one.

    Args:
        point: the strokes' edges.
        radius: [n] px.
        squares: squares per px.
        both: whether any far edge can meet the same square as the near one.
    """
    wide, narrow = trapezoid(point.normal)
    distance = point.distance.abs()
    far = share(wide, narrow, (radius + distance).mul_(-squares)) if both else None
    return Cut(wide, narrow, share(wide, narrow, (radius - distance).mul_(squares)), far)


def motion(c: Tensor, t: Tensor, q: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return offset, velocity and half the acceleration [2, n] of polynomials c [2, 4, n] at t [n], seen from q."""
    c0, c1, c2, c3 = c.unbind(1)
    second = torch.addcmul(c2, c3, t)
    first = torch.addcmul(c1, second, t)
    offset = q - torch.addcmul(c0, first, t)
    second.addcmul_(c3, t)
    return offset, first.addcmul_(second, t), second.addcmul_(c3, t)


def stiffness(offset: Tensor, half: Tensor, speed: Tensor) -> Tensor:
    """Return -d/dt of (offset . velocity), kept above 0: how firmly the nearest point sits; speed is squared."""
    return torch.maximum(speed.sub(dot(offset, half), alpha=2), 0.05 * speed).clamp_(min=SMALLEST)


def trapezoid(normal: Tensor) -> tuple[Tensor, Tensor]:
    """Return the larger and the smaller of |n_x|, |n_y| of unit normals [2, n]."""
    x, y = normal.abs().unbind(0)
    return torch.maximum(x, y), torch.minimum(x, y).clamp_(min=FLATTEST)


def share(wide: Tensor, narrow: Tensor, x: Tensor) -> Share:
    """Cut squares by edges at x [n]."""
    distance, level = x.abs(), (wide - narrow).mul_(0.5)
    climbed = (distance - level).div_(narrow).clamp_(0, 1)
    slope = torch.addcmul(climbed, climbed, climbed, value=-0.5)
    area = torch.minimum(distance, level).addcmul_(slope, narrow)
    side = x.sign()
    return Share(area.div_(wide).mul_(side), climbed, side)


def slopes(wide: Tensor, narrow: Tensor, given: Share) -> tuple[Tensor, Tensor]:
    """Return the derivatives of the ``given`` shares (by x, by the edge's turning, without the turning's sign).

    The turning is a d/db - b d/da, with a = wide and b = narrow.
    """
    half = (0.5 * given.climbed).mul_(given.side)
    by_wide = (half - given.value).mul_(narrow).div_(wide)
    turning = torch.addcmul(-half - by_wide, half, given.climbed)
    return (1 - given.climbed).div_(wide), turning


def dot(a: Tensor, b: Tensor) -> Tensor:
    """Return the product [n] of vectors [2, n].

    >>> dot(torch.tensor([[1.0], [2.0]]), torch.tensor([[3.0], [4.0]])).tolist()
    [11.0]
    """
    return torch.addcmul(a[0] * b[0], a[1], b[1])
