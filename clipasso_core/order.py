"""Drawing orders of finished strokes: by importance, along a short way of the pen, or the outline first.

Whatever the order, given strokes come first and stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .bezier import points_along
from .errors import ShapeError
from .line_drawing import depth_inside
from .rasterizer import rasterize, render
from .strokes import CANVAS_SIDE, Strokes
from .tour import Tour, short_way

StrokeOrder = Literal["drawn", "importance", "pen", "outline"]
ORDERS: tuple[StrokeOrder, ...] = get_args(StrokeOrder)
"""As the strokes are; by what each adds to what stands already; by a short way of the pen; the object's outline first,
and within outline and rest by importance."""

LossOf = Callable[[Tensor], Tensor]
"""How far drawings [M, 3, H, W] on white lie from a photo, as [M]; lower is better."""

MOST_TRIED = 6
"""Strokes that are tried for each place of an order: those that promised most when they were last tried. All of them
would be n (n + 1) / 2 looks."""

WORST = 1e9
"""What counts for a loss that is not finite."""

AT_ONCE = 16
"""Drawings that are held in memory at a time."""

ON_OUTLINE, OUTLINE_SHARE = 5.0, 0.5
"""px of a 224 px canvas from the contour within which a stroke is on it, and with how much of it."""

ON_CURVE = 16
"""Points of a cubic that are looked at for that."""


@torch.no_grad()
def prefix_losses(strokes: Strokes, loss_of: LossOf) -> Tensor:
    """Return the loss of one sketch after each of its n living strokes, as [n].

    >>> two = Strokes.black(torch.rand(1, 2, 4, 2) * 32, (32, 32))
    >>> prefix_losses(two, lambda drawings: drawings.mean(dim=(1, 2, 3))).diff().item() < 0  # it gets darker
    True
    """
    _check_one(strokes)
    counts = torch.arange(1, 1 + int(strokes.alive.sum()), device=strokes.alive.device)
    found = [
        loss_of(rasterize(strokes.select(torch.zeros_like(part)).prefix(part[:, None])))
        for part in torch.split(counts, AT_ONCE)
    ]
    return torch.cat(found) if found else strokes.stroke_width.new_zeros(0)


@torch.no_grad()
def importance_order(strokes: Strokes, loss_of: LossOf) -> Tensor:
    """Find the order in which each stroke is the one that adds most to what stands already.

    A stroke that promised little when it was last tried is not tried again until those before it are drawn.

    Args:
        strokes: one sketch (B = 1); given strokes come first, as they are, and dead ones last.
        loss_of: how far a drawing, at the size of the strokes' canvas, lies from the photo.

    Returns:
        [N], for ``Strokes.in_order`` as [1, N].

    Raises:
        ShapeError: more or less than one sketch.

    >>> points = torch.tensor([[[[4.0, y], [8, y], [x, y], [x, y]] for x, y in ((12, 4), (28, 16), (20, 26))]])
    >>> importance_order(Strokes.black(points, (32, 32)), lambda drawings: drawings.mean(dim=(1, 2, 3))).tolist()
    [1, 2, 0]
    """
    _check_one(strokes)
    given = list(range(strokes.num_given))
    left = [index for index, alive in enumerate(strokes.alive[0].tolist()) if alive and index not in given]
    dead = [index for index in range(strokes.num_strokes) if index not in (*given, *left)]
    canvas = strokes.control_points.new_zeros(1, 4, *strokes.canvas_size)
    for index in given:
        canvas = _over(canvas, _each_alone(strokes, [index]))
    stood, gain = float(loss_of(_on_white(canvas))), dict.fromkeys(left, inf)
    order: list[int] = []
    while left:
        tried = sorted(left, key=gain.__getitem__, reverse=True)[: MOST_TRIED if order else None]
        for part in (tried[first : first + AT_ONCE] for first in range(0, len(tried), AT_ONCE)):
            losses = loss_of(_on_white(_over(canvas, _each_alone(strokes, part)))).nan_to_num(WORST, WORST).tolist()
            gain.update({index: stood - loss for index, loss in zip(part, losses, strict=True)})
        chosen = max(tried, key=gain.__getitem__)
        canvas, stood = _over(canvas, _each_alone(strokes, [chosen])), stood - gain[chosen]
        left.remove(chosen)
        order.append(chosen)
    return torch.tensor(given + order + dead, device=strokes.alive.device)


def pen_order(strokes: Strokes) -> Strokes:
    """Order strokes so that a pen that sets off in the upper left corner travels little between them.

    Each is drawn from whichever end is nearer. From the nearest stroke to the next nearest, and then whatever part of
    the way is shorter backwards is turned round (2-opt).

    >>> far_first = torch.tensor([[[[20.0, 9], [22, 9], [24, 9], [26, 9]], [[12.0, 9], [10, 9], [8, 9], [4, 9]]]])
    >>> pen_order(Strokes.black(far_first, (32, 32))).control_points[0, :, 0].tolist()
    [[4.0, 9.0], [20.0, 9.0]]
    """
    free = slice(strokes.num_given, None)
    ends = strokes.control_points[:, free, [0, -1]].detach().cpu().double().numpy()
    ways = [_pens_way(*both) for both in zip(ends, strokes.alive[:, free].cpu().numpy(), strict=True)]
    order, turned = (torch.from_numpy(np.stack(column)) for column in zip(*ways, strict=True))
    given = torch.arange(strokes.num_given).expand(strokes.batch_size, -1)
    order, turned = torch.cat([given, order + strokes.num_given], 1), torch.cat([given < 0, turned], 1)
    placed = strokes.in_order(order.to(strokes.alive.device))
    points = placed.control_points
    backwards = turned.to(points.device)[..., None, None]
    return placed.with_points(torch.where(backwards, points.flip(2), points))


def outline_first(strokes: Strokes, inside: Tensor) -> Strokes:
    """Put the strokes first that draw the contours of objects, and leave the order within outline and rest as it is.

    Args:
        strokes: B sketches.
        inside: [B, H, W] bool, where the objects are, at the size of the strokes' canvas.

    Raises:
        ShapeError: inside does not fit the strokes.

    >>> spot, side = [[30.0, 32], [31, 32], [33, 32], [34, 32]], [[16.0, 20], [16, 30], [16, 40], [16, 48]]
    >>> points = torch.tensor([[spot, side]])
    >>> square = torch.zeros(1, 64, 64, dtype=torch.bool)
    >>> square[:, 16:48, 16:48] = True
    >>> outline_first(Strokes.black(points, (64, 64)), square).control_points[0, :, 0, 0].tolist()
    [16.0, 30.0]
    """
    wanted = (strokes.batch_size, *strokes.canvas_size)
    if tuple(inside.shape) != wanted:
        raise ShapeError(f"inside must be {list(wanted)} to fit the strokes, got {list(inside.shape)}.")
    points = points_along(strokes.control_points.detach(), ON_CURVE)
    on_it = torch.stack([_on_outline(*both) for both in zip(points, inside, strict=True)])
    rank = torch.where(strokes.alive, (~on_it).long(), 2).masked_fill(strokes.is_given, -1)
    return strokes.in_order(torch.sort(rank, dim=1, stable=True).indices)


def put_in_order(strokes: Strokes, order: StrokeOrder, losses: Sequence[LossOf], inside: Tensor) -> Strokes:
    """Return sketches in one of the ``ORDERS``.

    By importance a sketch keeps the order that it has, where the loss is lower on average over all prefixes that way:
    one that was trained for its prefixes may know better.

    Args:
        strokes: B sketches.
        order: which.
        losses: B, what lies how far from each sketch's photo.
        inside: [B, H, W] bool, where the objects are, at the size of the strokes' canvas.
    """
    if order == "drawn":
        return strokes
    if order == "pen":
        return pen_order(strokes)
    best = [_better_order(strokes.select([index]), loss_of) for index, loss_of in enumerate(losses)]
    placed = strokes.in_order(torch.stack(best))
    return outline_first(placed, inside) if order == "outline" else placed


def _better_order(strokes: Strokes, loss_of: LossOf) -> Tensor:
    """Return the order by importance of one sketch [N], or the one that it has."""
    as_it_is = torch.arange(strokes.num_strokes, device=strokes.alive.device)
    orders = [as_it_is, importance_order(strokes, loss_of)]
    means = [float(prefix_losses(strokes.in_order(order[None]), loss_of).mean()) for order in orders]
    return orders[1] if means[1] < means[0] else orders[0]


def _each_alone(strokes: Strokes, index: list[int]) -> Tensor:
    """Draw some strokes of one sketch, each on a picture of its own: premultiplied RGBA [M, 4, H, W]."""
    return render(strokes.each_alone(index))


def _over(canvas: Tensor, ink: Tensor) -> Tensor:
    """Lay ink [M, 4, H, W] over a canvas [1, 4, H, W], both premultiplied RGBA."""
    return ink + canvas * (1 - ink[:, 3:])


def _on_white(canvas: Tensor) -> Tensor:
    return canvas[:, :3] + (1 - canvas[:, 3:])


def _check_one(strokes: Strokes) -> None:
    if strokes.batch_size != 1:
        raise ShapeError(f"One sketch is ordered at a time, got {strokes.batch_size}. Select one.")


def _pens_way(ends: NDArray[np.float64], alive: NDArray[np.bool_]) -> Tour:
    """Return order and which strokes are turned round, both [N], of one sketch with ends [N, 2, 2]; the dead last."""
    living, dead = np.flatnonzero(alive), np.flatnonzero(~alive)
    order, turned = short_way(ends[living])
    return np.concatenate([living[order], dead]), np.concatenate([turned, np.zeros(len(dead), dtype=bool)])


def _on_outline(points: Tensor, inside: Tensor) -> Tensor:
    """Whether strokes with points [N, M, 2] px are part of the contour of where an object is [H, W] bool, as [N]."""
    where = inside.cpu().numpy()
    apart = torch.from_numpy(np.where(where, depth_inside(where), depth_inside(~where))).to(points)
    height, width = where.shape
    x, y = points.long().unbind(-1)
    near = apart[y.clamp(0, height - 1), x.clamp(0, width - 1)] <= ON_OUTLINE * max(height, width) / CANVAS_SIDE
    found: Tensor = near.float().mean(dim=1) > OUTLINE_SHARE
    return found
