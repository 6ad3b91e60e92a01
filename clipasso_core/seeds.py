"""Random numbers that are the same on every device: always drawn on the CPU, from a generator of our own."""

from __future__ import annotations

import torch


def seeded_generator(seed: int) -> torch.Generator:
    """Return a CPU generator for a seed of up to 64 bits.

    torch's CPU generator takes in 32 bits only; the upper half is folded onto them, so that ComfyUI's long
    seeds differ. Seeds below 2**32 stay what they are.
    """
    return torch.Generator().manual_seed((seed ^ (seed >> 32)) & 0xFFFFFFFF)
