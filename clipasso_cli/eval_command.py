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
    from clipasso_lab.groups import PhotoGroup
    from clipasso_lab.judge import Judge
    from clipasso_lab.sketch_files import Pairing, SketchFile
    from clipasso_lab.zero_shot import Classes

FOLDER = "clipasso-eval"
MAKING = ("strokes", "preset", "seed", "iterations")


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    text = "Make sketches of all photos of a folder, or take those of --sketches, and measure how good they are."
    parser = commands.add_parser("eval", help="measure the sketches of a folder of photos", description=text)
    init = StrokeInitConfig()
    parser.add_argument("folder", metavar="DIR", type=Path, help="a folder of photos")
    parser.add_argument("--sketches", metavar="FOLDER", type=Path, help="score the SVGs there, and make none")
    parser.add_argument("--against", metavar="FOLDER", type=Path, help="compare with the SVGs there, pair by pair")
    parser.add_argument("--groups", metavar="FILE", type=Path, help='JSON: {"faces": ["ann", ...], ...}, a table each')
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
    from clipasso_lab.groups import read_groups
    from clipasso_lab.judge import JUDGE, load_judge
    from clipasso_lab.report import ready_folder
    from clipasso_lab.sketch_files import pair_sketches, photos_in
    from clipasso_lab.zero_shot import class_names, read_classes

    photos, device = photos_in(arguments.folder), choose_device(arguments.device)
    names = None if arguments.classes is None else class_names(arguments.classes)
    photo_groups = read_groups(arguments.groups, photos) if arguments.groups else ()
    pairing = pair_sketches(photos, arguments.sketches) if arguments.sketches else None
    against = _against(arguments, photos, pairing)
    configs = _configs(arguments)
    judge = load_judge(arguments.judge or JUDGE, device)
    classes = read_classes(names, judge.encoder) if names else None
    out = ready_folder(_out(arguments), arguments.folder)
    made = pairing or _make(photos, configs, out, device, arguments.json)
    found, before = _score(photos, made, against, judge, classes, arguments.json)
    return _finish(found, before, photo_groups, arguments, out)


def _against(arguments: argparse.Namespace, photos: Sequence[Path], after: Pairing | None) -> Pairing | None:
    """Return the sketches to compare with; None where nothing is compared."""
    from clipasso_lab.comparison import check_partners
    from clipasso_lab.sketch_files import pair_sketches

    if arguments.against is None:
        return None
    if after is None:
        raise ConfigError("--against compares two folders of sketches. Name the other one with --sketches.")
    before = pair_sketches(photos, arguments.against)
    check_partners(after.sketches, before.sketches)
    return before


def _score(
    photos: Sequence[Path], made: Pairing, against: Pairing | None, judge: Judge, classes: Classes | None, quiet: bool
) -> tuple[Evaluation, Evaluation | None]:
    """Score the sketches, and those that they are compared with."""
    from clipasso_lab.evaluation import evaluate_sketches

    left = {one.path for one in made.left_out}
    there = [photo for photo in photos if photo not in left]
    folders = [made] if against is None else [made, against]
    found = []
    with JudgeProgress(len(there) * len(folders), quiet=quiet) as progress:
        for index, folder in enumerate(folders):

            def show(done: int, start: int = index * len(there)) -> None:
                progress.update(start + done)

            seen = evaluate_sketches(there, folder.sketches, judge, classes, show)
            found.append(replace(seen, left_out=(*folder.left_out, *seen.left_out)))
    return found[0], found[1] if against else None


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


def _finish(
    found: Evaluation,
    before: Evaluation | None,
    photo_groups: Sequence[PhotoGroup],
    arguments: argparse.Namespace,
    out: Path,
) -> int:
    """Say what was left out, write the files, print the figures."""
    from clipasso_lab.comparison import compare_sketches
    from clipasso_lab.report import PAGE, to_json, to_text, write_results

    _say((*found.warnings, *(f"left out {one.path}: {one.why}" for one in found.left_out)))
    if not found.sketches:
        raise ConfigError("Nothing could be evaluated.")
    names = (str(arguments.against), str(arguments.sketches))
    comparison = None if before is None else compare_sketches(found, before, names)
    _say(comparison.warnings if comparison else ())
    write_results(found, out, arguments.folder.resolve().name or "Sketches", photo_groups, comparison)
    if arguments.json:
        write_line(json.dumps(to_json(found, photo_groups, comparison)))
    else:
        text = to_text(found, photo_groups, comparison)
        write_line(f"{text}\n\n{found.judge.encoder.description}\n{out / PAGE}")
    return EXIT_OK


def _say(lines: Sequence[str]) -> None:
    for line in lines:
        sys.stderr.write(f"clipasso: {line}\n")
