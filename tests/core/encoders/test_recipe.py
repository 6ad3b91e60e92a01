"""How users say which layers of an encoder count how much, and how they are compared."""

from __future__ import annotations

import pytest

from clipasso_core.encoders import FeatureRecipe, ImageEncoder, choose_recipe
from clipasso_core.errors import ConfigError


def test_nothing_said_is_the_encoders_own(encoder: ImageEncoder) -> None:
    assert choose_recipe(encoder) == encoder.recipe


def test_weights_and_distances_by_layer(encoder: ImageEncoder) -> None:
    recipe = choose_recipe(encoder, "stage1, stage2: 2 l2, stage3: 0.5 cosine , stage4:l1, stage5: 0 l1", 0.3)
    assert dict(recipe.layer_weights) == {"stage1": 1.0, "stage2": 2.0, "stage3": 0.5, "stage4": 1.0}
    assert [recipe.distance(f"stage{number}") for number in (1, 2, 3, 4)] == ["l2", "l2", "cosine", "l1"]
    assert recipe.semantic_weight == 0.3
    assert recipe.normalize_channels == encoder.recipe.normalize_channels


@pytest.mark.parametrize("text", ["stage2: much", "stage2: -1", "stage2: 1 l3", "stage2: cosine 1", "stage2: 1 2 l1"])
def test_what_is_no_weight_is_refused(encoder: ImageEncoder, text: str) -> None:
    with pytest.raises(ConfigError, match=f"The weight in '{text}' must be a number .* one of l2, l1, cosine"):
        choose_recipe(encoder, text)


def test_unknown_layers_and_no_layers_are_refused(encoder: ImageEncoder) -> None:
    with pytest.raises(ConfigError, match="has no layer stage9; it has stage0"):
        choose_recipe(encoder, "stage9: 1 cosine")
    with pytest.raises(ConfigError, match="At least one layer needs a weight above 0"):
        choose_recipe(encoder, "stage2: 0")


def test_an_unknown_distance_is_refused() -> None:
    with pytest.raises(ConfigError, match="the distance of a must be one of l2, l1, cosine, got 'l3'"):
        FeatureRecipe({"a": 1.0}, distances={"a": "l3"})  # type: ignore[dict-item]
