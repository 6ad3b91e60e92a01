"""Read the tensors of a TorchScript archive, and nothing else of it.

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


def read_torchscript(path: Path) -> dict[str, Tensor]:
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
    return dict(_walk(root, ""))


def _walk(node: object, prefix: str) -> Iterator[tuple[str, Tensor]]:
    """Yield the tensors below a node with their dotted names."""
    if isinstance(node, Tensor):
        yield prefix, node
    elif isinstance(node, _Node):
        for name, child in node.attributes.items():
            yield from _walk(child, f"{prefix}.{name}" if prefix else name)
