"""What every image encoder of this project offers, whatever network is inside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

import torch
from torch import Tensor, nn


@dataclass(frozen=True, eq=False)
class Features:
    """What an encoder saw.

    Args:
        maps: feature maps by layer name, each [B, C, h, w].
        embedding: [B, D] the pooled meaning of the image, or None when it was not asked for.
    """

    maps: Mapping[str, Tensor]
    embedding: Tensor | None


@dataclass(frozen=True)
class AttentionConfig:
    """Say where an encoder shall be asked to look.

    Args:
        method: "auto", or a way that the encoder offers ("mean", "rollout", "grad-cam").
        text: words to look for ("the horse"); empty for whatever the encoder finds.
    """

    method: str = "auto"
    text: str = ""


@dataclass(frozen=True)
class FeatureRecipe:
    """Say how the losses read an encoder.

    Args:
        layer_weights: weight of each feature map in the geometric loss.
        normalize_channels: compare maps after scaling every position's channel vector to length 1.
        semantic_weight: weight of 1 - cosine of the embeddings.
    """

    layer_weights: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    normalize_channels: bool = False
    semantic_weight: float = 0.1


class ImageEncoder(Protocol):
    """A frozen network that looks at images.

    Attributes:
        name: how the registry and users call it.
        description: one line for users: which network, trained on what.
        input_size: side in px of the square images it was trained on.
        layer_names: every map that ``encode`` can return.
        recipe: how the losses read it by default.
        network: the weights, for whoever manages memory.
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
    def device(self) -> torch.device:
        """Where the weights are."""
        ...

    @property
    def fingerprint(self) -> str:
        """Hash (sha256, hex) of the weights, written into SVG metadata so that a sketch can be repeated."""
        ...

    def encode(self, images: Tensor, layers: tuple[str, ...] | None = None, embedding: bool = True) -> Features:
        """Look at images [B, 3, H, W] in 0-1; return the named maps (None: the recipe's) and the embedding."""
        ...

    def attention_map(self, images: Tensor, method: str = "auto", text: Tensor | None = None) -> Tensor:
        """Return where the network looks, [B, H, W] in 0-1 at the images' size; images: [B, 3, H, W] in 0-1."""
        ...

    def encode_text(self, text: str) -> Tensor:
        """Return the embedding [D] of words, for ``attention_map``; ConfigError where the network knows no words."""
        ...

    def to(self, device: torch.device | str) -> ImageEncoder:
        """Move the weights; returns itself."""
        ...
