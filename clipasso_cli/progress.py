"""Progress bars on standard error."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any

from clipasso_core.errors import DependencyError

if TYPE_CHECKING:
    from clipasso_core.optimize import SketchStep

READ_EVERY = 10


class _Bar:
    """A bar of rich that is shown inside a with statement."""

    bar: Any

    def __enter__(self) -> Any:
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
        ]
        columns += [rich.TimeRemainingColumn(), rich.TextColumn("loss {task.fields[loss]}")]
        self.bar = rich.Progress(*columns, console=_console(), disable=quiet)
        self.task = self.bar.add_task("sketching", total=num_iterations, loss="...")

    def update(self, step: SketchStep) -> None:
        """Advance; the loss is read from the device only now and then."""
        fields = {}
        if step.iteration % READ_EVERY == 1:
            fields["loss"] = f"{float(step.losses['evaluation'].min()):.4f}"
        self.bar.update(self.task, completed=step.iteration, **fields)


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
        self.bar = rich.Progress(*columns, console=_console(), disable=quiet)
        self.task = self.bar.add_task("judging", total=num_photos)

    def update(self, done: int) -> None:
        """Show the number of photos done."""
        self.bar.update(self.task, completed=done)


class DownloadProgress(_Bar):
    """Show how much of a file has come."""

    def __init__(self, name: str) -> None:
        rich = _rich()
        columns = (rich.TextColumn(name), rich.BarColumn(), rich.DownloadColumn(), rich.TransferSpeedColumn())
        self.bar = rich.Progress(*columns, console=_console())
        self.task = self.bar.add_task(name, total=None)

    def update(self, done: int, total: int | None) -> None:
        """Show bytes done of bytes in all (None: unknown)."""
        self.bar.update(self.task, completed=done, total=total)


def _rich() -> Any:
    try:
        from rich import progress
    except ImportError as error:
        raise DependencyError('The command needs rich: pip install "clipasso[cli]"') from error
    return progress


def _console() -> Any:
    from rich.console import Console

    return Console(stderr=True)
