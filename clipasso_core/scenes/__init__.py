"""Scenes: photos of several objects, small ones, and what lies behind them, as one sketch with groups."""

from .find_regions import find_regions
from .objects import find_objects, objects_of
from .one_drawing import compose_strokes
from .regions import (
    BACKDROP,
    BACKGROUNDS,
    MOST_OBJECTS,
    Background,
    Regions,
    SceneConfig,
    make_regions,
)
from .sketch_scene import first_strokes, places_of, sketch_scene
from .stroke_shares import parse_shares, share_strokes

__all__ = [
    "BACKDROP",
    "BACKGROUNDS",
    "MOST_OBJECTS",
    "Background",
    "Regions",
    "SceneConfig",
    "compose_strokes",
    "find_objects",
    "find_regions",
    "first_strokes",
    "make_regions",
    "objects_of",
    "parse_shares",
    "places_of",
    "share_strokes",
    "sketch_scene",
]
