"""Frozen networks that look at drawing and photo."""

from .base import (
    ATTENTION_METHODS,
    AttentionConfig,
    AttentionMethod,
    FeatureRecipe,
    Features,
    ImageEncoder,
    choose_recipe,
)
from .registry import EMBEDDED, encoder_names, get_encoder

__all__ = [
    "ATTENTION_METHODS",
    "EMBEDDED",
    "AttentionConfig",
    "AttentionMethod",
    "FeatureRecipe",
    "Features",
    "ImageEncoder",
    "choose_recipe",
    "encoder_names",
    "get_encoder",
]
