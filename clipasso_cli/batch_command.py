"""clipasso batch SOURCE -o OUT: many photos become a folder of SVGs and a table."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from clipasso_core.errors import ConfigError
from clipasso_core.sketch_svg import PAGES

from .sketch_command import add_making_options, encoders_of, sketch_config
from .stroke_options import levels_of
from .terminal import EXIT_ERROR, EXIT_INTERRUPTED, EXIT_OK, BatchProgress, shown_hours, write_line

if TYPE_CHECKING:
    from clipasso_batch import BatchConfig
    from clipasso_batch.plan import Plan
    from clipasso_batch.run import Sketching


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    text = (
        "Sketch all photos of SOURCE into the folder OUT: an SVG each, and results.csv with a row each. A photo that "
        "cannot be sketched gets a row that says why; the exit status is 1 where none could be. The same command again "
        "makes only what is missing."
    )
    parser = commands.add_parser("batch", help="sketch many photos", description=text)
    text = "a folder, a pattern in quotes ('photos/**/*.jpg'), a .txt of one path a line, a .csv, a .parquet, or a .tar"
    parser.add_argument("source", metavar="SOURCE", help=text)
    text = "a folder; new, empty, or that of the same batch (not needed with --plan)"
    parser.add_argument("-o", "--output", metavar="OUT", type=Path, help=text)
    text = "of the table that holds the paths, or in a .parquet the photos (default: path)"
    parser.add_argument("--column", metavar="NAME", help=text)
    text = "an SVG a photo, or shards of many (default: %(default)s)"
    parser.add_argument("--to", choices=("svg", "tar", "parquet"), default="svg", help=text)
    parser.add_argument(
        "--shard-size", type=int, default=1000, metavar="N", help="photos a shard (default: %(default)s)"
    )
    text = "processes with one thread each (default: one a core; on a GPU 1)"
    parser.add_argument("--workers", type=int, metavar="N", help=text)
    text = "photos that a worker sketches in the same iterations, for a GPU (default: %(default)s)"
    parser.add_argument("--batch", type=int, default=1, metavar="P", help=text)
    text = "sketch on a Ray cluster: host:port of its head; without ADDRESS on the one this process belongs to, or here"
    parser.add_argument("--ray", metavar="ADDRESS", nargs="?", const="", help=text)
    text = "GPUs that a worker of a Ray cluster takes, 0.25 for four workers on each (default: %(default)s)"
    parser.add_argument("--gpus", type=float, default=0.0, metavar="F", help=text)
    text = "s, after which a photo is given up (default: none)"
    parser.add_argument("--time-limit", type=float, metavar="S", help=text)
    text = "sketch the photos anew that could not be sketched before"
    parser.add_argument("--retry-errors", action="store_true", help=text)
    text = "sketch a few of the photos, say how long all will take, and write nothing"
    parser.add_argument("--plan", action="store_true", help=text)
    add_making_options(parser)
    text = "the object (default: %(default)s)"
    parser.add_argument("--mask", choices=("auto", "none"), default="auto", help=text)
    parser.add_argument("--page", choices=PAGES, default="canvas", help="of the SVGs (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    parser.set_defaults(run=run, given_freedom=None)


def run(arguments: argparse.Namespace) -> int:
    """Sketch the photos that are missing, or plan to."""
    config = _config(arguments)
    if arguments.plan:
        return _plan(arguments, config)
    if arguments.output is None:
        raise ConfigError("A batch needs a folder for its results. Name it with -o OUT.")
    try:
        return _run(arguments, config)
    except KeyboardInterrupt:
        sys.stderr.write("clipasso: interrupted; finished sketches are kept, the same command goes on with the rest\n")
        return EXIT_INTERRUPTED


def _run(arguments: argparse.Namespace, config: BatchConfig) -> int:
    from clipasso_batch.run import run_batch

    with _sketching(arguments) as sketch, BatchProgress(quiet=arguments.json) as progress:
        outcome = run_batch(
            arguments.source,
            arguments.output,
            config,
            column=arguments.column,
            num_workers=arguments.workers if sketch is None else None,
            retry_errors=arguments.retry_errors,
            form=arguments.to,
            shard_size=arguments.shard_size,
            sketch=sketch,
            on_start=progress.begin,
            on_row=lambda row: progress.advance(failed=row.error is not None),
        )
    made = outcome.photos - outcome.done_before
    line = (
        f"{arguments.output}: {outcome.photos} photos, {outcome.failed} of them without a sketch (results.csv says "
        f"why); {made} now, {outcome.seconds:.1f} s"
    )
    write_line(json.dumps({"out": str(arguments.output), **asdict(outcome)}) if arguments.json else line)
    return EXIT_ERROR if outcome.failed == outcome.photos else EXIT_OK


@contextmanager
def _sketching(arguments: argparse.Namespace) -> Iterator[Sketching | None]:
    """Yield who sketches: a Ray cluster, or None for this machine."""
    if arguments.ray is None:
        yield None
        return
    from clipasso_batch.ray_data import RayPool, ray_cluster, sketch_in_ray

    pool = RayPool(most=arguments.workers, num_gpus=arguments.gpus)
    with ray_cluster(arguments.ray or None):
        yield partial(sketch_in_ray, pool=pool)


def _config(arguments: argparse.Namespace) -> BatchConfig:
    """Return how to make the sketches."""
    from clipasso_batch import BatchConfig
    from clipasso_core.pipeline import choose_device

    if arguments.levels and not arguments.levels_in_one:
        raise ConfigError("In a batch a photo becomes one SVG. Add --levels-in-one, or leave out --levels.")
    if arguments.gpus and arguments.ray is None:
        raise ConfigError("--gpus is for --ray; on this machine, choose --device cuda.")
    if arguments.plan and arguments.ray is not None:
        raise ConfigError("--plan measures this machine, not a cluster. Leave out --ray.")
    encoder, looking, lacking = encoders_of(arguments)
    if lacking:
        sys.stderr.write(f"clipasso: sketching with {encoder}{lacking}\n")
    return BatchConfig(
        sketch=sketch_config(arguments),
        encoder=encoder,
        saliency_encoder=looking,
        page=arguments.page,
        levels=levels_of(arguments),
        device="cuda" if arguments.gpus else str(choose_device(arguments.device)),
        time_limit=arguments.time_limit,
        photos_at_once=arguments.batch,
    )


def _plan(arguments: argparse.Namespace, config: BatchConfig) -> int:
    from clipasso_batch.photo_index import PhotoIndex
    from clipasso_batch.plan import plan_batch
    from clipasso_batch.run import checked_workers
    from clipasso_batch.sources import each_photo

    workers = checked_workers(arguments.workers, config.device)
    with closing(PhotoIndex(each_photo(arguments.source, arguments.column))) as photos:
        plan = plan_batch(photos, config, workers)
    write_line(json.dumps(asdict(plan)) if arguments.json else _told(plan))
    return EXIT_OK


def _told(plan: Plan) -> str:
    """Return a plan as lines of text."""
    head = (
        f"{plan.photos} photos, {plan.workers} at a time, {plan.pace.seconds:.1f} s each (measured on {plan.tried} of "
        f"them): {shown_hours(plan.pace.hours)}"
    )
    faster = [f"  {one.what}: {shown_hours(one.hours)}" for one in plan.faster]
    cores = f"  twice the workers, on twice the cores: {shown_hours(plan.pace.hours / 2)} (not measured)"
    return "\n".join((head, *faster, cores))
