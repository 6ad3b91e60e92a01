"""Trim: a stroke that ends just behind its own line ends on it instead, and small knots between its cubics go."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from .bezier import curve_points, first_part, points_along
from .crossings import MOST_CUBICS, self_crossings
from .strokes import Strokes

LONGEST, LARGEST = 2.0, 4.0
"""Of the stroke's width: what runs on behind the own line by no more than the first is taken off, and so are loops, and
ends beside an eye, no longer than the second."""

BESIDE = 1.5
"""Of the width: strokes whose middles are nearer than this lie close beside each other."""

AT_ONCE = 64
"""Strokes that are looked at in one pass: 8 MB for each number of a pair of pieces."""

PIECES = 64
"""Straight pieces of a cubic, between which crossings are looked for."""


@torch.no_grad()
def trim_ends(strokes: Strokes) -> Strokes:
    """Take off the ends that strokes run over their own line with: they end where they meet it.

    An end is cut half a width before the crossing, which the round end covers. What is left of its cubic is that
    curve's part. Given strokes stay as they are, and so do those of more than ``MOST_CUBICS`` cubics.

    Args:
        strokes: [B, N, K, 2].

    >>> loop = torch.tensor([[20.0, 80], [140, 20], [-40, 20], [80, 80]])
    >>> nearly_closed = first_part(loop, torch.tensor(0.89))  # crosses itself at 0.887
    >>> trimmed = trim_ends(Strokes.black(nearly_closed.view(1, 1, 4, 2), (100, 100))).control_points
    >>> [bool(self_crossings(each, PIECES).there.any()) for each in (nearly_closed, trimmed)]
    [True, False]
    """
    if strokes.num_segments > MOST_CUBICS:
        return strokes
    trimmed, width = strokes.control_points.cpu().double(), strokes.stroke_width.cpu().double()
    for _ in range(2):  # its end, then its start
        trimmed = _in_parts(_without_end, trimmed, width).flip(-2)
    return _with_points(strokes, trimmed)


@torch.no_grad()
def trim_knots(strokes: Strokes) -> Strokes:
    """Take off small loops that strokes of several cubics run through where two of these meet: they meet earlier.

    Args:
        strokes: [B, N, K, 2]; given ones stay as they are.

    >>> there, back = [[10.0, 10], [20, 20], [30, 30], [44, 44]], [[48.0, 43], [44, 38], [20, 50]]
    >>> knotted = Strokes.black(torch.tensor([[there + back]]), (64, 64), stroke_width=3)
    >>> trimmed = trim_knots(knotted)
    >>> [bool(self_crossings(each.control_points, PIECES).there.any()) for each in (knotted, trimmed)]
    [True, False]
    """
    points, width = strokes.control_points.cpu().double(), strokes.stroke_width.cpu().double()
    return _with_points(strokes, _in_parts(_without_knots, points, width))


@torch.no_grad()
def trim_beside(strokes: Strokes, staying: Tensor) -> Strokes:
    """Take off the ends that strokes have on or close beside some that stay, such as eyes.

    Args:
        strokes: [B, N, K, 2]; given ones stay as they are.
        staying: [B, N] bool, which those are.

    >>> eye, lash = [[40.0, 50], [43, 50], [47, 50], [50, 50]], [[47.0, 52], [50, 60], [52, 70], [53, 80]]
    >>> strokes = Strokes.black(torch.tensor([[eye, lash]]), (100, 100), stroke_width=3)
    >>> trimmed = trim_beside(strokes, torch.tensor([[True, False]])).control_points[0]
    >>> trimmed[0].tolist() == eye, trimmed[1, [0, -1]].round().tolist()
    (True, [[48.0, 55.0], [53.0, 80.0]])
    """
    points, width = strokes.control_points.cpu().double(), strokes.stroke_width.cpu().double()
    trimmed = points.clone()
    for index, stays in enumerate((staying & strokes.alive).cpu()):
        if bool(stays.any()):
            clear = partial(_clear_of, others=points_along(points[index, stays], PIECES).flatten(0, 1))
            for _ in range(2):  # ends, then starts
                trimmed[index] = _in_parts(clear, trimmed[None, index], width[None, index])[0].flip(-2)
    kept = torch.where(staying[..., None, None], strokes.control_points, trimmed.to(strokes.control_points))
    return _with_points(strokes, kept)


def _with_points(strokes: Strokes, points: Tensor) -> Strokes:
    """Return strokes with other points [B, N, K, 2], but given ones as they are."""
    given = strokes.is_given[..., None, None]
    moved = torch.where(given, strokes.control_points, points.to(strokes.control_points))
    return strokes.with_points(moved)


def _in_parts(work: Callable[[Tensor, Tensor], Tensor], points: Tensor, width: Tensor) -> Tensor:
    """Return what some work makes of strokes [B, N, K, 2] of widths [B, N], a few at a time, which bounds memory."""
    parts = zip(torch.split(points.flatten(0, 1), AT_ONCE), torch.split(width.flatten(), AT_ONCE), strict=True)
    return torch.cat([work(*part) for part in parts]).view_as(points)


def _without_knots(points: Tensor, width: Tensor) -> Tensor:
    """Return strokes [N, K, 2] px of widths [N] px without the small loops at their joints."""
    trimmed = points.clone()
    for joint in range(3, points.shape[-2] - 1, 3):
        pair = trimmed[:, joint - 3 : joint + 4]
        found = self_crossings(pair, PIECES)
        at = [each[:, :PIECES, PIECES:].flatten(1) for each in (found.there, found.loop, found.first, found.second)]
        short = at[0] & (at[1] <= LARGEST * width[:, None])
        length, which = torch.where(short, at[1], -1.0).max(dim=1, keepdim=True)
        first, second = (each.gather(1, which)[:, 0] / PIECES for each in at[2:])
        before, behind = first_part(pair[:, :4], first), first_part(pair[:, 3:].flip(1), 2 - second).flip(1)
        cut = torch.cat([before, behind[:, 1:]], dim=1)
        trimmed[:, joint - 3 : joint + 4] = torch.where(length[..., None] > 0, cut, pair)
    return trimmed


def _without_end(points: Tensor, width: Tensor) -> Tensor:
    """Return strokes [N, K, 2] px of widths [N] px without the ends that run over their own lines."""
    found = self_crossings(points, PIECES)
    short = found.there & (found.behind <= LONGEST * width[..., None, None])
    by = torch.where(short, found.behind, -torch.inf).amax(dim=(-2, -1)) + width / 2
    loop = torch.where(short, found.loop, torch.inf).amin(dim=(-2, -1))
    return _shortened(points, torch.where(by < loop, by, 0.0))


def _clear_of(points: Tensor, width: Tensor, others: Tensor) -> Tensor:
    """Return strokes [N, K, 2] px of widths [N] px without the ends that lie beside points [M, 2] px."""
    line = points_along(points, PIECES + 1)
    beside = torch.cdist(line, others).amin(dim=-1) < BESIDE * width[:, None]
    tail = beside.flip(-1).long().cumprod(dim=-1)[:, :-1]
    length = (line.diff(dim=-2).norm(dim=-1).flip(-1) * tail).sum(dim=-1)
    return _shortened(points, torch.where(length <= LARGEST * width, length, 0.0))


def _shortened(points: Tensor, by: Tensor) -> Tensor:
    """Return strokes [..., K, 2] without so many px [...] of their ends, where their last cubics are longer."""
    last = points[..., -4:, :]
    t = torch.linspace(0, 1, PIECES + 1).to(points)
    left = curve_points(last, t).diff(dim=-2).norm(dim=-1).flip(-1).cumsum(dim=-1).flip(-1)
    does = (by > 0) & (by < left[..., 0])
    piece = (left > by[..., None]).sum(dim=-1, keepdim=True).clamp(1, PIECES) - 1
    after = torch.nn.functional.pad(left, (0, 1)).gather(-1, piece + 1)
    share = (left.gather(-1, piece) - by[..., None]) / (left.gather(-1, piece) - after).clamp_min(1e-9)
    part = first_part(last, ((piece + share.clamp(0, 1)) / PIECES)[..., 0])
    return torch.cat([points[..., :-4, :], torch.where(does[..., None, None], part, last)], dim=-2)
