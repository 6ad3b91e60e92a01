"""The nearest point of a curve, refined from the nearest point of the lines that follow it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

SMALLEST = 1e-20


@dataclass(frozen=True)
class Frame:
    """Hold what curves look like from n points q beside them.

    Args:
        offset: [2, n] q minus the curve's point, px.
        velocity: [2, n] of the curve there, px per t.
        half: [2, n] half its acceleration.
        normal: [2, n] unit normal of the stroke's edge.
        distance: [n] px from the curve, with the sign of the normal where smooth.
        slow: [n] seconds a pixel, 1 / speed, where q lies square to the curve; 0 at its ends and cusps.
        near: [n] 1 / distance at ends and cusps, 0 elsewhere.
    """

    offset: Tensor
    velocity: Tensor
    half: Tensor
    normal: Tensor
    distance: Tensor
    slow: Tensor
    near: Tensor


def dot(a: Tensor, b: Tensor) -> Tensor:
    """Return the product [n] of vectors [2, n]."""
    return torch.addcmul(a[0] * b[0], a[1], b[1])


def motion(c: Tensor, t: Tensor, q: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return offset, velocity and half the acceleration [2, n] of polynomials c [2, 4, n] at t [n], seen from q."""
    c0, c1, c2, c3 = c.unbind(1)
    second = torch.addcmul(c2, c3, t)
    first = torch.addcmul(c1, second, t)
    offset = q - torch.addcmul(c0, first, t)
    second.addcmul_(c3, t)
    return offset, first.addcmul_(second, t), second.addcmul_(c3, t)


def stiffness(offset: Tensor, half: Tensor, speed: Tensor) -> Tensor:
    """Return -d/dt of (offset . velocity): how firmly the nearest point sits; kept above 0."""
    return torch.maximum(speed.sub(dot(offset, half), alpha=2), 0.05 * speed).clamp_(min=SMALLEST)


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


def frame_at(c: Tensor, t: Tensor, q: Tensor) -> Frame:
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
    return Frame(offset, velocity, half, normal, dot(offset, normal), slow, near)
