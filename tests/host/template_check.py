"""Check a workflow against what a host says of its nodes: every type, socket, widget value and link.

    python -m tests.host.template_check

stores what ComfyUI says of its own nodes that our templates use (``HOST_NODES``), so that templates are checked where
no host is, too.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import base_dir
from .client import Json
from .comfy_tree import HOW_TO_GET, REPO, find_tree
from .server import ComfyServer
from .workflow import NOTES, declared_inputs, load, widget_values

WORKFLOWS = sorted((REPO / "workflows").glob("*.json"))
HOST_NODES = REPO / "tests" / "nodes" / "host_nodes.json"
MODEL_LOADERS = frozenset({"CheckpointLoaderSimple", "ControlNetLoader"})
FILES = frozenset({"image", "ckpt_name", "control_net_name"})
"""Inputs whose choices are the files of one machine."""

KEPT = ("default", "min", "max", "forceInput", "control_after_generate", "image_upload")
"""What a list of nodes keeps of an input's options."""

PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "INT": (int,),
    "FLOAT": (int, float),
    "STRING": (str,),
    "BOOLEAN": (bool,),
    "COMBO": (str,),
}


def kinds(workflow: Json) -> set[str]:
    """Return the types of a workflow's nodes, without notes."""
    return {node["type"] for node in workflow["nodes"]} - NOTES


def host_kinds() -> set[str]:
    """Return the types of the host's own nodes in all templates."""
    return {kind for path in WORKFLOWS for kind in kinds(load(path)) if not kind.startswith("CLIPasso")}


def choices(info: Json, name: str) -> list[Any]:
    """Return what a COMBO offers."""
    declared = next(group[name] for group in info["input"].values() if name in group)
    found: list[Any] = declared[0] if isinstance(declared[0], list) else declared[1]["options"]
    return found


def essence(info: Json) -> Json:
    """Return what of a node of /object_info a workflow must fit; the files of one machine are left out."""
    groups: Json = {"required": {}, "optional": {}}
    for name, kind, options in declared_inputs(info):
        group = "required" if name in info["input"].get("required", {}) else "optional"
        kept = {key: options[key] for key in KEPT if key in options}
        if kind == "COMBO":
            kept["options"] = [] if name in FILES else choices(info, name)
        groups[group][name] = [kind, kept]
    return {"input": groups, "output": info["output"], "output_name": info["output_name"]}


def faults(workflow: Json, infos: Json) -> list[str]:
    """List what does not fit, a sentence each; empty if all does.

    Args:
        workflow: as the page saves it.
        infos: nodes as in /object_info, or their ``essence``; nodes of ours may be missing, and are passed over.
    """
    nodes = {node["id"]: node for node in workflow["nodes"]}
    known = {one: infos[node["type"]] for one, node in nodes.items() if node["type"] in infos}
    found = []
    for one, node in nodes.items():
        if one in known:
            found += [f"node {one} ({node['type']}): {told}" for told in _node_faults(node, known[one])]
        elif node["type"] not in NOTES and not node["type"].startswith("CLIPasso"):
            found.append(f"node {one} ({node['type']}) is unknown to the host")
    for link in workflow["links"]:
        found += [f"link {link[0]}: {told}" for told in _link_faults(link, nodes, known)]
    return found


def _node_faults(node: Json, info: Json) -> Iterator[str]:
    declared = {name: (kind, options) for name, kind, options in declared_inputs(info)}
    outputs = [(one["name"], one["type"]) for one in node["outputs"]]
    if outputs != list(zip(info["output_name"], info["output"], strict=True))[: len(outputs)]:  # newer hosts add some
        yield f"its outputs are {outputs}, the host's {info['output_name']} of {info['output']}"
    linked = {one["name"] for one in node["inputs"] if one["link"] is not None}
    for one in node["inputs"]:
        if declared.get(one["name"], (None,))[0] != one["type"]:
            yield f"the host has no input {one['name']} of type {one['type']}"
    try:
        values = widget_values(node, info)
    except ValueError as error:
        yield str(error)
        return
    for name in info["input"].get("required", {}):
        if name not in linked and name not in values:
            yield f"{name} has neither a link nor a value"
    for name, value in values.items():
        yield from _value_faults(name, value, info, *declared[name])


def _value_faults(name: str, value: Any, info: Json, kind: str, options: Json) -> Iterator[str]:
    if not isinstance(value, PYTHON_TYPES[kind]) or (kind != "BOOLEAN" and isinstance(value, bool)):
        yield f"{name} is {value!r}, not of type {kind}"
    elif kind in ("INT", "FLOAT") and not options.get("min", value) <= value <= options.get("max", value):
        yield f"{name} is {value}, outside {options.get('min')} to {options.get('max')}"
    elif kind == "COMBO" and name not in FILES and value not in choices(info, name):
        yield f"{name} is {value!r}, which the host does not offer"


def _link_faults(link: list[Any], nodes: Json, known: Json) -> Iterator[str]:
    """Say where a link's type is not that of the output it leaves, or of the input it enters."""
    _, origin, output, target, socket, kind = link
    if origin in known and known[origin]["output"][output] != kind:
        yield f"it is of type {kind}, the output of type {known[origin]['output'][output]}"
    if target in known:
        name = nodes[target]["inputs"][socket]["name"]
        wanted = {one: type_ for one, type_, _ in declared_inputs(known[target])}.get(name, "nothing")
        if wanted != "*" and kind not in wanted.split(","):
            yield f"it is of type {kind}, the input {name} of type {wanted}"


def store() -> None:
    """Ask a host of its nodes and write ``HOST_NODES``.

    Raises:
        RuntimeError: no ComfyUI is there.
    """
    tree = find_tree()
    if tree is None:
        raise RuntimeError(HOW_TO_GET)
    with tempfile.TemporaryDirectory() as folder, ComfyServer(tree, base_dir.build(REPO, tree, Path(folder))) as host:
        infos = host.client.object_info()
        version = host.client.get("/system_stats")["system"]["comfyui_version"]
    listed = {kind: essence(infos[kind]) for kind in sorted(host_kinds())}
    HOST_NODES.write_text(json.dumps({"comfyui": version, "nodes": listed}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    store()
