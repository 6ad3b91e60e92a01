"""One line: join lines end to start by short ways, and draw their whole way as a single smooth stroke."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from .bezier import bernstein
from .tour import nearest_first

Array = NDArray[np.float64]

SMOOTH = 3.0
"""px along the way, the blur of its corners: a joint between two lines becomes a bend."""

POINTS_PER_SEGMENT = 8
"""Least points of the way for each cubic."""


def one_line(lines: Sequence[Tensor], num_segments: int) -> Tensor:
    """Draw lines as one stroke: in the order of a short tour, each joined to the next.

    Args:
        lines: each [T, 2] px; T may be 1.
        num_segments: cubics of the stroke. They are spent where the way bends most.

    Returns:
        [3 * num_segments + 1, 2] px; neighbouring cubics have one direction where they meet.

    >>> dash = torch.tensor([[0.0, 0.0], [4.0, 0.0]])
    >>> one_line([dash, dash + 20, dash + 10], 2)[[0, -1]].tolist()  # the nearer one comes first
    [[0.0, 0.0], [24.0, 20.0]]
    """
    ends = np.stack([line[[0, -1]].double().numpy() for line in lines])
    ordered = [lines[index].flip(0) if turned else lines[index] for index, turned in short_tour(ends)]
    way = _way(torch.cat(ordered).double().numpy(), POINTS_PER_SEGMENT * num_segments)
    return torch.from_numpy(_fitted_curve(way, num_segments)).to(lines[0])


def short_tour(ends: Array) -> list[tuple[int, bool]]:
    """Find a short way through lines, from the outermost end: the nearest end comes next, then 2-opt.

    Args:
        ends: [L, 2, 2] px, first and last point (x, y) of each line.

    Returns:
        The lines in their order, and whether each is drawn from its last point to its first.

    Source: Croes, "A method for solving traveling-salesman problems" (1958): parts of the tour are turned round for as
    long as that makes it shorter.

    >>> short_tour(np.array([[[0.0, 0], [1, 0]], [[9, 0], [8, 0]], [[2, 0], [3, 0]]]))
    [(1, False), (2, True), (0, True)]
    """
    apart = np.linalg.norm(ends - ends.reshape(-1, 2).mean(axis=0), axis=-1)
    order, turned = nearest_first(ends, ends.reshape(-1, 2)[int(apart.argmax())])
    while len(order) > 1:
        first, last, gain = _best_turn(ends, order, turned)
        if gain < 1e-6:
            break
        order[first : last + 1] = order[first : last + 1][::-1]
        turned[first : last + 1] = ~turned[first : last + 1][::-1]
    return list(zip(order.tolist(), turned.tolist(), strict=True))


def _best_turn(ends: Array, order: NDArray[np.int64], turned: NDArray[np.bool_]) -> tuple[int, int, float]:
    """Return which part of a tour, first to last, gains most px by being turned round, and how many."""
    tour = np.where(turned[:, None, None], ends[order][:, ::-1], ends[order])
    before, after = tour[:-1, 1], tour[1:, 0]
    count, gap = len(tour), np.linalg.norm(before - after, axis=-1)
    gain = np.zeros((count, count))
    gain[1:] += gap[:, None]
    gain[:, :-1] += gap[None]
    gain[1:] -= np.linalg.norm(before[:, None] - tour[None, :, 1], axis=-1)
    gain[:, :-1] -= np.linalg.norm(tour[:, None, 0] - after[None], axis=-1)
    gain = np.triu(gain)
    first, last = np.unravel_index(int(gain.argmax()), gain.shape)
    return int(first), int(last), float(gain[first, last])


def _way(points: Array, count: int) -> Array:
    """Return a way through points [T, 2] as about a point a px [M, 2], at least ``count``, its corners blurred."""
    travelled = np.concatenate([[0.0], np.linalg.norm(np.diff(points, axis=0), axis=-1).cumsum()])
    places = np.linspace(0, travelled[-1], max(count, int(travelled[-1])) + 1)
    way = np.stack([np.interp(places, travelled, axis) for axis in points.T], axis=-1)
    sigma = SMOOTH / max(places[1], 1e-6)
    if sigma > len(way) / 4:
        return way
    # mirrored through the ends, so that they stay where they are
    blurred = [2 * way[0] - way[:0:-1], way, 2 * way[-1] - way[-2::-1]]
    smooth: Array = ndimage.gaussian_filter1d(np.concatenate(blurred), sigma, axis=0)[len(way) - 1 : 2 * len(way) - 1]
    return smooth


def _fitted_curve(way: Array, segments: int) -> Array:
    """Fit joined cubics [3 * segments + 1, 2] to a way [M, 2]: the worst one is cut in two until there are enough."""
    tangents = np.gradient(way, axis=0)
    tangents /= np.maximum(np.linalg.norm(tangents, axis=-1, keepdims=True), 1e-9)
    knots, pieces = [0, len(way) - 1], [_fit(way, tangents, 0, len(way) - 1)]
    while len(pieces) < segments:
        free = [error if knots[k + 1] - knots[k] > 1 else -1.0 for k, (_, error, _) in enumerate(pieces)]
        worst = int(np.argmax(free))
        first, last, cut = knots[worst], knots[worst + 1], pieces[worst][2]
        pieces[worst : worst + 1] = [_fit(way, tangents, first, cut), _fit(way, tangents, cut, last)]
        knots.insert(worst + 1, cut)
    return np.concatenate([piece[0][:3] for piece in pieces] + [way[-1:]])


def _fit(way: Array, tangents: Array, first: int, last: int) -> tuple[Array, float, int]:
    """Fit a cubic to a part of a way: its points [4, 2], how far the way leaves it, and where it is best cut.

    Source: Schneider, "An algorithm for automatically fitting digitized curves" (Graphics Gems, 1990).
    """
    part, ahead, back = way[first : last + 1], tangents[first], -tangents[last]
    weights = bernstein(torch.linspace(0, 1, len(part), dtype=torch.float64)).numpy()
    plain = np.outer(weights[:, :2].sum(axis=1), part[0]) + np.outer(weights[:, 2:].sum(axis=1), part[-1])
    handles = np.stack([np.outer(weights[:, 1], ahead).ravel(), np.outer(weights[:, 2], back).ravel()], axis=1)
    lengths = np.linalg.lstsq(handles, (part - plain).ravel(), rcond=None)[0]
    chord = float(np.linalg.norm(part[-1] - part[0]))
    if not np.all((lengths > 0.05 * chord) & (lengths < 3 * chord)):
        lengths = np.full(2, chord / 3)
    cubic = np.stack([part[0], part[0] + lengths[0] * ahead, part[-1] + lengths[1] * back, part[-1]])
    apart = np.linalg.norm(weights @ cubic - part, axis=-1)
    cut = first + int(np.clip(apart.argmax(), (len(part) - 1) // 4, len(part) - 1 - (len(part) - 1) // 4))
    return cubic, float(apart.max()), min(max(cut, first + 1), max(last - 1, first + 1))
