"""Crossings: where strokes cross themselves."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from .bezier import curve_points, segments_of

MOST_CUBICS = 4
"""Of how many cubics a stroke is that should not cross itself; longer ones, such as a drawing of one line, have to."""


class Crossings(NamedTuple):
    """Which straight pieces of strokes cross which later ones of the same stroke, and the lengths that come of it.

    Args:
        there: [..., P, P] bool.
        first, second: [..., P, P] where the stroke comes through a crossing, in pieces from its start.
        before, loop, behind: [..., P, P] px along the stroke, where they cross: from its start to the crossing, from
            there until it comes back to it, and from there to its end.
    """

    there: Tensor
    first: Tensor
    second: Tensor
    before: Tensor
    loop: Tensor
    behind: Tensor


def self_crossings(control_points: Tensor, pieces: int) -> Crossings:
    """Find where strokes cross themselves; of strokes that turn back on their own line nothing is found.

    Args:
        control_points: [..., 3 S + 1, 2] px.
        pieces: straight ones that each cubic is cut into; P is S times as many.

    >>> loop = torch.tensor([[20.0, 80], [140, 20], [-40, 20], [80, 80]])
    >>> found = self_crossings(loop, pieces=64)
    >>> int(found.there.sum()), [round(float(part[found.there])) for part in found[3:]]
    (1, [35, 82, 35])
    """
    t = torch.arange(pieces, device=control_points.device) / pieces
    points = curve_points(segments_of(control_points), t).flatten(-3, -2)
    points = torch.cat([points, control_points[..., -1:, :]], dim=-2)
    steps = points.diff(dim=-2)
    length = steps.square().sum(dim=-1).clamp_min(1e-12).sqrt()
    number = torch.arange(length.shape[-1], device=length.device)
    with torch.no_grad():
        apart = points[..., None, :-1, :] - points[..., :-1, None, :]
        area = _cross(steps[..., :, None, :], steps[..., None, :, :])
        here, later = (_cross(apart, each) / area for each in (steps[..., None, :, :], steps[..., :, None, :]))
        there = (here >= 0) & (here < 1) & (later >= 0) & (later < 1) & (number >= number[:, None] + 2)
        here, later = (torch.where(there, each, 0.0) for each in (here, later))
    reached = length.cumsum(dim=-1)
    before = (reached - length)[..., :, None] + here * length[..., :, None]
    until = (reached - length)[..., None, :] + later * length[..., None, :]
    return Crossings(
        there, number[:, None] + here, number + later, before, until - before, reached[..., -1:, None] - until
    )


def exact_crossing(cubic: Tensor) -> Tensor:
    """Return where cubics cross themselves: both parameters there, the smaller one first; NaN for those that do not.

    With P(t) = a t³ + b t² + c t + d, P(s) = P(t) for s ≠ t is a (u² - v) + b u + c = 0 with u = s + t and v = s t;
    its cross products with a and b give u and u² - v. The reference of ``self_crossings``.

    Args:
        cubic: [..., 4, 2] px.

    Returns:
        [..., 2], float64 on the CPU (not every device has float64).

    >>> loop = torch.tensor([[20.0, 80], [140, 20], [-40, 20], [80, 80]])
    >>> [round(t, 3) for t in exact_crossing(loop).tolist()]
    [0.113, 0.887]
    >>> exact_crossing(loop[[0, 2, 1, 3]]).isnan().all().item()  # an arch
    True
    """
    p0, p1, p2, p3 = cubic.cpu().double().unbind(dim=-2)
    a, b, c = p3 - p0 + 3 * (p1 - p2), 3 * (p0 - 2 * p1 + p2), 3 * (p1 - p0)
    area = _cross(a, b)
    u, v = -_cross(a, c) / area, (_cross(a, c) / area).square() - _cross(b, c) / area
    root = (u.square() - 4 * v).sqrt()  # NaN where nothing crosses
    first, second = (u - root) / 2, (u + root) / 2
    inside = (root > 0) & (first > 0) & (second < 1)
    return torch.where(inside[..., None], torch.stack([first, second], dim=-1), torch.nan)


def _cross(a: Tensor, b: Tensor) -> Tensor:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
