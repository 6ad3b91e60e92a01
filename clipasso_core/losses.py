"""The terms of the loss, unweighted and named; one number per sketch."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from .encoders.base import FeatureRecipe, Features


def comparable(features: Features, recipe: FeatureRecipe) -> Features:
    """Bring feature maps [B, C, h, w] into the form in which the recipe compares them.

    >>> features = Features({"stage2": torch.full((1, 4, 2, 2), 3.0)}, None)
    >>> recipe = FeatureRecipe({"stage2": 1.0}, normalize_channels=True)
    >>> comparable(features, recipe).maps["stage2"][0, :, 0, 0].tolist()
    [0.5, 0.5, 0.5, 0.5]
    """
    if not recipe.normalize_channels:
        return features
    return Features({k: F.normalize(v, dim=1, eps=1e-6) for k, v in features.maps.items()}, features.embedding)


def map_distance(drawing: Tensor, photo: Tensor, normalized: bool) -> Tensor:
    """Return how far comparable maps [B, C, h, w] lie apart, as [B].

    The mean squared difference; for channel-normalised maps its mean over positions only, so that
    the value lies between 0 and 4 whatever the number of channels.

    >>> black, white = torch.zeros(2, 3, 8, 8), torch.ones(2, 3, 8, 8)
    >>> map_distance(black, white, normalized=False).tolist()
    [1.0, 1.0]
    """
    squared = (drawing - photo) ** 2
    return squared.sum(dim=1).mean(dim=(-2, -1)) if normalized else squared.mean(dim=(-3, -2, -1))


def geometric_loss(drawing: Features, photo: Features, recipe: FeatureRecipe) -> Tensor:
    """Compare feature maps, weighted by layer.

    Args:
        drawing: of B images, made ``comparable``.
        photo: of the B photos, likewise.
        recipe: which layers, and how.

    Returns:
        [B].

    >>> drawing, photo = (Features({"stage2": torch.full((1, 3, 8, 8), value)}, None) for value in (0.0, 1.0))
    >>> geometric_loss(drawing, photo, FeatureRecipe({"stage2": 0.5})).tolist()
    [0.5]

    Source: equation 2 of the paper.
    """
    terms = [
        weight * map_distance(drawing.maps[name], photo.maps[name], recipe.normalize_channels)
        for name, weight in recipe.layer_weights.items()
    ]
    return torch.stack(terms).sum(dim=0)


def semantic_loss(drawing: Tensor, photo: Tensor) -> Tensor:
    """Return 1 - cosine of embeddings [B, D] and [B, D] as [B]. Source: equation 1 of the paper.

    >>> semantic_loss(torch.tensor([[1.0, 0.0], [1.0, 0.0]]), torch.tensor([[3.0, 0.0], [0.0, 3.0]])).tolist()
    [0.0, 1.0]
    """
    return 1 - F.cosine_similarity(drawing, photo, dim=-1)
