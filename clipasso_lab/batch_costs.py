"""What a batch costs beside the sketches, on tiny photos. Prints JSON.

    python -m clipasso_lab.batch_costs [--what list overhead workers memory at_once] [--photos 20] [--rows 1000000]

Each measurement is a process of its own. Times are of the processors, not of the clock, so that other work on the
machine hardly shows:

- list: a list of ``--rows`` photos and one of 10,000, all but 1000 of them done: read, compared with the journal, and
  its table written
- overhead: a photo in a batch, against the bare loop of loading, sketching and writing an SVG
- workers: photos an hour of 1 and of 2 workers
- memory: of the driver and its worker, from tenth to tenth of the photos
- at_once: the most memory of a process that sketches 1, 2, 4 or 8 photos in the same iterations
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from PIL import Image, ImageDraw

from clipasso_batch import BatchConfig, PhotoFile, Row, find_photos
from clipasso_batch.out_folder import OutFolder, open_folder
from clipasso_batch.photo_index import PhotoIndex
from clipasso_batch.photo_sketcher import PhotoSketcher
from clipasso_batch.run import run_batch
from clipasso_batch.sources import each_photo
from clipasso_core.encoders import get_encoder
from clipasso_core.files import load_image
from clipasso_core.mask import MaskConfig
from clipasso_core.pipeline import SketchConfig, sketch
from clipasso_core.presets import sketch_preset
from clipasso_core.sketch_svg import sketch_svg

from .measure import in_own_process, peak_memory_mb, print_json, resident_memory_mb, timing_facts

SMALL_LIST, LEFT = 10_000, 1000
"""Rows of the list to compare with, and photos that are not done: those of the last shard."""


def tiny_config(iterations: int) -> BatchConfig:
    """Return the draft preset with few iterations, one sketch a photo and no mask."""
    draft = sketch_preset("draft")
    made = SketchConfig(
        MaskConfig("none"),
        init=replace(draft.init, num_strokes=4, num_sketches=1),
        optimize=replace(draft.optimize, num_iterations=iterations),
    )
    return BatchConfig(made)


def tiny_photos(folder: Path, count: int) -> Path:
    """Draw photos of 64 px; return their folder."""
    folder.mkdir()
    for number in range(count):
        image = Image.new("RGB", (64, 64), "white")
        ImageDraw.Draw(image).ellipse((8 + number % 9, 12, 40 + number % 17, 52), fill=f"hsl({number * 7}, 80%, 40%)")
        image.save(folder / f"{number:05d}.png")
    return folder


def list_cost(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Resume a batch of a list of which all but the last photos are done, and write its table."""
    rows, out, size = options.here_rows, folder / "out", LEFT
    with (folder / "list.txt").open("w") as file:
        file.writelines(f"photos/{number % 1000:03d}/{number:07d}.jpg\n" for number in range(rows))
    out.mkdir()
    (out / "batch.lock").touch()
    with (out / "journal.jsonl").open("w") as journal:
        for number in range(rows - LEFT):
            journal.write(_line(number, size))
    for number in range((rows - LEFT) // size):
        (out / f"shard-{number:06d}.tar").touch()
    return _resumed(folder / "list.txt", out, size)


def _line(number: int, size: int) -> str:
    """Return what the journal holds of a photo of the list."""
    facts = {
        "key": f"photos/{number % 1000:03d}/{number:07d}.jpg",
        "svg": f"shard-{number // size:06d}.tar/{number:08d}",
    }
    row = Row("", 3.5, width=640, height=480, loss=0.25, strokes=16, seed=0, photo_sha256=f"{number:064x}")
    return json.dumps({**row.facts(), "seconds": row.seconds, **facts}) + "\n"


def _resumed(source: Path, out: Path, size: int) -> dict[str, Any]:
    """Return seconds and memory of reading a list and its journal, and of writing the table."""
    before, started = peak_memory_mb(), time.process_time()
    with (
        closing(PhotoIndex(each_photo(source))) as photos,
        open_folder(out, {}, photos, form="tar", shard_size=size) as folder,
    ):
        missing = len(list(photos.missing()))
        resumed = time.process_time()
        folder.write_table()
        return {
            "rows": len(photos),
            "missing": missing,
            "resume_s": resumed - started,
            "table_s": time.process_time() - resumed,
            "memory_before_mb": before,
            "peak_memory_mb": peak_memory_mb(),
        }


def overhead(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Compare a photo in a batch with one in the bare loop, in turns."""
    config = tiny_config(options.iterations)
    photos = find_photos(tiny_photos(folder / "photos", options.photos))
    sketcher, encoder = PhotoSketcher(config), get_encoder()
    bare, batched = 0.0, 0.0
    with open_folder(folder / "out", {}, PhotoIndex(photos)) as out:
        for photo in photos:
            bare += _seconds(partial(_bare, photo, config, encoder, folder / "bare.svg"))
            batched += _seconds(partial(_batched, photo, sketcher, out))
    run = tiny_photos(folder / "more", options.photos)
    driver = _seconds(lambda: run_batch(run, folder / "run", config, num_workers=1))
    each = {"bare": bare, "batched": batched, "driver": driver}
    return {"ms_a_photo": {name: seconds / len(photos) * 1e3 for name, seconds in each.items()}}


def _bare(photo: PhotoFile, config: BatchConfig, encoder: Any, path: Path) -> None:
    strokes = sketch(load_image(photo.path), config.sketch, encoder=encoder).result.strokes
    path.write_text(sketch_svg(Path(photo.path).stem, strokes))


def _batched(photo: PhotoFile, sketcher: PhotoSketcher, out: OutFolder) -> None:
    out.write(sketcher.sketch(photo))


def _seconds(work: Callable[[], object]) -> float:
    """Return the seconds of this process that work takes."""
    started = time.process_time()
    work()
    return time.process_time() - started


def workers(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Count what workers take a photo, beyond their start."""
    few, many = tiny_photos(folder / "few", 2), tiny_photos(folder / "many", 2 + options.photos)
    found: dict[str, Any] = {}
    for count in (1, 2):
        seconds = [
            _children_seconds(photos, folder / f"{photos.name}{count}", tiny_config(options.iterations), count)
            for photos in (few, many)
        ]
        each = (seconds[1] - seconds[0]) / options.photos
        found[str(count)] = {"s_a_photo": each, "photos_an_hour": 3600 * count / each}
    return {"workers": found}


def _children_seconds(photos: Path, out: Path, config: BatchConfig, count: int) -> float:
    import resource  # Windows has none

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run_batch(photos, out, config, num_workers=count)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def memory(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Watch driver and worker over a batch."""
    photos, found = tiny_photos(folder / "photos", options.photos), []
    every = max(1, options.photos // 10)
    done = iter(range(1, options.photos + 1))

    def look(_: Row) -> None:
        number = next(done)
        if number % every == 0:
            (worker,) = _children()
            found.append({"photos": number, "driver_mb": resident_memory_mb(), "worker_mb": resident_memory_mb(worker)})

    run_batch(photos, folder / "out", tiny_config(options.iterations), num_workers=1, on_row=look)
    return {"resident": found}


def _children() -> Iterator[int]:
    import multiprocessing

    return (one.pid for one in multiprocessing.active_children() if one.pid)


def at_once(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Sketch some photos together; the photos are those of the first numbers."""
    photos = find_photos(tiny_photos(folder / "photos", options.here_rows))
    sketcher = PhotoSketcher(replace(tiny_config(options.iterations), photos_at_once=options.here_rows))
    before = peak_memory_mb()
    seconds = _seconds(lambda: sketcher.sketch_together(photos))
    each = seconds / len(photos)
    return {"photos": len(photos), "s_a_photo": each, "memory_before_mb": before, "peak_memory_mb": peak_memory_mb()}


MEASURES: dict[str, Callable[[Path, argparse.Namespace], dict[str, Any]]] = {
    "list": list_cost,
    "overhead": overhead,
    "workers": workers,
    "memory": memory,
    "at_once": at_once,
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--what", nargs="+", choices=MEASURES, default=list(MEASURES))
    parser.add_argument("--photos", type=int, default=20)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--iterations", type=int, default=10)
    parser.add_argument("--here", choices=MEASURES, help=argparse.SUPPRESS)
    parser.add_argument("--here-rows", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        torch.set_num_threads(1)
        with tempfile.TemporaryDirectory() as folder:
            print_json({"what": options.here, **MEASURES[options.here](Path(folder), options)})
        return
    sizes = {"list": (SMALL_LIST, options.rows), "at_once": (1, 2, 4, 8)}
    runs = [["--here", what, "--here-rows", str(size)] for what in options.what for size in sizes.get(what, (0,))]
    found = [in_own_process("clipasso_lab.batch_costs", [*sys.argv[1:], *one]) for one in runs]
    print_json({**timing_facts("cpu"), "load": os.getloadavg()[0], "found": found})


if __name__ == "__main__":
    main()
