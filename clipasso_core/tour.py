"""Tours: in which order, and from which end each, lines are drawn so that the way between them is short."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Order = tuple[NDArray[np.int64], NDArray[np.bool_]]


def nearest_first(ends: NDArray[np.float64], start: NDArray[np.float64]) -> Order:
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
