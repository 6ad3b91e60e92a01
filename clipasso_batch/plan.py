"""How long a batch will take on this machine, and what would make it shorter; measured on a few of its photos."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from clipasso_core.errors import ConfigError

from .photo_index import PhotoIndex
from .photo_sketcher import BatchConfig
from .sources import PhotoFile
from .workers import sketch_in_workers

SECONDS_AN_HOUR = 3600


@dataclass(frozen=True)
class Pace:
    """What a way of making a batch takes.

    Args:
        what: the options that make the difference.
        seconds: a photo takes one worker.
        hours: all photos take all workers.
    """

    what: str
    seconds: float
    hours: float


@dataclass(frozen=True)
class Plan:
    """How long a batch takes.

    Args:
        photos: how many there are.
        workers: how many work at a time.
        tried: how many photos were sketched to find out.
        pace: as the settings are.
        faster: other settings, measured on the same photos.
    """

    photos: int
    workers: int
    tried: int
    pace: Pace
    faster: tuple[Pace, ...]


def plan_batch(photos: PhotoIndex, config: BatchConfig, num_workers: int) -> Plan:
    """Sketch a photo a worker, all at the same time as in a batch, and reckon with what they took; write nothing.

    Args:
        photos: of the batch; those that are tried lie evenly among them.
        config: how.
        num_workers: how many work at a time.

    Raises:
        ConfigError: none of the photos that were tried can be sketched.
        WorkerError: as ``sketch_in_workers``.
    """
    sample = photos.spread(min(num_workers * config.photos_at_once, len(photos)))
    paces = []
    for what, one in (("as it is", config), *_faster(config)):
        seconds = _seconds(sample, one, num_workers)
        paces.append(Pace(what, seconds, len(photos) * seconds / num_workers / SECONDS_AN_HOUR))
    return Plan(len(photos), num_workers, len(sample), paces[0], tuple(paces[1:]))


def _faster(config: BatchConfig) -> Iterator[tuple[str, BatchConfig]]:
    """Yield what makes a batch shorter and is worth trying, and the settings for it."""
    made = config.sketch
    iterations, sketches = made.optimize.num_iterations, made.init.num_sketches
    half = max(iterations // 2, made.optimize.num_stages)
    if half < iterations:
        optimize = replace(made.optimize, num_iterations=half)
        yield f"--iterations {half}, not {iterations}", replace(config, sketch=replace(made, optimize=optimize))
    if sketches > 1:
        init = replace(made.init, num_sketches=1)
        yield f"--sketches 1, not {sketches}", replace(config, sketch=replace(made, init=init))


def _seconds(photos: Sequence[PhotoFile], config: BatchConfig, num_workers: int) -> float:
    """Return the mean seconds of the photos that can be sketched."""
    with closing(sketch_in_workers(photos, config, num_workers)) as found:
        rows = list(found)
    seconds = [row.seconds for row in rows if row.error is None]
    if not seconds:
        raise ConfigError(f"None of the {len(rows)} photos that were tried can be sketched. The first: {rows[0].error}")
    return sum(seconds) / len(seconds)
