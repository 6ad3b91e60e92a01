"""Trim: a stroke that ends just behind its own line ends on it instead."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from .bezier import arc_length, first_part, self_crossing
from .strokes import Strokes

LONGEST = 1.0
"""Of the stroke's width: what runs on behind the own line by no more than this is hardly seen, and taken off."""


def trim_ends(strokes: Strokes) -> Strokes:
    """Take off the ends that strokes run over their own line with: they end where they meet it.

    The shorter of a stroke's two ends is cut, half a width before the crossing, which the round end covers. Strokes of
    several cubics stay as they are, and so do given ones.

    Args:
        strokes: [B, N, K, 2].

    >>> loop = torch.tensor([[20.0, 80], [140, 20], [-40, 20], [80, 80]])
    >>> nearly_closed = first_part(loop, torch.tensor(0.89))  # crosses itself at 0.887
    >>> trimmed = trim_ends(Strokes.black(nearly_closed.view(1, 1, 4, 2), (100, 100)))
    >>> self_crossing(nearly_closed).isnan().any().item(), self_crossing(trimmed.control_points).isnan().all().item()
    (False, True)
    """
    if strokes.num_segments > 1:
        return strokes
    points, width = strokes.control_points.cpu().double(), strokes.stroke_width.cpu().double()
    crossing = self_crossing(points)
    crosses = ~crossing[..., 0].isnan()
    first, second = crossing.nan_to_num(1.0).unbind(dim=-1)
    before, behind = arc_length(first_part(points, first)), arc_length(first_part(points.flip(-2), 1 - second))
    turned = before < behind
    ahead = torch.where(turned[..., None, None], points.flip(-2), points)
    meets, leaves = torch.where(turned, 1 - first, second), torch.where(turned, 1 - second, first)
    end = meets - width / 2 / _speed(ahead, meets)
    cut = crosses & ~strokes.is_given.cpu() & (torch.minimum(before, behind) <= LONGEST * width) & (end > leaves)
    part = first_part(ahead, torch.where(cut, end, 1.0))
    part = torch.where(turned[..., None, None], part.flip(-2), part)
    kept = torch.where(cut[..., None, None], part, points)
    return replace(strokes, control_points=kept.to(strokes.control_points))


def _speed(cubic: Tensor, t: Tensor) -> Tensor:
    """Return how fast curves [..., 4, 2] run at parameters t [...], px per unit of t."""
    part = first_part(cubic, t)
    last: Tensor = torch.linalg.vector_norm(part[..., 3, :] - part[..., 2, :], dim=-1)
    return 3 * last / t.clamp_min(1e-9)
