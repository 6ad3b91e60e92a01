"""A whole batch: find the photos, open the folder, sketch what is missing, write the table."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from clipasso_core.errors import ConfigError, check_range

from .out_folder import open_folder
from .photo_index import PhotoIndex
from .photo_sketcher import BatchConfig, Row, versions
from .sources import PhotoFile, each_photo, folder_of
from .svg_store import SHARD_SIZE, Form
from .workers import sketch_in_workers, usable_cores

MOST_WORKERS = 60 if sys.platform == "win32" else 1024
"""Windows waits for 63 handles at a time."""

Sketching = Callable[[Iterator[PhotoFile], BatchConfig], Generator[Row, None, None]]
"""Makes rows of photos, in any order."""


@dataclass(frozen=True)
class Outcome:
    """What came of a batch.

    Args:
        photos: of the source, each of which has a row.
        done_before: that had one already.
        failed: whose row holds an error.
        seconds: that it took.
    """

    photos: int
    done_before: int
    failed: int
    seconds: float


def run_batch(
    source: str | Path,
    out: Path,
    config: BatchConfig,
    *,
    column: str | None = None,
    num_workers: int | None = None,
    retry_errors: bool = False,
    form: Form = "svg",
    shard_size: int = SHARD_SIZE,
    sketch: Sketching | None = None,
    on_start: Callable[[int, int], None] | None = None,
    on_row: Callable[[Row], None] | None = None,
) -> Outcome:
    """Sketch all photos of a source into a folder; called again, only those that are missing there.

    Args:
        source, column: as ``each_photo`` takes them.
        out: the folder.
        config: how.
        num_workers: processes, as ``checked_workers`` takes them.
        retry_errors: whether photos whose row holds an error are sketched anew.
        form, shard_size: what is written, as ``open_folder`` takes them.
        sketch: who makes the rows; None for ``sketch_in_workers`` on this machine.
        on_start: called with the numbers of photos in all and of those done before.
        on_row: called after each row is written.

    Raises:
        ConfigError, ImageFileError: as ``each_photo`` and ``open_folder``; or the folder lies inside the source.
        WorkerError: as ``sketch_in_workers``.
        ImageFileError: a result cannot be written, the disk is full, say. What is done stays done.
    """
    started = time.perf_counter()
    num_workers = checked_workers(num_workers, config.device)
    _check_apart(source, out)
    settings = {
        "source": os.path.abspath(source),
        "column": column,
        "versions": versions(),
        **config.settings(),
    }
    with (
        closing(PhotoIndex(each_photo(source, column))) as photos,
        open_folder(out, settings, photos, retry_errors, form, shard_size) as folder,
    ):
        done = photos.num_done
        if on_start:
            on_start(len(photos), done)
        with closing(_rows(photos, config, sketch or partial(sketch_in_workers, num_workers=num_workers))) as rows:
            for row in rows:
                folder.write(row)
                if on_row:
                    on_row(row)
        failed = folder.write_table()
    return Outcome(len(photos), done, failed, time.perf_counter() - started)


def _rows(photos: PhotoIndex, config: BatchConfig, sketch: Sketching) -> Generator[Row, None, None]:
    """Yield a row for each photo that is missing, also for those that come back without one."""
    yield from sketch(photos.missing(), config)
    for photo in photos.missing():
        yield Row(photo.key, 0.0, "The photo was given up: whoever sketched it died each time; is there enough memory?")


def checked_workers(num_workers: int | None, device: str) -> int:
    """Return a number of workers; None for what suits the device: one a core on a CPU, and one on a GPU.

    Raises:
        ConfigError: out of range.

    >>> checked_workers(None, "cuda"), checked_workers(3, "cpu")
    (1, 3)
    """
    if num_workers is None:
        return min(usable_cores(), MOST_WORKERS) if device == "cpu" else 1
    check_range("workers", num_workers, 1, MOST_WORKERS)
    return num_workers


def _check_apart(source: str | Path, out: Path) -> None:
    root = folder_of(source)
    if root is not None and out.resolve().is_relative_to(root.resolve()):
        raise ConfigError(f"{str(out)!r} lies inside the photos' folder {str(root)!r}. Choose a folder beside it.")
