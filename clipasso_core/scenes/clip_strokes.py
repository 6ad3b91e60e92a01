"""Clip: strokes end exactly where their middle leaves the place that they may lie in."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import torch
from torch import Tensor

from ..bezier import arc_length, bernstein, last_points, parts_between, segments_of
from ..layering import pad_points
from ..strokes import Strokes

SAMPLES, HALVINGS = 64, 20
"""Places of a cubic that are looked at, and how often the interval of a crossing is halved: to a millionth of it."""

SCRAP = 1.5
"""Of its width: a cut piece that is shorter is dropped."""


def clip_strokes(strokes: Strokes, allowed: Tensor) -> Strokes:
    """Cut the strokes of one sketch to where they may lie.

    A stroke that leaves the place and comes back becomes several; one that lies in it wholly stays as it is.

    Args:
        strokes: [1, N, K, 2]; dead ones are left out.
        allowed: [H, W] bool over the canvas, one pixel a px.

    Returns:
        [1, N', K, 2], exact parts of the same curves in the same drawing order; N' may be 0, or more than N. None of
        them counts as given.

    >>> line = torch.tensor([[[[2.0, 8.0], [8.0, 8.0], [14.0, 8.0], [20.0, 8.0]]]])
    >>> allowed = torch.ones(24, 24, dtype=torch.bool)
    >>> allowed[:, 8:12] = False
    >>> clip_strokes(Strokes.black(line, (24, 24), 1.0), allowed).control_points[0, :, [0, -1], 0].round().tolist()
    [[2.0, 8.0], [12.0, 20.0]]
    """
    chains, allowed = strokes.control_points[0].detach().cpu().double(), allowed.cpu()  # not every device has float64
    pieces, owners = [], []
    for index in strokes.alive[0].nonzero()[:, 0].tolist():
        cut = _clipped(chains[index], allowed, SCRAP * float(strokes.stroke_width[0, index]))
        pieces += cut
        owners += [index] * len(cut)
    longest = max((len(piece) for piece in pieces), default=4)
    blank = strokes.control_points.new_zeros(1, 0, longest, 2)
    points = torch.cat([blank, *(pad_points(piece[None, None], longest).to(blank) for piece in pieces)], dim=1)
    kept = replace(strokes, num_given=0, path_texts=()).slots(owners)
    return replace(kept, control_points=points)


def _clipped(chain: Tensor, allowed: Tensor, least: float) -> list[Tensor]:
    """Return the parts [K', 2] of a chain [K, 2] that lie where they may, of at least some px if they were cut."""
    chain = chain[: int(last_points(chain[None, None])) + 1]
    last = (len(chain) - 1) // 3
    ends = sorted({0.0, *_crossings(chain, allowed, last), float(last)})  # a crossing may lie at the start
    if len(ends) == 2:
        return [chain] if bool(_inside(chain, torch.tensor([last / 2]), allowed)) else []
    middles = torch.tensor([(first + second) / 2 for first, second in pairwise(ends)])
    good = _inside(chain, middles, allowed).tolist()
    parts = [_part(chain, *both) for both, inside in zip(pairwise(ends), good, strict=True) if inside]
    return [part for part in parts if float(arc_length(part)) >= least]


def _crossings(chain: Tensor, allowed: Tensor, last: int) -> list[float]:
    """Return where along a chain of ``last`` cubics, 0 to ``last``, it crosses the rim, rising."""
    along = torch.linspace(0, last, SAMPLES * last + 1, dtype=torch.float64)
    inside = _inside(chain, along, allowed)
    where = (inside[1:] != inside[:-1]).nonzero()[:, 0]
    low, high, at_low = along[where], along[where + 1], inside[where]
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        same = _inside(chain, middle, allowed) == at_low
        low, high = torch.where(same, middle, low), torch.where(same, high, middle)
    return low.tolist()


def _inside(chain: Tensor, along: Tensor, allowed: Tensor) -> Tensor:
    """Whether the points of a chain at places [T], 0 to its number of cubics, lie where they may: [T] bool."""
    cubics = segments_of(chain)
    index = along.long().clamp(0, len(cubics) - 1)
    x, y = _points(cubics[index], along.double() - index).unbind(-1)
    column, row = x.floor().long(), y.floor().long()
    height, width = allowed.shape
    on_page = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    return on_page & allowed[row.clamp(0, height - 1), column.clamp(0, width - 1)]


def _points(cubics: Tensor, t: Tensor) -> Tensor:
    """Return one point [T, 2] on each of some cubics [T, 4, 2], at t [T]."""
    return (bernstein(t)[:, :, None] * cubics).sum(dim=1)


def _part(chain: Tensor, first: float, second: float) -> Tensor:
    """Return the part of a chain between two places, as a chain."""
    cubics = segments_of(chain)
    parts = []
    for index in range(int(first), min(len(cubics), int(-(-second // 1)))):
        cuts = chain.new_tensor([first - index, second - index]).clamp(0, 1)
        parts.append(parts_between(cubics[index], cuts)[0])
    return torch.cat([parts[0], *(part[1:] for part in parts[1:])])
