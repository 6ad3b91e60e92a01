"""Two folders of sketches of the same photos, compared in pairs: what changed, and is it more than chance?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Literal, NamedTuple

from clipasso_core.errors import ConfigError

from .bootstrap import Interval
from .evaluation import Evaluation, ScoredSketch
from .figures import COMPARED, Better, Figure
from .groups import PhotoGroup
from .sketch_files import SketchFile

EQUAL = 1e-6
"""Differences of a photo below this are none."""

LEAST_PHOTOS = 6
"""Below which there is no verdict: fewer photos that all change one way do so by chance more than once in twenty."""

Verdict = Literal["better", "worse", ""]


class SketchPair(NamedTuple):
    """Two sketches of one photo and one label."""

    before: ScoredSketch
    after: ScoredSketch

    @property
    def label(self) -> str:
        """Of both."""
        return self.after.file.label


class Signs(NamedTuple):
    """How many photos became better, worse, or neither."""

    better: int
    worse: int
    same: int


@dataclass(frozen=True)
class Change:
    """How a figure changed from before to after.

    Args:
        figure: which one.
        before: its mean over the pairs.
        after: likewise.
        by: mean difference of the pairs, or of ranks the factor.
        interval: where that lies with 95 %; None for a single photo.
        signs: how many photos changed which way, on the mean of a photo's pairs; None where no value is better.
    """

    figure: Figure
    before: float
    after: float
    by: float
    interval: Interval | None
    signs: Signs | None

    @property
    def verdict(self) -> Verdict:
        """Which way it changed beyond chance.

        "" where the interval holds no change, no value is better, or there are too few photos.
        """
        none = self.figure.unscaled(0.0)
        if self.signs is None or sum(self.signs) < LEAST_PHOTOS or self.interval is None:
            return ""
        if self.interval.low <= none <= self.interval.high:
            return ""
        return "better" if (self.interval.high < none) == (self.figure.better == "lower") else "worse"


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two evaluations of the same photos.

    Args:
        names: of the folders before and after.
        pairs: by photo and label.
        warnings: what makes the comparison less than it seems.
    """

    names: tuple[str, str]
    pairs: tuple[SketchPair, ...]
    warnings: tuple[str, ...]

    def by_group(self, photo_groups: Sequence[PhotoGroup]) -> list[tuple[str, tuple[SketchPair, ...]]]:
        """Return all pairs under no name, and then those of each group of photos that has any, under its own."""
        found = [("", self.pairs)]
        for group in photo_groups:
            if own := tuple(pair for pair in self.pairs if pair.after.file.photo in group.photos):
                found.append((group.name, own))
        return found


def check_partners(after: Sequence[SketchFile], before: Sequence[SketchFile]) -> None:
    """See that there is something to compare; to be called before long work.

    Raises:
        ConfigError: no photo has a sketch of the same label in both.
    """
    if not {(one.photo, one.label) for one in after} & {(one.photo, one.label) for one in before}:
        labels = [", ".join(sorted({repr(one.label) for one in some})) for some in (before, after)]
        raise ConfigError(
            "No sketch has a partner of the same photo and label in the other folder. "
            f"Labels before: {labels[0]}; after: {labels[1]}. Rename the files of one of them."
        )


def compare_sketches(after: Evaluation, before: Evaluation, names: tuple[str, str]) -> Comparison:
    """Pair sketches by photo and label.

    Args:
        after: the sketches that should be better.
        before: those they are compared with, seen by the same judge beside the same photos.
        names: of the folders before and after.

    Raises:
        ConfigError: no pair could be evaluated.
    """
    partners = {(one.file.photo, one.file.label): one for one in before.sketches}
    keys = [(one.file.photo, one.file.label) for one in after.sketches]
    pairs = tuple(
        SketchPair(partners[key], one) for key, one in zip(keys, after.sketches, strict=True) if key in partners
    )
    if not pairs:
        raise ConfigError("Nothing could be compared.")
    return Comparison(names, pairs, tuple(_warnings(after, before, len(pairs))))


def changes(pairs: Sequence[SketchPair]) -> tuple[Change, ...]:
    """Return how each figure changed that both sketches of some pair have."""
    return tuple(change for figure in COMPARED if (change := _change(figure, pairs)) is not None)


def _warnings(after: Evaluation, before: Evaluation, pairs: int) -> Iterator[str]:
    """Say what is not compared, and what was said of the sketches before alone."""
    alone = len(after.sketches) + len(before.sketches) - 2 * pairs
    if alone:
        yield f"Without a partner of the same photo and label, and not compared: {alone} sketches of both folders."
    yield from (f"Before: {said}" for said in before.warnings if said not in after.warnings)
    yield from (f"Before: left out {one.path.name}. {one.why}" for one in before.left_out if one not in after.left_out)


def _change(figure: Figure, pairs: Sequence[SketchPair]) -> Change | None:
    before, after, photos = [], [], []
    for pair in pairs:
        values = figure.of(pair.before), figure.of(pair.after)
        if values[0] is not None and values[1] is not None:
            before.append(figure.scaled(values[0]))
            after.append(figure.scaled(values[1]))
            photos.append(pair.after.file.photo)
    if not photos:
        return None
    by = [new - old for new, old in zip(after, before, strict=True)]
    means = [figure.unscaled(fmean(values)) for values in (before, after, by)]
    signs = _signs(by, photos, figure.better) if figure.better else None
    return Change(figure, means[0], means[1], means[2], figure.mean_interval(by, photos), signs)


def _signs(by: Sequence[float], photos: Sequence[Path], better: Better) -> Signs:
    means = [fmean(one for one, of in zip(by, photos, strict=True) if of == photo) for photo in dict.fromkeys(photos)]
    lower, higher = sum(one < -EQUAL for one in means), sum(one > EQUAL for one in means)
    same = len(means) - lower - higher
    return Signs(lower, higher, same) if better == "lower" else Signs(higher, lower, same)
