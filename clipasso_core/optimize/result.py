"""What comes out of the loop: at each step, and at the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from ..stroke_init import SEED_STEP
from ..strokes import Strokes


@dataclass(frozen=True, eq=False)
class SketchStep:
    """One iteration, as the callback sees it. Tensors stay on the device: reading one waits for it.

    Args:
        iteration: 1 for the first.
        num_iterations: most there will be.
        losses: by name, [B] each, of ``strokes``: "geometric" and "semantic" over all views,
            "evaluation" the weighted sum on the un-augmented view.
        strokes: [B, ...] as evaluated, before the step moved them.
        photo_index: [B] the photo that each sketch is of.
    """

    iteration: int
    num_iterations: int
    losses: Mapping[str, Tensor]
    strokes: Strokes
    photo_index: Tensor

    def best(self, photo: int = 0) -> Strokes:
        """Return the photo's sketch with the lowest evaluation loss in this step, as a batch of one."""
        rows = (self.photo_index == photo).nonzero()[:, 0]
        return self.strokes.select(rows[self.losses["evaluation"][rows].argmin()][None])


@dataclass(frozen=True, eq=False)
class SketchResult:
    """The best sketch of each of P photos.

    Args:
        strokes: [P, N, K, 2] the best ones found.
        loss: [P] their evaluation loss.
        chosen: [P] which of the photo's k candidates won (0 for the first seed).
        best_iteration: [P] the iteration whose strokes these are, 0 for the first strokes.
        candidate_losses: [P, k] the best evaluation loss of every candidate.
        history: [T, P] the best evaluation loss so far after each iteration.
        num_iterations: iterations done.
        stopped: "finished", "settled" (no progress any more), "interrupted" or "unfinished" (asked for midway).
        seconds: time taken.
    """

    strokes: Strokes
    loss: tuple[float, ...]
    chosen: tuple[int, ...]
    best_iteration: tuple[int, ...]
    candidate_losses: tuple[tuple[float, ...], ...]
    history: tuple[tuple[float, ...], ...]
    num_iterations: int
    stopped: str
    seconds: float

    def winning_seeds(self) -> list[int]:
        """Return the seed of each photo's winning first strokes; empty when they were not drawn from a seed."""
        drawn = self.strokes.provenance.get("stroke_init")
        return [drawn["seed"] + SEED_STEP * k for k in self.chosen] if isinstance(drawn, dict) else []

    def report(self) -> dict[str, object]:
        """Return the facts of the run as JSON values."""
        seeds = self.winning_seeds()
        return {
            **({"seed": seeds} if seeds else {}),
            "loss": [round(loss, 6) for loss in self.loss],
            "chosen": list(self.chosen),
            "best_iteration": list(self.best_iteration),
            "candidate_losses": [[round(loss, 6) for loss in row] for row in self.candidate_losses],
            "iterations": self.num_iterations,
            "stopped": self.stopped,
            "seconds": round(self.seconds, 2),
            **self.strokes.provenance,
        }
