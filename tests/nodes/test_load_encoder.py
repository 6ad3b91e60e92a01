"""Load Encoder and the open encoder sockets: one network has one patcher."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from unittest.mock import MagicMock

import pytest

REPO = Path(__file__).parents[2]
PACK = "pack_without_a_host"


@pytest.fixture
def pack(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The pack's Load Encoder, in a host that is nothing but names."""
    api = MagicMock()
    api.ComfyExtension = api.io.ComfyNode = object
    api.io.NodeOutput = lambda value: value
    for name in ("comfy", "comfy.model_management", "comfy.utils", "comfy.cli_args", "comfy_api", "folder_paths"):
        monkeypatch.setitem(sys.modules, name, MagicMock())
    monkeypatch.setitem(sys.modules, "comfy_api.latest", api)
    patchers = MagicMock(ModelPatcher=lambda network, *_devices: [network])
    monkeypatch.setitem(sys.modules, "comfy.model_patcher", patchers)
    folder = ModuleType(PACK)
    folder.__path__ = [str(REPO)]
    monkeypatch.setitem(sys.modules, PACK, folder)
    module = importlib.import_module(f"{PACK}.nodes.load_encoder")
    yield module
    for name in [name for name in sys.modules if name.startswith(f"{PACK}.")]:
        del sys.modules[name]


def test_embedded_is_the_network_of_the_open_sockets(pack: ModuleType) -> None:
    """Two patchers would each think that they alone move the weights."""
    first = pack.embedded()
    loaded = pack.LoadEncoder.execute("embedded", False, "stage4: 1", 0.2)
    assert loaded.patcher is first.patcher
    assert loaded.encoder is first.encoder
    assert loaded.patcher == [loaded.encoder.network]
    assert dict(loaded.recipe.layer_weights) == {"stage4": 1.0}
    assert loaded.recipe.semantic_weight == 0.2
    assert dict(first.recipe.layer_weights) == {"stage2": 1.0, "stage3": 1.0}
