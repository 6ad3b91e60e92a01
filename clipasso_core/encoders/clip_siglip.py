"""SigLIP's vision transformers (timm's, as open_clip holds them): attention pooling instead of a class token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ..errors import WeightsError
from .checkpoint_shape import SIGLIPS, Architecture
from .clip_tower import (
    BlockTower,
    Head,
    TokenAttention,
    attention_weights,
    recorded_outputs,
    require_open_clip,
    to_grid,
)
from .clip_weights import fill


class SiglipTower(BlockTower):
    """Run timm's SigLIP and read its blocks."""

    def __init__(self, network: Any) -> None:
        super().__init__(network, len(network.trunk.blocks), network.trunk.patch_embed.patch_size)

    def attention(self, pixels: Tensor) -> TokenAttention:
        """Compute the attention of every block, and of the pooling's query to the tokens."""
        trunk = self.network.trunk
        blocks = list(trunk.blocks)
        with recorded_outputs([*(block.norm1 for block in blocks), trunk.norm]) as inputs:
            self.network(pixels)
        layers = []
        for block, tokens in zip(blocks, inputs, strict=False):
            query, key, _ = block.attn.qkv(tokens).chunk(3, dim=-1)
            layers.append(attention_weights(query, key, block.attn.num_heads))
        pool, tokens = trunk.attn_pool, inputs[-1]
        query = pool.q(pool.latent).expand(tokens.shape[0], -1, -1)
        pooling = attention_weights(query, pool.kv(tokens).chunk(2, dim=-1)[0], pool.num_heads)
        return TokenAttention(tuple(layers), pooling[:, :, 0], self.grid(pixels))

    def split(self, pixels: Tensor) -> tuple[Tensor, Head]:
        """Return the tokens after the last block, and norm and pooling."""
        trunk = self.network.trunk
        tokens = trunk.forward_intermediates(
            pixels, indices=[len(self.layer_names) - 1], intermediates_only=True, output_fmt="NLC"
        )[0]

        def head(grid: Tensor) -> Tensor:
            pooled: Tensor = trunk.forward_head(trunk.norm(grid.flatten(2).transpose(1, 2)))
            return pooled

        return to_grid(tokens, self.grid(pixels)), head


def build_siglip(architecture: Architecture, visual: Mapping[str, Tensor], size: int) -> SiglipTower:
    """Build the tower with weights in place; timm interpolates the position embeddings for another size.

    Raises:
        WeightsError: timm knows no SigLIP of these shapes.
    """
    require_open_clip()
    from open_clip.timm_model import TimmModel

    name = f"vit_{SIGLIPS[architecture.width]}_patch{architecture.patch_size}_siglip_{architecture.image_size}"
    try:
        with torch.device("meta"):
            network = TimmModel(
                name, architecture.embed_dim, architecture.image_size, pool="map", proj="none", pretrained=False
            )
    except RuntimeError as error:
        raise WeightsError(f"this looks like SigLIP, but timm has no network {name}: {error}.") from error
    fill(network, visual)
    if size != architecture.image_size:
        network.set_input_size(size)
    return SiglipTower(network)
