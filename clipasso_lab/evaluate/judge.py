"""The judge: an encoder that looks at sketches and photos, and through which no sketch was optimised."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from clipasso_core.encoders import Features, ImageEncoder, get_encoder
from clipasso_core.encoders.embedded import judge_encoder
from clipasso_core.errors import DependencyError
from clipasso_core.losses import prepare
from clipasso_core.pixels import resize

JUDGE = "efficientnet-lite2"


@dataclass(frozen=True, eq=False)
class Seen:
    """What a judge saw in B images.

    Args:
        features: maps [B, C, h, w] of the recipe, prepared for the losses.
        embedding: [B, D].
    """

    features: Features
    embedding: Tensor


@dataclass(frozen=True, eq=False)
class Judge:
    """An encoder at a device.

    Args:
        encoder: which looks; already at the device.
        device: where images go.
    """

    encoder: ImageEncoder
    device: torch.device

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) px of the images that it was trained on."""
        return self.encoder.input_size, self.encoder.input_size

    @torch.no_grad()
    def look(self, images: Tensor) -> Seen:
        """See images [B, 3, S, S] in 0-1, at the judge's own size."""
        pixels = resize(images.to(self.device), self.size)
        features = self.encoder.encode(pixels, tuple(self.encoder.recipe.layer_weights), True)
        assert features.embedding is not None, "asked for"
        return Seen(prepare(features, self.encoder.recipe), features.embedding)


def load_judge(name: str, device: torch.device) -> Judge:
    """Return a judge by name.

    Args:
        name: "efficientnet-lite2", or one that ``get_encoder`` knows.
        device: where to compute.

    Raises:
        DependencyError: the package with the judge's weights is missing.
        ConfigError, WeightsError: as ``get_encoder``.
    """
    if name != JUDGE:
        return Judge(get_encoder(name, device), device)
    try:
        return Judge(judge_encoder().to(device), device)
    except DependencyError as error:
        raise DependencyError(
            f'The judge {JUDGE} is missing. Install it: pip install "clipasso[eval]"; or choose another judge.'
        ) from error
