"""Pen colours: many colours become those of a few pens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from .paths import PenPath

MOST_PENS = 64

_PASSES = 100
"""Of k-means, at most; it has long come to rest before."""

_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
"""From linear sRGB (IEC 61966-2-1)."""

_Colors = NDArray[np.float64]


def with_few_colors(paths: Sequence[PenPath], pens: int) -> list[PenPath]:
    """Give paths the colours of so many pens at most; opacities stay.

    The colours are grouped by k-means in CIE L*a*b*, from starting points that are as far from each other as can be, so
    that no random numbers are needed. A pen has the colour of its group that lies nearest to the group's mean: a colour
    of the drawing, so that paths of few colours keep them.

    Args:
        paths: each counts once.
        pens: how many; at least 1.

    >>> reds = [PenPath(np.zeros((4, 2)), 0.5, (red, 0.0, 0.0, 1.0)) for red in (0.1, 0.2, 0.9, 1.0)]
    >>> [path.color[0] for path in with_few_colors(reds, 2)]
    [0.2, 0.2, 0.9, 0.9]
    """
    colors = np.array([path.color[:3] for path in paths])
    if len(np.unique(colors, axis=0)) <= pens:
        return list(paths)
    lab = to_lab(colors)
    means = _far_apart(lab, pens)
    for _ in range(_PASSES):
        group = cdist(lab, means).argmin(axis=1)
        before = means.copy()
        for number in np.unique(group).tolist():
            means[number] = lab[group == number].mean(axis=0)
        if np.array_equal(means, before):
            break
    apart = cdist(means, lab)
    pen_of = [int(np.where(group == number, apart[number], np.inf).argmin()) for number in group.tolist()]
    return [
        replace(path, color=(*paths[pen].color[:3], path.color[3])) for path, pen in zip(paths, pen_of, strict=True)
    ]


def to_lab(colors: _Colors) -> _Colors:
    """Return sRGB colours [..., 3] in 0-1 as CIE L*a*b* (white point D65).

    >>> to_lab(np.array([[1.0, 1.0, 1.0], [1.0, 0.0, 0.0]])).round(1).tolist()
    [[100.0, 0.0, 0.0], [53.2, 80.1, 67.2]]
    """
    linear = np.where(colors <= 0.04045, colors / 12.92, ((colors + 0.055) / 1.055) ** 2.4)
    relative = linear @ _TO_XYZ.T / _TO_XYZ.sum(axis=1)
    cubic = np.where(relative > (6 / 29) ** 3, np.cbrt(relative), relative * (29 / 6) ** 2 / 3 + 4 / 29)
    x, y, z = np.moveaxis(cubic, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def _far_apart(lab: _Colors, count: int) -> _Colors:
    """Return colours [count, 3]: the one that is nearest to the mean, then whichever is farthest from all before."""
    chosen = [int(cdist(lab.mean(axis=0)[None], lab)[0].argmin())]
    while len(chosen) < count:
        chosen.append(int(cdist(lab[chosen], lab).min(axis=0).argmax()))
    return lab[chosen]
