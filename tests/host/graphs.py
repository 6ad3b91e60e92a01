"""Build prompts in Python: a node's widgets take the defaults that the host declares, unless said otherwise."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

from .client import Json, Prompt
from .workflow import WIDGET_TYPES, declared_inputs

Output = list[Any]  # [node id, number of the output]


def default_inputs(info: Json) -> Json:
    """Return the default of every required widget of a node."""
    values: Json = {}
    for name, kind, options in declared_inputs(info):
        if kind not in WIDGET_TYPES or options.get("forceInput"):
            continue
        if "default" in options:
            values[name] = options["default"]
        elif kind == "COMBO":
            declared = info["input"].get("required", {}).get(name) or info["input"]["optional"][name]
            choices = declared[0] if isinstance(declared[0], list) else options["options"]
            values[name] = choices[0] if choices else ""
    return values


@dataclass
class Graph:
    """A prompt under construction.

    Args:
        info: ``/object_info``.
        prompt: the nodes so far, as ``/prompt`` takes them.
    """

    info: Json
    prompt: Prompt = field(default_factory=dict)

    def add(self, class_type: str, **inputs: Any) -> Output:
        """Add a node; return its first output."""
        node_id = str(len(self.prompt) + 1)
        defaults = default_inputs(self.info[class_type])
        self.prompt[node_id] = {"class_type": class_type, "inputs": {**defaults, **inputs}}
        return [node_id, 0]

    def find(self, class_type: str) -> str:
        """Return the id of the first node of a type."""
        return next(one for one, node in self.prompt.items() if node["class_type"] == class_type)

    def set(self, class_type: str, **inputs: Any) -> None:
        """Change the inputs of the first node of a type; None takes an input away."""
        held = self.prompt[self.find(class_type)]["inputs"]
        for name, value in inputs.items():
            if value is None:
                held.pop(name, None)
            else:
                held[name] = value

    def output(self, class_type: str, slot: int = 0) -> Output:
        """Return an output of the first node of a type."""
        return [self.find(class_type), slot]

    def insert(self, class_type: str, after: str, **inputs: Any) -> Output:
        """Put a node with an ``image`` input after another: everything that read that image reads the new one."""
        before = self.output(after)
        new = self.add(class_type, image=before, **inputs)
        for node_id, node in self.prompt.items():
            for name, value in node["inputs"].items():
                if node_id != new[0] and value == before:
                    node["inputs"][name] = list(new)
        return new

    def built(self) -> Prompt:
        """Return a copy of the prompt."""
        return copy.deepcopy(self.prompt)


def sketch_graph(info: Json, photo: str = "astronaut", strokes: int = 8, iterations: int = 12) -> Graph:
    """Wire the whole way from a photo to an SVG."""
    graph = Graph(info)
    image = graph.add("LoadImage", image=f"{photo}.png")
    cut = graph.add("CLIPassoMask", image=image)
    mask = [cut[0], 1]
    saliency = graph.add("CLIPassoSaliency", image=cut, mask=mask)
    first = graph.add("CLIPassoStrokeInit", saliency=saliency, image=cut, num_strokes=strokes, num_sketches=1)
    best = graph.add("CLIPassoOptimize", image=cut, strokes=first, mask=mask, preset="draft", num_iterations=iterations)
    graph.add("CLIPassoSVGExport", strokes=best, filename_prefix="test/sketch")
    return graph
