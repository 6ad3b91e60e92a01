"""Evaluation loss against seconds: our presets, and the paper's plain recipe. Prints JSON and draws the picture.

    python -m clipasso_lab.time_to_loss [--picture docs/images/time_to_loss.svg]

The plain recipe's losses come from a file (python -m clipasso_lab.plain_recipe --frozen --out FILE made it in over an
hour); its seconds are those of its own iteration (weights' gradients, photo
looked at anew, one sketch after another), timed here, beside ours, and multiplied. Ours are timed in whole.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from clipasso_core.encoders import get_encoder
from clipasso_core.errors import DependencyError
from clipasso_core.optimize import PRESETS, Preset, SketchRun, preset_config
from clipasso_core.rasterizer import RASTERIZERS

from .measure import cpu_threads, print_json, timing_facts
from .photos import StudyPhoto, study_photo
from .plain_recipe import EVALUATE_EVERY, PlainRecipe

TRAJECTORIES = Path(__file__).with_name("plain_trajectories.json")
COLORS = {"plain": "#9a9a9a", "draft": "#d08a2e", "standard": "#1f5fa8", "best": "#7a3b8f", "paper": "#3d7d4c"}

Curve = list[tuple[float, float]]
"""(seconds, best loss so far)."""


def plain_seconds(photo: StudyPhoto, rasterizer: str) -> tuple[float, float]:
    """Return the median seconds of an iteration of the plain recipe, and of an evaluation; two of each do not count."""
    recipe = PlainRecipe(
        photo.image, photo.first_strokes(1, follow=0.0), get_encoder(), unfrozen=True, rasterizer=rasterizer
    )
    times: dict[str, list[float]] = {"step": [], "evaluate": []}
    for _ in range(2 + 10):
        for name, found in times.items():
            started = time.perf_counter()
            getattr(recipe, name)()
            found.append(time.perf_counter() - started)
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


def our_curve(photo: StudyPhoto, preset: Preset) -> Curve:
    """Run a preset with three sketches; return the best loss so far over time."""
    run = SketchRun(photo.image, photo.first_strokes(3), get_encoder(), preset_config(preset))
    started = time.perf_counter()
    seconds = [time.perf_counter() - started for _ in run]
    return list(zip(seconds, (row[0] for row in run.result().history), strict=True))


def reached(curve: Curve, loss: float) -> float | None:
    """Return the seconds until a loss is reached; None: never."""
    return next((seconds for seconds, best in curve if best <= loss), None)


def race(plain: dict[str, Any], presets: list[Preset], rasterizer: str) -> tuple[dict[str, Any], dict[str, Curve]]:
    """Compare on one photo; return the numbers, and the curves by name."""
    photo = study_photo(plain["photo"])
    iterations = plain["iterations"]
    step, evaluate = plain_seconds(photo, rasterizer)
    theirs = plain_curve(plain["losses"], iterations, step, evaluate)
    ours: dict[str, Curve] = {preset: our_curve(photo, preset) for preset in presets}
    seconds, loss = theirs[-1]
    row: dict[str, Any] = {
        "photo": photo.name,
        "plain": {"seconds": seconds, "loss": loss, "iterations": iterations, "seconds_an_iteration": step},
    }
    for preset, curve in ours.items():
        when = reached(curve, loss)
        facts = {"seconds": curve[-1][0], "loss": curve[-1][1], "seconds_to_plain_loss": when}
        row[preset] = {**facts, "times_faster": seconds / when if when else None}
    return row, {"plain": theirs, **ours}


def draw_curves(photos: Mapping[str, Mapping[str, Curve]], path: Path) -> None:
    """Draw curves by photo and by name, one panel per photo, seconds on a logarithmic axis.

    Raises:
        DependencyError: matplotlib is missing.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise DependencyError("Charts need matplotlib: pip install matplotlib") from error
    figure = Figure(figsize=(3 * len(photos), 3.2), layout="constrained")
    panels = figure.subplots(1, len(photos), squeeze=False)[0]
    for panel, (photo, curves) in zip(panels, photos.items(), strict=True):
        for name, curve in curves.items():
            panel.plot(*zip(*curve, strict=True), color=COLORS[name], label=name)
        panel.set(title=photo, xscale="log", xlabel="seconds")
        panel.grid(color="#e4e4e4")
    panels[0].set_ylabel("evaluation loss")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper left", ncols=len(COLORS), frameon=False)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def main() -> None:
    """Measure, print, draw."""
    parser = argparse.ArgumentParser(description="Compare the presets with the plain recipe.")
    parser.add_argument("--trajectories", type=Path, default=TRAJECTORIES)
    parser.add_argument("--presets", nargs="+", choices=PRESETS, default=["draft", "standard"])
    parser.add_argument("--rasterizer", choices=RASTERIZERS, default="analytic", help="of the plain recipe")
    parser.add_argument("--picture", type=Path)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    plain = json.loads(options.trajectories.read_text(encoding="utf-8"))
    with cpu_threads(options.threads):
        facts = timing_facts("cpu")
        rows, curves = zip(*(race(one, options.presets, options.rasterizer) for one in plain), strict=True)
    if options.picture:
        draw_curves({row["photo"]: found for row, found in zip(rows, curves, strict=True)}, options.picture)
    print_json({**facts, "photos": rows})


if __name__ == "__main__":
    main()
