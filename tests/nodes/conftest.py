"""The nodes' schemas, asked of a real ComfyUI that is not started for it, and the pack in a host of only names."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import MagicMock

import pytest

from ..host.comfy_tree import HOW_TO_GET, find_tree, host_python

REPO = Path(__file__).resolve().parents[2]
PACK = "pack_without_a_host"
Json = dict[str, Any]

DUMP = """
import asyncio, importlib, json, os, runpy, sys
tree, repo = sys.argv[1:3]
sys.path.insert(0, tree)
sys.argv = ["main.py", "--cpu"]
os.chdir(tree)
importlib.import_module("comfy.options").enable_args_parsing()
latest = importlib.import_module("comfy_api.latest")
pathlib = importlib.import_module("pathlib")
load = runpy.run_path(os.path.join(repo, "tests", "host", "load_pack.py"))["load"]
extension = asyncio.run(load(pathlib.Path(repo)).comfy_entrypoint())

def told(port):
    name = port.display_name or port.id
    return {"name": name, **({"tooltip": port.tooltip} if port.tooltip else {})}

entries, defaults, hints = {}, {}, {}
for node in asyncio.run(extension.get_node_list()):
    schema = node.GET_SCHEMA()
    entries[schema.node_id] = {
        "display_name": schema.display_name,
        "description": schema.description,
        "inputs": {port.id: told(port) for port in schema.inputs},
        "outputs": {str(index): told(port) for index, port in enumerate(schema.outputs)},
    }
    defaults[schema.node_id] = {port.id: getattr(port, "default", None) for port in schema.inputs}
    rare = [port.id for port in schema.inputs if port.as_dict().get("advanced")]
    later = {name: getattr(schema, name, None) for name in ("search_aliases", "essentials_category")}
    hints[schema.node_id] = {"rare": rare, **later}
print("SCHEMAS" + json.dumps({"entries": entries, "defaults": defaults, "hints": hints}))
"""


@pytest.fixture(scope="session")
def schemas() -> dict[str, Json]:
    """What schemas say: "entries" as nodeDefs.json has them, "defaults" by input, None for sockets; and "hints"."""
    tree = find_tree()
    if tree is None:
        if os.environ.get("CI"):
            pytest.fail(f"{HOW_TO_GET} (CI is set, so this is not a reason to skip)")
        pytest.skip(HOW_TO_GET)
    command = [host_python(), "-c", DUMP, str(tree), str(REPO)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    read: dict[str, Json] = json.loads(done.stdout.rpartition("SCHEMAS")[2])
    return read


@pytest.fixture
def pack(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The pack's folder as a package, in a host that is nothing but names."""
    api = MagicMock()
    api.ComfyExtension = api.io.ComfyNode = object
    api.io.NodeOutput = lambda *values, ui=None: values if len(values) > 1 else values[0]
    for name in (
        "comfy",
        "comfy.model_management",
        "comfy.utils",
        "comfy.cli_args",
        "comfy_api",
        "folder_paths",
        "server",
    ):
        monkeypatch.setitem(sys.modules, name, MagicMock())
    monkeypatch.setitem(sys.modules, "comfy_api.latest", api)
    monkeypatch.setitem(sys.modules, "comfy_api.v0_0_2", api)
    patchers = MagicMock(ModelPatcher=lambda network, *_devices: [network])
    monkeypatch.setitem(sys.modules, "comfy.model_patcher", patchers)
    folder = ModuleType(PACK)
    folder.__path__ = [str(REPO)]
    monkeypatch.setitem(sys.modules, PACK, folder)
    yield folder
    for name in [name for name in sys.modules if name.startswith(f"{PACK}.")]:
        del sys.modules[name]
