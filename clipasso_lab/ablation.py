"""Turn each trick of the standard preset off in turn, on fixed photos and seeds. Prints JSON.

    python -m clipasso_lab.ablation [--iterations 200] [--sketches 2] [--threads 2] [--only NAME ...]

Every sketch runs to its end (no halving) except in the row "halving", so that there are photos x sketches pairs to
compare. ``loss`` and ``judge`` (EfficientNet-Lite2, through which nothing was optimised) are means; ``by`` is the mean
difference to the first row with its standard error, lower is better; seconds are CPU seconds of the loop.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from clipasso_core.encoders import get_encoder
from clipasso_core.optimize import SketchRun, preset_config
from clipasso_core.rasterizer import rasterize
from clipasso_core.stroke_init import StrokeInitConfig, init_strokes
from clipasso_core.strokes import Strokes

from .judge import Judge, load_judge
from .measure import cpu_threads, print_json, timing_facts
from .photos import PHOTOS, StudyPhoto, study_photo

VARIANTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "standard, without halving": ({}, {}),
    "halving": ({"halving": True}, {}),
    "learning rate of the paper, 1": ({"learning_rate": 1.0}, {}),
    "constant learning rate": ({"final_learning_rate": 1.0}, {}),
    "one view besides the identity": ({"num_views": 1}, {}),
    "four views, as the paper": ({"num_views": 4}, {}),
    "no view but the identity": ({"num_views": 0}, {}),
    "bank of 4 views": ({"bank_size": 4}, {}),
    "bank of 8 views": ({"bank_size": 8}, {}),
    "bank of 128 views": ({"bank_size": 128}, {}),
    "compared with the photo alone": ({"simplify": 0.0}, {}),
    "compared with the line drawing alone": ({"simplify": 1.0}, {}),
    "strokes may pile up": ({"tidy": 0.0}, {}),
    "contours may stay open": ({"outline_weight": 0.0}, {}),
    "short strokes take whole steps": ({"least_pace": 1.0}, {}),
    "no first strokes on small spots": ({}, {"accents": 0.0}),
    "first strokes set off at random": ({}, {"follow": 0.0}),
    "first strokes do not keep apart": ({}, {"spread": 0.0}),
    "first strokes of the paper": ({}, {"follow": 0.0, "spread": 0.0}),
}
"""What each changes in ``OptimizeConfig``, and in ``StrokeInitConfig``. Where ``simplify``, ``tidy`` or
``outline_weight`` change, the loss is another one, and only the judge's can be compared."""


def run_variant(name: str, photos: list[StudyPhoto], options: argparse.Namespace, judge: Judge) -> dict[str, Any]:
    """Run one variant on all photos."""
    optimize, init = VARIANTS[name]
    standard = replace(preset_config("standard"), num_iterations=options.iterations, halving=False)
    config, first = replace(standard, **optimize), StrokeInitConfig(num_sketches=options.sketches, **init)
    losses: list[float] = []
    judged: list[float] = []
    seconds = 0.0
    for photo in photos:
        run = SketchRun(photo.image, init_strokes(photo.saliency, first), get_encoder(), config)
        started = time.process_time()
        for _ in run:
            pass
        seconds += time.process_time() - started
        ends, found = _ends(run)
        losses += ends
        judged += judged_losses(judge, run.strokes.with_points(found), photo.image)
    return {"variant": name, "losses": losses, "judged": judged, "cpu_seconds": round(seconds, 1)}


def _ends(run: SketchRun) -> tuple[list[float], Tensor]:
    """Return every sketch's best loss and points; where halving dropped sketches, the winner's in their stead."""
    best = run.candidates
    if not run.config.halving:
        return best.best_loss.tolist(), best.best_points
    winner = best.best_loss.argmin().expand(len(best.best_loss))
    return best.best_loss[winner].tolist(), best.best_points[winner]


def judged_losses(judge: Judge, strokes: Strokes, image: Tensor) -> list[float]:
    """Return the evaluation loss of each of B sketches of a photo [1, 3, H, W] as the judge sees it."""
    photo = judge.look(image)
    return [judge.losses(judge.look(drawing[None]), photo)[0] for drawing in rasterize(strokes, judge.size)]


def beside(first: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    """Sum up a row beside the first one."""
    summary = {"variant": row["variant"], "cpu_seconds": row["cpu_seconds"]}
    for name, key in (("loss", "losses"), ("judge", "judged")):
        apart = [a - b for a, b in zip(row[key], first[key], strict=True)]
        error = statistics.stdev(apart) / len(apart) ** 0.5 if len(apart) > 1 else 0.0
        summary[name] = round(statistics.mean(row[key]), 4)
        summary[f"{name}_by"] = [round(statistics.mean(apart), 4), round(error, 4)]
    return summary


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description="Turn each trick off in turn.")
    parser.add_argument("--photos", nargs="+", default=list(PHOTOS))
    parser.add_argument("--iterations", type=int, default=200)
    parser.add_argument("--sketches", type=int, default=2)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--only", nargs="+", choices=list(VARIANTS), default=list(VARIANTS), metavar="NAME")
    options = parser.parse_args()
    names = list(dict.fromkeys([next(iter(VARIANTS)), *options.only]))
    with cpu_threads(options.threads):
        facts = timing_facts("cpu")
        photos, judge = [study_photo(name) for name in options.photos], load_judge()
        rows = []
        for name in names:
            rows.append(run_variant(name, photos, options, judge))
            sys.stderr.write(json.dumps(beside(rows[0], rows[-1])) + "\n")
    settings = {"iterations": options.iterations, "sketches": options.sketches, "photos": options.photos}
    print_json({**facts, **settings, "rows": [beside(rows[0], row) for row in rows]})


if __name__ == "__main__":
    main()
