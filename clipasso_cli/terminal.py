"""What the commands say: results on standard output, progress bars on standard error, and the exit statuses."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from math import inf
from types import TracebackType
from typing import TYPE_CHECKING, Any

from clipasso_core.errors import DependencyError

if TYPE_CHECKING:
    from typing_extensions import Self

    from clipasso_core.optimize import SketchStep

EXIT_OK, EXIT_ERROR, EXIT_INTERRUPTED = 0, 1, 130

READ_EVERY = 10
"""Iterations between two looks at the loss, which a GPU has to be waited for."""


def write_line(text: str) -> None:
    """Write one line to standard output."""
    sys.stdout.write(text + "\n")


def shown_hours(hours: float) -> str:
    """Return a span of time in the unit that suits it.

    >>> shown_hours(26.04), shown_hours(0.5), shown_hours(0.01)
    ('26.0 h', '30.0 min', '36 s')
    """
    seconds = hours * 3600
    return f"{hours:.1f} h" if hours >= 1 else f"{seconds / 60:.1f} min" if seconds >= 60 else f"{seconds:.0f} s"


class _Bar:
    """A bar of rich that is shown inside a with statement."""

    def __init__(self, columns: Sequence[Any], total: int | None, quiet: bool = False, **fields: str) -> None:
        from rich.console import Console

        self.bar = _rich().Progress(*columns, console=Console(stderr=True), disable=quiet)
        self.task = self.bar.add_task("", total=total, **fields)

    def __enter__(self) -> Self:
        self.bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.bar.stop()


class SketchProgress(_Bar):
    """Show how far a run is and its loss.

    Args:
        num_iterations: most there will be.
        quiet: show nothing.
        what: is being sketched.

    Raises:
        DependencyError: rich is missing.
    """

    def __init__(self, num_iterations: int, quiet: bool = False, what: str = "") -> None:
        rich = _rich()
        columns = [
            rich.TextColumn(f"sketching {what}".rstrip(), markup=False),
            rich.BarColumn(),
            rich.MofNCompleteColumn(),
            rich.TimeRemainingColumn(),
            rich.TextColumn("loss {task.fields[loss]}"),
        ]
        super().__init__(columns, num_iterations, quiet, loss="...")

    def update(self, step: SketchStep) -> None:
        """Advance; the loss is read from the device only now and then."""
        fields = {}
        if step.iteration % READ_EVERY == 1:
            fields["loss"] = f"{float(step.losses['evaluation'].nan_to_num(inf).min()):.4f}"
        self.bar.update(self.task, completed=step.iteration, total=step.num_iterations, **fields)


class JudgeProgress(_Bar):
    """Show how many photos of an evaluation are done.

    Args:
        num_photos: how many there are.
        quiet: show nothing.

    Raises:
        DependencyError: rich is missing.
    """

    def __init__(self, num_photos: int, quiet: bool = False) -> None:
        rich = _rich()
        columns = (rich.TextColumn("judging"), rich.BarColumn(), rich.MofNCompleteColumn(), rich.TimeRemainingColumn())
        super().__init__(columns, num_photos, quiet)

    def update(self, done: int) -> None:
        """Show the number of photos done."""
        self.bar.update(self.task, completed=done)


class BatchProgress(_Bar):
    """Show how many photos of a batch are done, how fast that goes, and how many have no sketch.

    Args:
        quiet: show nothing.

    Raises:
        DependencyError: rich is missing.
    """

    def __init__(self, quiet: bool = False) -> None:
        rich = _rich()
        columns = (
            rich.TextColumn("sketching photos"),
            rich.BarColumn(),
            rich.MofNCompleteColumn(),
            rich.TextColumn("{task.fields[pace]}"),
            rich.TextColumn("{task.fields[failed]} failed"),
        )
        super().__init__(columns, None, quiet, pace="", failed="0")
        self._total = self._before = self._done = self._failed = 0
        self._started = time.monotonic()

    def begin(self, total: int, done: int) -> None:
        """Show how many photos there are, and how many of them were done before."""
        self._total, self._before, self._done = total, done, done
        self._started = time.monotonic()
        self.bar.update(self.task, total=total, completed=done)

    def advance(self, *, failed: bool) -> None:
        """Show that one more is done; the time left is reckoned from those of this run."""
        self._done, self._failed = self._done + 1, self._failed + failed
        an_hour = (self._done - self._before) / max(time.monotonic() - self._started, 1e-6) * 3600
        pace = f"{an_hour:.0f} an hour, {shown_hours((self._total - self._done) / an_hour)} left"
        self.bar.update(self.task, completed=self._done, pace=pace, failed=str(self._failed))


class DownloadProgress(_Bar):
    """Show how much of a file has come.

    Args:
        name: of the network.

    Raises:
        DependencyError: rich is missing.
    """

    def __init__(self, name: str) -> None:
        rich = _rich()
        columns = (
            rich.TextColumn(name, markup=False),
            rich.BarColumn(),
            rich.DownloadColumn(),
            rich.TransferSpeedColumn(),
        )
        super().__init__(columns, None)

    def update(self, done: int, total: int | None) -> None:
        """Show bytes done of bytes in all (None: unknown)."""
        self.bar.update(self.task, completed=done, total=total)


def _rich() -> Any:
    try:
        from rich import progress
    except ImportError as error:
        raise DependencyError("The command needs rich: pip install rich") from error
    return progress
