"""What nodes do inside, in a host that is nothing but names: one patcher per network, one drawing, memory by size."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from unittest.mock import MagicMock

import pytest
import torch

REPO = Path(__file__).parents[2]
PACK = "pack_without_a_host"


@pytest.fixture
def pack(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The pack's folder as a package, in a host that is nothing but names."""
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
    yield folder
    for name in [name for name in sys.modules if name.startswith(f"{PACK}.")]:
        del sys.modules[name]


def module(name: str) -> ModuleType:
    return importlib.import_module(f"{PACK}.nodes.{name}")


@pytest.mark.usefixtures("pack")
def test_embedded_is_the_network_of_the_open_sockets() -> None:
    """Two patchers would each think that they alone move the weights."""
    nodes = module("load_encoder")
    first = nodes.embedded()
    loaded = nodes.LoadEncoder.execute("embedded", False, "stage4: 1", 0.2)
    assert loaded.patcher is first.patcher
    assert loaded.encoder is first.encoder
    assert loaded.patcher == [loaded.encoder.network]
    assert dict(loaded.recipe.layer_weights) == {"stage4": 1.0}
    assert loaded.recipe.semantic_weight == 0.2
    assert dict(first.recipe.layer_weights) == {"stage2": 1.0, "stage3": 1.0}


@pytest.mark.usefixtures("pack")
def test_rasterize_draws_once(monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = module("rasterize")
    nodes.io.NodeOutput = lambda *values: values
    strokes = importlib.import_module(f"{PACK}.clipasso_core.strokes").Strokes
    two = strokes.black(torch.rand(1, 2, 4, 2, generator=torch.Generator().manual_seed(0)) * 64, (64, 64))
    drawn = []

    def noted(*arguments: object) -> torch.Tensor:
        drawn.append(arguments)
        found: torch.Tensor = render(*arguments)
        return found

    render = nodes.render
    monkeypatch.setattr(nodes, "render", noted)
    image, mask = nodes.Rasterize.execute(two, 64)
    assert len(drawn) == 1
    torch.testing.assert_close(image[..., 0], 1 - mask)
    assert float(mask.max()) > 0.9


@pytest.mark.usefixtures("pack")
def test_the_host_is_asked_for_memory_by_size() -> None:
    host, config = module("host"), importlib.import_module(f"{PACK}.clipasso_core.optimize").OptimizeConfig
    usual = host.run_memory(config(), 224)
    assert usual > 2 * 1024**3
    assert host.run_memory(config(bank_size=64), 224) > usual
    assert host.run_memory(config(), 384) > 2.5 * usual
