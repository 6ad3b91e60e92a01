"""The pen: how far it travels between paths, in which order it draws them, and which it draws without being lifted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ..tour import short_way
from .paths import DECIMALS, PenPath, Points

PathOrder = Literal["drawn", "pen"]
PATH_ORDERS: tuple[PathOrder, ...] = get_args(PathOrder)
"""As the sketch is drawn; or by a short way of the pen, on which some paths are drawn backwards."""


def travel(paths: Sequence[PenPath]) -> float:
    """Return how far a pen that sets off in the page's upper left corner travels between paths, in mm.

    >>> travel([PenPath(np.array([[3.0, 4], [3, 4], [9, 4], [9, 4]]), 1)])
    5.0
    """
    way = np.concatenate([np.zeros((1, 2)), *(path.ends for path in paths)])
    return float(np.sqrt(np.square(way[1::2] - way[:-1:2]).sum(axis=1)).sum())


def order_paths(paths: Sequence[PenPath]) -> list[PenPath]:
    """Put paths in an order, and turn some round, so that the pen travels little between them.

    The way depends on where the paths lie, not on the order in which they come, unless that is as short: then they keep
    it, as paths do that are in this order already.

    >>> far, near = (PenPath(np.array([[x, 9.0], [x, 8], [x, 7], [x, 6]]), 1) for x in (20.0, 4.0))
    >>> [path.ends.tolist() for path in order_paths([far, near])]
    [[[4.0, 6.0], [4.0, 9.0]], [[20.0, 9.0], [20.0, 6.0]]]
    """
    if not paths:
        return []
    known = sorted((_one_way(path) for path in paths), key=_where)
    order, turned = short_way(np.stack([path.ends for path in known]))
    found = [known[index].turned() if back else known[index] for index, back in zip(order, turned, strict=True)]
    return found if travel(found) < travel(paths) else list(paths)


def join_paths(paths: Sequence[PenPath], tolerance: float) -> list[PenPath]:
    """Join paths of one look whose ends lie within a tolerance, by a straight line where they do not meet.

    A path takes on whatever is nearest to its end, and when nothing is left, to its start. What it has taken on counts
    as its own from then on: its place in the order and its rank are those of the first one.

    Args:
        paths: in drawing order.
        tolerance: mm; 0 joins what meets.

    >>> first, second = (PenPath(np.array([[x, 0.0], [x + 1, 0], [x + 2, 0], [x + 3, 0]]), 1) for x in (0.0, 3.2))
    >>> [path.points[:, 0].tolist() for path in join_paths([second, first], 0.3)]
    [[0.0, 1.0, 2.0, 3.0, 3.067, 3.133, 3.2, 4.2, 5.2, 6.2]]
    """
    if not paths:
        return []
    ends = np.stack([path.ends for path in paths])
    looks = {look: index for index, look in enumerate(dict.fromkeys(path.look for path in paths))}
    look_of = np.array([looks[path.look] for path in paths])
    left = np.ones(len(paths), dtype=bool)
    joined = []
    for first, path in enumerate(paths):
        if not left[first]:
            continue
        left[first] = False
        alike = look_of == look_of[first]
        for at_start in (False, True):
            while (found := _nearest(ends, left & alike, path.points[0 if at_start else -1], tolerance)) is not None:
                index, meets_last = found
                left[index] = False
                other = paths[index] if meets_last == at_start else paths[index].turned()
                both = (other, path) if at_start else (path, other)
                path = replace(path, points=_linked(both[0].points, both[1].points))
        joined.append(path)
    return joined


def _nearest(
    ends: NDArray[np.float64], among: NDArray[np.bool_], end: Points, tolerance: float
) -> tuple[int, bool] | None:
    """Return which path has the end that is nearest to another, and whether that is its last; None beyond tolerance."""
    apart = np.where(among[:, None], np.sqrt(np.square(ends - end).sum(axis=2)), np.inf)
    index, last = divmod(int(apart.argmin()), 2)
    return (index, last == 1) if apart[index, last] <= tolerance + 1e-9 else None


def _linked(first: Points, second: Points) -> Points:
    """Join two paths, by a straight segment where the one does not begin where the other ends."""
    start, end = first[-1], second[0]
    if np.array_equal(start, end):
        return np.concatenate([first, second[1:]])
    link = np.round(start + (end - start) * np.array([[1.0], [2.0]]) / 3, DECIMALS)
    return np.concatenate([first, link, second])


def _one_way(path: PenPath) -> PenPath:
    """Return a path in the one of its two directions that begins farther left, or farther up."""
    turned = path.turned()
    return turned if turned.points.ravel().tolist() < path.points.ravel().tolist() else path


def _where(path: PenPath) -> tuple[object, ...]:
    return path.points.ravel().tolist(), path.look, path.rank
