"""Time one iteration of the optimiser, and its parts."""

from __future__ import annotations

from typing import Any

import torch

from clipasso_core.encoders import ImageEncoder
from clipasso_core.optimize import OptimizeConfig, SketchRun
from clipasso_core.optimize.compare import compare
from clipasso_core.rasterizer import ink

from .clock import calibrate, cpu_threads, describe_machine, median_ms, peak_memory_mb
from .raster import drawn_strokes
from .stand_in import stand_in_photo


def run(
    encoder: ImageEncoder,
    config: OptimizeConfig | None = None,
    device: str = "cpu",
    threads: int = 0,
    strokes: int = 16,
    runs: int = 10,
) -> dict[str, Any]:
    """Time iterations of one sketch on a 224 px canvas, when the photo's features are in the bank already.

    Args:
        encoder: on ``device``.
        config: how many views an iteration has; None for the paper's four.
        device: where to compute.
        threads: CPU threads; 0 leaves them as they are.
        strokes: of the sketch.
        runs: how many of each; medians are given.

    Returns:
        machine, encoder, views and times in ms: "iteration" and of it "rasterizer" (forward and backward) and "encoder"
        (views, encoder, losses; forward and backward); "peak_memory_mb" of the whole process.
    """
    with cpu_threads(threads), torch.enable_grad():
        calibration = calibrate(device)
        sketch = SketchRun(stand_in_photo().to(device), drawn_strokes(strokes, 224, device=device), encoder, config)
        sketch.bank.learn(list(range(len(sketch.bank.grids))))
        every = torch.arange(sketch.config.num_views + 1, device=device)
        whole = median_ms(sketch.step, runs, device)
        points = sketch.work.points.detach().requires_grad_(True)
        moving = sketch.strokes.with_points(points)
        picture = 1 - ink(moving).detach()[:, None]
        draw = median_ms(lambda: torch.autograd.grad(ink(moving).square().sum(), points), runs, device)
        look = median_ms(lambda: compare(sketch.bank, picture, sketch.candidates.photo_index, every), runs, device)
        return {
            "machine": describe_machine(device),
            "conv2d_5x3x224x224_ms": calibration,
            "encoder": encoder.name,
            "views": len(every),
            "strokes": strokes,
            "ms": {"iteration": whole, "rasterizer": draw, "encoder": look},
            "peak_memory_mb": peak_memory_mb(),
        }
