"""What the encoder and the attention maps ask of an image tower, and the lazy import of open_clip."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Protocol

from torch import Tensor, nn

from ..errors import DependencyError

Head = Callable[[Tensor], Tensor]
"""From the last maps [B, C, h, w] to the embedding [B, D]."""


@dataclass(frozen=True, eq=False)
class TokenAttention:
    """Who looks at whom inside a transformer.

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

    def split(self, pixels: Tensor) -> tuple[Tensor, Head]:
        """Return the last maps [B, C, h, w] that the embedding depends on, and the rest of the way to it."""
        ...


class BlockTower:
    """Hold a transformer of open_clip's, whose maps are the patch tokens after its blocks.

    Args:
        network: the transformer.
        blocks: how many it has.
        patch_size: (height, width) px.
    """

    methods = ("mean", "rollout", "grad-cam")

    def __init__(self, network: Any, blocks: int, patch_size: tuple[int, int]) -> None:
        self.network, self.patch_size = network, patch_size
        self.layer_names = tuple(f"block{index}" for index in range(blocks))

    def run(self, pixels: Tensor, layers: tuple[str, ...], embedding: bool) -> tuple[dict[str, Tensor], Tensor | None]:
        """Return the patch tokens after the named blocks as grids, a class token dropped, and the embedding."""
        if not layers:
            return {}, self.network(pixels) if embedding else None
        indices = sorted(self.layer_names.index(name) for name in set(layers))
        found = self.network.forward_intermediates(
            pixels, indices=indices, stop_early=not embedding, intermediates_only=not embedding
        )
        names = [self.layer_names[index] for index in indices]
        return dict(zip(names, found["image_intermediates"], strict=True)), found.get("image_features")

    def grid(self, pixels: Tensor) -> tuple[int, int]:
        """Return (rows, columns) of the patches of pixels [B, 3, H, W]."""
        return pixels.shape[-2] // self.patch_size[0], pixels.shape[-1] // self.patch_size[1]


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


@contextmanager
def recorded_outputs(modules: Iterable[nn.Module]) -> Iterator[list[Tensor]]:
    """Collect what the modules return, in the order in which they run."""
    outputs: list[Tensor] = []

    def record(_module: nn.Module, _inputs: Any, output: Tensor) -> None:
        outputs.append(output)

    handles = [module.register_forward_hook(record) for module in modules]
    try:
        yield outputs
    finally:
        for handle in handles:
            handle.remove()


def attention_weights(query: Tensor, key: Tensor, heads: int) -> Tensor:
    """Return softmax(q k / sqrt(d)), [B, heads, Tq, Tk]; query: [B, Tq, C], key: [B, Tk, C]."""
    query, key = (tokens.reshape(*tokens.shape[:2], heads, -1).transpose(1, 2) for tokens in (query, key))
    scale = float(query.shape[-1]) ** -0.5
    weights: Tensor = (query @ key.transpose(-1, -2) * scale).softmax(-1)
    return weights


def to_grid(tokens: Tensor, grid: tuple[int, int]) -> Tensor:
    """Lay patch tokens [B, h * w, C] out as maps [B, C, h, w]."""
    return tokens.transpose(1, 2).reshape(tokens.shape[0], -1, *grid)
