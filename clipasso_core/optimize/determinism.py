"""Let cuDNN take the same kernels every time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def same_kernels() -> Iterator[None]:
    """Inside, cuDNN neither tries which kernel is fastest today nor takes one that adds in any order.

    What the host had set is set again afterwards.
    """
    cudnn = torch.backends.cudnn
    before = cudnn.deterministic, cudnn.benchmark
    cudnn.deterministic, cudnn.benchmark = True, False
    try:
        yield
    finally:
        cudnn.deterministic, cudnn.benchmark = before
