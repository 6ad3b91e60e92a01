"""CLIP's vision transformers: token maps of every block, class token as embedding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from .checkpoint_shape import Architecture
from .clip_selfattention import SelfAttention
from .clip_tower import (
    BlockTower,
    Head,
    TokenAttention,
    attention_weights,
    recorded_outputs,
    require_open_clip,
    to_grid,
)
from .clip_weights import fill, resize_positions


class VitTower(BlockTower):
    """Run open_clip's VisionTransformer and read its blocks."""

    def __init__(self, network: Any) -> None:
        super().__init__(network, len(network.transformer.resblocks), network.patch_size)

    def attention(self, pixels: Tensor) -> TokenAttention:
        """Compute the attention of every block from what enters it."""
        blocks = list(self.network.transformer.resblocks)
        with recorded_outputs(block.ln_1 for block in blocks) as inputs:
            self.network(pixels)
        layers = tuple(_weights(block.attn, tokens) for block, tokens in zip(blocks, inputs, strict=True))
        return TokenAttention(layers, None, self.grid(pixels))

    def split(self, pixels: Tensor) -> tuple[Tensor, Head]:
        """Return the patches that enter the last block (those leaving it no longer reach the class token)."""
        found = self.network.forward_intermediates(
            pixels,
            indices=[len(self.layer_names) - 2],
            stop_early=True,
            intermediates_only=True,
            output_fmt="NLC",
            output_extra_tokens=True,
        )
        prefix, patches = found["image_intermediates_prefix"][0], found["image_intermediates"][0]

        def head(grid: Tensor) -> Tensor:
            tokens = torch.cat([prefix, grid.flatten(2).transpose(1, 2)], dim=1)
            tokens = self.network.transformer.resblocks[-1](tokens)
            pooled: Tensor = self.network.ln_post(tokens[:, 0])
            return pooled if self.network.proj is None else pooled @ self.network.proj

        return to_grid(patches, self.grid(pixels)), head


def _weights(attention: Any, tokens: Tensor) -> Tensor:
    """Return the weights [B, heads, T, T] of a SelfAttention."""
    query, key, _ = F.linear(tokens, attention.in_proj_weight, attention.in_proj_bias).chunk(3, dim=-1)
    return attention_weights(query, key, attention.num_heads)


def build_vit(architecture: Architecture, visual: Mapping[str, Tensor], size: int, quick_gelu: bool) -> VitTower:
    """Build the tower with weights in place.

    Args:
        architecture: of the weights.
        visual: open_clip's names.
        size: side of the images in px, a multiple of the patch; other than the trained one: position embeddings are
            interpolated.
        quick_gelu: the activation of the training.
    """
    require_open_clip()
    from open_clip.transformer import QuickGELU, VisionTransformer

    with torch.device("meta"):
        network = VisionTransformer(
            image_size=size,
            patch_size=architecture.patch_size,
            width=architecture.width,
            layers=architecture.layers[0],
            heads=architecture.heads,
            mlp_ratio=(architecture.mlp_width + 0.5) / architecture.width,  # half a unit: int() must not lose one
            output_dim=architecture.embed_dim,
            no_ln_pre="ln_pre.weight" not in visual,
            act_layer=QuickGELU if quick_gelu else torch.nn.GELU,
        )
    if not architecture.projection:
        network.proj = None
    tensors = dict(visual)
    side = architecture.image_size // architecture.patch_size
    tensors["positional_embedding"] = resize_positions(
        tensors["positional_embedding"], side, size // architecture.patch_size
    )
    fill(network, tensors)
    for block in network.transformer.resblocks:
        block.attn = SelfAttention(block.attn)
    return VitTower(network)
