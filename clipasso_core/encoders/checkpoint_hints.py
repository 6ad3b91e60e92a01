"""What the shapes of a network cannot tell: its activation, and how its pixels were normalised."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..weights.known import CLIP_MEAN, CLIP_STD, HALF, KnownNetwork, Triple
from .checkpoint_shape import Architecture

logger = logging.getLogger(__name__)

_QUICK = ("openai", "quickgelu", "dfn2b", "dfn5b", "metaclip", "clip-vit-large-patch14", "clip_l", "clip_vision_l")
_PLAIN = ("laion", "datacomp", "commonpool")
_CONFIGS = ("open_clip_config.json", "config.json")


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
        return Training(False, HALF, HALF, "SigLIP")
    if kind == "torchscript":
        return Training(True, source="OpenAI's archive")
    beside = _beside(path)
    if beside is not None:
        return beside
    named = _named(path.stem.lower())
    if named is not None:
        return Training(named, source="the file's name")
    quick = architecture.width < 1280
    if architecture.family == "vit":
        logger.info("%s does not say its activation; assuming %s.", path.name, "QuickGELU" if quick else "GELU")
    return Training(quick, source="assumed")


def _named(stem: str) -> bool | None:
    """Tell the activation by words in a file's name."""
    if any(word in stem for word in _QUICK):
        return True
    return False if any(word in stem for word in _PLAIN) else None


def _beside(path: Path) -> Training | None:
    """Read open_clip's or transformers' configuration beside a file; None where there is none that says it."""
    for name in _CONFIGS:
        file = path.parent / name
        if not file.is_file():
            continue
        try:
            config = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            logger.warning("%s cannot be read (%s) and is ignored.", file, error)
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
