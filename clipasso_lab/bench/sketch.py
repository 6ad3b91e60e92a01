"""Time whole sketches, preset by preset."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from torch import Tensor

from clipasso_core.encoders import ImageEncoder
from clipasso_core.optimize import PRESETS, Preset, preset_config
from clipasso_core.pipeline import SketchConfig, sketch

from .clock import calibrate, cpu_threads, describe_machine, peak_memory_mb
from .stand_in import stand_in_photo


def run(
    encoder: ImageEncoder,
    photo: Tensor | None = None,
    presets: Sequence[Preset] = PRESETS,
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
        machine, calibration, encoder and for each preset its seconds, loss and iterations; "peak_memory_mb" of the
        whole process, U²-Net included.
    """
    with cpu_threads(threads):
        calibration = calibrate(device)
        rows = [_sketch(encoder, stand_in_photo() if photo is None else photo, preset, device) for preset in presets]
        return {
            "machine": describe_machine(device),
            "conv2d_5x3x224x224_ms": calibration,
            "encoder": encoder.name,
            "sketches": rows,
            "peak_memory_mb": peak_memory_mb(),
        }


def _sketch(encoder: ImageEncoder, photo: Tensor, preset: Preset, device: str) -> dict[str, Any]:
    started = time.perf_counter()
    result = sketch(photo, SketchConfig(optimize=preset_config(preset)), encoder=encoder, device=device).result
    return {
        "preset": preset,
        "seconds": time.perf_counter() - started,
        "loss": result.loss[0],
        "iterations": result.num_iterations,
        "stopped": result.stopped,
    }
