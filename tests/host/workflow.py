"""Turn a workflow as the page saves it (nodes, links, widget values) into a prompt for ``/prompt``.

The page does this itself (``app.graphToPrompt()``); this small version is for tests without a browser, and reads what
our templates use: plain nodes, notes and reroutes. Anything else is an error, not a guess.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .client import Json, Prompt

WIDGET_TYPES = frozenset({"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"})
SEED_NAMES = frozenset({"seed", "noise_seed"})
CONTROLS = frozenset({"fixed", "increment", "decrement", "randomize"})
NOTES = frozenset({"Note", "MarkdownNote"})
NORMAL, MUTED = 0, 2


def load(path: Path) -> Json:
    """Read a workflow file."""
    workflow: Json = json.loads(path.read_text(encoding="utf-8"))
    return workflow


def declared_inputs(info: Json) -> Iterator[tuple[str, str, Json]]:
    """Yield (name, type, options) for every input of a node, in the page's order."""
    for group in ("required", "optional"):
        for name, declared in info["input"].get(group, {}).items():
            options = declared[1] if len(declared) > 1 else {}
            yield name, "COMBO" if isinstance(declared[0], list) else declared[0], options


def widget_values(node: Json, info: Json) -> Json:
    """Read a node's saved widget values by input name; control_after_generate takes a slot of its own."""
    saved = node.get("widgets_values") or []
    if isinstance(saved, dict):
        return dict(saved)
    values: Json = {}
    rest = list(saved)
    for name, kind, options in declared_inputs(info):
        if kind not in WIDGET_TYPES or options.get("forceInput") or not rest:
            continue
        values[name] = rest.pop(0)
        controlled = options.get("control_after_generate") or name in SEED_NAMES
        if kind in ("INT", "COMBO") and controlled and rest and rest[0] in CONTROLS:
            rest.pop(0)
    uploads = [name for name, _, options in declared_inputs(info) if options.get("image_upload")]
    if rest and not (uploads and rest == ["image"]):
        raise ValueError(f"node {node['id']} ({node['type']}): widget values {rest} fit no input of the node")
    return values


class _Graph:
    def __init__(self, workflow: Json) -> None:
        if workflow.get("definitions", {}).get("subgraphs"):
            raise ValueError("the workflow has subgraphs, which this converter does not read")
        self.nodes = {node["id"]: node for node in workflow["nodes"]}
        self.links = {link[0]: (link[1], link[2]) for link in workflow["links"]}

    def source(self, link: int) -> list[Any] | None:
        """Follow a link up, through reroutes, to [node id, output]; None if a reroute hangs loose."""
        origin, slot = self.links[link]
        node = self.nodes[origin]
        if node["type"] != "Reroute":
            return [str(origin), slot]
        above = node["inputs"][0].get("link")
        return None if above is None else self.source(above)


def to_prompt(workflow: Json, object_info: Json) -> Prompt:
    """Convert a workflow into a prompt.

    Raises:
        ValueError: a node is unknown to the host or bypassed, or has values that fit no input.
    """
    graph = _Graph(workflow)
    prompt: Prompt = {}
    for node in workflow["nodes"]:
        kind = node["type"]
        if kind in NOTES or kind == "Reroute" or node.get("mode", NORMAL) == MUTED:
            continue
        if kind not in object_info:
            raise ValueError(f"node {node['id']} ({kind}) is unknown to the host")
        if node.get("mode", NORMAL) != NORMAL:
            raise ValueError(f"node {node['id']} ({kind}) is bypassed, which this converter does not read")
        inputs = widget_values(node, object_info[kind])
        for socket in node.get("inputs", []):
            source = None if socket.get("link") is None else graph.source(socket["link"])
            if source is not None:
                inputs[socket["name"]] = source
        prompt[str(node["id"])] = {"class_type": kind, "inputs": inputs}
    return prompt


def unpacked(blueprint: Json) -> Json:
    """Return what is inside a subgraph blueprint as a plain workflow; what comes from outside it is left open."""
    (inside,) = blueprint["definitions"]["subgraphs"]
    fields = ("id", "origin_id", "origin_slot", "target_id", "target_slot", "type")
    nodes = copy.deepcopy(inside["nodes"])
    ids = {node["id"] for node in nodes}
    links = [[one[field] for field in fields] for one in inside["links"] if {one["origin_id"], one["target_id"]} <= ids]
    kept = {link[0] for link in links}
    for socket in (one for node in nodes for one in node["inputs"]):
        socket["link"] = socket["link"] if socket["link"] in kept else None
    return {"nodes": nodes, "links": links}


def find(prompt: Prompt, class_type: str) -> list[str]:
    """List the ids of the nodes of one type."""
    return [node_id for node_id, node in prompt.items() if node["class_type"] == class_type]


def with_inputs(prompt: Prompt, class_type: str, **inputs: Any) -> Prompt:
    """Return a copy where every node of a type has these inputs."""
    changed = copy.deepcopy(prompt)
    for node_id in find(changed, class_type):
        changed[node_id]["inputs"].update(inputs)
    return changed


def add_node(prompt: Prompt, class_type: str, **inputs: Any) -> tuple[Prompt, str]:
    """Return a copy with one more node, and its id."""
    node_id = str(max((int(one) for one in prompt), default=0) + 1)
    return {**copy.deepcopy(prompt), node_id: {"class_type": class_type, "inputs": inputs}}, node_id
