"""What must be known to repeat a run."""

from __future__ import annotations

import platform
from dataclasses import asdict

import torch

from .. import __version__
from ..encoders.base import FeatureRecipe, ImageEncoder
from .config import OptimizeConfig


def describe_run(
    encoder: ImageEncoder, recipe: FeatureRecipe, config: OptimizeConfig, device: torch.device
) -> dict[str, object]:
    """Return the facts that decide a run besides its inputs, as JSON values; nothing that changes between repeats."""
    return {
        "encoder": encoder.name,
        "encoder_sha256": encoder.fingerprint,
        "recipe": {**vars(recipe), "layer_weights": dict(recipe.layer_weights)},
        "optimize": asdict(config),
        "device": device.type,
        "versions": {"clipasso": __version__, "torch": torch.__version__, "python": platform.python_version()},
    }
