"""A whole batch: find the photos, open the folder, sketch what is missing, write the table."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import torch

from clipasso_core import __version__
from clipasso_core.errors import ConfigError, check_range

from .out_folder import open_folder
from .photo_sketcher import BatchConfig, Row
from .sources import find_photos, folder_of
from .workers import sketch_in_workers, usable_cores

MOST_WORKERS = 1024


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
    on_start: Callable[[int, int], None] | None = None,
    on_row: Callable[[Row], None] | None = None,
) -> Outcome:
    """Sketch all photos of a source into a folder; called again, only those that are missing there.

    Args:
        source, column: as ``find_photos`` takes them.
        out: the folder.
        config: how.
        num_workers: processes, as ``checked_workers`` takes them.
        retry_errors: whether photos whose row holds an error are sketched anew.
        on_start: called with the numbers of photos in all and of those done before.
        on_row: called after each row is written.

    Raises:
        ConfigError, ImageFileError: as ``find_photos`` and ``open_folder``; or the folder lies inside the source.
        WorkerError: as ``sketch_in_workers``.
        ImageFileError: a result cannot be written, the disk is full, say. What is done stays done.
    """
    started = time.perf_counter()
    num_workers = checked_workers(num_workers, config.device)
    photos = find_photos(source, column)
    _check_apart(source, out)
    settings = {
        "source": os.path.abspath(source),
        "column": column,
        "versions": {"clipasso": __version__, "torch": torch.__version__, "python": platform.python_version()},
        **config.settings(),
    }
    with open_folder(out, settings, retry_errors) as folder:
        missing = folder.missing(photos)
        if on_start:
            on_start(len(photos), len(photos) - len(missing))
        with closing(sketch_in_workers(missing, config, num_workers)) as rows:
            for row in rows:
                folder.write(row)
                if on_row:
                    on_row(row)
        failed = folder.write_table(photos)
    return Outcome(len(photos), len(photos) - len(missing), failed, time.perf_counter() - started)


def checked_workers(num_workers: int | None, device: str) -> int:
    """Return a number of workers; None for what suits the device: one a core on a CPU, and one on a GPU.

    Raises:
        ConfigError: out of range.

    >>> checked_workers(None, "cuda"), checked_workers(3, "cpu")
    (1, 3)
    """
    if num_workers is None:
        return usable_cores() if device == "cpu" else 1
    check_range("workers", num_workers, 1, MOST_WORKERS)
    return num_workers


def _check_apart(source: str | Path, out: Path) -> None:
    root = folder_of(source)
    if root is not None and out.resolve().is_relative_to(root.resolve()):
        raise ConfigError(f"{str(out)!r} lies inside the photos' folder {str(root)!r}. Choose a folder beside it.")
