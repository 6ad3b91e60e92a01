"""Cubic curves to straight lines, as few as the curve's bend asks for."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

TOLERANCE = 0.05
"""px between a line and its curve. The lines only find the nearest part of the curve; the exact place is refined."""

MAX_LINES = 1024
"""Most lines a cubic; only curves far larger than any canvas need more."""


@dataclass(frozen=True)
class Lines:
    """Hold L straight lines that follow curves.

    Args:
        start: [2, L] px (x, y).
        step: [2, L] px from start to end.
        length: [L] px.
        cubic: [L] index of the curve.
        t: [L] parameter of the curve at ``start``.
        dt: [L] parameter from start to end.
    """

    start: Tensor
    step: Tensor
    length: Tensor
    cubic: Tensor
    t: Tensor
    dt: Tensor


def expand(counts: Tensor, *starts: Tensor) -> tuple[Tensor, ...]:
    """Number the members of ragged groups.

    Args:
        counts: [G] members a group.
        starts: [G] each.

    Returns:
        (group [M], start + place inside the group [M] for each of starts), in order of group.
    """
    group = torch.repeat_interleave(counts)
    first = counts.cumsum(0, dtype=counts.dtype) - counts
    number = torch.arange(group.shape[0], device=counts.device, dtype=counts.dtype)
    return group, *((start - first).index_select(0, group).add_(number) for start in starts)


def power_basis(cubics: Tensor) -> Tensor:
    """Write cubics [C, 4, 2] as polynomials in t: [8, C], rows x0 x1 x2 x3 y0 y1 y2 y3."""
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


def line_counts(cubics: Tensor, tolerance: float = TOLERANCE) -> Tensor:
    """Return how many lines [C] follow cubics [C, 4, 2] to within ``tolerance`` px.

    Equal steps in t leave the curve by at most max|P''| / 8 n^2.
    """
    bend = (cubics[:, :2] - 2 * cubics[:, 1:3] + cubics[:, 2:]).square().sum(-1).amax(1).sqrt()
    return (bend * (0.75 / tolerance)).sqrt().ceil().clamp(1, MAX_LINES).long()


def flatten(coefficients: Tensor, counts: Tensor) -> Lines:
    """Follow polynomials [8, C] px with counts [C] straight lines each."""
    cubic, place = expand(counts, torch.zeros_like(counts))
    dt = counts.to(coefficients.dtype).reciprocal_().index_select(0, cubic)
    t = place * dt
    curves = coefficients.index_select(1, cubic).view(2, 4, -1)
    start = point(curves, t)
    step = point(curves, t + dt).sub_(start)
    return Lines(start, step, step.square().sum(0).sqrt_(), cubic, t, dt)


def point(curves: Tensor, t: Tensor) -> Tensor:
    """Return the points [2, M] at t [M] of polynomials [2, 4, M]."""
    c0, c1, c2, c3 = curves.unbind(1)
    return torch.addcmul(c0, torch.addcmul(c1, torch.addcmul(c2, c3, t), t), t)
