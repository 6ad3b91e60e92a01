"""CLIP's and SigLIP's vision transformers: the patches after every block, and the attention between tokens.

CLIP's (open_clip's own) have a class token that becomes the embedding; SigLIP's (timm's, as open_clip holds them)
pool the patches by attention.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..errors import WeightsError
from .checkpoint import SIGLIPS, Architecture
from .clip_tower import ToEmbedding, TokenAttention, fill, require_open_clip, resize_positions


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


class VitTower(BlockTower):
    """Run open_clip's VisionTransformer and read its blocks."""

    def __init__(self, network: Any) -> None:
        super().__init__(network, len(network.transformer.resblocks), network.patch_size)

    def attention(self, pixels: Tensor) -> TokenAttention:
        """Compute the attention of every block from what enters it."""
        blocks = list(self.network.transformer.resblocks)
        with _recorded_outputs(block.ln_1 for block in blocks) as inputs:
            self.network(pixels)
        layers = tuple(_block_weights(block.attn, tokens) for block, tokens in zip(blocks, inputs, strict=True))
        return TokenAttention(layers, None, self.grid(pixels))

    def split(self, pixels: Tensor) -> tuple[Tensor, ToEmbedding]:
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

        def to_embedding(grid: Tensor) -> Tensor:
            tokens = torch.cat([prefix, grid.flatten(2).transpose(1, 2)], dim=1)
            tokens = self.network.transformer.resblocks[-1](tokens)
            pooled: Tensor = self.network.ln_post(tokens[:, 0])
            return pooled if self.network.proj is None else pooled @ self.network.proj

        return _to_grid(patches, self.grid(pixels)), to_embedding


class SiglipTower(BlockTower):
    """Run timm's SigLIP and read its blocks."""

    def __init__(self, network: Any) -> None:
        super().__init__(network, len(network.trunk.blocks), network.trunk.patch_embed.patch_size)

    def attention(self, pixels: Tensor) -> TokenAttention:
        """Compute the attention of every block, and of the pooling's query to the tokens."""
        trunk = self.network.trunk
        blocks = list(trunk.blocks)
        with _recorded_outputs([*(block.norm1 for block in blocks), trunk.norm]) as inputs:
            self.network(pixels)
        layers = []
        for block, tokens in zip(blocks, inputs, strict=False):
            query, key, _ = block.attn.qkv(tokens).chunk(3, dim=-1)
            layers.append(_attention_weights(query, key, block.attn.num_heads))
        pool, tokens = trunk.attn_pool, inputs[-1]
        query = pool.q(pool.latent).expand(tokens.shape[0], -1, -1)
        pooling = _attention_weights(query, pool.kv(tokens).chunk(2, dim=-1)[0], pool.num_heads)
        return TokenAttention(tuple(layers), pooling[:, :, 0], self.grid(pixels))

    def split(self, pixels: Tensor) -> tuple[Tensor, ToEmbedding]:
        """Return the tokens after the last block, and norm and pooling."""
        trunk = self.network.trunk
        tokens = trunk.forward_intermediates(
            pixels, indices=[len(self.layer_names) - 1], intermediates_only=True, output_fmt="NLC"
        )[0]

        def to_embedding(grid: Tensor) -> Tensor:
            pooled: Tensor = trunk.forward_head(trunk.norm(grid.flatten(2).transpose(1, 2)))
            return pooled

        return _to_grid(tokens, self.grid(pixels)), to_embedding


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


class SelfAttention(nn.Module):
    """Attend among the tokens of an image, with the weights of a ``nn.MultiheadAttention``.

    That module hands the projection a transposed view, which PyTorch 2.15 multiplies in batches on the CPU: 2.4 times
    the time of this one (ViT-B/16, five images, forward and backward). A test holds the results together.

    Args:
        original: whose parameters are taken over, under the same names.
    """

    in_proj_weight: Tensor
    in_proj_bias: Tensor

    def __init__(self, original: nn.MultiheadAttention) -> None:
        super().__init__()
        self.num_heads = original.num_heads
        self.register_parameter("in_proj_weight", original.in_proj_weight)
        self.register_parameter("in_proj_bias", original.in_proj_bias)
        self.out_proj = original.out_proj

    def forward(self, query: Tensor, *_: object, **__: object) -> tuple[Tensor, None]:
        """Return [B, T, C] and None, as open_clip's block expects; key and value are the query."""
        batch, tokens, channels = query.shape
        joint = F.linear(query, self.in_proj_weight, self.in_proj_bias)
        parts = joint.reshape(batch, tokens, 3, self.num_heads, -1).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(parts[0], parts[1], parts[2])
        return self.out_proj(mixed.transpose(1, 2).reshape(batch, tokens, channels)), None


def _block_weights(attention: Any, tokens: Tensor) -> Tensor:
    """Return the weights [B, heads, T, T] of a SelfAttention."""
    query, key, _ = F.linear(tokens, attention.in_proj_weight, attention.in_proj_bias).chunk(3, dim=-1)
    return _attention_weights(query, key, attention.num_heads)


@contextmanager
def _recorded_outputs(modules: Iterable[nn.Module]) -> Iterator[list[Tensor]]:
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


def _attention_weights(query: Tensor, key: Tensor, heads: int) -> Tensor:
    """Return softmax(q k / sqrt(d)), [B, heads, Tq, Tk]; query: [B, Tq, C], key: [B, Tk, C]."""
    query, key = (tokens.reshape(*tokens.shape[:2], heads, -1).transpose(1, 2) for tokens in (query, key))
    scale = float(query.shape[-1]) ** -0.5
    weights: Tensor = (query @ key.transpose(-1, -2) * scale).softmax(-1)
    return weights


def _to_grid(tokens: Tensor, grid: tuple[int, int]) -> Tensor:
    """Lay patch tokens [B, h * w, C] out as maps [B, C, h, w]."""
    return tokens.transpose(1, 2).reshape(tokens.shape[0], -1, *grid)
