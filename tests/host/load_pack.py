"""Load the pack as ComfyUI does, without a server, and print one JSON object about it. Run as a program.

Usage: python tests/host/load_pack.py COMFYUI PACK
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

HEAVY = ("onnxruntime", "open_clip", "transformers", "scipy.ndimage", "skimage", "matplotlib", "huggingface_hub")


def load(pack: Path) -> Any:
    """Import a pack's ``__init__.py`` under its folder's path as name, as ComfyUI's loader does."""
    name = str(pack).replace(".", "_x_")
    spec = importlib.util.spec_from_file_location(name, pack / "__init__.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def report(tree: Path, pack: Path) -> dict[str, Any]:
    """Load the pack inside ``tree`` and say what it has, how long it took and what it imported on the way."""
    sys.path[:] = [str(tree), *(entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).parent)]
    sys.argv = ["main.py", "--cpu"]
    os.chdir(tree)
    importlib.import_module("comfy.options").enable_args_parsing()
    nodes = importlib.import_module("nodes")  # ComfyUI's own
    latest = importlib.import_module("comfy_api.latest")  # ComfyUI imports it before any pack

    before, started = set(sys.modules), time.process_time()
    module = load(pack)
    extension = asyncio.run(module.comfy_entrypoint())
    listed = asyncio.run(extension.get_node_list())
    schemas = [node.GET_SCHEMA() for node in listed]
    seconds = time.process_time() - started
    new = set(sys.modules) - before
    return {
        "nodes": [schema.node_id for schema in schemas],
        "is_extension": isinstance(extension, latest.ComfyExtension),
        "has_old_mappings": hasattr(module, "NODE_CLASS_MAPPINGS"),
        "comfy_nodes_untouched": sys.modules["nodes"] is nodes and hasattr(nodes, "LoadImage"),
        "cpu_seconds": seconds,
        "heavy": sorted(name for name in HEAVY if name in new),
        "absolute_core": "clipasso_core" in new,
        "clashing_ids": [
            schema.node_id
            for schema in schemas
            if {one.id for one in schema.inputs} & {one.id for one in schema.outputs if one.id}
        ],
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(report(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())) + "\n")
