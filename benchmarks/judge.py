"""What a network that no optimisation looked through thinks of sketches: EfficientNet-Lite2."""

from __future__ import annotations

import torch
from torch import Tensor

from clipasso_core.encoders import Features
from clipasso_core.encoders.embedded import judge_encoder
from clipasso_core.images import resize
from clipasso_core.losses import geometric_loss, prepare, semantic_loss
from clipasso_core.rasterizer import rasterize
from clipasso_core.strokes import Strokes


class Judge:
    """Compute evaluation losses of sketches of one photo after another."""

    def __init__(self) -> None:
        self.encoder = judge_encoder()

    @torch.no_grad()
    def losses(self, strokes: Strokes, canvas: Tensor) -> list[float]:
        """Return the loss of each of B sketches of the photo ``canvas`` [1, 3, H, W]."""
        recipe, photo = self.encoder.recipe, self._look(canvas)
        found = []
        for drawing in rasterize(strokes):
            seen = self._look(drawing[None])
            loss = geometric_loss(seen, photo, recipe)
            if seen.embedding is not None and photo.embedding is not None:
                loss = loss + recipe.semantic_weight * semantic_loss(seen.embedding, photo.embedding)
            found.append(float(loss))
        return found

    def _look(self, images: Tensor) -> Features:
        size = (self.encoder.input_size, self.encoder.input_size)
        return prepare(self.encoder.encode(resize(images, size)), self.encoder.recipe)
