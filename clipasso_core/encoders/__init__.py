"""Frozen networks that look at drawing and photo."""

from .base import AttentionConfig, FeatureRecipe, Features, ImageEncoder, choose_recipe
from .registry import EMBEDDED, encoder_names, get_encoder

__all__ = [
    "EMBEDDED",
    "AttentionConfig",
    "FeatureRecipe",
    "Features",
    "ImageEncoder",
    "choose_recipe",
    "encoder_names",
    "get_encoder",
]
