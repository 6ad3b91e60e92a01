"""Measure a machine: the rasterizer, one iteration of the optimiser, whole sketches (``clipasso bench``).

Each returns JSON values: the machine, a calibration to compare machines by, and medians in ms.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor

from clipasso_core.allocator import keeping_freed_memory
from clipasso_core.encoders import ImageEncoder
from clipasso_core.optimize import OptimizeConfig, Preset, SketchRun
from clipasso_core.optimize.iteration import loss_gradient
from clipasso_core.pipeline import sketch
from clipasso_core.presets import sketch_preset
from clipasso_core.rasterizer import ink, rasterize

from .measure import cpu_threads, median_ms, peak_extra_mib, peak_memory_mb, timing_facts
from .photos import ball_photo, random_strokes

SCENES = ((16, 224), (64, 224), (64, 1024), (512, 1024))
"""(strokes, canvas px) that the rasterizer draws."""


def bench_raster(device: str = "cpu", threads: int = 1) -> dict[str, Any]:
    """Time the rasterizer, forward and backward, on every scene.

    Args:
        device: where to draw.
        threads: CPU threads; 0 leaves them as they are.

    Returns:
        The facts of the timing, and "scenes": ms, "per_conv" in units of the calibration, "peak_extra_mib".
    """
    with cpu_threads(threads):
        facts = timing_facts(device)
        convolution = facts["conv2d_5x3x224x224_ms"]
        return {**facts, "scenes": [_draw_scene(*scene, device, convolution) for scene in SCENES]}


def _draw_scene(count: int, canvas: int, device: str, convolution: float) -> dict[str, Any]:
    strokes = random_strokes(count, canvas, device=device)
    strokes = strokes.with_points(strokes.control_points.requires_grad_())
    runs = 30 if canvas < 512 else 5

    def forward() -> Tensor:
        return rasterize(strokes)

    def both() -> None:
        torch.autograd.grad(rasterize(strokes).square().sum(), strokes.control_points)

    forward_ms, both_ms = median_ms(forward, runs, device), median_ms(both, runs, device)
    return {
        "strokes": count,
        "canvas": canvas,
        "ink_px": round(float((1 - forward().detach()[:, 0]).sum())),
        "forward_ms": forward_ms,
        "forward_backward_ms": both_ms,
        "per_conv": both_ms / convolution,
        "peak_extra_mib": peak_extra_mib(both, device),
    }


def bench_iteration(
    encoder: ImageEncoder,
    config: OptimizeConfig | None = None,
    device: str = "cpu",
    threads: int = 0,
    runs: int = 10,
    keep_memory: bool = True,
) -> dict[str, Any]:
    """Time iterations of one sketch on a 224 px canvas, when the photo's features are in the bank already.

    Args:
        encoder: on ``device``.
        config: None for the defaults (one random view besides the identity).
        device: where to compute.
        threads: CPU threads; 0 leaves them as they are.
        runs: how many of each.
        keep_memory: freed memory stays, as it does while a run is iterated over.

    Returns:
        The facts of the timing, encoder, views and times in ms: "iteration" and of it "rasterizer" (forward and
        backward) and "encoder" (views, encoder, losses; forward and backward); "peak_memory_mb" of the whole process.
    """
    keeping = keeping_freed_memory() if keep_memory else nullcontext()
    with keeping, cpu_threads(threads), torch.enable_grad():
        facts = timing_facts(device)
        strokes = random_strokes(16, device=device)
        run = SketchRun(ball_photo().to(device), strokes, encoder, config)
        run.bank.learn(list(range(len(run.bank.grids))))
        every = torch.arange(run.config.num_views + 1, device=device)
        whole = median_ms(run.step, runs, device)
        points = run.work.points.detach().requires_grad_(True)
        moving = run.strokes.with_points(points)
        picture = 1 - ink(moving).detach()[:, None]
        draw = median_ms(lambda: torch.autograd.grad(ink(moving).square().sum(), points), runs, device)
        look = median_ms(lambda: loss_gradient(run.bank, [picture], run.candidates.photo_index, every), runs, device)
        return {
            **facts,
            "encoder": encoder.name,
            "views": len(every),
            "strokes": strokes.num_strokes,
            "ms": {"iteration": whole, "rasterizer": draw, "encoder": look},
            "peak_memory_mb": peak_memory_mb(),
        }


def bench_sketch(
    encoder: ImageEncoder,
    photo: Tensor | None = None,
    presets: Sequence[Preset] = ("draft", "standard"),
    device: str = "cpu",
    threads: int = 0,
) -> dict[str, Any]:
    """Sketch a photo with each preset, from finding the object to the best strokes.

    Args:
        encoder: on ``device``.
        photo: [1, 3, H, W] in 0-1; None for a drawn one.
        presets: by name, in turn.
        device: where to compute.
        threads: CPU threads; 0 leaves them as they are.

    Returns:
        The facts of the timing, encoder and "sketches", for each preset its seconds, loss and iterations;
        "peak_memory_mb" of the whole process, U²-Net included.
    """
    with cpu_threads(threads):
        facts = timing_facts(device)
        rows = [_sketch_once(encoder, ball_photo() if photo is None else photo, preset, device) for preset in presets]
        return {**facts, "encoder": encoder.name, "sketches": rows, "peak_memory_mb": peak_memory_mb()}


def _sketch_once(encoder: ImageEncoder, photo: Tensor, preset: Preset, device: str) -> dict[str, Any]:
    started = time.perf_counter()
    result = sketch(photo, sketch_preset(preset), encoder=encoder, device=device).result
    return {
        "preset": preset,
        "seconds": time.perf_counter() - started,
        "loss": result.loss[0],
        "iterations": result.num_iterations,
        "stopped": result.stopped,
    }
