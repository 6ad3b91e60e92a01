"""Which lines may touch which pixels: nothing is dense in strokes x pixels."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .flatten import Lines, expand


@dataclass(frozen=True)
class Spans:
    """Hold R spans: pixels side by side whose centres are within reach of one line; int32 [R] each.

    Args:
        line: number of the line.
        row: pixel row.
        left: first pixel column.
        right: last pixel column; left - 1: no pixel.
    """

    line: Tensor
    row: Tensor
    left: Tensor
    right: Tensor


def find_spans(lines: Lines, part: slice, reach: Tensor, size: tuple[int, int]) -> Spans:
    """Find the pixels whose centres are within reach [part] px of the lines in ``part``.

    Args:
        lines: the lines.
        part: those to look at.
        reach: [L'] px of each of those.
        size: (height, width) px; what lies outside is dropped.
    """
    start, step, length = lines.start[:, part], lines.step[:, part], lines.length[part]
    line, row = _rows(start[1], step[1], reach, size[0])
    left, right = _columns(_capsules(start, step, length, reach), line, row, size[1])
    return Spans(line.add_(part.start), row, left, torch.maximum(right, left - 1))


def _rows(start: Tensor, step: Tensor, reach: Tensor, height: int) -> tuple[Tensor, Tensor]:
    """Return the (line, row) pairs [R] whose row of pixel centres is within reach of the line from y start [L]."""
    top = step.clamp(max=0).add_(start).sub_(reach)
    bottom = step.clamp(min=0).add_(start).add_(reach)
    first = top.sub_(0.5).ceil_().clamp_(0, height).int()
    last = bottom.sub_(0.5).floor_().clamp_(-1, height - 1).int()
    line, row = expand((last - first).add_(1).clamp_(min=0), first)
    return line, row


def _capsules(start: Tensor, step: Tensor, length: Tensor, reach: Tensor) -> Tensor:
    """Return of each line with reach [7, L]: start x y, step x y, 1 / step y, reach, and the next.

    The last is how far in y the straight side touches the cap from the cap's centre.
    """
    flat = step[1].abs().clamp_(min=1e-9).copysign_(step[1])
    side = (step[0] / length.clamp(min=1e-12)).mul_(reach).mul_(flat.sign())
    return torch.cat([start, step, torch.stack([flat.reciprocal_(), reach, side])])


def _columns(capsules: Tensor, line: Tensor, row: Tensor, width: int) -> tuple[Tensor, Tensor]:
    """Return first and last column [R] within reach of a line on each row; first > last: none.

    A line with reach is a capsule, and its cut by a row of pixel centres is one interval. Its
    right end is the largest x(u) + sqrt(reach^2 - (y(u) - y)^2), concave in u, so that clamping
    the free optimum (where the row meets the capsule's straight side) gives the true one.
    """
    x, y, dx, dy, inverse, reach, side = capsules.index_select(1, line).unbind(0)
    offset = row.to(x.dtype).add_(0.5).sub_(y)
    sign = torch.arange(-1, 2, 2, device=x.device, dtype=x.dtype)[:, None]
    ends = torch.addcmul(offset, sign, reach).mul_(inverse).clamp_(0, 1)
    u = torch.addcmul(offset, sign, side).mul_(inverse)
    u = torch.minimum(torch.maximum(u, torch.minimum(*ends)), torch.maximum(*ends))
    half = torch.addcmul(offset, u, dy, value=-1).square_().neg_().addcmul_(reach, reach).clamp_(min=0).sqrt_()
    left, right = torch.addcmul(x, u, dx).addcmul_(sign, half).sub_(0.5)
    return left.ceil_().clamp_(0, width).int(), right.floor_().clamp_(-1, width - 1).int()


@dataclass(frozen=True)
class Union:
    """Hold U runs of cells, in order of stroke, then row, then column, that overlap nowhere.

    Args:
        first: [R] int32, number of each span's first cell.
        span: [U] the span that each run starts with.
        counts: [U] int32, cells.
    """

    first: Tensor
    span: Tensor
    counts: Tensor


def unite(spans: Spans, stroke: Tensor, size: tuple[int, int]) -> Union:
    """Unite the spans of each stroke (of each line: stroke [L]) on each row; unions may be of no cells."""
    key = stroke.index_select(0, spans.line).long().mul_(size[0]).add_(spans.row).mul_(size[1] + 1)
    left, order = torch.sort(key + spans.left, stable=True)
    reached = torch.cummax(key.add_(spans.right).index_select(0, order), 0).values
    opens = torch.ones_like(left, dtype=torch.bool)
    torch.gt(left[1:], reached[:-1], out=opens[1:])
    begin = opens.nonzero().squeeze(1)
    begins = left.index_select(0, begin)
    last = torch.cat([begin[1:], begin.new_full((1,), left.shape[0])]).sub_(1)[: begin.shape[0]]
    counts = reached.index_select(0, last).sub_(begins).add_(1)
    shift = counts.cumsum(0).sub_(counts).sub_(begins)
    cell = left.add_(shift.index_select(0, opens.cumsum(0).sub_(1))).int()
    return Union(torch.empty_like(cell).scatter_(0, order, cell), order.index_select(0, begin), counts.int())
