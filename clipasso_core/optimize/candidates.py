"""The sketches that compete for each photo: which are still active, and the best state of each so far."""

from __future__ import annotations

import torch
from torch import Tensor

from ..strokes import Strokes, in_order
from .coordinates import Coordinates
from .result import SketchResult

FIRST_CUT, LAST_CUT = 0.15, 0.35
"""Between these fractions of the run a photo's sketches are halved until one is left."""


class Candidates:
    """Track the best state of k sketches for each of P photos, in tensors of fixed size.

    ``remember`` neither waits for the device nor tells it anything new, so that a CUDA graph can capture it.

    Args:
        strokes: [P * k, ...] the first strokes, photo by photo.
        photos: P.
        num_iterations: T, of the whole run.
        evaluation_interval: iterations from one evaluation to the next; the last iteration has one as well.
        coordinates: what of the strokes moves.

    Attributes:
        now: [1] the iteration that ``remember`` is told of, 0 for the first.
    """

    def __init__(
        self, strokes: Strokes, photos: int, num_iterations: int, evaluation_interval: int, coordinates: Coordinates
    ) -> None:
        self.strokes, self.photos = strokes, photos
        self.evaluation_interval, self.coordinates = evaluation_interval, coordinates
        self.per_photo = self.alive_per_photo = strokes.batch_size // photos
        device = strokes.control_points.device
        self.active = torch.arange(strokes.batch_size, device=device)
        self.best_points = coordinates.of(strokes)
        self.best_loss = torch.full((strokes.batch_size,), torch.inf, device=device)
        self.best_iteration = torch.zeros(strokes.batch_size, dtype=torch.long, device=device)
        self.setbacks = torch.zeros(strokes.batch_size, dtype=torch.long, device=device)
        self.history = torch.zeros(num_iterations, photos, device=device)
        self.now = torch.zeros(1, dtype=torch.long, device=device)

    @property
    def photo_index(self) -> Tensor:
        """[B] the photo of each active sketch."""
        return self.active // self.per_photo

    @property
    def candidate(self) -> Tensor:
        """[B] which of its photo's k sketches each active one is."""
        return self.active % self.per_photo

    def active_strokes(self, points: Tensor) -> Strokes:
        """Return the active sketches at coordinates [B, N, M, 2]."""
        base = self.strokes if len(self.active) == self.strokes.batch_size else self.strokes.select(self.active)
        return self.coordinates.place(base, points)

    def remember(self, points: Tensor, loss: Tensor) -> None:
        """Keep coordinates [B, N, M, 2] where their loss [B] is the sketch's best so far; this is iteration ``now``.

        A NaN loss is never the best, and neither is one of an iteration without an evaluation.
        """
        rows = self.active
        last = self.now == len(self.history) - 1
        better = (loss < self.best_loss[rows]) & (last | (self.now % self.evaluation_interval == 0))
        kept = torch.where(better[:, None, None, None], points.detach(), self.best_points[rows])
        self.best_points.index_copy_(0, rows, kept)
        self.best_iteration.index_copy_(0, rows, torch.where(better, self.now, self.best_iteration[rows]))
        self.best_loss.index_copy_(0, rows, torch.where(better, loss, self.best_loss[rows]))
        self.history.index_copy_(0, self.now, self.best_loss.view(1, self.photos, -1).amin(dim=2))

    def replace_best(self, points: Tensor, loss: Tensor, rows: Tensor) -> None:
        """Put others in the place of the best states of some active sketches, after iteration ``now``, the last one.

        Args:
            points: [B, N, M, 2] their coordinates.
            loss: [B] what these are.
            rows: [B] bool, which of the active sketches.
        """
        kept = rows & loss.isfinite()
        which = self.active[kept]
        self.best_points[which], self.best_loss[which] = points.detach()[kept], loss[kept]
        self.history[self.now] = self.best_loss[self.best_rows()]

    def count_setbacks(self, went_back: Tensor) -> None:
        """Count the active sketches that went back; went_back: [B] bool."""
        self.setbacks.index_add_(0, self.active, went_back.long())

    @property
    def memory(self) -> list[Tensor]:
        """All that an iteration writes into."""
        return [self.best_points, self.best_loss, self.best_iteration, self.setbacks, self.history]

    def forget_losses(self) -> None:
        """Let the next evaluation be the best one: losses before it are of another kind."""
        self.best_loss.fill_(torch.inf)

    def begin_stage(self, strokes: Strokes) -> Strokes:
        """Go on with other living strokes, of which no loss is known yet; return the active sketches, at their best."""
        self.strokes = strokes
        self.forget_losses()
        return self.active_strokes(self.best_points[self.active])

    def reorder(self, order: Tensor) -> None:
        """Put the strokes of the active sketches into another drawing order [B, N], in their best states, too."""
        whole = torch.arange(self.strokes.num_strokes, device=order.device).repeat(self.strokes.batch_size, 1)
        whole[self.active] = order
        self.strokes = self.strokes.in_order(whole)
        self.best_points.copy_(in_order(self.best_points, whole))

    def drop_strokes(self, counts: Tensor) -> None:
        """Keep the first strokes of every sketch alone, counts [P] of each photo's; no loss of these is known yet."""
        self.strokes = self.strokes.prefix(counts.repeat_interleave(self.per_photo)[:, None])
        self.forget_losses()

    def should_halve(self, progress: float) -> bool:
        """Whether, at this fraction of the run, a photo has more sketches left than it should."""
        return self.alive_per_photo > 1 and progress >= _cut(self.per_photo, self.alive_per_photo)

    def halve(self) -> Tensor:
        """Drop the worse half of each photo's active sketches; return which rows stay [B']."""
        keep = (self.alive_per_photo + 1) // 2
        losses = self.best_loss[self.active].view(self.photos, self.alive_per_photo)
        order = torch.sort(losses, dim=1, stable=True).indices[:, :keep].sort(dim=1).values
        first = torch.arange(self.photos, device=order.device)[:, None] * self.alive_per_photo
        rows = (first + order).flatten()
        self.active, self.alive_per_photo = self.active[rows], keep
        return rows

    def best(self) -> Strokes:
        """Return each photo's best strokes so far [P, ...], as a copy."""
        return self.coordinates.place(self.strokes, self.best_points).select(self.best_rows()).detach()

    def best_rows(self) -> Tensor:
        """Return which of all the sketches is each photo's best so far: [P]; one of the active ones."""
        losses = self.best_loss[self.active].view(self.photos, -1)
        return self.active.view(self.photos, -1).gather(1, losses.argmin(dim=1, keepdim=True))[:, 0]

    def without_loss(self) -> list[int]:
        """Return the photos of which no sketch has had a finite loss."""
        known = self.best_loss.isfinite().view(self.photos, -1).any(dim=1)
        return [index for index, found in enumerate(known.tolist()) if not found]

    def result(self, strokes: Strokes, iterations: int, stopped: str, seconds: float) -> SketchResult:
        """Return what is known of each photo's best sketch; strokes: ``best()``, on the caller's canvas."""
        rows = self.best_rows()
        return SketchResult(
            strokes=strokes,
            loss=tuple(self.best_loss[rows].tolist()),
            chosen=tuple((rows % self.per_photo).tolist()),
            best_iteration=tuple(self.best_iteration[rows].tolist()),
            candidate_losses=tuple(tuple(row) for row in self.best_loss.view(self.photos, -1).tolist()),
            history=tuple(tuple(row) for row in self.history[:iterations].tolist()),
            num_iterations=iterations,
            setbacks=tuple(self.setbacks.view(self.photos, -1).sum(dim=1).tolist()),
            stopped=stopped,
            seconds=seconds,
        )


def mean_active(per_photo: int, halving: bool) -> float:
    """Return how many of a photo's sketches are active in a run, on average over its iterations.

    >>> [round(mean_active(4, halving), 2) for halving in (True, False)]
    [1.65, 4.0]
    """
    active, mean, now = per_photo, 0.0, 0.0
    while halving and active > 1:
        cut = _cut(per_photo, active)
        mean, now, active = mean + active * (cut - now), cut, (active + 1) // 2
    return mean + active * (1 - now)


def _cut(per_photo: int, active: int) -> float:
    """Return at which fraction of a run the worse half of so many active sketches is dropped."""
    rounds = max(1, (per_photo - 1).bit_length())
    done = rounds - (active - 1).bit_length()
    return FIRST_CUT if rounds == 1 else FIRST_CUT + (LAST_CUT - FIRST_CUT) * done / (rounds - 1)
