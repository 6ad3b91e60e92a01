"""What comes out of the loop: at each step, and at the end."""

from __future__ import annotations

import math
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import torch
from torch import Tensor

from .. import __version__
from ..encoders.base import FeatureRecipe, ImageEncoder
from ..stroke_count import StrokeCount
from ..stroke_init import SEED_STEP
from ..strokes import Strokes
from .config import OptimizeConfig


@dataclass(frozen=True, eq=False)
class SketchStep:
    """One iteration, as the callback sees it. Tensors stay on the device: reading one waits for it.

    Args:
        iteration: 1 for the first.
        num_iterations: most there will be.
        losses: by name, [B] each, of ``strokes``: "geometric" and "semantic" over all views, "overlap", "bend" and
            "outline" (see ``losses``; this one from two fifths of the run on), "trespass" where ink is off limits
            somewhere, "knot" and "opacity" where they have a weight, "evaluation" the weighted sum on the un-augmented
            view.
        strokes: [B, ...] as evaluated, before the step moved them, on their own canvas.
        photo_index: [B] the photo that each sketch is of.
        candidate: [B] which of the photo's k candidates it is, as in ``SketchResult.chosen``.
    """

    iteration: int
    num_iterations: int
    losses: Mapping[str, Tensor]
    strokes: Strokes
    photo_index: Tensor
    candidate: Tensor


@dataclass(frozen=True, eq=False)
class SketchResult:
    """The best sketch of each of P photos.

    Args:
        strokes: [P, N, K, 2] the best ones found.
        loss: [P] their evaluation loss.
        chosen: [P] which of the photo's k candidates won (0 for the first seed).
        best_iteration: [P] the iteration whose strokes these are, 0 for the first strokes.
        candidate_losses: [P, k] the best evaluation loss of every candidate. Losses are forgotten where those that
            follow are of another kind: where a stage begins, strokes are dropped, outlines begin to count, or prefixes
            are trained no more. Until the next evaluation they are infinite, and those of candidates that were dropped
            before stay so.
        history: [T, P] the best evaluation loss so far after each of the T iterations done, since losses were last
            forgotten; infinite where none is known.
        num_iterations: iterations done.
        setbacks: [P] how often a sketch of the photo had a NaN or infinite loss or gradient and went back to its last
            finite points.
        stopped: "finished", "settled" (the losses no longer changed), "interrupted", "failed" (an error ended the run)
            or "unfinished" (asked for midway).
        seconds: time taken.
        counts: [P] how many strokes were kept, and why; empty where all were, or they are not counted yet.
    """

    strokes: Strokes
    loss: tuple[float, ...]
    chosen: tuple[int, ...]
    best_iteration: tuple[int, ...]
    candidate_losses: tuple[tuple[float, ...], ...]
    history: tuple[tuple[float, ...], ...]
    num_iterations: int
    setbacks: tuple[int, ...]
    stopped: str
    seconds: float
    counts: tuple[StrokeCount, ...] = ()

    def winning_seeds(self) -> list[int]:
        """Return the seed of each photo's winning first strokes; empty when they were not drawn from a seed."""
        drawn = self.strokes.provenance.get("stroke_init")
        return [drawn["seed"] + SEED_STEP * k for k in self.chosen] if isinstance(drawn, dict) else []

    def report(self) -> dict[str, object]:
        """Return the facts of the run as JSON values; a loss that was never finite is null."""
        seeds = self.winning_seeds()
        return {
            **({"seed": seeds} if seeds else {}),
            "loss": [_rounded(loss) for loss in self.loss],
            "chosen": list(self.chosen),
            "best_iteration": list(self.best_iteration),
            "candidate_losses": [[_rounded(loss) for loss in row] for row in self.candidate_losses],
            "iterations": self.num_iterations,
            **({"stroke_count": [one.report() for one in self.counts]} if self.counts else {}),
            **({"setbacks": list(self.setbacks)} if any(self.setbacks) else {}),
            "stopped": self.stopped,
            "seconds": round(self.seconds, 2),
            **self.strokes.provenance,
        }


def describe_run(
    encoder: ImageEncoder, recipe: FeatureRecipe, config: OptimizeConfig, device: torch.device
) -> dict[str, object]:
    """Return the facts that decide a run besides its inputs, as JSON values; nothing that changes between repeats."""
    return {
        "encoder": encoder.name,
        "encoder_sha256": encoder.fingerprint,
        "recipe": {**vars(recipe), "layer_weights": dict(recipe.layer_weights), "distances": dict(recipe.distances)},
        "optimize": asdict(config),
        "device": device.type,
        "versions": {"clipasso": __version__, "torch": torch.__version__, "python": platform.python_version()},
    }


def _rounded(loss: float) -> float | None:
    return round(loss, 6) if math.isfinite(loss) else None
