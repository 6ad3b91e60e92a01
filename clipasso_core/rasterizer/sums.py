"""Sums by index, in an order that never changes."""

from __future__ import annotations

import torch
from torch import Tensor


def sum_by(index: Tensor, values: Tensor, count: int, ascending: bool = False) -> Tensor:
    """Add up values [R, M] by index [M] into [R, count], in an order that never changes.

    The CPU adds one after another, faster where the indices are ``ascending``. A GPU would add in
    any order, so there the values go through index_put_, which sorts them first.
    """
    rows = values.shape[0]
    if values.device.type == "cuda":
        out = values.new_zeros(count, rows)
        return out.index_put_((index,), values.t(), accumulate=True).t()
    if ascending and index.shape[0] and values.device.type == "cpu":
        bounds = torch.searchsorted(index, torch.arange(count + 1))
        lengths = bounds.diff().expand(rows, -1).contiguous()
        return torch.segment_reduce(values, "sum", lengths=lengths, axis=1, unsafe=True)
    return values.new_zeros(rows, count).scatter_add_(1, index.expand(rows, -1), values)
