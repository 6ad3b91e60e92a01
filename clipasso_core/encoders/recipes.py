"""Read feature recipes as users write them."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from ..errors import ConfigError
from .base import FeatureRecipe, ImageEncoder


def choose_recipe(
    encoder: ImageEncoder, layer_weights: str = "", semantic_weight: float | None = None
) -> FeatureRecipe:
    """Return an encoder's recipe with the user's changes.

    Args:
        encoder: whose layers are named.
        layer_weights: such as "stage2: 1, stage3: 0.5"; empty keeps the encoder's own.
        semantic_weight: 0 or more; None keeps the encoder's own.

    Raises:
        ConfigError: an unknown layer, a weight that is no number or negative, or all weights zero.
    """
    recipe = encoder.recipe
    if layer_weights.strip():
        weights = dict(_parse_item(item, encoder) for item in layer_weights.split(",") if item.strip())
        recipe = replace(recipe, layer_weights=MappingProxyType({k: w for k, w in weights.items() if w > 0}))
    if semantic_weight is not None:
        if not 0 <= semantic_weight <= 100:
            raise ConfigError(f"The semantic weight must lie between 0 and 100, got {semantic_weight}.")
        recipe = replace(recipe, semantic_weight=semantic_weight)
    if not recipe.layer_weights:
        raise ConfigError("At least one layer needs a weight above 0; without one the sketch has no geometry.")
    return recipe


def _parse_item(item: str, encoder: ImageEncoder) -> tuple[str, float]:
    name, _, number = item.partition(":")
    try:
        weight = float(number) if number.strip() else 1.0
    except ValueError:
        weight = -1.0
    if not 0 <= weight <= 1e6:
        raise ConfigError(f"The weight in {item.strip()!r} must be a number of 0 or more, as in 'stage2: 1'.")
    if name.strip() not in encoder.layer_names:
        raise ConfigError(f"{encoder.name} has no layer {name.strip()!r}; it has {', '.join(encoder.layer_names)}.")
    return name.strip(), weight
