"""How far a mean over photos may be off by chance: bootstrap intervals."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple

import torch

from clipasso_core.errors import ShapeError

DRAWS = 2000
"""Of as many photos as there are, with replacement."""

SEED = 0

TAILS = (0.025, 0.975)
"""Quantiles of the means of all draws: 95 % lie between."""


class Interval(NamedTuple):
    """Where a mean lies with 95 %.

    Args:
        low: lower end.
        high: upper end.
    """

    low: float
    high: float


def mean_interval(values: Sequence[float], photos: Sequence[Hashable]) -> Interval | None:
    """Return the bootstrap interval of the mean of values, photos being drawn.

    All values of a photo are drawn together: two sketches of one photo are not as good as sketches of two photos.

    Args:
        values: V of them.
        photos: V, which photo each value is of.

    Returns:
        The interval, the same every time; None for fewer than two photos, which say nothing about others.

    Raises:
        ShapeError: there are not as many photos as values.

    Source: Efron & Tibshirani, "An Introduction to the Bootstrap" (1993), section 13.3: percentiles.

    >>> mean_interval([1.0, 1.0, 1.0], ["cat", "cat", "cup"])
    Interval(low=1.0, high=1.0)
    """
    if len(values) != len(photos):
        raise ShapeError(f"Each value needs its photo, got {len(values)} values and {len(photos)} photos.")
    order = {photo: index for index, photo in enumerate(dict.fromkeys(photos))}
    if len(order) < 2:
        return None
    index = torch.tensor([order[photo] for photo in photos])
    number = torch.bincount(index, minlength=len(order)).double()
    total = torch.zeros(len(order), dtype=torch.float64).index_add(0, index, torch.tensor(values, dtype=torch.float64))
    drawn = torch.randint(len(order), (DRAWS, len(order)), generator=torch.Generator().manual_seed(SEED))
    means = total[drawn].sum(1) / number[drawn].sum(1)
    return Interval(*means.quantile(torch.tensor(TAILS, dtype=torch.float64)).tolist())
