"""Time the rasterizer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from clipasso_core.rasterizer import rasterize
from clipasso_core.strokes import Strokes

from .clock import calibrate, cpu_threads, describe_machine, median_ms

SCENES = ((16, 224), (64, 224), (64, 1024), (512, 1024))
"""(strokes, canvas px)."""


def drawn_strokes(count: int, canvas: int, width: float = 3.0, seed: int = 0, device: str = "cpu") -> Strokes:
    """Make strokes such as a sketch has: random starts, each further point up to 0.35 canvas away."""
    random = torch.Generator().manual_seed(seed)
    start = torch.rand(1, count, 1, 2, generator=random) * canvas
    steps = (torch.rand(1, count, 3, 2, generator=random) - 0.5) * (0.7 * canvas)
    control = torch.cat([start, start + steps.cumsum(2)], 2)
    return Strokes.black(control.to(device), (canvas, canvas), width)


def run(device: str = "cpu", threads: int = 1, runs: int = 30) -> dict[str, Any]:
    """Time forward and backward on every scene.

    Args:
        device: where to draw.
        threads: CPU threads.
        runs: of each small scene; the large ones run a sixth as often. Medians are given.

    Returns:
        machine, calibration and scenes; all times in ms, ``per_conv`` in units of the calibration.
    """
    with cpu_threads(threads):
        convolution = calibrate(device, runs)
        scenes = [_scene(count, canvas, device, runs, convolution) for count, canvas in SCENES]
        return {"machine": describe_machine(device), "conv2d_5x3x224x224_ms": convolution, "scenes": scenes}


def _scene(count: int, canvas: int, device: str, runs: int, convolution: float) -> dict[str, Any]:
    strokes = drawn_strokes(count, canvas, device=device)
    strokes = strokes.with_points(strokes.control_points.requires_grad_())
    often = runs if canvas < 512 else max(runs // 6, 3)

    def forward() -> Tensor:
        return rasterize(strokes)

    def both() -> None:
        torch.autograd.grad(rasterize(strokes).square().sum(), strokes.control_points)

    forward_ms, both_ms = median_ms(forward, often, device), median_ms(both, often, device)
    ink = float((1 - forward().detach()[:, 0]).sum())
    return {
        "strokes": count,
        "canvas": canvas,
        "ink_px": round(ink),
        "forward_ms": forward_ms,
        "forward_backward_ms": both_ms,
        "per_conv": both_ms / convolution,
        "peak_extra_mib": _peak(both, device),
    }


def _peak(work: Callable[[], object], device: str) -> float:
    """Return the most memory in MiB that ``work`` holds at once in tensors of its own."""
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
        held = torch.cuda.memory_allocated()
        work()
        return (torch.cuda.max_memory_allocated() - held) / 2**20
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
        work()
    held, peak = 0, 0
    for event in profile.profiler.kineto_results.events():
        if event.name() == "[memory]":
            held += event.nbytes()
            peak = max(peak, held)
    return peak / 2**20
