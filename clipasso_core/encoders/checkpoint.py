"""Recognise a CLIP in a file of any of its formats, and load it without running anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ..errors import WeightsError
from ..weights.known import KnownNetwork, recognise
from ..weights.record import file_sha256
from .checkpoint_convert import to_open_clip
from .checkpoint_hints import Training, training_of
from .checkpoint_read import read_tensors
from .checkpoint_shape import Architecture, recognise_architecture


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """Hold what a model file says.

    Args:
        path: of the file.
        sha256: of the file, hex.
        kind: "safetensors", "checkpoint" or "torchscript".
        layout: whose names the tensors have in the file: "open_clip" (OpenAI's too) or "transformers" (ComfyUI's too).
        architecture: of the image tower.
        training: activation and normalisation.
        known: the entry of the table of known networks, or None.
        visual: the image tower, float32, open_clip's names.
        text: the text tower, float32, open_clip's names; empty where the file has none.
    """

    path: Path
    sha256: str
    kind: str
    layout: str
    architecture: Architecture
    training: Training
    known: KnownNetwork | None
    visual: Mapping[str, Tensor]
    text: Mapping[str, Tensor]


def load_checkpoint(path: Path, known: KnownNetwork | None = None) -> Checkpoint:
    """Read a model file and recognise the network in it.

    Args:
        path: OpenAI's TorchScript archive, an open_clip checkpoint, or safetensors of open_clip, transformers or
            ComfyUI's clip_vision.
        known: what the file is, where the caller knows; None: recognised by its hash or name.

    Raises:
        WeightsError: the file is missing, damaged, or of a network that is not supported; one sentence says which.
    """
    with torch.inference_mode(False), torch.no_grad():
        kind, tensors = read_tensors(path)
        try:
            layout, visual, text = to_open_clip(tensors)
            architecture = recognise_architecture(visual)
        except WeightsError as error:
            raise WeightsError(f"cannot use {path}: {error}") from error
        sha256 = file_sha256(path)
        known = known or recognise(path.stem, sha256)
        training = training_of(path, kind, architecture, known)
        return Checkpoint(path, sha256, kind, layout, architecture, training, known, _as_float(visual), _as_float(text))


def _as_float(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors in float32 (counters stay integers), apart from the file's memory."""
    return {
        name: value.to(torch.float32 if value.is_floating_point() else value.dtype, copy=True)
        for name, value in tensors.items()
    }
