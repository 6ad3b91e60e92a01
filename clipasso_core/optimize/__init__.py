"""Optimise strokes until drawing and photo look alike to the encoder."""

from .config import PRESETS, OptimizeConfig, Preset, preset_config
from .result import SketchResult, SketchStep
from .run import SketchRun

__all__ = ["PRESETS", "OptimizeConfig", "Preset", "SketchResult", "SketchRun", "SketchStep", "preset_config"]
