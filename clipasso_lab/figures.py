"""The figures that sketches are measured by: what each is called, means and looks like. One list for table and page."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Literal

from .bootstrap import Interval, mean_interval
from .evaluation import ScoredSketch

Better = Literal["lower", "higher", ""]

Kind = Literal["number", "length", "share", "rank"]
FORMS = {"number": ".3f", "length": ".1f", "share": ".0%"}

DASH = "-"
"""In place of a figure that there is none of."""


@dataclass(frozen=True)
class Figure:
    """One figure of sketches.

    Args:
        name: as it is shown.
        key: in JSON.
        meaning: for the reader of a page.
        better: which of two values is better; "" where neither is.
        kind: a plain number, a length in px, a share in 0-1, or a rank. Of ranks, from 1 to 2 is as far as from 10 to
            20: their mean is geometric and their change a factor.
        of: its value for a sketch; None where the sketch has none.
    """

    name: str
    key: str
    meaning: str
    better: Better
    kind: Kind
    of: Callable[[ScoredSketch], float | None]

    def text(self, value: float | None) -> str:
        """Write a value.

        >>> OVERLAP.text(0.184), RECOGNISED.text(2.345), RECOGNISED.text(1000), LOSS.text(None)
        ('18%', '2.35', '1000', '-')
        """
        if value is None:
            return DASH
        if self.kind == "rank":
            return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
        text = f"{value:{FORMS[self.kind]}}"
        return text if any(digit in text for digit in "123456789") else text.lstrip("-")

    def change_text(self, change: float) -> str:
        """Write a change: a difference with its sign, of shares in percentage points, or a factor.

        >>> OVERLAP.change_text(-0.1), INK_TO_EDGE.change_text(0.25), RECOGNISED.change_text(0.5)
        ('-10.0 pp', '+0.25', 'x0.50')
        """
        forms = {"number": f"{change:+.3f}", "length": f"{change:+.2f}", "rank": f"x{change:.2f}"}
        return f"{100 * change:+.1f} pp" if self.kind == "share" else forms[self.kind]

    def average(self, sketches: Sequence[ScoredSketch]) -> Average | None:
        """Return the mean over the sketches that have the figure; None where none has it."""
        found = [(value, one.file.photo) for one in sketches if (value := self.of(one)) is not None]
        if not found:
            return None
        values, photos = [self.scaled(value) for value, _ in found], [photo for _, photo in found]
        return Average(self.unscaled(fmean(values)), self.mean_interval(values, photos), len(values))

    def mean_interval(self, scaled: Sequence[float], photos: Sequence[Path]) -> Interval | None:
        """Return where the mean of ``scaled`` values or differences of photos lies, unscaled; see ``bootstrap``."""
        interval = mean_interval(scaled, photos)
        return interval and Interval(*map(self.unscaled, interval))

    def scaled(self, value: float) -> float:
        """Return a value on the scale on which means and differences are taken."""
        return math.log(value) if self.kind == "rank" else value

    def unscaled(self, value: float) -> float:
        """Return the value that ``scaled`` made this from; of a difference, the change: a difference or a factor."""
        return math.exp(value) if self.kind == "rank" else value


@dataclass(frozen=True)
class Average:
    """The mean of a figure over sketches.

    Args:
        value: the mean.
        interval: where it lies with 95 %; None for a single photo.
        sketches: how many have the figure.
    """

    value: float
    interval: Interval | None
    sketches: int


def _is_top(rank: float | None, most: int) -> float | None:
    return None if rank is None else float(rank <= most)


LOSS = Figure(
    "loss",
    "loss",
    "how far the judge finds sketch and photo apart, in shapes and meaning",
    "lower",
    "number",
    lambda one: one.metrics.loss,
)
GEOMETRIC = Figure(
    "geometric", "geometric", "the loss's part of shapes", "lower", "number", lambda one: one.metrics.geometric
)
SIMPLE_LOSS = Figure(
    "simple loss",
    "simple_loss",
    "the loss beside the photo's line drawing, without texture, tone and shading",
    "lower",
    "number",
    lambda one: one.metrics.simple_loss,
)
SIMILARITY = Figure(
    "similarity",
    "similarity",
    "cosine of what the judge makes of sketch and photo as a whole",
    "higher",
    "number",
    lambda one: one.metrics.similarity,
)
RANK = Figure(
    "rank",
    "rank",
    "place of the sketch's own photo among all photos, the nearest first",
    "lower",
    "rank",
    lambda one: one.rank,
)
OWN_FIRST = Figure(
    "own first",
    "top1",
    "share of sketches whose own photo is the nearest of all",
    "higher",
    "share",
    lambda one: _is_top(one.rank, 1),
)
INK_TO_EDGE = Figure(
    "ink to edge",
    "ink_to_edge",
    "mean distance of the ink from the photo's nearest edge, px of 224",
    "lower",
    "length",
    lambda one: one.metrics.ink_to_edge,
)
EDGE_TO_INK = Figure(
    "edge to ink",
    "edge_to_ink",
    "mean distance of the photo's edges from the nearest ink, px of 224",
    "lower",
    "length",
    lambda one: one.metrics.edge_to_ink,
)
OVERLAP = Figure(
    "overlap",
    "overlap",
    "share of the ink that lies on ink already drawn",
    "lower",
    "share",
    lambda one: one.metrics.overlap,
)
SELF_CROSSING = Figure(
    "self-crossing",
    "self_crossing",
    "share of the strokes that cross themselves",
    "lower",
    "share",
    lambda one: one.metrics.self_crossing,
)
INK_SHARE = Figure(
    "ink share", "ink_share", "share of the canvas that is inked", "", "share", lambda one: one.metrics.ink_share
)
FEATURES_FOUND = Figure(
    "features found",
    "features_found",
    "share of the photo's small spots (eyes, nostrils, buttons) with ink on them, corrected for chance",
    "higher",
    "share",
    lambda one: one.metrics.features_found,
)
RECOGNISED = Figure(
    "recognised",
    "recognised",
    "rank that the judge gives the class that it takes the photo for; of many, the geometric mean",
    "lower",
    "rank",
    lambda one: one.metrics.recognised,
)
RECOGNISED_TOP5 = Figure(
    "recognised top 5",
    "recognised_top5",
    "share of sketches in which that class is among the first five",
    "higher",
    "share",
    lambda one: _is_top(one.metrics.recognised, 5),
)
CLASS_RANK = Figure(
    "class rank",
    "class_place",
    "place of the photo's class among all classes, the nearest first",
    "lower",
    "rank",
    lambda one: one.class_rank,
)
CLASS_TOP1 = Figure(
    "class top 1",
    "class_top1",
    "share of sketches taken for what they are",
    "higher",
    "share",
    lambda one: _is_top(one.class_rank, 1),
)
CLASS_TOP3 = Figure(
    "class top 3",
    "class_top3",
    "share of sketches whose class is among the first three",
    "higher",
    "share",
    lambda one: _is_top(one.class_rank, 3),
)

DRAWN = (INK_TO_EDGE, EDGE_TO_INK, OVERLAP, SELF_CROSSING, INK_SHARE, FEATURES_FOUND, RECOGNISED, SIMPLE_LOSS)
"""What sketches and groups share, after the ranks."""

OF_GROUP = (LOSS, GEOMETRIC, SIMILARITY, OWN_FIRST, *DRAWN, RECOGNISED_TOP5, CLASS_TOP1, CLASS_TOP3)
"""What is averaged over a group."""

COMPARED = (LOSS, SIMILARITY, RANK, OWN_FIRST, *DRAWN, RECOGNISED_TOP5, CLASS_RANK, CLASS_TOP1)
"""What is compared between two folders."""
