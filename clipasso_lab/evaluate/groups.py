"""Means over all sketches of one label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from statistics import fmean, median

from .evaluation import ScoredSketch
from .figures import Figures
from .folder import label_order

TOP = 3


@dataclass(frozen=True)
class Group:
    """All sketches of one label.

    Args:
        label: what the sketches' names end with.
        sketches: how many.
        means: of each figure.
        top1: share of sketches whose own photo is the nearest of all.
        median_rank: of the own photos.
        class_sketches: how many have a class; 0 without zero-shot figures.
        class_top1: share of these that are taken for what they are; None without any.
        class_top3: share of these whose class is among the first three; None without any.
    """

    label: str
    sketches: int
    means: Figures
    top1: float
    median_rank: float
    class_sketches: int
    class_top1: float | None
    class_top3: float | None


def group_sketches(sketches: Sequence[ScoredSketch]) -> tuple[Group, ...]:
    """Return the groups: no label first, then numbers by value, then words."""
    labels = sorted({one.file.label for one in sketches}, key=label_order)
    return tuple(_group(label, [one for one in sketches if one.file.label == label]) for label in labels)


def _group(label: str, sketches: Sequence[ScoredSketch]) -> Group:
    ranks = [one.rank for one in sketches]
    places = [one.class_place for one in sketches if one.class_place is not None]
    names = [field.name for field in fields(Figures)]
    means = Figures(**{name: fmean(getattr(one.figures, name) for one in sketches) for name in names})
    top1, top3 = ((_share(places, most) if places else None) for most in (1, TOP))
    return Group(label, len(sketches), means, _share(ranks, 1), float(median(ranks)), len(places), top1, top3)


def _share(places: Sequence[int], most: int) -> float:
    return fmean(place <= most for place in places)
