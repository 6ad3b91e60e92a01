"""The presets by name: everything that decides a sketch, and which encoders look."""

from __future__ import annotations

from dataclasses import replace

from .encoders import EMBEDDED
from .mask import MaskConfig
from .optimize import Preset, preset_config
from .pipeline import SketchConfig
from .stroke_count import DETAIL, FEWEST, MOST
from .stroke_init import StrokeInitConfig
from .weights import ModelStore

PAPER_ENCODERS = ("clip-rn101-openai", "clip-vit-b-32-openai")
"""What compares drawing and photo in the paper, and what says there where strokes start."""


def sketch_preset(name: Preset) -> SketchConfig:
    """Return everything that a preset decides; docs/method.md compares "paper" with "standard", value by value.

    Raises:
        ConfigError: unknown preset; the message lists those there are.

    >>> sketch_preset("standard") == SketchConfig()
    True
    >>> sketch_preset("paper").init.follow  # first strokes set off at random
    0.0
    """
    optimize = preset_config(name)
    if name != "paper":
        return SketchConfig(optimize=optimize)
    return SketchConfig(
        mask=MaskConfig(fit="squash"),
        init=StrokeInitConfig(num_segments=1, spread=0.0, follow=0.0, accents=0.0, spare=0.0),
        optimize=optimize,
        edges="published",
    )


def as_one_line(config: SketchConfig) -> SketchConfig:
    """Return a config that makes a drawing of one line: smooth, and in no knots.

    Each of its lines gets two cubics, one to follow it and one to come to the next.

    >>> as_one_line(sketch_preset("draft")).init.shape  # one stroke
    (1, 32)
    """
    return replace(
        config,
        init=replace(config.init, one_line=True, num_segments=2),
        optimize=replace(config.optimize, smooth=True, tidy=1.0),
    )


def as_counted(config: SketchConfig, detail: float = DETAIL, *, fewest: int = FEWEST, most: int = MOST) -> SketchConfig:
    """Return a config that makes a sketch of as many strokes as pay, in their order by importance.

    Args:
        config: of a sketch.
        detail: 0-1, higher keeps more strokes.
        fewest: strokes that are kept at least.
        most: strokes that there are to begin with.

    Raises:
        ConfigError: a number is out of its range.

    >>> as_counted(sketch_preset("draft")).init.num_strokes
    48
    """
    return replace(
        config,
        init=replace(config.init, num_strokes=most, spare=0.0),
        optimize=replace(config.optimize, auto_detail=detail, fewest_strokes=fewest, order="importance"),
    )


def preset_encoders(name: Preset, store: ModelStore | None = None) -> tuple[str, str]:
    """Return the names of the encoders of a preset: of the one that compares, and of the one that says where to start.

    Args:
        name: of the preset.
        store: whose folders are searched for CLIP files; None for the default folder.

    Returns:
        The paper's for "paper", when the files of both are there; else the embedded encoder's, twice.

    >>> preset_encoders("standard")
    ('embedded', 'embedded')
    """
    if name != "paper":
        return EMBEDDED, EMBEDDED
    store = store or ModelStore()
    compares, starts = PAPER_ENCODERS
    return (compares, starts) if store.find(compares) and store.find(starts) else (EMBEDDED, EMBEDDED)
