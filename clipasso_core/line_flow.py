"""The lines of a map as a field of directions, and paths that follow them."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from .tangent_flow import tangent_flow

THICKNESS, REACH = 1.0, 3.0
"""px: blur of the lines before their slope is taken, and of the slopes' tensor."""

FAINT = 0.1
"""Of the blurred lines: where they fall below, a path ends."""

MOST_TURN, FULL_TURN = 2.0, 3.0
"""Radians, how far a path may turn each way from its start: a stroke of one cubic can follow somewhat more than half a
circle; and one of more cubics nearly a whole one, on which a path should not come round again."""


class LineFlow(NamedTuple):
    """Where the lines of a map run.

    Args:
        direction: [H, W, 2] unit vectors (x, y) along the lines; their sign means nothing.
        strength: [H, W] in 0-1, the lines blurred.
    """

    direction: Tensor
    strength: Tensor


def line_flow(lines: Tensor) -> LineFlow:
    """Find how lines run.

    Args:
        lines: [H, W], above 0 on lines.

    >>> lines = torch.zeros(32, 32)
    >>> lines[16, 4:28] = 1  # one horizontal line
    >>> line_flow(lines).direction[16, 16].abs().round().tolist()
    [1.0, 0.0]

    Source: ``tangent_flow`` of the blurred map, weighted over ``REACH`` px.
    """
    marked = (lines > 0).cpu().double().numpy()
    blurred = ndimage.gaussian_filter(marked, THICKNESS)
    flow = tangent_flow(blurred, lambda slopes: ndimage.gaussian_filter(slopes, REACH))
    direction = np.stack([flow.x, flow.y], axis=-1)
    return LineFlow(torch.from_numpy(direction).float(), torch.from_numpy(blurred).float())


class Paths(NamedTuple):
    """Paths along lines.

    Args:
        points: [M, T, 2] px, steps of about 1 px; the start is the middle one.
        reached: [M, T] bool, whether the line reaches so far; beyond, points lie on its end.
    """

    points: Tensor
    reached: Tensor


def follow(flow: LineFlow, starts: Tensor, length: float, most_turn: float = MOST_TURN) -> Paths:
    """Follow the lines from points on them, both ways alike, until they end or have turned too far.

    Args:
        flow: of an [H, W] map.
        starts: [M, 2] px.
        length: px of a path, where its line goes on for so long.
        most_turn: radians, less than half a circle: how far they may turn, each way.

    >>> lines = torch.zeros(32, 32)
    >>> lines[16, 4:28] = 1
    >>> path = follow(line_flow(lines), torch.tensor([[16.0, 16.0]]), length=8)
    >>> sorted(path.points[0, :, 0].tolist())
    [12.0, 13.0, 14.0, 15.0, 16.0, 17.0, 18.0, 19.0, 20.0]
    """
    steps = max(1, round(length / 2))
    ahead, back = (_walk(flow, starts, sign, steps, math.cos(most_turn)) for sign in (1.0, -1.0))
    joined = (torch.cat([one.flip(1)[:, :-1], other], dim=1) for one, other in zip(back, ahead, strict=True))
    return Paths(*joined)


def place_evenly(paths: Tensor, count: int) -> Tensor:
    """Return ``count`` points [M, count, 2] on paths [M, T, 2], the same length of path between neighbours.

    >>> place_evenly(torch.tensor([[[0.0, 0.0], [1.0, 0.0], [8.0, 0.0]]]), 3)[0, :, 0].tolist()
    [0.0, 4.0, 8.0]
    """
    travelled = torch.zeros(paths.shape[:2])
    travelled[:, 1:] = torch.linalg.vector_norm(paths.diff(dim=1), dim=-1).cumsum(dim=1)
    wanted = travelled[:, -1:] * torch.linspace(0, 1, count)
    after = torch.searchsorted(travelled, wanted.contiguous()).clamp(1, paths.shape[1] - 1)
    low, high = travelled.gather(1, after - 1), travelled.gather(1, after)
    share = ((wanted - low) / (high - low).clamp(min=1e-6)).clamp(0, 1)[..., None]
    index = after[..., None].expand(-1, -1, 2)
    return torch.lerp(paths.gather(1, index - 1), paths.gather(1, index), share)


def curve_through(points: Tensor) -> Tensor:
    """Return control points [M, 3 S + 1, 2] of S cubics that pass through as many points, at thirds of each cubic.

    >>> curve_through(torch.tensor([[[0.0, 0.0], [2.0, 0.0], [4.0, 0.0], [6.0, 0.0]]]))[0, :, 0].tolist()
    [0.0, 2.0, 4.0, 6.0]
    """
    first, last = points[:, :-1:3], points[:, 3::3]
    second, third = points[:, 1::3], points[:, 2::3]
    one = (-5 * first + 18 * second - 9 * third + 2 * last) / 6
    two = (2 * first - 9 * second + 18 * third - 5 * last) / 6
    cubics = torch.stack([first, one, two], dim=2).flatten(1, 2)
    return torch.cat([cubics, points[:, -1:]], dim=1)


def _walk(flow: LineFlow, starts: Tensor, sign: float, steps: int, least_cosine: float) -> Paths:
    """Go along the flow px by px, half a step ahead looking where it leads; stand still where the line has ended."""
    height, width = flow.strength.shape
    limit = torch.tensor([width, height])
    at = _pixel(flow, starts)
    first = heading = flow.direction[at] * sign
    path, on = [starts], [torch.ones(len(starts), dtype=torch.bool)]
    for _ in range(steps):
        heading = _onward(flow.direction[_pixel(flow, path[-1] + heading / 2)], heading)
        there = path[-1] + heading
        inside = ((there >= 0) & (there <= limit)).all(-1) & (flow.strength[_pixel(flow, there)] > FAINT)
        on.append(on[-1] & inside & ((heading * first).sum(-1) > least_cosine))
        path.append(torch.where(on[-1][:, None], there, path[-1]))
        heading = _onward(flow.direction[_pixel(flow, path[-1])], heading)
    return Paths(torch.stack(path, dim=1), torch.stack(on, dim=1))


def _onward(along: Tensor, heading: Tensor) -> Tensor:
    """Return directions [M, 2], turned round where they lead back."""
    return torch.where((along * heading).sum(-1, keepdim=True) < 0, -along, along)


def _pixel(flow: LineFlow, points: Tensor) -> tuple[Tensor, Tensor]:
    """Return row and column of the pixels that points [M, 2] px lie in, the nearest ones of the map."""
    height, width = flow.strength.shape
    x, y = points.long().unbind(-1)
    return y.clamp(0, height - 1), x.clamp(0, width - 1)
