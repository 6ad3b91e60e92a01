"""How many strokes photos get from ``--strokes auto``, and whether a finer detail gets more.

    python -m clipasso_lab.auto_counts PHOTOS [--details 0.25 0.5 0.75] [--preset standard] [--seed 0]

Prints JSON. One run of a photo tells what every detail would have chosen, for up to its choice all details are the same
run: the run is stopped there, and its curve of loss against strokes asked with each price.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, get_args

from clipasso_core.files import load_image
from clipasso_core.optimize import Preset, SketchStep
from clipasso_core.optimize.prefixes import COUNTED, evaluated_iteration
from clipasso_core.pipeline import SketchConfig, sketch
from clipasso_core.presets import as_counted, sketch_preset
from clipasso_core.stroke_count import StrokeCount, choose_count, price_of

from .measure import print_json
from .sketch_files import photos_in

DETAILS = (0.25, 0.5, 0.75)


class PhotoCounts(NamedTuple):
    """What a photo gets.

    Args:
        strokes: at each detail.
        rising: whether each detail gets more strokes than the one before it.
        empty: the loss of the empty canvas.
        losses: after the first stroke, the second, ....
    """

    strokes: tuple[int, ...]
    rising: bool
    empty: float
    losses: tuple[float, ...]


def counting(config: SketchConfig, seed: int = 0) -> SketchConfig:
    """Return a config as ``--strokes auto`` has it, at its first detail."""
    config = as_counted(config, DETAILS[0])
    return replace(config, init=replace(config.init, seed=seed), optimize=replace(config.optimize, seed=seed))


def counted_curve(photo: Path, config: SketchConfig) -> StrokeCount:
    """Return what a run of a photo chose from, and end it there."""
    counted_before = evaluated_iteration(config.optimize, COUNTED)

    def stop_when_counted(step: SketchStep) -> None:
        if step.iteration > counted_before:
            raise KeyboardInterrupt

    return sketch(load_image(photo), config, on_step=stop_when_counted).result.counts[0]


def counts_at(curve: StrokeCount, details: Sequence[float]) -> PhotoCounts:
    """Return how many strokes each detail chooses from a curve.

    >>> curve = StrokeCount(1, tuple(0.5**n for n in range(1, 9)), empty=1.0, price=0.0)
    >>> counts_at(curve, (0.25, 0.5, 0.75))[:2]
    ((5, 6, 8), True)
    """
    strokes = tuple(choose_count(curve.losses, curve.empty, detail).chosen for detail in details)
    rising = all(few < many for few, many in pairwise(strokes))
    return PhotoCounts(strokes, rising, round(curve.empty, 4), tuple(round(loss, 4) for loss in curve.losses))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the counts of a folder of photos as JSON."""
    parser = argparse.ArgumentParser(
        prog="python -m clipasso_lab.auto_counts", description="Strokes of --strokes auto."
    )
    parser.add_argument("photos", type=Path, help="a folder of photos")
    parser.add_argument("--details", type=float, nargs="+", default=DETAILS, help="0-1 each, rising")
    parser.add_argument("--preset", choices=get_args(Preset), default="standard", help="(default: standard)")
    parser.add_argument("--seed", type=int, default=0, help="(default: 0)")
    parsed = parser.parse_args(arguments)
    for detail in parsed.details:
        price_of(detail)  # refuses one that is out of range before any run
    config = counting(sketch_preset(parsed.preset), parsed.seed)
    found = {photo.stem: counts_at(counted_curve(photo, config), parsed.details) for photo in photos_in(parsed.photos)}
    print_json(
        {
            "details": list(parsed.details),
            "rising": sum(one.rising for one in found.values()),
            "photos": {name: one._asdict() for name, one in found.items()},
        }
    )


if __name__ == "__main__":
    main()
