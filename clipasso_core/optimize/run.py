"""The loop: strokes move until drawing and photo look alike to the encoder."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from ..determinism import same_kernels, seeded_generator
from ..encoders.base import FeatureRecipe, ImageEncoder
from ..errors import ConfigError, ShapeError
from ..pixels import check_images, check_same_aspect, resize
from ..strokes import Strokes
from .candidates import Candidates
from .capture import fastest
from .config import OptimizeConfig
from .iteration import Iteration
from .photo_bank import PhotoBank
from .provenance import describe_run
from .result import SketchResult, SketchStep


class SketchRun:
    """Optimise sketches of photos; iterate over it, then ask for the result.

    Every iteration yields a SketchStep. Stop whenever you like: ``result()`` holds the best so far.

    Args:
        images: [P, 3, H, W] in 0-1, the objects on white.
        strokes: [P * k, N, K, 2], k first sketches a photo, photo by photo.
        encoder: through which both are compared.
        config: how; None for the defaults.
        recipe: which of the encoder's layers count how much; None for the encoder's own.

    Raises:
        ShapeError: images are wrong or of another aspect than the canvas, or the strokes' batch is no multiple
            of the images'.
    """

    def __init__(
        self,
        images: Tensor,
        strokes: Strokes,
        encoder: ImageEncoder,
        config: OptimizeConfig | None = None,
        recipe: FeatureRecipe | None = None,
    ) -> None:
        images = check_images(images)
        if strokes.batch_size == 0 or strokes.batch_size % images.shape[0]:
            raise ShapeError(
                f"{strokes.batch_size} sketches cannot be shared among {images.shape[0]} images. "
                "Make the strokes from the same batch of images."
            )
        if not bool(strokes.alive.any(dim=1).all()):
            raise ShapeError("A sketch has no living strokes, so there is nothing to move. Make at least one stroke.")
        check_same_aspect(images, strokes.canvas_size)
        self.config, self.recipe = config or OptimizeConfig(), recipe or encoder.recipe
        self.strokes = (
            strokes.detach()
            .to(images.device, torch.float32)
            .with_provenance(**describe_run(encoder, self.recipe, self.config, images.device))
        )
        self.generator = seeded_generator(self.config.seed)
        canvas = resize(images, strokes.canvas_size)
        self.bank = PhotoBank(canvas, encoder, self.recipe, self.config, self.generator)
        self.candidates = Candidates(self.strokes, images.shape[0], self.config.num_iterations)
        self.work = Iteration(self.strokes, self.candidates, self.bank, self.config.num_views)
        self._do: Callable[[], None] | None = None
        self.iteration = 0
        self.started = time.perf_counter()

    def __iter__(self) -> Iterator[SketchStep]:
        while self.iteration < self.config.num_iterations and not self._is_settled():
            yield self.step()

    def step(self) -> SketchStep:
        """Do one iteration: evaluate, remember the best, move the strokes.

        Raises:
            ConfigError: all iterations of the config are done.
        """
        if self.iteration >= self.config.num_iterations:
            raise ConfigError(f"All {self.config.num_iterations} iterations are done. Ask for more in the config.")
        self._halve()
        self.work.prepare(self.iteration, self._draw_views(), self._learning_rate(self.iteration))
        with same_kernels():
            self._do = self._do or fastest(self.work)
            self._do()
        self.iteration += 1
        evaluated = self.work.strokes.with_points(self.work.evaluated).detach()
        losses = {name: loss.clone() for name, loss in self.work.losses.items()}
        return SketchStep(self.iteration, self.config.num_iterations, losses, evaluated, self.work.photo_index)

    def best(self) -> Strokes:
        """Return the best sketch of each photo so far [P, ...]; cheaper than ``result()``, for previews."""
        return self.candidates.best()

    def result(self, stopped: str | None = None) -> SketchResult:
        """Return the best sketch of each photo so far, and how it came to be."""
        settled = "settled" if self._is_settled() else "unfinished"
        reason = stopped or ("finished" if self.iteration >= self.config.num_iterations else settled)
        return self.candidates.result(self.iteration, reason, time.perf_counter() - self.started)

    def _draw_views(self) -> list[int]:
        order = torch.randperm(self.config.bank_size, generator=self.generator)[: self.config.num_views]
        return [0, *(1 + order).tolist()]

    def _learning_rate(self, iteration: int) -> float:
        config = self.config
        cosine = (1 + math.cos(math.pi * iteration / config.num_iterations)) / 2
        factor = config.final_learning_rate + (1 - config.final_learning_rate) * cosine
        return config.learning_rate * factor * max(self.strokes.canvas_size) / 224

    def _halve(self) -> None:
        if not self.config.halving or not self.candidates.should_halve(self.iteration / self.config.num_iterations):
            return
        kept = self.candidates.halve()
        moments, points = self.work.kept_moments(kept), self.work.points.detach()[kept]
        strokes = self.candidates.active_strokes(points)
        self.work = Iteration(strokes, self.candidates, self.bank, self.config.num_views, moments)
        self._do = None

    def _is_settled(self) -> bool:
        patience = self.config.patience
        if not patience or self.iteration == 0 or self.iteration % 10:
            return False
        return self.candidates.stale_for(self.iteration, self.config.tolerance) >= patience
