"""The loop: strokes move until drawing and photo look alike to the encoder."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from ..allocator import keeping_freed_memory
from ..detail import detail_weights
from ..determinism import same_kernels, seeded_generator
from ..encoders.base import FeatureRecipe, ImageEncoder
from ..errors import ConfigError, ShapeError, WeightsError
from ..face_marks import marks_first
from ..faces import find_faces
from ..gaps import close_gaps
from ..given import join_given, part_given
from ..line_drawing import contour, line_drawing, object_on_white
from ..order import LossOf, StrokeOrder, importance_order, prefix_losses, put_in_order
from ..photo_colors import with_photo_colors
from ..pixels import check_images, check_same_aspect, fit_each, require_object, resize
from ..selection import only
from ..stroke_count import StrokeCount, choose_count
from ..strokes import CANVAS_SIDE, Strokes
from ..trim import trim_ends
from .candidates import Candidates
from .capture import fastest
from .config import OptimizeConfig
from .coordinates import Coordinates
from .iteration import Iteration
from .photo_bank import PhotoBank
from .places import Places
from .prefixes import SETTLED, Prefixes, evaluated_iteration
from .result import SketchResult, SketchStep, describe_run
from .underlay import Underlay


class SketchRun:
    """Optimise sketches of photos; iterate over it, then ask for the result.

    Every iteration yields a SketchStep. Stop whenever you like: ``result()`` holds the best so far. Drawing and photo
    are made at the size that the encoder looks at (its ``input_size``), whatever the strokes' canvas: a canvas says in
    which unit control points and widths are, and nothing else.

    Args:
        images: P of [3, H, W] in 0-1, the objects on white: one tensor, or a sequence of several sizes.
        strokes: [P * k, N, K, 2], k first sketches per photo, photo by photo. Those that were given are drawn below
            the others and stay, unless the config gives them some freedom. Where there are more than are wanted
            (``num_wanted``), those that add least are dropped on the way, but hardly eyes and noses (``marks_first``);
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
        strokes, self.wanted = _spare_or_not(strokes)
        self.given, strokes = (None, strokes) if self.config.given_freedom > 0 else part_given(strokes)
        kept = strokes if self.wanted is None else strokes.prefix(self.wanted - self._num_fixed)
        _check_shares(kept, len(images), self.config.num_stages)
        self.canvas_size = strokes.canvas_size
        size = strokes.size_for(encoder.input_size)
        photos = torch.cat([_fitted(image, strokes.canvas_size, size) for image in images])
        self.strokes = (
            strokes.detach()
            .to(photos.device, torch.float32)
            .scaled_to(size)
            .with_provenance(**describe_run(encoder, self.recipe, self.config, photos.device))
            .with_provenance(**({} if details is None else {"detail": True}))
        )
        self.given = self.given and self.given.detach().to(photos.device, torch.float32)
        self.generator = seeded_generator(self.config.seed)
        self.objects = object_on_white(photos) if masks is None else _fitted_masks(masks, photos)
        if self.config.colors == "optimized":
            each = strokes.batch_size // len(photos)
            seen = (of_photo.repeat_interleave(each, dim=0) for of_photo in (photos, self.objects))
            self.strokes = with_photo_colors(self.strokes, *seen)
        lines = line_drawing(photos, self.objects)
        weights = None if details is None else detail_weights(details, photos)
        weights, off_limits = (weights, None) if places is None else places.fitted(photos, weights)
        self.faces = () if self.wanted is None else tuple(find_faces(photo) for photo in photos)
        self.contours = _contours(self.objects, weights) if self.config.outline_weight > 0 else None
        if self.wanted is not None and (self.config.num_stages > 1 or self.config.auto_detail is not None):
            photo_index = torch.arange(strokes.batch_size, device=photos.device) // (strokes.batch_size // len(photos))
            self.strokes, self.wanted = self._first_wanted(self.strokes, photo_index, self.wanted), None
        self.bank = PhotoBank(photos, lines, encoder, self.recipe, self.config, self.generator, weights, off_limits)
        every, coordinates = self.config.evaluation_interval, Coordinates.of_run(self.config, size)
        self.candidates = Candidates(self.strokes, len(photos), self.config.num_iterations, every, coordinates)
        self.work = Iteration(self.strokes, self.candidates, self.bank, self.config, underlay=self._underlay(size))
        self.stages = self.config.stages
        most = int(self.strokes.alive[:, strokes.num_given :].sum(dim=1).max())
        spare = self.wanted is not None
        self.prefixes = Prefixes.of_run(self.config, most, spare=spare)
        self.counts: tuple[StrokeCount, ...] = ()
        self._outline_from = evaluated_iteration(self.config, SETTLED)
        self._lengths = seeded_generator(self.config.seed)
        self._do: Callable[[], None] | None = None
        self._evaluations: list[Tensor] = []
        self.iteration = 0
        self.settled = False
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
        evaluated = self._with_given(self.work.placed(self.work.evaluated).detach(), self.candidates.active)
        losses = {name: loss.clone() for name, loss in self.work.losses.items()}
        which = (self.candidates.photo_index, self.candidates.candidate)
        return SketchStep(self.iteration, self.config.num_iterations, losses, evaluated, *which)

    def best(self) -> Strokes:
        """Return the best sketch of each photo so far [P, ...]; cheaper than ``result()``, for previews."""
        return self._with_given(self.candidates.best(), self.candidates.best_rows())

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
            strokes = with_photo_colors(strokes, self.bank.images, self.objects)
        strokes = self._with_given(strokes, rows)
        strokes = strokes.with_provenance(**({f"{stopped}_after": self.iteration} if stopped else {}))
        found = self.candidates.result(strokes, self.iteration, reason, time.perf_counter() - self.started)
        return replace(found, counts=self.counts)

    def _finish(self) -> None:
        """Let the best sketches' strokes end where they meet themselves or another one; their losses are found anew."""
        best = self.candidates.active_strokes(self.candidates.best_points[self.candidates.active])
        finished = close_gaps(trim_ends(best))
        changed = (finished.control_points != best.control_points).flatten(1).any(dim=1)
        if bool(changed.any()):
            work = Iteration(finished, self.candidates, self.bank, self.config, underlay=self.work.underlay)
            with same_kernels():
                self.candidates.replace_best(work.points, work.evaluate(), changed)

    def _underlay(self, size: tuple[int, int]) -> Underlay | None:
        """Return the given strokes as pictures of (height, width) px."""
        return None if self.given is None else Underlay.of(self.given.scaled_to(size))

    def _with_given(self, strokes: Strokes, rows: Tensor) -> Strokes:
        """Return sketches, which are ``rows`` [B] of all, on the caller's canvas and with their given strokes."""
        return self._whole(strokes.scaled_to(self.canvas_size), rows)

    def _whole(self, strokes: Strokes, rows: Tensor) -> Strokes:
        """Return sketches, which are ``rows`` [B] of all, with their given strokes, on the canvas that they are on."""
        if self.given is None:
            return strokes
        return join_given(self.given.scaled_to(strokes.canvas_size).select(rows), strokes)

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
            last = self.stages.at(self.iteration) == self.config.num_stages - 1
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
        done, length = self.stages.within(iteration)
        cosine = (1 + math.cos(math.pi * done / length)) / 2
        factor = config.final_learning_rate + (1 - config.final_learning_rate) * cosine
        return config.learning_rate * factor * max(self.strokes.canvas_size) / CANVAS_SIDE

    def _halve(self) -> None:
        if not self.config.halving or not self.candidates.should_halve(self.iteration / self.config.num_iterations):
            return
        self.work = self.work.keep(self.candidates.halve())
        self._do, self._evaluations = None, []

    def _begin_stage(self) -> None:
        """Where a stage begins, bring its strokes to life, and freeze those before it where they were best."""
        if not self.stages.begins(self.iteration):
            return
        now, theirs = self.stages.at(self.iteration), self.stages.of_strokes(self.strokes.alive)
        strokes = replace(self.strokes, alive=self.strokes.alive & (theirs <= now))
        active = self.candidates.begin_stage(strokes)
        frozen = (theirs < now)[self.candidates.active]
        self.work = Iteration(active, self.candidates, self.bank, self.config, frozen, self.work.underlay)
        self._do, self._evaluations = None, []

    def _begin_prefixes(self) -> None:
        """Find the strokes' order before prefixes are trained, drop strokes, and say whether prefixes are seen."""
        if self.prefixes.begins(self.iteration) or self.prefixes.drops(self.iteration):
            self._reorder()
        if self.prefixes.drops(self.iteration):
            self._drop_strokes()
        if self.work.sees_prefixes != self.prefixes.trains(self.iteration):
            self.work.sees_prefixes, self._do = not self.work.sees_prefixes, None
            if not self.work.sees_prefixes:
                self._forget_losses()  # the best whole drawings were those that knew least of prefixes

    @property
    def _outline_waits(self) -> bool:
        """Whether contours without ink will count, but do not yet."""
        return self.contours is not None and self.bank.to_cover is None

    def _begin_outline(self) -> None:
        """Let contours without ink count from their iteration on; the losses so far are of another kind."""
        if not self._outline_waits or self.iteration < self._outline_from:
            return
        self.bank.to_cover = self.contours
        self._forget_losses()

    def _forget_losses(self) -> None:
        """Let the best states be looked for from here on."""
        self.candidates.forget_losses()
        self._do, self._evaluations = None, []

    def _reorder(self) -> None:
        """Put the active sketches' strokes into the order by importance."""
        now, losses = self._now(), self._losses_of(self.work.photo_index.tolist())
        with same_kernels():
            order = torch.stack([importance_order(now.select([row]), loss_of) for row, loss_of in enumerate(losses)])
        order = order[:, self._num_fixed :] - self._num_fixed
        if self.prefixes.drops(self.iteration):
            order = self._with_faces(order, now.control_points[:, self._num_fixed :], self.work.photo_index)
        self.candidates.reorder(order)
        self.work, self._do = self.work.reordered(order), None

    def _with_faces(self, order: Tensor, control_points: Tensor, photo_index: Tensor) -> Tensor:
        """Return orders [B, N] in which strokes that draw eyes and noses are among those that are wanted."""
        if self.wanted is None:
            return order
        rows = zip(order, control_points, photo_index.tolist(), strict=True)
        wanted = self.wanted - self._num_fixed
        return torch.stack([marks_first(one, points, self.faces[photo], wanted) for one, points, photo in rows])

    def _first_wanted(self, strokes: Strokes, photo_index: Tensor, wanted: int) -> Strokes:
        """Return of sketches of photos photo_index [B] the first strokes that are wanted, eyes and noses among them."""
        every = torch.arange(strokes.num_strokes, device=photo_index.device).expand(len(photo_index), -1)
        strokes = strokes.in_order(self._with_faces(every, strokes.control_points, photo_index))
        return strokes.prefix(wanted - self._num_fixed)

    def _drop_strokes(self) -> None:
        """Keep as many strokes as are wanted, or as each photo needs, and drop the others, which come last."""
        now = self._now()
        if self.wanted is None:
            self.counts = self._count_all(now)
            chosen = [one.chosen for one in self.counts]
        else:
            chosen = [self.wanted] * self.candidates.photos
        self.candidates.drop_strokes(torch.tensor(chosen, device=self.work.photo_index.device) - self._num_fixed)
        self.prefixes = replace(self.prefixes, num_strokes=max(chosen) - now.num_given)
        self.work, self._do, self._evaluations = self.work.keep(torch.arange(len(self.work.points))), None, []

    def _count_all(self, now: Strokes) -> tuple[StrokeCount, ...]:
        """Count the strokes that each photo needs: of its active sketches, the one that is cheapest says so."""
        found: dict[int, StrokeCount] = {}
        for row, photo in enumerate(self.work.photo_index.tolist()):
            count = self._count(now.select([row]), photo)
            found[photo] = min(found.get(photo, count), count, key=lambda one: one.total)
        return tuple(found[photo] for photo in range(len(found)))

    def _count(self, strokes: Strokes, photo: int) -> StrokeCount:
        """Count the strokes that one sketch of a photo needs."""
        (loss_of,) = self._losses_of([photo])
        with same_kernels():
            losses = prefix_losses(strokes, loss_of).tolist()
            empty = float(loss_of(torch.ones_like(self.bank.images[:1])))
        fewest = max(self.config.fewest_strokes, strokes.num_given + 1)
        return choose_count(losses, empty, self.config.auto_detail or 0.0, fewest)

    def _now(self) -> Strokes:
        """Return the active sketches as they are, with their given strokes, at the size that the encoder looks at."""
        return self._whole(self.work.placed(self.work.points.detach()), self.candidates.active)

    @property
    def _num_fixed(self) -> int:
        """How many given strokes a sketch has that do not move."""
        return 0 if self.given is None else self.given.num_strokes

    def _of_wanted(self, strokes: Strokes, rows: Tensor, *, look: bool) -> Strokes:
        """Return one sketch of each photo, which are ``rows`` [P] of all, without dropped strokes and in order.

        Where the run ended before spare strokes were dropped they go now: the least telling, or without a look the
        last.
        """
        if self.wanted is not None and self.iteration <= self.prefixes.dropped:
            strokes = self._ordered(strokes, rows, "importance") if look else strokes
            strokes = self._first_wanted(strokes, torch.arange(len(rows), device=rows.device), self.wanted)
        strokes = self._ordered(strokes, rows, self.config.order) if look else strokes
        return only(strokes, strokes.alive) if self.wanted is not None or self.counts else strokes

    def _ordered(self, strokes: Strokes, rows: Tensor, order: StrokeOrder) -> Strokes:
        """Return one sketch of each photo, which are ``rows`` [P] of all, in a drawing order."""
        with same_kernels():
            losses = self._losses_of(range(strokes.batch_size))
            placed = put_in_order(self._whole(strokes, rows), order, losses, self.objects >= 0.5)
        return placed if self.given is None else part_given(placed)[1]

    def _losses_of(self, photos: Iterable[int]) -> list[LossOf]:
        """Return how the evaluation loss of drawings is found, for each of some photos."""
        return [partial(self._loss_of, photo) for photo in photos]

    def _loss_of(self, photo: int, drawings: Tensor) -> Tensor:
        index = torch.full((len(drawings),), photo, device=drawings.device)
        return self.bank.evaluation_losses(drawings, index)


def _spare_or_not(strokes: Strokes) -> tuple[Strokes, int | None]:
    """Return first strokes, and how many are wanted where there are more, else None."""
    wanted, there = strokes.num_wanted, int(strokes.alive.sum(dim=1).max()) if strokes.batch_size else 0
    return replace(strokes, num_wanted=None), None if wanted is None or there <= wanted else wanted


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


def _fitted(image: Tensor, canvas_size: tuple[int, int], size: tuple[int, int]) -> Tensor:
    """Return an image [3, H, W] of a canvas's aspect as [1, 3, *size]."""
    checked = check_images(image[None])
    check_same_aspect(checked, canvas_size)
    return resize(checked, size)


def _contours(objects: Tensor, weights: Tensor | None) -> Tensor:
    """Return how much each place of photos asks for ink [P, H, W]: on the objects' contours, by what counts of them."""
    rims = contour(objects, (objects.shape[-2], objects.shape[-1]))
    return rims if weights is None else rims * weights


def _fitted_masks(masks: Tensor | Sequence[Tensor], photos: Tensor) -> Tensor:
    """Return masks [h, w] of the photos [P, 3, H, W], one for all or one each, as [P, H, W]."""
    if len(masks) not in (1, len(photos)):
        raise ShapeError(f"{len(masks)} masks do not fit {len(photos)} images; give one, or one each.")
    fitted = fit_each(masks, photos, "mask")
    require_object(fitted)
    return fitted.expand(len(photos), -1, -1)
