"""Read the tensors of a model file without ever running what else is in it."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path

import torch
from torch import Tensor

from ..errors import WeightsError
from .checkpoint_script import read_torchscript

TensorDict = dict[str, Tensor]

_WRAPPERS = ("state_dict", "model_state_dict", "model")
"""Keys under which training programs put the weights of a checkpoint."""


def read_tensors(path: Path) -> tuple[str, TensorDict]:
    """Read every tensor of a safetensors file, a PyTorch checkpoint or a TorchScript archive.

    The kind is told by the content, not by the file's name. No pickle is run: safetensors has none, checkpoints are
    read with ``weights_only``, and of TorchScript archives only the tensors are read, never the program.

    Returns:
        The kind ("safetensors", "checkpoint" or "torchscript") and the tensors by name, in the file's own types.

    Raises:
        WeightsError: missing, damaged, truncated, or holds anything but tensors.
    """
    if not path.is_file():
        raise WeightsError(f"there is no model file {path}.")
    kind = _kind(path)
    try:
        if kind == "safetensors":
            return kind, _read_safetensors(path)
        if kind == "torchscript":
            return kind, read_torchscript(path)
        return kind, _read_checkpoint(path)
    except (OSError, RuntimeError, ValueError, EOFError, KeyError, zipfile.BadZipFile, pickle.UnpicklingError) as error:
        raise WeightsError(_damaged(path, kind, error)) from error


def _kind(path: Path) -> str:
    """Tell the kind of a model file by its first bytes."""
    with path.open("rb") as file:
        head = file.read(64)
    if head.startswith(b"PK"):
        return "torchscript" if _is_torchscript(path) else "checkpoint"
    if head[:1] == b"\x80":
        return "checkpoint"
    if len(head) > 8 and head[8:9] == b"{":
        return "safetensors"
    raise WeightsError(f"{path} ({path.stat().st_size} bytes) is {_guess(head)}: fetch the file anew.")


def _guess(head: bytes) -> str:
    """Say what a file without a network is, by its first bytes."""
    if not head:
        return "empty, not a model"
    if head.startswith(b"version https://git-lfs"):
        return "a Git LFS pointer, not the model itself"
    if head.lstrip()[:1] == b"<":
        return "a web page, not a model"
    return "neither safetensors nor a PyTorch file"


def _is_torchscript(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith("/constants.pkl") for name in archive.namelist())
    except zipfile.BadZipFile as error:
        raise WeightsError(_damaged(path, "PyTorch", error)) from error


def _read_safetensors(path: Path) -> TensorDict:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        tensors: TensorDict = load_file(path)
    except SafetensorError as error:
        raise ValueError(str(error)) from error
    return tensors


def _read_checkpoint(path: Path) -> TensorDict:
    with path.open("rb") as file:  # of a path, torch would trust the suffix
        content: object = torch.load(file, map_location="cpu", weights_only=True)
    for key in _WRAPPERS:
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
            break
    if not isinstance(content, dict):
        raise ValueError(f"it holds a {type(content).__name__}, not named tensors")
    return {str(name): value for name, value in content.items() if isinstance(value, Tensor)}


def _damaged(path: Path, kind: str, error: Exception) -> str:
    """Say in one sentence what is wrong with a file."""
    size = path.stat().st_size
    if isinstance(error, pickle.UnpicklingError):
        reason = "it holds more than tensors, and such a file could run a program; use a safetensors file instead"
    else:
        reason = f"it is damaged or cut short ({_first_line(error)}); fetch it anew"
    return f"cannot read {path} ({size} bytes, {kind}): {reason}."


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:160].rstrip(".")
