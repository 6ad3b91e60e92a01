"""What every image encoder of this project offers, whatever network is inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal, Protocol, get_args

import torch
from torch import Tensor, nn

from ..errors import ConfigError, check_choice


@dataclass(frozen=True, eq=False)
class Features:
    """What an encoder saw.

    Args:
        maps: feature maps by layer name, each [B, C, h, w].
        embedding: [B, D] the pooled meaning of the image, or None when it was not asked for.
    """

    maps: Mapping[str, Tensor]
    embedding: Tensor | None


Distance = Literal["l2", "l1", "cosine"]
DISTANCES: tuple[Distance, ...] = get_args(Distance)

AttentionMethod = Literal["auto", "mean", "rollout", "grad-cam"]
ATTENTION_METHODS: tuple[AttentionMethod, ...] = get_args(AttentionMethod)


@dataclass(frozen=True)
class AttentionConfig:
    """Say where an encoder shall be asked to look.

    Args:
        method: "auto" takes what suits the encoder; not every encoder offers every other.
        text: words to look for ("the horse"); empty for whatever the encoder finds.

    Raises:
        ConfigError: there is no such method.
    """

    method: AttentionMethod = "auto"
    text: str = ""

    def __post_init__(self) -> None:
        check_choice("The attention method", self.method, ATTENTION_METHODS)


@dataclass(frozen=True)
class FeatureRecipe:
    """Say how the losses read an encoder.

    Args:
        layer_weights: weight of each feature map in the geometric loss.
        normalize_channels: compare maps after scaling every position's channel vector to length 1.
        semantic_weight: weight of 1 - cosine of the embeddings.
        distances: how the drawing's map and the photo's are compared, by layer; "l2" where nothing is said. See
            ``losses.map_distance``.

    Raises:
        ConfigError: there is no such distance.
    """

    layer_weights: Mapping[str, float]
    normalize_channels: bool = False
    semantic_weight: float = 0.1
    distances: Mapping[str, Distance] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        for name, distance in self.distances.items():
            check_choice(f"the distance of {name}", distance, DISTANCES)

    def distance(self, layer: str) -> Distance:
        """Return how maps of a layer are compared."""
        return self.distances.get(layer, "l2")


class ImageEncoder(Protocol):
    """A frozen network that looks at images.

    Attributes:
        name: how the registry and users call it.
        description: one line for users: which network, trained on what.
        input_size: side in px at which it looks at images, the longer one where it takes others than squares.
        layer_names: every map that ``encode`` can return.
        recipe: how the losses read it by default.
        network: the weights, for whoever manages memory.
        device: where the weights are now; images may be anywhere.
        fingerprint: sha256 (hex) of the weights' file, written into SVG metadata so that a sketch can be repeated.
    """

    @property
    def name(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def input_size(self) -> int: ...
    @property
    def layer_names(self) -> tuple[str, ...]: ...
    @property
    def recipe(self) -> FeatureRecipe: ...
    @property
    def network(self) -> nn.Module: ...
    @property
    def device(self) -> torch.device: ...
    @property
    def fingerprint(self) -> str: ...

    def encode(self, images: Tensor, layers: tuple[str, ...] | None = None, embedding: bool = True) -> Features:
        """Look at images [B, 3, H, W] in 0-1; return the named maps (None: the recipe's) and the embedding."""
        ...

    def attention_map(self, images: Tensor, method: str = "auto", text: Tensor | None = None) -> Tensor:
        """Return where the network looks, [B, H, W] in 0-1 at the images' size; images: [B, 3, H, W] in 0-1."""
        ...

    def encode_text(self, text: str) -> Tensor:
        """Return the embedding [D] of words, for ``attention_map``; ConfigError where the network knows no words."""
        ...

    def encode_texts(self, texts: Sequence[str]) -> Tensor:
        """Return the embeddings [T, D] of some texts, for the cost of loading what reads them once."""
        ...

    def to(self, device: torch.device | str) -> ImageEncoder:
        """Move the weights; returns itself."""
        ...


def check_layers(encoder: ImageEncoder, layers: tuple[str, ...] | None) -> tuple[str, ...]:
    """Return the layers that ``encode`` was asked for, the recipe's where it was not told.

    Raises:
        ConfigError: the encoder does not have one of them.

    >>> from clipasso_core.encoders import get_encoder
    >>> check_layers(get_encoder(), None)
    ('stage1', 'stage2', 'stage3')
    """
    wanted = tuple(encoder.recipe.layer_weights) if layers is None else layers
    unknown = sorted(set(wanted) - set(encoder.layer_names))
    if unknown:
        raise ConfigError(f"{encoder.name} has no layer {', '.join(unknown)}; it has {', '.join(encoder.layer_names)}.")
    return wanted


def choose_recipe(
    encoder: ImageEncoder, layer_weights: str = "", semantic_weight: float | None = None
) -> FeatureRecipe:
    """Return an encoder's recipe with the user's changes.

    Args:
        encoder: whose layers are named.
        layer_weights: such as "stage2: 1, stage3: 0.5 cosine"; empty keeps the encoder's own. A word after the weight
            says how the layer's maps are compared: l2, l1 or cosine; l2 where there is none.
        semantic_weight: 0 or more; None keeps the encoder's own.

    Raises:
        ConfigError: an unknown layer or distance, a weight that is no number or negative, or all weights zero.

    >>> from clipasso_core.encoders import get_encoder
    >>> recipe = choose_recipe(get_encoder(), "stage2: 1, stage3: 0.5 cosine")
    >>> dict(recipe.layer_weights), recipe.distance("stage2"), recipe.distance("stage3")
    ({'stage2': 1.0, 'stage3': 0.5}, 'l2', 'cosine')
    """
    recipe = encoder.recipe
    if layer_weights.strip():
        items = [_parse_item(item, encoder) for item in layer_weights.split(",") if item.strip()]
        recipe = replace(
            recipe,
            layer_weights=MappingProxyType({layer: weight for layer, weight, _ in items if weight > 0}),
            distances=MappingProxyType({layer: distance for layer, _, distance in items if distance != "l2"}),
        )
    if semantic_weight is not None:
        if not 0 <= semantic_weight <= 100:
            raise ConfigError(f"The semantic weight must lie between 0 and 100, got {semantic_weight}.")
        recipe = replace(recipe, semantic_weight=semantic_weight)
    if not recipe.layer_weights:
        raise ConfigError("At least one layer needs a weight above 0; without one the sketch has no geometry.")
    return recipe


def _parse_item(item: str, encoder: ImageEncoder) -> tuple[str, float, Distance]:
    """Return layer, weight and distance of an item such as "stage3: 0.5 cosine"."""
    name, _, rest = item.partition(":")
    words = rest.split()
    distance = next((known for known in DISTANCES if words[-1:] == [known]), None)
    number = " ".join(words[:-1] if distance else words)
    try:
        weight = float(number or 1)
    except ValueError:
        weight = -1.0
    if not 0 <= weight <= 1e6:
        raise ConfigError(
            f"The weight in {item.strip()!r} must be a number of 0 or more, as in 'stage2: 1', perhaps followed by "
            f"one of {', '.join(DISTANCES)}, as in 'stage2: 1 cosine'."
        )
    (layer,) = check_layers(encoder, (name.strip(),))
    return layer, weight, distance or "l2"
