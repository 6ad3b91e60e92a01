"""Sums by index, in an order that never changes."""

from __future__ import annotations

import torch
from torch import Tensor


def sum_by(index: Tensor, values: Tensor, count: int) -> Tensor:
    """Add up values [R, M] by index [M] into [R, count], in an order that never changes.

    The CPU adds one after another. A GPU would add in any order, so there the values go through
    index_put_, which sorts them first.
    """
    rows, index = values.shape[0], index.long()
    if values.device.type == "cuda":
        out = values.new_zeros(count, rows)
        return out.index_put_((index,), values.t(), accumulate=True).t()
    return values.new_zeros(rows, count).scatter_add_(1, index.expand(rows, -1), values)


def reduce_runs(values: Tensor, lengths: Tensor, how: str) -> Tensor:
    """Reduce ("sum", "prod") runs of lengths [G] of values [R, M] to [R, G], each in its order."""
    lengths = lengths.expand(values.shape[0], -1).contiguous()
    return torch.segment_reduce(values, how, lengths=lengths, axis=1, unsafe=True)
