"""The photos' features, computed once for every view of a bank."""

from __future__ import annotations

import torch
from torch import Tensor

from ..augment import Adjoint, identity_view, random_views, view_grid, warp, warp_from_bank
from ..encoders.base import FeatureRecipe, Features, ImageEncoder
from ..losses import prepare
from .config import OptimizeConfig
from .precision import computing_in, usable

CPU_PASS, DEVICE_PASS = 3, 64
"""Images at once where the config does not say."""


class PhotoBank:
    """Remember what the encoder sees in each photo through each view.

    View 0 is the identity. A view's features are computed when ``learn`` is first told of it.

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
        on_cpu = images.device.type == "cpu"
        self.images, self.encoder, self.recipe = images, encoder, recipe
        self.images_per_pass = config.images_per_pass or (CPU_PASS if on_cpu else DEVICE_PASS)
        self.precision = usable(config.precision, images.device)
        self.weights = {"geometric": 1.0, "semantic": recipe.semantic_weight}
        views = torch.cat([identity_view()[None], random_views(config.bank_size, generator)])
        self.grids = view_grid(views, (images.shape[-2], images.shape[-1])).to(images.device, images.dtype)
        self._adjoint = None if on_cpu else Adjoint(self.grids)
        self._maps: dict[str, Tensor] = {}
        self._embedding: Tensor | None = None
        self._known: set[int] = set()

    def look(self, drawings: Tensor, views: Tensor | None) -> Features:
        """See drawings [B, C, H, W] (C 1 or 3) through views [V]: features of B * V images, drawing by drawing.

        None is the identity view, without the resampling.
        """
        if views is None:
            seen = drawings
        elif self._adjoint is None:
            seen = warp(drawings, self.grids[views])
        else:
            seen = warp_from_bank(drawings, views, self._adjoint)
        return prepare(self._encode(seen.expand(-1, 3, -1, -1)), self.recipe)

    def _encode(self, images: Tensor) -> Features:
        """See images as they are, in the precision asked for; the features are float32."""
        with computing_in(self.precision, images.device):
            found = self.encoder.encode(images, tuple(self.recipe.layer_weights), self._wants_embedding)
        maps = {name: each.float() for name, each in found.maps.items()}
        return Features(maps, None if found.embedding is None else found.embedding.float())

    def photo(self, views: Tensor, photo_index: Tensor) -> Features:
        """Return the photos' features: of photos photo_index [B] through views [V], B * V entries, photo by photo."""
        maps = {name: _gather(stack, views, photo_index) for name, stack in self._maps.items()}
        return Features(maps, None if self._embedding is None else _gather(self._embedding, views, photo_index))

    @torch.no_grad()
    def learn(self, views: list[int]) -> None:
        """Look at the photos through those of the views that are new."""
        for view in sorted(set(views) - self._known):
            through = torch.tensor([view], device=self.images.device) if view else None
            seen = [self.look(part, through) for part in torch.split(self.images, self.images_per_pass)]
            for name in self.recipe.layer_weights:
                self._maps[name] = self._kept(self._maps.get(name), view, [f.maps[name] for f in seen])
            if self._wants_embedding:
                self._embedding = self._kept(self._embedding, view, [f.embedding for f in seen])
            self._known.add(view)

    def _kept(self, stack: Tensor | None, view: int, parts: list[Tensor] | list[Tensor | None]) -> Tensor:
        """Put what was seen through a view into its place of the stack [V, P, ...]; a new stack takes no memory yet."""
        found = torch.cat([part for part in parts if part is not None])
        stack = found.new_empty(len(self.grids), *found.shape) if stack is None else stack
        stack[view] = found
        return stack

    @property
    def _wants_embedding(self) -> bool:
        return self.recipe.semantic_weight > 0


def _gather(stack: Tensor, views: Tensor, photo_index: Tensor) -> Tensor:
    """[V', P, ...] -> [B * V, ...]."""
    return stack[views[None, :], photo_index[:, None]].flatten(0, 1)
