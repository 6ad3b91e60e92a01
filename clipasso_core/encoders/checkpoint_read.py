"""Read the tensors of a model file without ever running what else is in it.

OpenAI ships CLIP as TorchScript. ``torch.jit.load`` would compile the archive's program, and a program may hide in
an object's ``__setstate__`` which runs while loading. Here the archive is a zip file whose ``data.pkl`` names the
tensors; an unpickler that knows five functions and turns every class into an inert node reads it.
"""

from __future__ import annotations

import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..errors import DependencyError, WeightsError, first_line

TensorDict = dict[str, Tensor]

_WRAPPERS = ("state_dict", "model_state_dict", "model")
"""Keys under which training programs put the weights of a checkpoint."""

_DTYPES = {
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "DoubleStorage": torch.float64,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}


def read_tensors(path: Path) -> tuple[str, TensorDict]:
    """Read every tensor of a safetensors file, a PyTorch checkpoint or a TorchScript archive.

    The kind is told by the content, not by the file's name. No pickle is run: safetensors has none, checkpoints are
    read with ``weights_only``, and of TorchScript archives only the tensors are read, never the program.

    Returns:
        The kind ("safetensors", "checkpoint" or "torchscript") and the tensors by name, in the file's own types.

    Raises:
        WeightsError: missing, damaged, truncated, or holds anything but tensors.
        DependencyError: safetensors is missing and the file is of its kind.
    """
    if not path.is_file():
        raise WeightsError(f"there is no model file {path}.")
    kind = _kind(path)
    try:
        if kind == "safetensors":
            return kind, _read_safetensors(path)
        if kind == "torchscript":
            return kind, _read_torchscript(path)
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
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ImportError as error:
        raise DependencyError("Reading safetensors needs one more package: pip install safetensors") from error
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
        reason = f"it is damaged or cut short ({first_line(error)}); fetch it anew"
    return f"cannot read {path} ({size} bytes, {kind}): {reason}."


def _read_torchscript(path: Path) -> TensorDict:
    """Return the parameters and buffers of a TorchScript module by name, as its ``state_dict`` would.

    Args:
        path: file written by ``torch.jit.save``.

    Raises:
        pickle.UnpicklingError: the archive holds something that is neither tensor, container nor module.
        zipfile.BadZipFile, KeyError, ValueError, RuntimeError: the archive is damaged.
    """
    with zipfile.ZipFile(path) as archive:
        prefix = next((name for name in archive.namelist() if name.endswith("/data.pkl")), "/data.pkl")[:-8]
        if any(name == f"{prefix}byteorder" and archive.read(name) == b"big" for name in archive.namelist()):
            raise ValueError("its numbers are big-endian")
        root = _TensorUnpickler(archive, prefix).load()
    return dict(_tensors_below(root, ""))


def _tensors_below(node: object, prefix: str) -> Iterator[tuple[str, Tensor]]:
    """Yield the tensors below a node with their dotted names."""
    if isinstance(node, Tensor):
        yield prefix, node
    elif isinstance(node, _Node):
        for name, child in node.attributes.items():
            yield from _tensors_below(child, f"{prefix}.{name}" if prefix else name)


class _Node:
    """Stand for an object of the archive: its attributes, no behaviour."""

    def __init__(self, *_: object) -> None:
        self.attributes: dict[str, object] = {}

    def __setstate__(self, state: object) -> None:
        self.attributes = state if isinstance(state, dict) else {}


def _rebuild(storage: Tensor, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: object) -> Tensor:
    """View a storage as a tensor; sizes that reach past its end raise RuntimeError."""
    return torch.as_strided(storage, size, stride, offset)


def _first(value: object, *_: object) -> object:
    return value


_FUNCTIONS: dict[tuple[str, str], object] = {
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild,
    ("torch._utils", "_rebuild_parameter"): _first,
    ("collections", "OrderedDict"): OrderedDict,
    ("torch.jit._pickle", "restore_type_tag"): _first,
}


class _TensorUnpickler(pickle.Unpickler):
    """Unpickle tensors, containers and inert nodes; refuse everything else."""

    def __init__(self, archive: zipfile.ZipFile, prefix: str) -> None:
        super().__init__(archive.open(f"{prefix}data.pkl"))
        self._archive = archive
        self._prefix = prefix
        self._storages: dict[str, Tensor] = {}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _FUNCTIONS:
            return _FUNCTIONS[module, name]
        if module == "torch" and name in _DTYPES:
            return _DTYPES[name]
        if module == "torch.jit._pickle" and name.startswith("build_"):
            return _first
        if module.startswith("__torch__"):
            return _Node
        raise pickle.UnpicklingError(f"{module}.{name} is not a tensor")

    def persistent_load(self, pid: Any) -> Tensor:
        """Return a storage of the archive as a flat tensor."""
        _, dtype, key, _, count = pid
        if key not in self._storages:
            raw = bytearray(self._archive.read(f"{self._prefix}data/{key}"))
            self._storages[key] = torch.frombuffer(raw, dtype=dtype, count=count) if count else torch.empty(0)
        return self._storages[key]
