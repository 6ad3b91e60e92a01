"""Retrieval: is a sketch nearer to its own photo than to all others?"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

TIE = 1e-6
"""Cosines nearer than this count as equal: they differ by rounding only."""


def cosines(one: Tensor, many: Tensor) -> Tensor:
    """Return the cosine of an embedding [D] and each of embeddings [P, D], as [P] float64."""
    return F.normalize(many.double(), dim=1) @ F.normalize(one.double(), dim=0)


def place(likeness: Tensor, own: int) -> int:
    """Return the place of entry ``own`` when the most alike comes first, 1 for the first.

    A tie counts against it: its place is the number of entries at least as alike, itself included.

    Args:
        likeness: [P], higher is more alike.
        own: index of the right one.
    """
    return int((likeness >= likeness[own] - TIE).sum())
