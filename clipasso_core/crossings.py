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


def _cross(a: Tensor, b: Tensor) -> Tensor:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
