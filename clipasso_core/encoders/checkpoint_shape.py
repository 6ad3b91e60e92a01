"""Tell which network a set of weights belongs to, by the shapes of its tensors."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from ..errors import WeightsError

Tensors = Mapping[str, Tensor]
Family = Literal["resnet", "vit", "siglip"]

_HEADS = {1280: 16, 1408: 16, 1664: 16, 1152: 16, 1536: 16}
"""Widths whose heads are not 64 wide (ViT-H, -g, -bigG, SO400M, giantopt), and their number of heads."""

_RESNETS: dict[tuple[int, tuple[int, ...]], str] = {
    (64, (3, 4, 6, 3)): "RN50",
    (64, (3, 4, 23, 3)): "RN101",
    (80, (4, 6, 10, 6)): "RN50x4",
    (96, (6, 8, 18, 8)): "RN50x16",
    (128, (3, 15, 36, 10)): "RN50x64",
}
_VITS = {768: "B", 1024: "L", 1280: "H", 1408: "g", 1664: "bigG"}
SIGLIPS = {768: "base", 1024: "large", 1152: "so400m", 1536: "giantopt"}
"""timm's word for SigLIP's size, by width."""


@dataclass(frozen=True)
class Architecture:
    """Describe an image tower.

    Args:
        family: "resnet", "vit" (with a class token) or "siglip" (attention pooling).
        width: channels of the stem (resnet) or of the tokens.
        layers: blocks of every stage (resnet), or (blocks,).
        patch_size: px; 32, the stride of the last stage, for resnets.
        image_size: side of the images it was trained on, px.
        heads: of the blocks, or of the attention pooling (resnet).
        embed_dim: length of the embedding.
        mlp_width: of the blocks; 0 for resnets.
        projection: whether the embedding is projected (ComfyUI files may lack it).
    """

    family: Family
    width: int
    layers: tuple[int, ...]
    patch_size: int
    image_size: int
    heads: int
    embed_dim: int
    mlp_width: int = 0
    projection: bool = True

    @property
    def name(self) -> str:
        """What people call it, such as "RN101" or "ViT-B-32"."""
        if self.family == "resnet":
            return _RESNETS.get((self.width, self.layers), f"ResNet {self.layers}, {self.width} wide")
        if self.family == "siglip":
            return f"SigLIP {SIGLIPS[self.width]} patch {self.patch_size}"
        size = _VITS.get(self.width, f"{self.width} wide")
        tail = "" if self.image_size == 224 else f"-{self.image_size}"
        return f"ViT-{size}-{self.patch_size}{tail}"


def recognise_architecture(visual: Tensors) -> Architecture:
    """Deduce the architecture of an image tower named as open_clip does.

    Raises:
        WeightsError: the shapes fit no CLIP ResNet, CLIP ViT or SigLIP, or tensors are missing.
    """
    try:
        if "trunk.attn_pool.latent" in visual:
            return _siglip(visual)
        if "class_embedding" in visual:
            return _vit(visual)
        if "attnpool.positional_embedding" in visual:
            return _resnet(visual)
    except KeyError as error:
        raise WeightsError(f"the image tower lacks {error}: the file is incomplete; fetch it anew.") from error
    raise WeightsError(
        "the image tower is of a kind that is not supported (supported: CLIP's ResNets and ViTs, SigLIP); "
        f"its first tensors are {', '.join(list(visual)[:3])}."
    )


def _count(visual: Tensors, root: str) -> int:
    """Number of children below ``root``; root ends with a dot."""
    return len({name[len(root) :].split(".")[0] for name in visual if name.startswith(root)})


def _side(tokens: int) -> int:
    side = math.isqrt(tokens)
    if side * side != tokens:
        raise WeightsError(f"{tokens} position embeddings are no square grid; only square images are supported.")
    return side


def _resnet(visual: Tensors) -> Architecture:
    width = visual["layer1.0.conv1.weight"].shape[0]
    return Architecture(
        family="resnet",
        width=width,
        layers=tuple(_count(visual, f"layer{stage}.") for stage in (1, 2, 3, 4)),
        patch_size=32,
        image_size=32 * _side(visual["attnpool.positional_embedding"].shape[0] - 1),
        heads=width * 32 // 64,
        embed_dim=visual["attnpool.c_proj.weight"].shape[0],
    )


def _vit(visual: Tensors) -> Architecture:
    width, _, patch, _ = visual["conv1.weight"].shape
    if "attn_pool.query" in visual:
        raise WeightsError("this is CoCa's image tower, which is not supported; use a CLIP or SigLIP file.")
    return Architecture(
        family="vit",
        width=width,
        layers=(_count(visual, "transformer.resblocks."),),
        patch_size=patch,
        image_size=patch * _side(visual["positional_embedding"].shape[0] - 1),
        heads=_HEADS.get(width, width // 64),
        embed_dim=visual["proj"].shape[1] if "proj" in visual else width,
        mlp_width=visual["transformer.resblocks.0.mlp.c_fc.weight"].shape[0],
        projection="proj" in visual,
    )


def _siglip(visual: Tensors) -> Architecture:
    width, _, patch, _ = visual["trunk.patch_embed.proj.weight"].shape
    if width not in SIGLIPS:
        raise WeightsError(f"no SigLIP has tokens {width} wide; known widths are {', '.join(map(str, SIGLIPS))}.")
    return Architecture(
        family="siglip",
        width=width,
        layers=(_count(visual, "trunk.blocks."),),
        patch_size=patch,
        image_size=patch * _side(visual["trunk.pos_embed"].shape[1]),
        heads=_HEADS.get(width, width // 64),
        embed_dim=width,
        mlp_width=visual["trunk.blocks.0.mlp.fc1.weight"].shape[0],
    )
