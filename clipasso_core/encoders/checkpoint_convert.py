"""Bring the tensors of every file format to open_clip's names: one image tower, and a text tower where there is one."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from ..errors import WeightsError
from .checkpoint_read import TensorDict

Tensors = Mapping[str, Tensor]

_BLOCK = {
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "self_attn.out_proj": "attn.out_proj",
}
_TIMM_BLOCK = {
    "layer_norm1": "norm1",
    "layer_norm2": "norm2",
    "mlp.fc1": "mlp.fc1",
    "mlp.fc2": "mlp.fc2",
    "self_attn.out_proj": "attn.proj",
}
_TIMM_POOL = {
    "head.attention.out_proj": "proj",
    "head.layernorm": "norm",
    "head.mlp.fc1": "mlp.fc1",
    "head.mlp.fc2": "mlp.fc2",
}
_TEXT_ROOTS = ("token_embedding.", "positional_embedding", "transformer.", "ln_final.", "text_projection")
_PATCHES = "embeddings.patch_embedding.weight"


def to_open_clip(tensors: Tensors) -> tuple[TensorDict, TensorDict]:
    """Name the tensors as open_clip does.

    Args:
        tensors: of an OpenAI, open_clip, transformers (CLIP, SigLIP) or ComfyUI clip_vision file.

    Returns:
        The image tower's tensors, and the text tower's (empty where none).

    Raises:
        WeightsError: no image tower of CLIP or SigLIP is among them.
    """
    for mark in ("visual.conv1.weight", "visual.trunk.patch_embed.proj.weight"):
        root = _root(tensors, mark)
        if root is not None:
            return _below(tensors, f"{root}visual."), _open_clip_text(tensors, root)
    root = _root(tensors, _PATCHES)
    if root is not None:
        return _from_transformers(tensors, root)
    if "conv1.weight" in tensors and ("class_embedding" in tensors or "attnpool.positional_embedding" in tensors):
        return dict(tensors), {}
    raise WeightsError(_not_clip(tensors))


def _root(tensors: Tensors, mark: str) -> str | None:
    """Return what stands before ``mark`` in the shortest name that ends with it."""
    names = [name for name in tensors if name == mark or name.endswith(f".{mark}")]
    return min(names, key=len)[: -len(mark)] if names else None


def _below(tensors: Tensors, root: str) -> TensorDict:
    return {name[len(root) :]: value for name, value in tensors.items() if name.startswith(root)}


def _open_clip_text(tensors: Tensors, root: str) -> TensorDict:
    """Return the text tower, whether it stands at the root (CLIP) or below "text." (custom text towers)."""
    apart = _below(tensors, f"{root}text.")
    if apart:
        return apart
    return {name: value for name, value in _below(tensors, root).items() if name.startswith(_TEXT_ROOTS)}


def _from_transformers(tensors: Tensors, root: str) -> tuple[TensorDict, TensorDict]:
    """Convert a transformers model whose image tower stands below ``root`` (as a rule "vision_model.")."""
    parent = root.removesuffix("vision_model.")
    vision = _below(tensors, root)
    if "embeddings.class_embedding" not in vision:
        return _siglip_vision(vision), {}
    visual = _clip_vision(vision)
    projection = tensors.get(f"{parent}visual_projection.weight")
    if projection is not None:
        visual["proj"] = projection.T.contiguous()
    return visual, _clip_text(_below(tensors, f"{parent}text_model."), tensors.get(f"{parent}text_projection.weight"))


def _clip_vision(vision: Tensors) -> TensorDict:
    visual = {
        "class_embedding": vision["embeddings.class_embedding"].flatten(),
        "conv1.weight": vision[_PATCHES],
        "positional_embedding": _need(vision, "embeddings.position_embedding.weight"),
    }
    visual |= _pairs(vision, {"pre_layrnorm": "ln_pre", "post_layernorm": "ln_post"})
    return visual | _blocks(vision, "transformer.resblocks", _BLOCK, "attn.in_proj_")


def _clip_text(text: Tensors, projection: Tensor | None) -> TensorDict:
    if not text or projection is None:
        return {}
    converted = {
        "token_embedding.weight": _need(text, "embeddings.token_embedding.weight"),
        "positional_embedding": _need(text, "embeddings.position_embedding.weight"),
        "text_projection": projection.T.contiguous(),
    }
    converted |= _pairs(text, {"final_layer_norm": "ln_final"})
    return converted | _blocks(text, "transformer.resblocks", _BLOCK, "attn.in_proj_")


def _siglip_vision(vision: Tensors) -> TensorDict:
    """Convert SigLIP's image tower to timm's names, under which open_clip holds it."""
    if vision[_PATCHES].ndim != 4:
        raise WeightsError(
            "this SigLIP takes images of any shape (NaFlex), which is not supported; use one of a fixed size, "
            "such as siglip2-b-16."
        )
    visual = {"trunk.pos_embed": _need(vision, "embeddings.position_embedding.weight").unsqueeze(0)}
    visual |= _pairs(vision, {"embeddings.patch_embedding": "trunk.patch_embed.proj", "post_layernorm": "trunk.norm"})
    visual |= _blocks(vision, "trunk.blocks", _TIMM_BLOCK, "attn.qkv.")
    return visual | _siglip_pool(vision)


def _siglip_pool(vision: Tensors) -> TensorDict:
    """Convert SigLIP's attention pooling; the query has the first third of the joint projection."""
    if "head.probe" not in vision:
        raise WeightsError(
            "this SigLIP lacks its pooling (head.*), which ComfyUI's CLIP Vision loader leaves out and the embedding "
            "needs; choose its file in CLIPasso Load Encoder."
        )
    pool = {"trunk.attn_pool.latent": vision["head.probe"]}
    for part in ("weight", "bias"):
        joint = _need(vision, f"head.attention.in_proj_{part}")
        third = joint.shape[0] // 3
        pool[f"trunk.attn_pool.q.{part}"] = joint[:third]
        pool[f"trunk.attn_pool.kv.{part}"] = joint[third:]
    return pool | _pairs(vision, {name: f"trunk.attn_pool.{new}" for name, new in _TIMM_POOL.items()})


def _blocks(tower: Tensors, root: str, names: Mapping[str, str], joint: str) -> TensorDict:
    """Convert the transformer blocks, joining the three projections of the attention into one."""
    converted: TensorDict = {}
    for index in sorted({int(name.split(".")[2]) for name in tower if name.startswith("encoder.layers.")}):
        old, new = f"encoder.layers.{index}", f"{root}.{index}"
        converted |= _pairs(tower, {f"{old}.{name}": f"{new}.{target}" for name, target in names.items()})
        for part in ("weight", "bias"):
            parts = [_need(tower, f"{old}.self_attn.{letter}_proj.{part}") for letter in "qkv"]
            converted[f"{new}.{joint}{part}"] = torch.cat(parts)
    return converted


def _pairs(tower: Tensors, names: Mapping[str, str]) -> TensorDict:
    """Rename weight and bias of layers."""
    return {f"{new}.{part}": _need(tower, f"{old}.{part}") for old, new in names.items() for part in ("weight", "bias")}


def _need(tower: Tensors, name: str) -> Tensor:
    if name not in tower:
        raise WeightsError(f"the image or text tower lacks {name!r}: the file is incomplete; fetch it anew.")
    return tower[name]


def _not_clip(tensors: Tensors) -> str:
    """Say what a file without an image tower looks like."""
    names = list(tensors)
    guess = "another network"
    if any("model.diffusion_model." in name or "double_blocks." in name for name in names):
        guess = "a diffusion model"
    elif any(name.startswith(("text_model.", "transformer.text_model.")) for name in names):
        guess = "a text encoder without its image tower"
    elif any("lora" in name.lower() for name in names):
        guess = "a LoRA"
    elif any(name.startswith(("visual.trunk.", "trunk.", "blocks.")) or "cls_token" in name for name in names):
        guess = "an image network that is neither CLIP nor SigLIP"
    shown = ", ".join(names[:3]) or "none"
    return (
        f"it looks like {guess}: {len(names)} tensors ({shown} ...), and no image tower of CLIP or SigLIP "
        "(visual.* or vision_model.*) among them."
    )
