"""CLIP's ResNets: maps after the stem and the four stages, attention-pooled embedding."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from ..errors import ConfigError
from .checkpoint import Architecture
from .clip_tower import ToEmbedding, TokenAttention, fill, require_open_clip, resize_positions

LAYER_NAMES = ("stem", "stage1", "stage2", "stage3", "stage4")


class ResnetTower:
    """Run open_clip's ModifiedResNet stage by stage."""

    layer_names = LAYER_NAMES
    methods = ("grad-cam",)

    def __init__(self, network: Any) -> None:
        self.network = network

    def run(self, pixels: Tensor, layers: tuple[str, ...], embedding: bool) -> tuple[dict[str, Tensor], Tensor | None]:
        """Return maps at strides 4, 4, 8, 16, 32 and the embedding."""
        maps: dict[str, Tensor] = {}
        value = pixels.contiguous(memory_format=torch.channels_last)
        last = len(LAYER_NAMES) if embedding else 1 + max((LAYER_NAMES.index(name) for name in layers), default=-1)
        for name in LAYER_NAMES[:last]:
            value = self._stage(name)(value)
            if name in layers:
                maps[name] = value
        return maps, self.network.attnpool(value) if embedding else None

    def _stage(self, name: str) -> nn.Module:
        stage: nn.Module = getattr(self.network, name.replace("stage", "layer"))
        return stage

    def attention(self, pixels: Tensor) -> TokenAttention:
        """Refuse: a ResNet has no class token."""
        raise ConfigError(f"a ResNet has no attention between patches; use one of {', '.join(self.methods)}.")

    def split(self, pixels: Tensor) -> tuple[Tensor, ToEmbedding]:
        """Return stage 4's map and the attention pooling."""
        maps, _ = self.run(pixels, ("stage4",), embedding=False)
        return maps["stage4"], self.network.attnpool


def build_resnet(architecture: Architecture, visual: Mapping[str, Tensor], size: int) -> ResnetTower:
    """Build the tower with weights in place, batch norms folded, channels last.

    Args:
        architecture: of the weights.
        visual: open_clip's names.
        size: side of the images in px, a multiple of 32; other than the trained one: position embeddings of the
            pooling are interpolated.
    """
    require_open_clip()
    from open_clip.modified_resnet import ModifiedResNet

    with torch.device("meta"):
        network = ModifiedResNet(
            list(architecture.layers), architecture.embed_dim, architecture.heads, size, architecture.width
        )
    tensors = dict(visual)
    side = architecture.image_size // 32
    tensors["attnpool.positional_embedding"] = resize_positions(
        tensors["attnpool.positional_embedding"], side, size // 32
    )
    for name in network.state_dict():
        if name.endswith("num_batches_tracked"):
            tensors.setdefault(name, torch.zeros((), dtype=torch.long))
    fill(network, tensors)
    network.eval()
    _fold_batch_norms(network)
    return ResnetTower(network.to(memory_format=torch.channels_last))


@torch.no_grad()
def _fold_batch_norms(network: nn.Module) -> None:
    """Replace every Conv2d and the BatchNorm2d after it by one convolution: the same numbers from fewer steps.

    "After it" means the next child of the same module, which in open_clip's ResNet is the order of computation.
    """
    for module in network.modules():
        for (conv_name, conv), (norm_name, norm) in pairwise(list(module.named_children())):
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                setattr(module, conv_name, fuse_conv_bn_eval(conv, norm))
                setattr(module, norm_name, nn.Identity())
