"""Optimise strokes until drawing and photo look alike to the encoder."""

from .candidates import mean_active
from .config import (
    COLORS,
    PRECISIONS,
    PRESETS,
    WIDTHS,
    Colors,
    OptimizeConfig,
    Precision,
    Preset,
    Widths,
    preset_config,
)
from .photo_bank import bank_bytes
from .places import Places
from .result import SketchResult, SketchStep
from .run import SketchRun

__all__ = [
    "COLORS",
    "PRECISIONS",
    "PRESETS",
    "WIDTHS",
    "Colors",
    "OptimizeConfig",
    "Places",
    "Precision",
    "Preset",
    "SketchResult",
    "SketchRun",
    "SketchStep",
    "Widths",
    "bank_bytes",
    "mean_active",
    "preset_config",
]
