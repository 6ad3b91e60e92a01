"""An image tower of open_clip's: what the encoder and the attention maps ask of it, and how its weights get in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..errors import DependencyError, WeightsError

ToEmbedding = Callable[[Tensor], Tensor]
"""The last part of a tower: from maps [B, C, h, w] to the embedding [B, D]."""


@dataclass(frozen=True, eq=False)
class TokenAttention:
    """How much the tokens of a transformer take from each other.

    Args:
        layers: per block [B, heads, T, T], rows sum to 1: how much token i takes from token j.
        pooling: [B, heads, T] how much the pooling takes from every token; None: the embedding is token 0.
        grid: (rows, columns) of the patches, which are the last rows * columns tokens.
    """

    layers: tuple[Tensor, ...]
    pooling: Tensor | None
    grid: tuple[int, int]


class Tower(Protocol):
    """An image tower whose insides can be read; ``pixels`` are normalised [B, 3, H, W]."""

    @property
    def network(self) -> nn.Module: ...
    @property
    def layer_names(self) -> tuple[str, ...]: ...
    @property
    def methods(self) -> tuple[str, ...]:
        """Ways to an attention map, the default first."""
        ...

    def run(self, pixels: Tensor, layers: tuple[str, ...], embedding: bool) -> tuple[dict[str, Tensor], Tensor | None]:
        """Return the named maps [B, C, h, w] and the embedding [B, D], running no block that neither needs."""
        ...

    def attention(self, pixels: Tensor) -> TokenAttention:
        """Return the attention of every block (only towers that offer "mean")."""
        ...

    def split(self, pixels: Tensor) -> tuple[Tensor, ToEmbedding]:
        """Return the last maps [B, C, h, w] that the embedding depends on, and the rest of the way to it."""
        ...


def require_open_clip() -> ModuleType:
    """Import open_clip.

    Raises:
        DependencyError: it is not installed, or cannot be imported; the message holds the install line.
    """
    try:
        import open_clip
    except ImportError as error:
        raise DependencyError(
            f"CLIP encoders need open_clip ({error}): run `pip install open_clip_torch`, or use the embedded encoder."
        ) from error
    module: ModuleType = open_clip
    return module


def fill(network: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Put the tensors into a network built on the meta device; they become its weights, without a copy.

    Raises:
        WeightsError: names or shapes do not fit; the message names some.
    """
    wanted = network.state_dict()
    missing = [name for name in wanted if name not in tensors]
    wrong = [name for name in wanted if name in tensors and tensors[name].shape != wanted[name].shape]
    if missing or wrong:
        what = f"lacks {len(missing)} tensors" if missing else f"has {len(wrong)} tensors of other shapes"
        raise WeightsError(
            f"the image tower {what} (such as {(missing or wrong)[0]!r}): the file is incomplete or of a network "
            "that is not supported; fetch it anew."
        )
    with torch.no_grad():
        network.load_state_dict({name: tensors[name] for name in wanted}, assign=True)


def resize_positions(positions: Tensor, old: int, new: int) -> Tensor:
    """Interpolate position embeddings to another grid, bicubic and antialiased as open_clip does.

    Args:
        positions: [1 + old * old, C], the class token's first.
        old: side of the grid.
        new: side of the wanted grid.

    Returns:
        [1 + new * new, C]; the same tensor where old equals new.

    >>> resize_positions(torch.zeros(1 + 7 * 7, 8), 7, 14).shape
    torch.Size([197, 8])
    """
    if old == new:
        return positions
    grid = positions[1:].T.reshape(1, -1, old, old)
    grid = F.interpolate(grid, (new, new), mode="bicubic", antialias=True, align_corners=False)
    return torch.cat([positions[:1], grid.flatten(2)[0].T])
