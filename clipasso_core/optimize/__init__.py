"""Optimise strokes until drawing and photo look alike to the encoder."""

from .config import PRECISIONS, PRESETS, OptimizeConfig, Precision, Preset, preset_config
from .photo_bank import bank_bytes
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
    "bank_bytes",
    "preset_config",
]
