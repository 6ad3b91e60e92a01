"""A progress bar on standard error."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..optimize import SketchStep

READ_EVERY = 10


class SketchProgress:
    """Show how far a run is and its loss.

    Args:
        num_iterations: most there will be.
        quiet: show nothing.

    Raises:
        DependencyError: rich is missing.
    """

    def __init__(self, num_iterations: int, quiet: bool = False) -> None:
        from ..errors import DependencyError

        try:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
        except ImportError as error:
            raise DependencyError('The command needs rich: pip install "clipasso[cli]"') from error
        columns = (TextColumn("sketching"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        console = Console(stderr=True)
        self.bar = Progress(*columns, TextColumn("loss {task.fields[loss]}"), console=console, disable=quiet)
        self.task = self.bar.add_task("sketching", total=num_iterations, loss="...")

    def __enter__(self) -> SketchProgress:
        self.bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.bar.stop()

    def update(self, step: SketchStep) -> None:
        """Advance; the loss is read from the device only now and then."""
        fields = {}
        if step.iteration % READ_EVERY == 1:
            fields["loss"] = f"{float(step.losses['evaluation'].min()):.4f}"
        self.bar.update(self.task, completed=step.iteration, **fields)  # type: ignore[arg-type]
