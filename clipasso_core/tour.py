"""Tours: in which order, and from which end each, lines are drawn so that the way between them is short."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Tour = tuple[NDArray[np.int64], NDArray[np.bool_]]
"""Lines in their order [L], and whether each is drawn from its last point to its first [L]."""

SHORTENED = 20
"""Most passes over a way that look for a shorter one."""


def nearest_first(ends: NDArray[np.float64], start: NDArray[np.float64]) -> Tour:
    """Go on with the line that has the nearest end, again and again.

    Args:
        ends: [L, 2, 2] px, first and last point (x, y) of each line.
        start: [2] px, where the way begins.

    Returns:
        The lines in their order [L], and whether each is drawn from its last point to its first.

    >>> order, turned = nearest_first(np.array([[[4.0, 0], [5, 0]], [[3, 0], [1, 0]]]), np.zeros(2))
    >>> order.tolist(), turned.tolist()
    ([1, 0], [True, False])
    """
    left, here = np.ones(len(ends), dtype=bool), start
    order, turned = [], []
    for _ in range(len(ends)):
        away = np.where(left[:, None], np.square(ends - here).sum(axis=2), np.inf)
        index, end = divmod(int(away.argmin()), 2)
        order.append(index)
        turned.append(end == 1)
        left[index], here = False, ends[index, 1 - end]
    return np.array(order, dtype=np.int64), np.array(turned, dtype=bool)


def short_way(ends: NDArray[np.float64]) -> Tour:
    """Find a short way from the corner (0, 0) along all lines; it ends where the last one does.

    From the nearest line to the next nearest, and then whatever part of the way is shorter backwards is turned round
    (2-opt; Croes, "A method for solving traveling-salesman problems", 1958).

    Args:
        ends: [L, 2, 2], first and last point (x, y) of each line.

    Returns:
        The lines in their order [L], and whether each is drawn from its last point to its first.

    >>> order, turned = short_way(np.array([[[20.0, 9], [26, 9]], [[12, 9], [4, 9]]]))
    >>> order.tolist(), turned.tolist()
    ([1, 0], [True, False])
    """
    order, turned = nearest_first(ends, np.zeros(2))
    for _ in range(SHORTENED):
        if not _shorten(ends, order, turned):
            break
    return order, turned


def _shorten(ends: NDArray[np.float64], order: NDArray[np.int64], turned: NDArray[np.bool_]) -> bool:
    """Turn parts of the way round, in place, where that shortens it; return whether any was."""
    found = False
    for first in range(len(order)):
        starts = ends[order, turned.astype(int)]
        stops = ends[order, 1 - turned.astype(int)]
        before = np.zeros(2) if first == 0 else stops[first - 1]
        after = np.concatenate([starts[first + 1 :], np.full((1, 2), np.nan)])  # behind the last one nothing follows
        now = _apart(before, starts[first]) + np.nan_to_num(_apart(stops[first:], after))
        then = _apart(before, stops[first:]) + np.nan_to_num(_apart(starts[first], after))
        last = int((then - now).argmin())
        if then[last] < now[last] - 1e-9:
            part = slice(first, first + last + 1)
            order[part], turned[part] = order[part][::-1].copy(), ~turned[part][::-1]
            found = True
    return found


def _apart(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    apart: NDArray[np.float64] = np.sqrt(np.square(one - other).sum(axis=-1))
    return apart
