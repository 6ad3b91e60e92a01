"""No node of a template lies on another one, in either renderer, before a run and when its viewer has opened.

Nodes 2.0 makes a node as high as its widgets need, and draws what a file says 1.2 times as large. How high that is was
measured in ComfyUI 0.3.75's page (frontend 1.32.9), where no widget is folded away; later pages fold rare ones.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

REPO = Path(__file__).resolve().parents[2]
TEMPLATES = sorted(path.stem for path in (REPO / "workflows").glob("*.json"))
TITLE = 30  # px above a node's position
SCALE = 1.2  # of Nodes 2.0
FRAME = 6  # px that Nodes 2.0 adds to a height that a file says
GAP = 8  # px between two nodes at least
LEAST_IN_NODES2 = {
    "LoadImage": 484,
    "CLIPassoMask": 334,
    "CLIPassoSaliency": 198,
    "CLIPassoStrokeInit": 576,
    "CLIPassoOptimize": 784 + 380,  # with its viewer
    "CLIPassoLoadEncoder": 184,
    "CLIPassoLoadSVG": 244,
}
"""px, of nodes that are higher than the templates say."""

LEAST_ON_CANVAS = {
    "LoadImage": (300, 330),
    "CLIPassoSaliency": (300, 146),
    "CLIPassoStrokeInit": (300, 446),
    "CLIPassoOptimize": (360, 958),  # with its viewer
    "CLIPassoSVGExport": (360, 498),
    "CLIPassoLoadEncoder": (385, 130),  # the title needs the width
    "CLIPassoLoadSVG": (300, 552),  # with its drawing
}
"""px, width and height of nodes that are larger than the templates say."""
Json = dict[str, Any]


@dataclass(frozen=True)
class Box:
    name: str
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        apart_x = self.right + GAP <= other.left or other.right + GAP <= self.left
        apart_y = self.bottom + GAP <= other.top or other.bottom + GAP <= self.top
        return not (apart_x or apart_y)


def in_nodes2(node: Json) -> Box:
    (x, y), (width, height) = ([SCALE * one for one in node[key]] for key in ("pos", "size"))
    height = max(height + FRAME, LEAST_IN_NODES2.get(node["type"], 0))
    return Box(node["type"], x, y - TITLE, x + width, y + height)


def on_canvas(node: Json) -> Box:
    (x, y), (width, height) = node["pos"], node["size"]
    least = LEAST_ON_CANVAS.get(node["type"], (0, 0))
    return Box(node["type"], x, y - TITLE, x + max(width, least[0]), y + max(height, least[1]))


def overlaps(nodes: list[Json]) -> list[str]:
    return [
        f"{box.__name__}: {one.name} and {other.name}"
        for box in (on_canvas, in_nodes2)
        for one, other in combinations(map(box, nodes), 2)
        if one.meets(other)
    ]


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_node_lies_on_another(name: str) -> None:
    nodes = json.loads((REPO / "workflows" / f"{name}.json").read_text(encoding="utf-8"))["nodes"]
    assert overlaps(nodes) == []


def test_an_overlap_is_found() -> None:
    """As photo_to_sketch was once: apart on the canvas, one on the other in Nodes 2.0."""
    first = {"type": "LoadImage", "pos": [0, 0], "size": [300, 330]}
    assert overlaps([first, {"type": "Note", "pos": [0, 380], "size": [300, 230]}]) == ["in_nodes2: LoadImage and Note"]
    assert len(overlaps([first, {"type": "Note", "pos": [0, 300], "size": [300, 230]}])) == 2
