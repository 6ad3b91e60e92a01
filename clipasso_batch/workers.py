"""Processes that sketch photos side by side, with one thread each. One that dies costs its photo a second try."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import Counter, deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from itertools import islice
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnContext

import torch

from clipasso_core.errors import ClipassoError, first_line

from .photo_sketcher import BatchConfig, PhotoSketcher, Row, in_groups, past_limit
from .sources import PhotoFile

TRIES = 2
"""How often a photo is given to a worker, and a worker started anew, before it is given up."""

GRACE_SECONDS = 30.0
"""After the time limit, until a worker that has not noticed it is ended."""


class WorkerError(ClipassoError):
    """Workers cannot be started, or say that the settings do not work."""


def sketch_in_workers(photos: Iterable[PhotoFile], config: BatchConfig, num_workers: int) -> Generator[Row, None, None]:
    """Sketch photos in processes of their own; yield a row for each as soon as it is there, in any order.

    A program that calls this needs ``if __name__ == "__main__":`` around its own work, as each that starts processes.

    Args:
        photos: the photos; taken when a worker is free for them.
        config: how; with a time limit a worker is ended that does not notice it within 30 s.
        num_workers: most processes at a time, each with one thread of torch and encoders of its own.

    Raises:
        WorkerError: the settings do not work, told before the first photo is taken, or no worker can be started.
    """
    crew = _Crew(photos, config, num_workers)
    try:
        crew.begin()
        yield from crew.rows()
    finally:
        crew.end()


def usable_cores() -> int:
    """Return how many cores this process may use.

    >>> usable_cores() >= 1
    True
    """
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Worker:
    """A process that sketches the photos it is given, ``config.photos_at_once`` together."""

    def __init__(self, context: SpawnContext, config: BatchConfig) -> None:
        self.pipe, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs, config), daemon=True)
        self._process.start()
        theirs.close()  # so that ours ends with the process
        self.ready = False
        self.photos: tuple[PhotoFile, ...] = ()
        self.deadline = float("inf")

    def give(self, photos: tuple[PhotoFile, ...], limit: float | None) -> None:
        """Let it sketch photos; where it is dead already, its pipe tells so."""
        self.photos = photos
        self.deadline = float("inf") if limit is None else time.monotonic() + limit * len(photos) + GRACE_SECONDS
        try:
            self.pipe.send(photos)
        except OSError:
            return

    def end(self) -> int | None:
        """End it at once, whatever it does; return its exit code."""
        self._process.kill()
        self._process.join()
        self.pipe.close()
        return self._process.exitcode


class _Crew:
    """Workers, and which photos are still to be given to them."""

    def __init__(self, photos: Iterable[PhotoFile], config: BatchConfig, num_workers: int) -> None:
        self._context, self._config = multiprocessing.get_context("spawn"), config
        self._coming = in_groups(photos, config.photos_at_once)
        self._waiting = deque(islice(self._coming, num_workers))
        self._deaths: Counter[str] = Counter()  # key -> workers that died of this photo
        self._failed_starts = 0
        self.workers: list[_Worker] = []

    def begin(self) -> None:
        """Hire a worker for each group of photos, up to their number."""
        for _ in self._waiting:
            self.workers.append(self._hire())

    def rows(self) -> Iterator[Row]:
        """Yield rows until each photo has one."""
        while self._next_waits() or any(worker.photos for worker in self.workers):
            for worker in self.workers:
                if worker.ready and not worker.photos and self._next_waits():
                    worker.give(self._waiting.popleft(), self._config.time_limit)
            yield from self._listen()

    def end(self) -> None:
        """End all workers."""
        for worker in self.workers:
            worker.end()

    def _next_waits(self) -> bool:
        """Whether there are photos to be given to a worker."""
        if not self._waiting:
            self._waiting.extend(islice(self._coming, 1))
        return bool(self._waiting)

    def _hire(self) -> _Worker:
        try:
            return _Worker(self._context, self._config)
        except OSError as error:
            raise WorkerError(f"A worker cannot be started: {first_line(error)}. Try fewer --workers.") from error

    def _listen(self) -> Iterator[Row]:
        """Wait until a worker says something, dies, or is past its deadline; yield the rows that come of it."""
        seconds = max(0.0, min(worker.deadline for worker in self.workers) - time.monotonic())
        heard = wait([worker.pipe for worker in self.workers], None if seconds == float("inf") else seconds)
        for index, worker in enumerate(self.workers):
            if worker.pipe in heard:
                yield from self._hear(index)
            elif worker.photos and worker.deadline <= time.monotonic():
                yield from self._give_up(index)

    def _hear(self, index: int) -> list[Row]:
        """Take what a worker says: that it is ready (None), that it cannot begin (why), or its photos' rows."""
        worker = self.workers[index]
        try:
            said: list[Row] | str | None = worker.pipe.recv()
        except (EOFError, OSError):
            return self._mourn(index)
        if isinstance(said, str):
            raise WorkerError(said)
        if said is None:
            worker.ready, self._failed_starts = True, 0
            return []
        worker.photos, worker.deadline = (), float("inf")
        return said

    def _mourn(self, index: int) -> list[Row]:
        """Replace a worker that died; return the rows of those of its photos that are not to be tried again."""
        worker = self.workers[index]
        code, photos = worker.end(), worker.photos
        if not worker.ready:
            self._failed_starts += 1
            if self._failed_starts >= TRIES * len(self.workers):
                raise WorkerError(
                    f"Workers end with exit code {code} before they can begin. Each needs about 1 GB of memory: "
                    "try fewer --workers."
                )
        self.workers[index] = self._hire()
        self._deaths.update(photo.key for photo in photos)
        again = [photo for photo in photos if self._deaths[photo.key] < TRIES]
        self._put_back(again)
        died = f"The worker died {TRIES} times while it sketched the photo (exit code {code}); is there enough memory?"
        return [Row(photo.key, 0.0, died) for photo in photos if photo not in again]

    def _give_up(self, index: int) -> list[Row]:
        """End a worker that is past its deadline, and replace it; of several photos each is tried again."""
        photos, limit = self.workers[index].photos, self._config.time_limit or 0.0
        self.workers[index].end()
        self.workers[index] = self._hire()
        if len(photos) > 1:
            self._put_back(photos)
            return []
        late = f"The sketch was given up: {past_limit(limit)}."
        return [Row(photo.key, limit + GRACE_SECONDS, late) for photo in photos]

    def _put_back(self, photos: Sequence[PhotoFile]) -> None:
        """Let photos be the next ones, one by one: which of them was it?"""
        self._waiting.extendleft((photo,) for photo in reversed(photos))


def _work(pipe: Connection, config: BatchConfig) -> None:
    """What a worker does until its driver ends it, or goes itself. Ctrl-C is the driver's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_go_with_driver, daemon=True).start()
    torch.set_num_threads(1)
    try:
        sketcher = PhotoSketcher(config)
    except ClipassoError as error:
        pipe.send(str(error))
        return
    pipe.send(None)
    while True:
        pipe.send(sketcher.sketch_together(pipe.recv()))


def _go_with_driver() -> None:
    driver = multiprocessing.parent_process()
    if driver is not None:
        driver.join()
        os._exit(1)
