"""Cubic Bézier curves: take joined ones apart, find points on them. Pure functions on [..., 4, 2] tensors."""

from __future__ import annotations

import torch
from torch import Tensor

from .errors import ShapeError


def segments_of(control_points: Tensor) -> Tensor:
    """View joined curves as separate cubics.

    Args:
        control_points: [..., 3 * S + 1, 2] px.

    Returns:
        [..., S, 4, 2]; neighbours share their joint.

    Raises:
        ShapeError: the number of points is not 3 * S + 1.

    >>> segments_of(torch.arange(14.0).reshape(7, 2))[:, :, 0].tolist()  # x of two cubics, joined at 6
    [[0.0, 2.0, 4.0, 6.0], [6.0, 8.0, 10.0, 12.0]]
    """
    count = control_points.shape[-2]
    if count < 4 or count % 3 != 1:
        raise ShapeError(f"A stroke needs 3 * segments + 1 control points (4, 7, 10, ...), got {count}.")
    pieces = [control_points[..., i : i + 4, :] for i in range(0, count - 1, 3)]
    return torch.stack(pieces, dim=-3)


def bernstein(t: Tensor) -> Tensor:
    """Return the four cubic Bernstein weights at parameters t [...] as [..., 4].

    >>> bernstein(torch.tensor([0.0, 0.5])).tolist()
    [[1.0, 0.0, 0.0, 0.0], [0.125, 0.375, 0.375, 0.125]]
    """
    s = 1 - t
    return torch.stack([s**3, 3 * s**2 * t, 3 * s * t**2, t**3], dim=-1)


def curve_points(cubic: Tensor, t: Tensor) -> Tensor:
    """Return points on cubics.

    Args:
        cubic: [..., 4, 2] px.
        t: [T] parameters in 0-1.

    Returns:
        [..., T, 2] px.

    >>> arch = torch.tensor([[0.0, 0.0], [0.0, 8.0], [8.0, 8.0], [8.0, 0.0]])
    >>> curve_points(arch, torch.tensor([0.0, 0.5, 1.0])).tolist()
    [[0.0, 0.0], [4.0, 6.0], [8.0, 0.0]]
    """
    return bernstein(t.to(cubic)) @ cubic


def points_along(control_points: Tensor, count: int) -> Tensor:
    """Return points on strokes, at equal steps of t along each of their cubics, its ends among them.

    Args:
        control_points: [..., 3 S + 1, 2] px.
        count: points of a cubic.

    Returns:
        [..., S * count, 2] px; a joint stands there twice.

    >>> points_along(torch.tensor([[0.0, 0.0], [3.0, 4.0], [6.0, 8.0], [9.0, 12.0]]), 3).tolist()
    [[0.0, 0.0], [4.5, 6.0], [9.0, 12.0]]
    """
    t = torch.linspace(0, 1, count, device=control_points.device)
    return curve_points(segments_of(control_points), t).flatten(-3, -2)


def arc_length(control_points: Tensor, steps: int = 32) -> Tensor:
    """Return how long strokes are: the length of the chords between points at equal steps of t.

    Args:
        control_points: [..., 3 S + 1, 2] px.
        steps: chords per cubic.

    Returns:
        [...] px, a little less than the curve's own length.

    >>> arc_length(torch.tensor([[0.0, 0.0], [3.0, 4.0], [6.0, 8.0], [9.0, 12.0]])).item()
    15.0
    """
    t = torch.linspace(0, 1, steps + 1, device=control_points.device)
    chords = curve_points(segments_of(control_points), t).diff(dim=-2)
    squared = chords.square().sum(dim=-1)
    return squared.clamp(min=torch.finfo(squared.dtype).tiny).sqrt().sum(dim=(-2, -1))


def curve_bounds(control_points: Tensor) -> Tensor:
    """Return the smallest upright rectangle around each stroke's curve, exactly: it ends where a derivative is 0.

    Args:
        control_points: [..., 3 S + 1, 2] px.

    Returns:
        [..., 4] px: left, top, right, bottom.

    >>> curve_bounds(torch.tensor([[0.0, 0.0], [0.0, 8.0], [8.0, 8.0], [8.0, 0.0]])).tolist()
    [0.0, 0.0, 8.0, 6.0]
    """
    along = segments_of(control_points).transpose(-1, -2)  # [..., S, 2, 4]
    p0, p1, p2, p3 = along.unbind(dim=-1)
    a, b, c = p3 - p0 + 3 * (p1 - p2), 2 * (p0 - 2 * p1 + p2), p1 - p0  # of a t² + b t + c, a third of the derivative
    q = -(b + torch.where(b < 0, -1, 1) * (b.square() - 4 * a * c).sqrt()) / 2  # NaN where it is never 0
    t = torch.stack([q / a, c / q], dim=-1).nan_to_num(0.0).clamp(0, 1)
    turns = (bernstein(t) * along[..., None, :]).sum(dim=-1)
    reached = torch.cat([turns, p0[..., None], p3[..., None]], dim=-1)
    return torch.cat([reached.amin(dim=-1).amin(dim=-2), reached.amax(dim=-1).amax(dim=-2)], dim=-1)


def last_points(control_points: Tensor) -> Tensor:
    """Return where strokes [B, N, K, 2] end: the index [B, N] of the last point before the segments that only pad them.

    >>> last_points(torch.tensor([[0.0, 1, 2, 3, 3, 3, 3], [0, 1, 2, 3, 4, 5, 6]])[None, :, :, None].expand(1, 2, 7, 2))
    tensor([[3, 6]])
    """
    count = control_points.shape[2]
    differs = (control_points != control_points[:, :, -1:]).any(dim=-1)
    number = torch.arange(1, count + 1, device=control_points.device)
    return ((differs * number).amax(dim=2) + 2).div(3, rounding_mode="floor").clamp(min=1) * 3


def first_part(cubic: Tensor, t: Tensor) -> Tensor:
    """Cut cubics at a parameter and return what lies before it, exactly (de Casteljau).

    Args:
        cubic: [..., 4, 2] px.
        t: [...] where to cut, in 0-1; 1 returns the whole cubic as it is.

    Returns:
        [..., 4, 2] px, the same curve from its start to ``t``.

    >>> line = torch.tensor([[0.0, 0.0], [3.0, 0.0], [6.0, 0.0], [9.0, 0.0]])
    >>> first_part(line, torch.tensor(0.5))[:, 0].tolist()
    [0.0, 1.5, 3.0, 4.5]
    """
    row, cut = cubic, []
    while row.shape[-2] > 0:
        cut.append(row[..., 0, :])
        row = torch.lerp(row[..., :-1, :], row[..., 1:, :], t[..., None, None].to(row))
    return torch.stack(cut, dim=-2)


def parts_between(cubic: Tensor, cuts: Tensor) -> Tensor:
    """Cut a cubic at parameters and return the parts between neighbouring ones, exactly.

    Args:
        cubic: [4, 2] px.
        cuts: [n + 1] parameters in 0-1, rising.

    Returns:
        [n, 4, 2] px.

    Source: the control points of a part are values of the cubic's polar form (Ramshaw, "Blossoming", 1987).

    >>> line = torch.tensor([[0.0, 0.0], [3.0, 0.0], [6.0, 0.0], [9.0, 0.0]])
    >>> parts_between(line, torch.tensor([0.0, 0.5, 1.0]))[:, :, 0].tolist()
    [[0.0, 1.5, 3.0, 4.5], [4.5, 6.0, 7.5, 9.0]]
    """
    start, end = cuts[:-1, None, None].to(cubic), cuts[1:, None, None].to(cubic)
    points = []
    for ends in range(4):
        row = cubic[None]
        for number in range(3):
            row = torch.lerp(row[:, :-1], row[:, 1:], end if number < ends else start)
        points.append(row[:, 0])
    return torch.stack(points, dim=1)
