"""The same result every time: random numbers from generators of our own, and cuDNN's kernels fixed."""

from __future__ import annotations

from contextlib import AbstractContextManager

import torch


def seeded_generator(seed: int) -> torch.Generator:
    """Return a generator for a seed of up to 64 bits; it draws on the CPU, so that every device gets the same numbers.

    torch's CPU generator takes in 32 bits only; the upper half is folded onto them, so that ComfyUI's long
    seeds differ. Seeds below 2**32 stay what they are.

    >>> one, same, other = (torch.rand(3, generator=seeded_generator(seed)) for seed in (7, 7, 7 + 2**32))
    >>> torch.equal(one, same), torch.equal(one, other)
    (True, False)
    """
    return torch.Generator().manual_seed((seed ^ (seed >> 32)) & 0xFFFFFFFF)


def same_kernels() -> AbstractContextManager[None]:
    """Return a context in which cuDNN neither tries which kernel is fastest today nor takes one that adds in any order.

    What the host had set (``ComfyUI --fast autotune`` sets benchmark) is set again afterwards.

    >>> with same_kernels():
    ...     torch.backends.cudnn.deterministic
    True
    """
    cudnn = torch.backends.cudnn
    flags: AbstractContextManager[None] = cudnn.flags(
        enabled=cudnn.enabled, benchmark=False, deterministic=True, allow_tf32=cudnn.allow_tf32
    )
    return flags
