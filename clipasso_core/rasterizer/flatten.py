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
        end: [2, L] px.
        cubic: [L] index of the curve.
        t: [L] parameter of the curve at ``start``.
        dt: [L] parameter from ``start`` to ``end``.
    """

    start: Tensor
    end: Tensor
    cubic: Tensor
    t: Tensor
    dt: Tensor


def expand(counts: Tensor) -> tuple[Tensor, Tensor]:
    """Number the members of ragged groups.

    Args:
        counts: [G] members a group.

    Returns:
        (group [M], place inside the group [M]), in order of group.
    """
    index = torch.arange(counts.shape[0], device=counts.device)
    group = torch.repeat_interleave(index, counts)
    first = counts.cumsum(0) - counts
    place = torch.arange(group.shape[0], device=counts.device) - first.index_select(0, group)
    return group, place


def power_basis(cubics: Tensor) -> Tensor:
    """Write cubics [C, 4, 2] as polynomials in t: [8, C], rows x0 x1 x2 x3 y0 y1 y2 y3."""
    p0, p1, p2, p3 = cubics.unbind(1)
    rows = [p0, 3 * (p1 - p0), 3 * (p0 - 2 * p1 + p2), p3 - p0 + 3 * (p1 - p2)]
    return torch.stack(rows, 0).permute(2, 0, 1).reshape(8, -1)


def line_counts(cubics: Tensor, tolerance: float = TOLERANCE) -> Tensor:
    """Return how many lines [C] follow cubics [C, 4, 2] to within ``tolerance`` px.

    Equal steps in t leave the curve by at most max|P''| / 8 n^2.
    """
    bend = (cubics[:, :2] - 2 * cubics[:, 1:3] + cubics[:, 2:]).square().sum(-1).amax(1).sqrt()
    return (bend * (0.75 / tolerance)).sqrt().ceil().clamp(1, MAX_LINES).long()


def flatten(cubics: Tensor, tolerance: float = TOLERANCE) -> Lines:
    """Follow cubics [C, 4, 2] px with straight lines."""
    counts = line_counts(cubics, tolerance)
    cubic, place = expand(counts)
    dt = (1 / counts.to(cubics.dtype)).index_select(0, cubic)
    t = place * dt
    coefficients = power_basis(cubics).index_select(1, cubic)
    return Lines(point(coefficients, t), point(coefficients, t + dt), cubic, t, dt)


def point(coefficients: Tensor, t: Tensor) -> Tensor:
    """Return the points [2, M] at t [M] of polynomials [8, M]."""
    c0, c1, c2, c3 = coefficients.view(2, 4, -1).unbind(1)
    return torch.addcmul(c0, torch.addcmul(c1, torch.addcmul(c2, c3, t), t), t)
