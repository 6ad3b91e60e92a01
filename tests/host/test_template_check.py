"""The check of templates notices each kind of fault. (No host needed: the list of its nodes is stored.)"""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from . import template_check
from .client import Json
from .comfy_tree import REPO
from .workflow import load

GOOD = REPO / "workflows" / "sketch_to_controlnet.json"


def node(workflow: Json, kind: str) -> Json:
    found: Json = next(one for one in workflow["nodes"] if one["type"] == kind)
    return found


def value(kind: str, index: int, wrong: object) -> Callable[[Json], None]:
    """Return a change that puts a wrong value into a node's list of widget values."""
    return lambda workflow: node(workflow, kind)["widgets_values"].__setitem__(index, wrong)


def other_type(workflow: Json) -> None:
    node(workflow, "VAEDecode")["type"] = "VAEDecodeGone"


def other_output(workflow: Json) -> None:
    node(workflow, "CheckpointLoaderSimple")["outputs"].reverse()


def other_socket(workflow: Json) -> None:
    node(workflow, "MaskToImage")["inputs"][0]["name"] = "picture"


def loose_socket(workflow: Json) -> None:
    node(workflow, "KSampler")["inputs"][1]["link"] = None


def crossed_link(workflow: Json) -> None:
    """Take the model from where the words come from, in all places that tell of it."""
    wire = node(workflow, "KSampler")["inputs"][0]["link"]
    (link,) = [one for one in workflow["links"] if one[0] == wire]
    link[2], link[5] = 1, "CLIP"


def link_of_a_wrong_name(workflow: Json) -> None:
    wire = node(workflow, "VAEDecode")["inputs"][0]["link"]
    (link,) = [one for one in workflow["links"] if one[0] == wire]
    link[5] = "IMAGE"


FAULTS: dict[str, tuple[Callable[[Json], None], str]] = {
    "type": (other_type, "unknown to the host"),
    "output": (other_output, "its outputs are"),
    "socket": (other_socket, "no input picture"),
    "loose": (loose_socket, "positive has neither a link nor a value"),
    "crossed": (crossed_link, "of type CLIP, the input model of type MODEL"),
    "link": (link_of_a_wrong_name, "of type IMAGE, the output of type LATENT"),
    "choice": (value("KSampler", 4, "eulr"), "sampler_name is 'eulr', which the host does not offer"),
    "range": (value("KSampler", 6, 1.5), "denoise is 1.5, outside 0.0 to 1.0"),
    "kind": (value("EmptyLatentImage", 0, "512"), "width is '512', not of type INT"),
    "number": (value("KSampler", 2, True), "steps is True, not of type INT"),
    "too_few": (lambda workflow: node(workflow, "KSampler")["widgets_values"].pop(), "denoise has neither"),
    "too_many": (lambda workflow: node(workflow, "KSampler")["widgets_values"].append(1), "fit no input of the node"),
}


@pytest.mark.parametrize(("change", "told"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_is_told(change: Callable[[Json], None], told: str) -> None:
    stored = json.loads(template_check.HOST_NODES.read_text(encoding="utf-8"))["nodes"]
    workflow = load(GOOD)
    assert template_check.faults(workflow, stored) == []
    change(workflow)
    assert told in " ".join(template_check.faults(workflow, stored))
