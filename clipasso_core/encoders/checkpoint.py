"""What a model file holds: which network (told by the shapes of its tensors), trained how, and its weights.

Shapes tell everything but the activation and the normalisation of the pixels; those come from the table of known
networks, from a configuration beside the file or from words in its name.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch

from ..errors import WeightsError
from ..weights.known import CLIP_MEAN, CLIP_STD, HALF, KnownNetwork, Triple, recognise
from ..weights.record import file_sha256
from .checkpoint_convert import Tensors, to_open_clip
from .checkpoint_read import TensorDict, read_tensors

log = logging.getLogger(__name__)

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

_QUICK = ("openai", "quickgelu", "dfn2b", "dfn5b", "metaclip")
_PLAIN = ("laion", "datacomp", "commonpool")
"""Words of trainings with QuickGELU and with GELU; a size may follow, as in "laion2b"."""
_OPENAI_FILES = ("clip_l", "clip_vision_l", "clip_vit_large_patch14")
"""What ComfyUI's users call OpenAI's ViT-L/14."""
_CONFIGS = ("open_clip_config.json", "config.json")


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


@dataclass(frozen=True)
class Training:
    """Describe how a network was trained, as far as running it depends on that.

    Args:
        quick_gelu: whether the activation is x * sigmoid(1.702 x).
        mean: of the pixels, RGB.
        std: of the pixels, RGB.
        source: where the activation is known from, for people.
    """

    quick_gelu: bool
    mean: Triple = CLIP_MEAN
    std: Triple = CLIP_STD
    source: str = "stated"


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """Hold what a model file, or a network in memory, says of its image tower.

    Args:
        path: of the file; None where the tensors came from memory.
        sha256: of the file, hex; of the tensors where there is no file.
        architecture: of the image tower.
        training: activation and normalisation.
        known: the entry of the table of known networks, or None.
        visual: the image tower, float32, open_clip's names.
    """

    path: Path | None
    sha256: str
    architecture: Architecture
    training: Training
    known: KnownNetwork | None
    visual: Tensors


def load_checkpoint(path: Path, known: KnownNetwork | None = None) -> Checkpoint:
    """Read a model file and recognise the network in it; its text tower is read by ``load_text_tower``.

    Args:
        path: OpenAI's TorchScript archive, an open_clip checkpoint, or safetensors of open_clip, transformers or
            ComfyUI's clip_vision.
        known: what the file is, where the caller knows; None: recognised by its hash or name.

    Raises:
        WeightsError: the file is missing, damaged, or of a network that is not supported; one sentence says which.
    """
    with torch.inference_mode(False), torch.no_grad():
        kind, tensors = read_tensors(path)
        visual, architecture = _image_tower(tensors, f"cannot use {path}")
        sha256 = file_sha256(path)
        known = known or recognise(path.stem, sha256)
        training = training_of(path, kind, architecture, known)
        return Checkpoint(path, sha256, architecture, training, known, _as_float(visual))


def checkpoint_of(tensors: Tensors) -> Checkpoint:
    """Recognise a CLIP in tensors that another program has loaded, as ComfyUI's CLIP Vision loader does; copies them.

    Args:
        tensors: named as in a file that ``load_checkpoint`` takes, of any floating type, on any device.

    Returns:
        The image tower on the CPU. Its sha256 is that of the tensors, so it differs from the file's.

    Raises:
        WeightsError: they are of a network that is not supported; one sentence says which.
    """
    with torch.inference_mode(False), torch.no_grad():
        visual, architecture = _image_tower(tensors, "cannot use this network as an encoder, which must be a CLIP")
        visual = _as_float(visual)
        return Checkpoint(None, _tensors_sha256(visual), architecture, _assumed(architecture), None, visual)


def load_text_tower(path: Path) -> TensorDict:
    """Read the text tower of a file that ``load_checkpoint`` takes: float32, open_clip's names; empty if it has none.

    Raises:
        WeightsError: the file is missing or damaged.
    """
    with torch.inference_mode(False), torch.no_grad():
        return _as_float(to_open_clip(read_tensors(path)[1])[1])


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
    """Return the number of children below ``root``, which ends with a dot."""
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


def training_of(path: Path, kind: str, architecture: Architecture, known: KnownNetwork | None) -> Training:
    """Find out how the network in a file was trained.

    In this order: the table of known networks; a TorchScript archive is OpenAI's; a configuration file beside the
    file; words in its name; and else what ComfyUI assumes too (OpenAI's activation but for ViT-H, -g and -bigG).

    Args:
        path: of the file.
        kind: as ``read_tensors`` tells it.
        architecture: of the network.
        known: the entry that the file was recognised as.
    """
    if known is not None:
        return Training(known.quick_gelu, known.mean, known.std, f"known as {known.name}")
    if architecture.family == "siglip":
        return _assumed(architecture)
    if kind == "torchscript":
        return Training(True, source="OpenAI's archive")
    beside = _beside(path)
    if beside is not None:
        return beside
    named = _named(path.stem)
    if named is not None:
        return Training(named, source="the file's name")
    training = _assumed(architecture)
    if architecture.family == "vit":
        assumed = "QuickGELU" if training.quick_gelu else "GELU"
        log.info("%s does not say its activation; assuming %s.", path.name, assumed)
    return training


def _image_tower(tensors: Tensors, refused: str) -> tuple[Tensors, Architecture]:
    """Return the image tower in open_clip's names, and recognise it, or raise WeightsError, which begins so."""
    try:
        visual, _ = to_open_clip(tensors)
        return visual, recognise_architecture(visual)
    except WeightsError as error:
        raise WeightsError(f"{refused}: {error}") from error


def _assumed(architecture: Architecture) -> Training:
    """Tell the training by the architecture alone, as ComfyUI does."""
    if architecture.family == "siglip":
        return Training(False, HALF, HALF, "SigLIP")
    return Training(architecture.width < 1280, source="assumed")


def _named(stem: str) -> bool | None:
    """Tell the activation by whole words in a file's name: of its training first, then what ComfyUI's users call it."""
    name = re.sub(r"[\W_]+", "_", stem.lower())

    def holds(words: tuple[str, ...], size: str) -> bool:
        return re.search(rf"(?<![a-z0-9])({'|'.join(words)}){size}(?![a-z0-9])", name) is not None

    if holds(_QUICK, r"(\d+[a-z]*)?"):
        return True
    if holds(_PLAIN, r"(\d+[a-z]*)?"):
        return False
    return True if holds(_OPENAI_FILES, "") else None


def _beside(path: Path) -> Training | None:
    """Read open_clip's or transformers' configuration beside a file; None where there is none that says it."""
    for name in _CONFIGS:
        file = path.parent / name
        if not file.is_file():
            continue
        try:
            config = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            log.warning("%s cannot be read (%s) and is ignored.", file, error)
            continue
        found = _from_config(config) if isinstance(config, dict) else None
        if found is not None:
            return Training(*found, source=str(file))
    return None


def _from_config(config: dict[str, Any]) -> tuple[bool, Triple, Triple] | None:
    """Return activation, mean and deviation of a configuration, or None where it is of something else."""
    if "model_cfg" in config:
        pixels = config.get("preprocess_cfg", {})
        quick = bool(config["model_cfg"].get("quick_gelu", False))
        return quick, _triple(pixels.get("mean"), CLIP_MEAN), _triple(pixels.get("std"), CLIP_STD)
    vision = config.get("vision_config", config)
    if isinstance(vision, dict) and "clip" in str(config.get("model_type", "")):
        return vision.get("hidden_act", "quick_gelu") == "quick_gelu", CLIP_MEAN, CLIP_STD
    return None


def _triple(value: object, default: Triple) -> Triple:
    if isinstance(value, list) and len(value) == 3:
        return float(value[0]), float(value[1]), float(value[2])
    return default


def _as_float(tensors: Tensors) -> TensorDict:
    """Return the tensors in float32 on the CPU (counters stay integers), apart from the memory where they were."""
    return {
        name: value.to("cpu", torch.float32 if value.is_floating_point() else value.dtype, copy=True)
        for name, value in tensors.items()
    }


def _tensors_sha256(tensors: Tensors) -> str:
    """Return the sha256 (hex) of names, shapes and values; tensors: float32 on the CPU."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(f"{name} {list(tensors[name].shape)}\n".encode())
        digest.update(tensors[name].numpy().tobytes())
    return digest.hexdigest()
