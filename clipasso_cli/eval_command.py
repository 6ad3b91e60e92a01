"""clipasso eval DIR: quality figures of the sketches of a folder of photos."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from clipasso_core.errors import ConfigError
from clipasso_core.optimize import PRESETS
from clipasso_core.stroke_init import StrokeInitConfig

from .terminal import EXIT_INTERRUPTED, EXIT_OK, JudgeProgress, SketchProgress, write_line

if TYPE_CHECKING:
    import torch

    from clipasso_core.pipeline import SketchConfig
    from clipasso_lab.evaluation import Evaluation
    from clipasso_lab.sketch_files import Pairing, SketchFile

FOLDER = "clipasso-eval"
MAKING = ("strokes", "preset", "seed", "iterations")


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    text = "Make sketches of all photos of a folder, or take those of --sketches, and measure how good they are."
    parser = commands.add_parser("eval", help="measure the sketches of a folder of photos", description=text)
    init = StrokeInitConfig()
    parser.add_argument("folder", metavar="DIR", type=Path, help="a folder of photos")
    parser.add_argument("--sketches", metavar="FOLDER", type=Path, help="score the SVGs there, and make none")
    parser.add_argument("--strokes", type=int, nargs="+", metavar="N", help=f"how many (default: {init.num_strokes})")
    parser.add_argument("--preset", choices=PRESETS, help="default: standard")
    parser.add_argument("--seed", type=int, help=f"of the random numbers (default: {init.seed})")
    parser.add_argument("--iterations", type=int, help="default: as the preset says")
    parser.add_argument("--judge", metavar="NAME", help="the network that judges (default: efficientnet-lite2)")
    parser.add_argument("--classes", metavar="NAMES", help="cat,cup,... or a file of them, for a judge that reads")
    parser.add_argument("--out", metavar="FOLDER", type=Path, help=f"default: DIR/{FOLDER}, or that of --sketches")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    parser.set_defaults(run=run_eval)


def run_eval(arguments: argparse.Namespace) -> int:
    """Evaluate the folder; write and print what was found."""
    try:
        return _evaluate(arguments)
    except KeyboardInterrupt:
        sys.stderr.write("clipasso: interrupted; finished sketches are kept, the same command goes on with the rest\n")
        return EXIT_INTERRUPTED


def _evaluate(arguments: argparse.Namespace) -> int:
    from clipasso_core.pipeline import choose_device
    from clipasso_lab.evaluation import evaluate_sketches
    from clipasso_lab.judge import JUDGE, load_judge
    from clipasso_lab.report import ready_folder
    from clipasso_lab.sketch_files import pair_sketches, photos_in
    from clipasso_lab.zero_shot import class_names, read_classes

    photos, device = photos_in(arguments.folder), choose_device(arguments.device)
    names = None if arguments.classes is None else class_names(arguments.classes)
    pairing = pair_sketches(photos, arguments.sketches) if arguments.sketches else None
    configs = _configs(arguments)
    judge = load_judge(arguments.judge or JUDGE, device)
    classes = read_classes(names, judge.encoder) if names else None
    out = ready_folder(_out(arguments), arguments.folder)
    made = pairing or _make(photos, configs, out, device, arguments.json)
    left = {one.path for one in made.left_out}
    there = [photo for photo in photos if photo not in left]
    with JudgeProgress(len(there), quiet=arguments.json) as progress:
        found = evaluate_sketches(there, made.sketches, judge, classes, progress.update)
    return _finish(replace(found, left_out=(*made.left_out, *found.left_out)), arguments, out)


def _configs(arguments: argparse.Namespace) -> list[SketchConfig]:
    """Return how to make sketches, one config for each number of strokes."""
    from clipasso_core.presets import sketch_preset

    asked = [f"--{name}" for name in MAKING if getattr(arguments, name) is not None]
    if arguments.sketches and asked:
        raise ConfigError(f"{asked[0]} says how to make sketches, but with --sketches none is made. Leave one out.")
    seed = arguments.seed or 0
    preset = sketch_preset(arguments.preset or "standard")
    optimize = replace(preset.optimize, seed=seed)
    if arguments.iterations is not None:
        optimize = replace(optimize, num_iterations=arguments.iterations)
    counts = dict.fromkeys(arguments.strokes or [StrokeInitConfig().num_strokes])
    inits = [replace(preset.init, num_strokes=count, seed=seed) for count in counts]
    return [replace(preset, init=init, optimize=optimize) for init in inits]


def _out(arguments: argparse.Namespace) -> Path:
    """Return where the results go: never among the photos."""
    if arguments.out:
        return Path(arguments.out)
    folder: Path = arguments.folder
    sketches: Path = arguments.sketches or folder
    return folder / FOLDER if sketches.resolve() == folder.resolve() else sketches


def _make(
    photos: Sequence[Path], configs: Sequence[SketchConfig], out: Path, device: torch.device, quiet: bool
) -> Pairing:
    """Make the sketches that are not there yet, each with its progress bar."""
    from clipasso_core.encoders import get_encoder
    from clipasso_lab.sketch_files import shown
    from clipasso_lab.sketch_maker import SketchMaker

    maker = SketchMaker(out, configs, get_encoder(device=device), device)
    maker.check(photos)

    def draw(file: SketchFile, config: SketchConfig) -> str:
        with SketchProgress(config.optimize.num_iterations, quiet, shown(file.path.stem)) as progress:
            return maker.draw(file, config, progress.update)

    return maker.make_missing(photos, draw)


def _finish(found: Evaluation, arguments: argparse.Namespace, out: Path) -> int:
    """Say what was left out, write the files, print the figures."""
    from clipasso_lab.report import PAGE, to_json, to_text, write_results

    for line in (*found.warnings, *(f"left out {one.path}: {one.why}" for one in found.left_out)):
        sys.stderr.write(f"clipasso: {line}\n")
    if not found.sketches:
        raise ConfigError("Nothing could be evaluated.")
    write_results(found, out, arguments.folder.resolve().name or "Sketches")
    if arguments.json:
        write_line(json.dumps(to_json(found)))
    else:
        write_line(f"{to_text(found)}\n\n{found.judge.encoder.description}\n{out / PAGE}")
    return EXIT_OK
