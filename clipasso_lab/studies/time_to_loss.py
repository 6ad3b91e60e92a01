"""Evaluation loss against seconds: our presets, and the paper's plain recipe. Prints JSON and draws the picture.

    python -m clipasso_lab.studies.plain_recipe --frozen --out plain_trajectories.json     (over an hour; it is there)
    python -m clipasso_lab.studies.time_to_loss plain_trajectories.json [--picture docs/images/time_to_loss.svg]

The plain recipe's losses come from the file; its seconds are those of its own iteration (weights' gradients, photo
looked at anew, one sketch after another), timed here, beside ours, and multiplied. Ours are timed in whole.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import torch

from clipasso_core.encoders import get_encoder
from clipasso_core.optimize import PRESETS, Preset, SketchRun, preset_config
from clipasso_core.rasterizer import RASTERIZERS
from clipasso_lab.bench.clock import calibrate, cpu_threads, describe_machine
from clipasso_lab.studies.chart import Line, Panel, draw
from clipasso_lab.studies.photos import Photo, load_photo
from clipasso_lab.studies.plain_recipe import EVALUATE_EVERY, PlainRecipe

Curve = list[tuple[float, float]]
"""(seconds, best loss so far)."""


def plain_seconds(photo: Photo, rasterizer: str, runs: int = 12) -> tuple[float, float]:
    """Return the median seconds of an iteration of the plain recipe, and of an evaluation."""
    recipe = PlainRecipe(
        photo.canvas, photo.first_strokes(1, follow=0.0), get_encoder(), unfrozen=True, rasterizer=rasterizer
    )
    times: dict[str, list[float]] = {"step": [], "evaluate": []}
    for _ in range(runs):
        for name, found in times.items():
            started = time.perf_counter()
            getattr(recipe, name)()
            found.append(time.perf_counter() - started)
    get_encoder().network.requires_grad_(False)
    return statistics.median(times["step"][2:]), statistics.median(times["evaluate"][2:])


def plain_curve(losses: list[list[float]], iterations: int, step: float, evaluate: float) -> Curve:
    """Return the best loss so far over time, sketches one after another; losses [k, T / 10]."""
    curve: Curve = []
    now, best = 0.0, float("inf")
    for column in losses:
        for index, loss in enumerate(column):
            if index > 0:
                now += step * min(EVALUATE_EVERY, iterations - (index - 1) * EVALUATE_EVERY)
            now, best = now + evaluate, min(best, loss)
            curve.append((now, best))
    return curve


def our_curve(photo: Photo, preset: Preset) -> Curve:
    """Run a preset with three sketches; return the best loss so far over time."""
    run = SketchRun(photo.canvas, photo.first_strokes(3), get_encoder(), preset_config(preset))
    started = time.perf_counter()
    seconds = [time.perf_counter() - started for _ in run]
    return list(zip(seconds, (row[0] for row in run.result().history), strict=True))


def reached(curve: Curve, loss: float) -> float | None:
    """Return the seconds until a loss is reached; None: never."""
    return next((seconds for seconds, best in curve if best <= loss), None)


def measure(plain: dict[str, Any], presets: list[Preset], rasterizer: str) -> tuple[dict[str, Any], Panel]:
    """Compare on one photo."""
    photo = load_photo(plain["photo"])
    iterations = plain["iterations"]
    step, evaluate = plain_seconds(photo, rasterizer)
    theirs = plain_curve(plain["losses"], iterations, step, evaluate)
    ours = {preset: our_curve(photo, preset) for preset in presets}
    seconds, loss = theirs[-1]
    row: dict[str, Any] = {
        "photo": photo.name,
        "plain": {"seconds": seconds, "loss": loss, "iterations": iterations, "seconds_an_iteration": step},
    }
    for preset, curve in ours.items():
        when = reached(curve, loss)
        facts = {"seconds": curve[-1][0], "loss": curve[-1][1], "seconds_to_plain_loss": when}
        row[preset] = {**facts, "times_faster": seconds / when if when else None}
    lines = [Line("plain", theirs), *(Line(preset, curve) for preset, curve in ours.items())]
    return row, Panel(photo.name, lines)


def main() -> None:
    """Measure, print, draw."""
    parser = argparse.ArgumentParser(description="Compare the presets with the plain recipe.")
    parser.add_argument("trajectories", type=Path)
    parser.add_argument("--presets", nargs="+", choices=PRESETS, default=["draft", "standard"])
    parser.add_argument("--rasterizer", choices=RASTERIZERS, default="analytic", help="of the plain recipe")
    parser.add_argument("--picture", type=Path)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    plain = json.loads(options.trajectories.read_text(encoding="utf-8"))
    with cpu_threads(options.threads):
        report = {"machine": describe_machine("cpu"), "conv2d_5x3x224x224_ms": calibrate("cpu")}
        rows, panels = zip(*(measure(one, options.presets, options.rasterizer) for one in plain), strict=True)
    if options.picture:
        options.picture.write_text(draw(panels), encoding="utf-8")
    sys.stdout.write(json.dumps({**report, "photos": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
