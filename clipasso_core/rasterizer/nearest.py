"""The nearest point of a curve, refined from the nearest point of the lines that follow it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .flatten import horner

SMALLEST = 1e-20


@dataclass(frozen=True)
class Frame:
    """Hold what a curve looks like from a point q beside it; every field broadcasts to [K, E].

    Args:
        ex, ey: q minus the curve's point, px.
        vx, vy: the curve's velocity there, px per t.
        smooth: 1 where q lies square to the curve, 0 at its ends and cusps.
        nx, ny: unit normal of the stroke's edge.
        distance: px from the curve, with the sign of the normal where smooth.
    """

    ex: Tensor
    ey: Tensor
    vx: Tensor
    vy: Tensor
    smooth: Tensor
    nx: Tensor
    ny: Tensor
    distance: Tensor


def motion(c: Tensor, t: Tensor, qx: Tensor, qy: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return offset (x, y) and velocity (x, y) of polynomials c [8, ...] at t, seen from (qx, qy)."""
    ex, ey = qx - horner(c[0], c[1], c[2], c[3], t), qy - horner(c[4], c[5], c[6], c[7], t)
    vx = torch.addcmul(c[1], torch.addcmul(2 * c[2], 3 * c[3], t), t)
    vy = torch.addcmul(c[5], torch.addcmul(2 * c[6], 3 * c[7], t), t)
    return ex, ey, vx, vy


def acceleration(c: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
    """Return the second derivatives (x, y) of polynomials c [8, ...] at t."""
    return torch.addcmul(2 * c[2], 6 * c[3], t), torch.addcmul(2 * c[6], 6 * c[7], t)


def stiffness(ex: Tensor, ey: Tensor, vx: Tensor, vy: Tensor, bend: Tensor) -> Tensor:
    """Return -d/dt of (offset . velocity): how firmly the nearest point sits; kept above 0."""
    speed = vx * vx + vy * vy
    return torch.maximum(speed - bend, 0.05 * speed).clamp(min=SMALLEST)


def refine(c: Tensor, t: Tensor, reach: Tensor, qx: Tensor, qy: Tensor) -> Tensor:
    """Move t [K, E] to the nearest point of the curve: one Newton step, three in float64.

    The lines are so close to the curve that one step lands within rounding of single precision.

    Args:
        c: [8, 1 or K, E] polynomials.
        t: [K, E] first guess.
        reach: [K, E] farthest to move.
        qx, qy: [K, E] px.
    """
    low, high = (t - reach).clamp(min=0), (t + reach).clamp(max=1)
    for _ in range(3 if t.dtype == torch.float64 else 1):
        ex, ey, vx, vy = motion(c, t, qx, qy)
        ax, ay = acceleration(c, t)
        firm = stiffness(ex, ey, vx, vy, ex * ax + ey * ay)
        t = torch.minimum(torch.maximum(t + (ex * vx + ey * vy) / firm, low), high)
    return t


def frame_at(c: Tensor, t: Tensor, qx: Tensor, qy: Tensor) -> Frame:
    """Describe the curves c [8, 1 or K, E] at t [K, E] as seen from (qx, qy)."""
    ex, ey, vx, vy = motion(c, t, qx, qy)
    speed = vx * vx + vy * vy
    inverse = (speed + SMALLEST).rsqrt()
    tx, ty = vx * inverse, vy * inverse
    along = ex * tx + ey * ty
    square = torch.addcmul(ex * ex, ey, ey)
    distance = square.clamp(min=1e-12).sqrt()
    square_on = torch.minimum(0.01 * square + 1e-3 - along * along, speed - 1e-12).sign().clamp(min=0)
    smooth = square_on * (t - t * t).sign()
    rough = (1 - smooth) / distance
    nx, ny = rough * ex - smooth * ty, rough * ey + smooth * tx
    return Frame(ex, ey, vx, vy, smooth, nx, ny, ex * nx + ey * ny)
