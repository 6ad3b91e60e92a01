"""Layering: several drawings become one, the second over the first, or one batch of sketches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from .errors import ShapeError
from .strokes import MAX_STROKES, Strokes, concatenate
from .transform import fit_to_canvas


def lay_over(below: Strokes, above: Strokes) -> Strokes:
    """Draw sketches over others: the strokes of both in one sketch each, those of ``below`` first.

    Args:
        below: B sketches; the canvas, the device and the type are theirs.
        above: B sketches, or one for all; another canvas is fitted to that of ``below``, whole and centred. Either side
            may hold the one.

    Returns:
        [B, N + M, K, 2]; shorter strokes are padded at their end with segments of no length. Given are the first
        strokes that both give; where ``below`` has others, its own only.

    Raises:
        ShapeError: the numbers of sketches do not fit, or there are more than 4096 strokes.

    >>> one, two = (Strokes.black(torch.rand(1, count, 4, 2), (32, 32)) for count in (3, 2))
    >>> lay_over(one, two).control_points.shape
    torch.Size([1, 5, 4, 2])
    """
    count = max(below.batch_size, above.batch_size)
    if {below.batch_size, above.batch_size} - {1, count}:
        raise ShapeError(
            f"{above.batch_size} sketches cannot be laid over {below.batch_size}: give as many, or one for all."
        )
    above = _alike(above, below)
    first, second = (one if one.batch_size == count else one.select([0] * count) for one in (below, above))
    all_given = below.num_given == below.num_strokes
    texts = (*below.path_texts, *[None] * below.num_strokes)[: below.num_strokes]
    return replace(
        join_strokes(first, second),
        num_given=below.num_given + (above.num_given if all_given else 0),
        path_texts=(*texts, *above.path_texts) if all_given else below.path_texts,
        provenance={"layers": [dict(below.provenance), dict(above.provenance)]},
    )


def as_batch(batches: Sequence[Strokes]) -> Strokes:
    """Put sketches of several batches into one.

    Args:
        batches: one or more; the canvas, the device and the type are those of the first.

    Returns:
        All sketches, one batch after another: fewer strokes are padded with dead ones, shorter strokes with segments of
        no length, and other canvases are fitted to the first one, whole and centred. A stroke is given where it is in
        every batch, and a number of strokes is wanted where it is the same in all.

    Raises:
        ShapeError: there is no batch.

    >>> one, two = (Strokes.black(torch.rand(1, count, 4, 2), (32, 32)) for count in (3, 2))
    >>> as_batch([one, two]).alive.tolist()
    [[True, True, True], [True, True, False]]
    """
    if not batches:
        raise ShapeError("At least one batch of sketches is needed, got none.")
    first = batches[0]
    alike = [first, *(_alike(one, first) for one in batches[1:])]
    slots = max(one.num_strokes for one in alike)
    points = max(one.control_points.shape[2] for one in alike)
    together = Strokes.joined([with_room(one, slots, points) for one in alike])
    same_texts = all(one.path_texts == first.path_texts for one in batches)
    return replace(
        together,
        num_given=min(one.num_given for one in batches),
        num_wanted=first.num_wanted if all(one.num_wanted == first.num_wanted for one in batches) else None,
        path_texts=first.path_texts if same_texts else (),
        provenance={"batch": [dict(one.provenance) for one in batches]} if len(batches) > 1 else first.provenance,
    )


def join_strokes(first: Strokes, second: Strokes) -> Strokes:
    """Return sketches of the strokes of two [B, N, ...] and [B, M, ...], on one canvas.

    As many are wanted as of both together; the rest is as in ``second``.

    Raises:
        ShapeError: there are more than 4096 strokes.

    >>> one, two = Strokes.black(torch.rand(1, 1, 7, 2), (9, 9)), Strokes.black(torch.rand(1, 5, 4, 2), (9, 9))
    >>> join_strokes(one, two).control_points.shape
    torch.Size([1, 6, 7, 2])
    """
    if first.num_strokes + second.num_strokes > MAX_STROKES:
        raise ShapeError(
            f"{first.num_strokes} and {second.num_strokes} strokes are too many for one sketch, which has at most "
            f"{MAX_STROKES}. Select some of them first."
        )
    both = (first, second)
    wanted = [int(one.alive.sum(dim=1).max()) if one.num_wanted is None else one.num_wanted for one in both]
    spare = any(one.num_wanted is not None for one in both)
    return replace(one_after_another(both), num_wanted=sum(wanted) if spare else None)


def one_after_another(sketches: Sequence[Strokes]) -> Strokes:
    """Return sketches of the strokes of several [B, N, ...], on one canvas; shorter strokes are padded at their end.

    What else no tensor says is as in the last one.

    >>> one, two = Strokes.black(torch.rand(1, 1, 7, 2), (9, 9)), Strokes.black(torch.rand(1, 0, 4, 2), (9, 9))
    >>> one_after_another([one, two, one]).control_points.shape
    torch.Size([1, 2, 7, 2])
    """
    longest = max(one.control_points.shape[2] for one in sketches)
    return concatenate([one.with_points(pad_points(one.control_points, longest)) for one in sketches], dim=1)


def with_room(strokes: Strokes, slots: int, points: int) -> Strokes:
    """Return the same sketches with dead strokes behind the others, up to ``slots``, of ``points`` control points each.

    >>> roomy = with_room(Strokes.black(torch.rand(1, 2, 4, 2), (32, 32)), 3, 7)
    >>> roomy.control_points.shape, roomy.alive.tolist()
    (torch.Size([1, 3, 7, 2]), [[True, True, False]])
    """
    blank = strokes.control_points.new_zeros(strokes.batch_size, slots - strokes.num_strokes, points, 2)
    dead = torch.zeros(blank.shape[:2], dtype=torch.bool, device=blank.device)
    both = join_strokes(strokes, Strokes.black(blank, strokes.canvas_size, alive=dead))
    facts = {"num_given": strokes.num_given, "path_texts": strokes.path_texts, "provenance": strokes.provenance}
    return replace(both, **facts)  # type: ignore[arg-type]


def pad_points(points: Tensor, count: int) -> Tensor:
    """Return strokes [B, N, K, 2] with their last point repeated up to ``count`` points: the same curves.

    >>> pad_points(torch.arange(8.0).view(1, 1, 4, 2), 7)[0, 0, 3:].tolist()
    [[6.0, 7.0], [6.0, 7.0], [6.0, 7.0], [6.0, 7.0]]
    """
    return torch.cat([points, points[:, :, -1:].expand(-1, -1, count - points.shape[2], -1)], dim=2)


def _alike(strokes: Strokes, other: Strokes) -> Strokes:
    """Return strokes on the canvas, the device and in the type of others."""
    moved = strokes.to(other.control_points.device, other.control_points.dtype)
    return moved if moved.canvas_size == other.canvas_size else fit_to_canvas(moved, other.canvas_size)
