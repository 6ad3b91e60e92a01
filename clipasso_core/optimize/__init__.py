"""Optimise strokes until drawing and photo look alike to the encoder."""

from .config import PRESETS, OptimizeConfig, Preset, preset_config
from .precision import PRECISIONS, Precision
from .result import SketchResult, SketchStep
from .run import SketchRun

__all__ = [
    "PRECISIONS",
    "PRESETS",
    "OptimizeConfig",
    "Precision",
    "Preset",
    "SketchResult",
    "SketchRun",
    "SketchStep",
    "preset_config",
]
