"""The loop: strokes move until drawing and photo look alike to the encoder."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from ..allocator import keeping_freed_memory
from ..determinism import same_kernels, seeded_generator
from ..encoders.base import FeatureRecipe, ImageEncoder
from ..errors import ConfigError, ShapeError, WeightsError
from ..gaps import close_gaps
from ..order import StrokeOrder, importance_order, put_in_order
from ..photo_colors import with_photo_colors
from ..selection import only
from ..stroke_count import StrokeCount
from ..strokes import CANVAS_SIDE, Strokes
from ..trim import trim_beside, trim_ends, trim_knots
from .candidates import Candidates
from .capture import fastest
from .config import OptimizeConfig
from .coordinates import Coordinates
from .fixed_strokes import FixedStrokes
from .iteration import Iteration
from .photo_bank import PhotoBank
from .places import Places
from .prefixes import SETTLED, Prefixes, evaluated_iteration
from .result import SketchResult, SketchStep, describe_run
from .spare import Spare, count_strokes, take_num_wanted
from .subject import Subject


class SketchRun:
    """Optimise sketches of photos; iterate over it, then ask for the result.

    Every iteration yields a SketchStep. Stop whenever you like: ``result()`` holds the best so far. Drawing and photo
    are made at the size that the encoder looks at (its ``input_size``), whatever the strokes' canvas: a canvas says in
    which unit control points and widths are, and nothing else.

    Args:
        images: P of [3, H, W] in 0-1, the objects on white: one tensor, or a sequence of several sizes.
        strokes: [P * k, N, K, 2], k first sketches per photo, photo by photo. Those that were given are drawn below
            the others and stay, unless the config gives them some freedom. Where there are more than are wanted
            (``num_wanted``), those that add least are dropped on the way, but hardly those on marks (``Spare``);
            with several stages, or where strokes are counted, only the first ones and those are there at all.
        encoder: through which both are compared.
        config: how; None for the defaults.
        recipe: which of the encoder's layers count how much; None for the encoder's own.
        masks: one or P of [h, w], white where the objects are; None takes what is not white.
        details: one or P of [h, w] in 0-1: lighter than 0.5 where the photo counts more, darker where it counts less.
        places: what counts of each photo, and where none of a sketch's ink should lie; None for all, and nowhere.

    Raises:
        ShapeError: images, masks or details are wrong or of another aspect than the canvas, or the strokes' batch is
            no multiple of the images'.
        ConfigError: there are more stages than strokes.

    >>> from clipasso_core.encoders import get_encoder
    >>> photo = torch.linspace(0, 1, 224 * 224).view(1, 1, 224, 224).expand(1, 3, -1, -1)
    >>> first = Strokes.black(torch.rand(2, 4, 4, 2) * 224, (224, 224))  # two sketches of four strokes
    >>> run = SketchRun(photo, first, get_encoder(), OptimizeConfig(num_iterations=2))
    >>> [step.iteration for step in run]
    [1, 2]
    >>> run.result().strokes.control_points.shape  # the better one
    torch.Size([1, 4, 4, 2])
    """

    def __init__(
        self,
        images: Tensor | Sequence[Tensor],
        strokes: Strokes,
        encoder: ImageEncoder,
        config: OptimizeConfig | None = None,
        recipe: FeatureRecipe | None = None,
        masks: Tensor | Sequence[Tensor] | None = None,
        details: Tensor | Sequence[Tensor] | None = None,
        places: Places | None = None,
    ) -> None:
        self.config, self.recipe = config or OptimizeConfig(), recipe or encoder.recipe
        strokes, wanted = take_num_wanted(strokes)
        fixed, moving = FixedStrokes.apart(strokes, self.config.given_freedom)
        wanted = None if wanted is None else wanted - fixed.count
        _check_shares(moving if wanted is None else moving.prefix(wanted), len(images), self.config.num_stages)
        self.canvas_size, size = strokes.canvas_size, strokes.size_for(encoder.input_size)
        self.subject = Subject.of(images, self.canvas_size, size, masks, details, places, crowded=wanted is None)
        device = self.subject.photos.device
        self.fixed = fixed.detached_on(device)
        spare = None if wanted is None else Spare(wanted, self.subject)
        facts = describe_run(encoder, self.recipe, self.config, device) | ({} if details is None else {"detail": True})
        moving = moving.detach().to(device, torch.float32).scaled_to(size).with_provenance(**facts)
        self.strokes, self.spare = self._first_strokes(self._colored(moving), spare)
        most = int(self.strokes.alive[:, self.strokes.num_given :].sum(dim=1).max())
        self.prefixes = Prefixes.of_run(self.config, most, spare=self.spare is not None)
        self.generator = seeded_generator(self.config.seed)
        self.bank = PhotoBank(self.subject, encoder, self.recipe, self.config, self.generator)
        every, coordinates = self.config.evaluation_interval, Coordinates.of_run(self.config, size)
        self.candidates = Candidates(self.strokes, len(images), self.config.num_iterations, every, coordinates)
        self.work = Iteration(self.strokes, self.candidates, self.bank, self.config, underlay=self.fixed.underlay(size))
        self.counts: tuple[StrokeCount, ...] = ()
        self.iteration, self.settled = 0, False
        self._contours = self.subject.contours() if self.config.outline_weight > 0 else None
        self._outline_from = evaluated_iteration(self.config, SETTLED)
        self._lengths = seeded_generator(self.config.seed)
        self._do: Callable[[], None] | None = None
        self._evaluations: list[Tensor] = []
        self.started = time.perf_counter()

    def __iter__(self) -> Iterator[SketchStep]:
        with keeping_freed_memory():
            while self.iteration < self.config.num_iterations and not self.settled:
                yield self.step()

    def step(self) -> SketchStep:
        """Do one iteration: evaluate, remember the best, move the strokes.

        Raises:
            ConfigError: all iterations of the config are done.
            WeightsError: after the first iteration, when the loss of every sketch of a photo is NaN or infinite.
        """
        if self.iteration >= self.config.num_iterations:
            raise ConfigError(f"All {self.config.num_iterations} iterations are done. Ask for more in the config.")
        self._halve()
        self._begin_stage()
        self._begin_prefixes()
        self._begin_outline()
        with same_kernels():
            rate, length = self._learning_rate(self.iteration), self.prefixes.length(self._lengths)
            self.work.prepare(self.iteration, self._draw_views(), rate, length)
            self._do = self._do or fastest(self.work)
            self._do()
        if self.iteration == 0:
            self._check_losses()
        if self.config.stop_change > 0 and self.iteration % self.config.evaluation_interval == 0:
            self._settle()
        self.iteration += 1
        if self.config.tidy > 0 and (self.settled or self.iteration == self.config.num_iterations):
            self._finish()
        evaluated = self._to_caller(self.work.placed(self.work.evaluated).detach(), self.candidates.active)
        losses = {name: loss.clone() for name, loss in self.work.losses.items()}
        which = (self.candidates.photo_index, self.candidates.candidate)
        return SketchStep(self.iteration, self.config.num_iterations, losses, evaluated, *which)

    def best(self) -> Strokes:
        """Return the best sketch of each photo so far [P, ...]; cheaper than ``result()``, for previews."""
        return self._to_caller(self.candidates.best(), self.candidates.best_rows())

    def best_loss(self) -> tuple[float, ...]:
        """Return the loss [P] of ``best()``: of each photo's best sketch so far, infinite before the first one."""
        return tuple(self.candidates.best_loss[self.candidates.best_rows()].tolist())

    def result(self, stopped: str | None = None) -> SketchResult:
        """Return the best sketch of each photo so far, and how it came to be.

        Args:
            stopped: "interrupted" or "failed" where something ended the run early, which the strokes' provenance then
                says as well; None where nothing did.
        """
        ended = "settled" if self.settled else "unfinished"
        reason = stopped or ("finished" if self.iteration >= self.config.num_iterations else ended)
        best, rows = self.candidates.best(), self.candidates.best_rows()
        strokes = self._of_wanted(best, rows, look=stopped != "failed")
        if self.config.colors == "photo":
            strokes = with_photo_colors(strokes, self.subject.photos, self.subject.objects)
        strokes = self._to_caller(strokes, rows)
        strokes = strokes.with_provenance(**({f"{stopped}_after": self.iteration} if stopped else {}))
        found = self.candidates.result(strokes, self.iteration, reason, time.perf_counter() - self.started)
        return replace(found, counts=self.counts)

    def _finish(self) -> None:
        """Let the best sketches' strokes end where they meet others, themselves or eyes; losses are found anew."""
        best = self.candidates.active_strokes(self.candidates.best_points[self.candidates.active])
        untied = best if self.config.smooth else trim_knots(best)
        on_faces = self.subject.on_marks(best.control_points, self.work.photo_index, spots=False) & ~self.work.free
        finished = close_gaps(trim_beside(trim_ends(untied), on_faces), self.work.free)
        changed = (finished.control_points != best.control_points).flatten(1).any(dim=1)
        if bool(changed.any()):
            work = Iteration(finished, self.candidates, self.bank, self.config, underlay=self.work.underlay)
            with same_kernels():
                self.candidates.replace_best(work.points, work.evaluate(), changed)

    def _colored(self, strokes: Strokes) -> Strokes:
        """Give first strokes the photo's colours where these are to be optimised."""
        if self.config.colors != "optimized":
            return strokes
        each = strokes.batch_size // len(self.subject.photos)
        seen = (of_photo.repeat_interleave(each, dim=0) for of_photo in (self.subject.photos, self.subject.objects))
        return with_photo_colors(strokes, *seen)

    def _first_strokes(self, strokes: Strokes, spare: Spare | None) -> tuple[Strokes, Spare | None]:
        """Return what the run begins with: where several stages share strokes, or they are counted, none to spare."""
        if spare is None or (self.config.num_stages == 1 and self.config.auto_detail is None):
            return strokes, spare
        sketches = torch.arange(strokes.batch_size, device=strokes.alive.device)
        return spare.keep_wanted(strokes, sketches // (strokes.batch_size // len(self.subject.photos))), None

    def _to_caller(self, strokes: Strokes, rows: Tensor) -> Strokes:
        """Return sketches, which are ``rows`` [B] of all, on the caller's canvas and with their fixed strokes."""
        return self.fixed.with_moving(strokes.scaled_to(self.canvas_size), rows)

    def _go_on_with(self, work: Iteration) -> None:
        """Do other work from now on; a captured graph and the last evaluations are of the work before it."""
        self.work, self._do, self._evaluations = work, None, []

    def _check_losses(self) -> None:
        unknown = self.candidates.without_loss()
        if unknown:
            raise WeightsError(
                f"Image {unknown[0]}: the loss of every sketch is NaN or infinite. Are the encoder's weights damaged? "
                "With precision bfloat16, try float32."
            )

    def _settle(self) -> None:
        """Note an evaluation, and whether no sketch's loss has changed in the last two."""
        self._evaluations = [*self._evaluations[-2:], self.work.losses["evaluation"].clone()]
        if len(self._evaluations) == 3:
            changes = torch.stack(self._evaluations).diff(dim=0).abs()
            last = self.config.stages.at(self.iteration) == self.config.num_stages - 1
            self.settled = last and not self._outline_waits and bool((changes <= self.config.stop_change).all())

    def _draw_views(self) -> list[int]:
        """Return which views this iteration looks through, the first the identity; fresh ones are drawn on the way."""
        if self.config.bank_size == 0:
            if self.iteration > 0 and self.bank.redraw(self.generator):
                self._do = None
            return list(range(self.config.num_views + 1))
        order = torch.randperm(self.config.bank_size, generator=self.generator)[: self.config.num_views]
        return [0, *(1 + order).tolist()]

    def _learning_rate(self, iteration: int) -> float:
        config = self.config
        done, length = self.config.stages.within(iteration)
        cosine = (1 + math.cos(math.pi * done / length)) / 2
        factor = config.final_learning_rate + (1 - config.final_learning_rate) * cosine
        return config.learning_rate * factor * max(self.strokes.canvas_size) / CANVAS_SIDE

    def _halve(self) -> None:
        if not self.config.halving or not self.candidates.should_halve(self.iteration / self.config.num_iterations):
            return
        self._go_on_with(self.work.keep(self.candidates.halve()))

    def _begin_stage(self) -> None:
        """Where a stage begins, bring its strokes to life, and freeze those before it where they were best."""
        if not self.config.stages.begins(self.iteration):
            return
        now, theirs = self.config.stages.at(self.iteration), self.config.stages.of_strokes(self.strokes.alive)
        strokes = replace(self.strokes, alive=self.strokes.alive & (theirs <= now))
        active = self.candidates.begin_stage(strokes)
        frozen = (theirs < now)[self.candidates.active]
        self._go_on_with(Iteration(active, self.candidates, self.bank, self.config, frozen, self.work.underlay))

    def _begin_prefixes(self) -> None:
        """Find the strokes' order before prefixes are trained, drop strokes, and say whether prefixes are seen."""
        if self.prefixes.begins(self.iteration) or self.prefixes.drops(self.iteration):
            self._reorder()
        if self.prefixes.drops(self.iteration):
            self._drop_strokes()
        if self.work.sees_prefixes != self.prefixes.trains(self.iteration):
            self.work.sees_prefixes = not self.work.sees_prefixes
            self._go_on_with(self.work)
            if not self.work.sees_prefixes:
                self.candidates.forget_losses()  # the best whole drawings were those that knew least of prefixes

    @property
    def _outline_waits(self) -> bool:
        """Whether contours without ink will count, but do not yet."""
        return self._contours is not None and self.bank.to_cover is None

    def _begin_outline(self) -> None:
        """Let contours without ink count from their iteration on; the losses so far are of another kind."""
        if not self._outline_waits or self.iteration < self._outline_from:
            return
        self.bank.to_cover = self._contours
        self.candidates.forget_losses()
        self._go_on_with(self.work)

    def _reorder(self) -> None:
        """Put the active sketches' strokes into the order by importance."""
        now, losses = self._now(), self.bank.losses_of(self.work.photo_index.tolist())
        with same_kernels():
            order = torch.stack([importance_order(now.select([row]), loss_of) for row, loss_of in enumerate(losses)])
        order = order[:, self.fixed.count :] - self.fixed.count
        if self.spare is not None and self.prefixes.drops(self.iteration):
            order = self.spare.in_front(order, now.control_points[:, self.fixed.count :], self.work.photo_index)
        self.candidates.reorder(order)
        self._go_on_with(self.work.reordered(order))

    def _drop_strokes(self) -> None:
        """Keep as many strokes as are wanted, or as each photo needs, and drop the others, which come last."""
        if self.spare is None:
            self.counts = count_strokes(self._now(), self.work.photo_index, self.bank, self.config)
            kept = [count.chosen - self.fixed.count for count in self.counts]
        else:
            kept = [self.spare.wanted] * self.candidates.photos
        self.candidates.drop_strokes(torch.tensor(kept, device=self.work.photo_index.device))
        self.prefixes = replace(self.prefixes, num_strokes=max(kept) - self.strokes.num_given)
        self._go_on_with(self.work.keep(torch.arange(len(self.work.points))))

    def _now(self) -> Strokes:
        """Return the active sketches as they are, with their fixed strokes, at the size that the encoder looks at."""
        return self.fixed.with_moving(self.work.placed(self.work.points.detach()), self.candidates.active)

    def _of_wanted(self, strokes: Strokes, rows: Tensor, *, look: bool) -> Strokes:
        """Return one sketch of each photo, which are ``rows`` [P] of all, without dropped strokes and in order.

        Where the run ended before spare strokes were dropped they go now: the least telling, or without a look the
        last.
        """
        if self.spare is not None and self.iteration <= self.prefixes.dropped:
            strokes = self._ordered(strokes, rows, "importance") if look else strokes
            strokes = self.spare.keep_wanted(strokes, torch.arange(len(rows), device=rows.device))
        strokes = self._ordered(strokes, rows, self.config.order) if look else strokes
        return only(strokes, strokes.alive) if self.spare is not None or self.counts else strokes

    def _ordered(self, strokes: Strokes, rows: Tensor, order: StrokeOrder) -> Strokes:
        """Return one sketch of each photo, which are ``rows`` [P] of all, in a drawing order."""
        with same_kernels():
            losses = self.bank.losses_of(range(strokes.batch_size))
            whole = self.fixed.with_moving(strokes, rows)
            return self.fixed.without(put_in_order(whole, order, losses, self.subject.objects >= 0.5))


def _check_shares(strokes: Strokes, photos: int, stages: int) -> None:
    """Raise an error unless photos can have equally many sketches each, and all stages something to move."""
    if photos == 0:
        raise ShapeError("images is an empty batch; give at least one image.")
    if strokes.batch_size == 0 or strokes.batch_size % photos:
        raise ShapeError(
            f"{strokes.batch_size} sketches cannot be shared among {photos} images. "
            "Make the strokes from the same batch of images."
        )
    if not bool(strokes.alive.any(dim=1).all()):
        raise ShapeError("A sketch has no living strokes, so there is nothing to move. Make at least one stroke.")
    fewest = int(strokes.alive.sum(dim=1).min())
    if stages > fewest:
        raise ConfigError(f"num_stages ({stages}) cannot exceed the number of strokes of a sketch ({fewest}).")
