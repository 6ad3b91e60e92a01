"""The photo's features, computed once for every view of a bank."""

from __future__ import annotations

import torch
from torch import Tensor

from ..augment import identity_view, random_views, view_grid, warp
from ..encoders.base import FeatureRecipe, Features, ImageEncoder
from ..losses import prepare
from .config import OptimizeConfig

CPU_PASS, DEVICE_PASS = 4, 64
"""Images at once where the config does not say."""


class PhotoBank:
    """Remember what the encoder sees in each photo through each view.

    View 0 is the identity. A view's features are computed when it is first asked for.

    Args:
        images: [P, 3, H, W] in 0-1.
        encoder: which looks.
        recipe: which maps to keep, and in which form.
        config: how many random views there are besides the identity, and how many images fit into one pass.
        generator: CPU generator of the views.
    """

    def __init__(
        self,
        images: Tensor,
        encoder: ImageEncoder,
        recipe: FeatureRecipe,
        config: OptimizeConfig,
        generator: torch.Generator,
    ) -> None:
        self.images, self.encoder, self.recipe = images, encoder, recipe
        self.images_per_pass = config.images_per_pass or (CPU_PASS if images.device.type == "cpu" else DEVICE_PASS)
        self.weights = {"geometric": 1.0, "semantic": recipe.semantic_weight}
        views = torch.cat([identity_view()[None], random_views(config.bank_size, generator)])
        self.grids = view_grid(views, (images.shape[-2], images.shape[-1])).to(images.device, images.dtype)
        self._seen: dict[int, Features] = {}

    def look(self, drawings: Tensor, views: list[int]) -> Features:
        """See drawings [B, C, H, W] (C 1 or 3) through views: features of B * V images, drawing by drawing."""
        seen = drawings if views == [0] else warp(drawings, self.grids[views])
        rgb = seen.expand(-1, 3, -1, -1)
        return prepare(self.encoder.encode(rgb, tuple(self.recipe.layer_weights), self._wants_embedding), self.recipe)

    def photo(self, views: list[int], photo_index: Tensor) -> Features:
        """Return the photos' features: of photos photo_index [B] through views, B * V entries, photo by photo."""
        for view in views:
            if view not in self._seen:
                self._seen[view] = self._see_photos(view)
        chosen = [self._seen[view] for view in views]
        maps = {name: _gather([f.maps[name] for f in chosen], photo_index) for name in self.recipe.layer_weights}
        embeddings = [f.embedding for f in chosen if f.embedding is not None]
        return Features(maps, _gather(embeddings, photo_index) if embeddings else None)

    @torch.no_grad()
    def _see_photos(self, view: int) -> Features:
        seen = [self.look(part, [view]) for part in torch.split(self.images, self.images_per_pass)]
        maps = {name: torch.cat([f.maps[name] for f in seen]) for name in seen[0].maps}
        embeddings = [f.embedding for f in seen if f.embedding is not None]
        return Features(maps, torch.cat(embeddings) if embeddings else None)

    @property
    def _wants_embedding(self) -> bool:
        return self.recipe.semantic_weight > 0


def _gather(per_view: list[Tensor], photo_index: Tensor) -> Tensor:
    """[V] tensors of [P, ...] -> [B * V, ...]."""
    return torch.stack(per_view, dim=1)[photo_index].flatten(0, 1)
