"""Spare strokes: sketches begin with more than they keep, those that are wanted or those that pay."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ..determinism import same_kernels
from ..face_marks import SHARE
from ..order import prefix_losses
from ..stroke_count import StrokeCount, choose_count
from ..strokes import Strokes
from .config import OptimizeConfig
from .photo_bank import PhotoBank
from .subject import Subject


def take_num_wanted(strokes: Strokes) -> tuple[Strokes, int | None]:
    """Take the number of wanted strokes off first strokes; it is None where there are no more than those.

    >>> from dataclasses import replace
    >>> five = Strokes.black(torch.rand(1, 5, 4, 2), (9, 9))
    >>> [take_num_wanted(replace(five, num_wanted=count))[1] for count in (None, 3, 5)]
    [None, 3, None]
    """
    wanted, there = strokes.num_wanted, int(strokes.alive.sum(dim=1).max()) if strokes.batch_size else 0
    return replace(strokes, num_wanted=None), None if wanted is None or there <= wanted else wanted


@dataclass(frozen=True, eq=False)
class Spare:
    """Say which strokes of sketches are wanted: the first of an order, but those on marks before others.

    Args:
        wanted: how many strokes of a sketch, fixed ones not counted.
        subject: the photos, at the size of the sketches.
    """

    wanted: int
    subject: Subject

    def in_front(self, order: Tensor, control_points: Tensor, photo_index: Tensor) -> Tensor:
        """Return orders [B, N] of sketches of photos photo_index [B] in which those on marks are among those wanted.

        Of faces a quarter of those wanted at most, and whole faces, the largest ones.

        Args:
            order: [B, N], as it would be without them.
            control_points: [B, N, K, 2] px.
            photo_index: [B].
        """
        on_marks = self.subject.on_marks(control_points, photo_index, self.wanted // SHARE).to(order.device)
        kept = on_marks.gather(1, order)
        first = kept | ((~kept).cumsum(dim=1) <= self.wanted - kept.sum(dim=1, keepdim=True))
        return order.gather(1, first.int().argsort(dim=1, descending=True, stable=True))

    def keep_wanted(self, strokes: Strokes, photo_index: Tensor) -> Strokes:
        """Return of sketches of photos photo_index [B] those strokes alone that are wanted, in the order they have."""
        every = torch.arange(strokes.num_strokes, device=photo_index.device).expand(len(photo_index), -1)
        return strokes.in_order(self.in_front(every, strokes.control_points, photo_index)).prefix(self.wanted)


def count_strokes(
    sketches: Strokes, photo_index: Tensor, bank: PhotoBank, config: OptimizeConfig
) -> tuple[StrokeCount, ...]:
    """Count the strokes that each of P photos needs: of its sketches, the one that is cheapest says so.

    Args:
        sketches: [B, N, K, 2] in their order by importance, given strokes first.
        photo_index: [B] which photo each is of.
        bank: the photos.
        config: how fine (``auto_detail``), and how many at least.
    """
    found: dict[int, StrokeCount] = {}
    for row, photo in enumerate(photo_index.tolist()):
        count = _count(sketches.select([row]), photo, bank, config)
        found[photo] = min(found.get(photo, count), count, key=lambda one: one.total)
    return tuple(found[photo] for photo in range(len(found)))


def _count(sketch: Strokes, photo: int, bank: PhotoBank, config: OptimizeConfig) -> StrokeCount:
    """Count the strokes that one sketch of a photo needs."""
    (loss_of,) = bank.losses_of([photo])
    with same_kernels():
        losses = prefix_losses(sketch, loss_of).tolist()
        empty = float(loss_of(torch.ones_like(bank.subject.photos[:1])))
    fewest = max(config.fewest_strokes, sketch.num_given + 1)
    return choose_count(losses, empty, config.auto_detail or 0.0, fewest)
