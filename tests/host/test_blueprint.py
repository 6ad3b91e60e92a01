"""The host lists the pack's subgraph blueprint, knows every node and value in it, and runs what is inside."""

from __future__ import annotations

import json

import pytest

from . import outputs, template_check, workflow
from .base_dir import PACK_NAME
from .client import Json
from .comfy_tree import REPO
from .server import ComfyServer

pytestmark = pytest.mark.host

PATH = REPO / "subgraphs" / "Photo to sketch.json"
STROKES = 5


def test_it_is_listed_and_fetched(host: ComfyServer) -> None:
    listed = host.client.get("/global_subgraphs")
    ours = {key: one for key, one in listed.items() if one["info"]["node_pack"] == f"custom_nodes.{PACK_NAME}"}
    ((key, entry),) = ours.items()
    assert entry["name"] == PATH.stem
    assert json.loads(host.client.get(f"/global_subgraphs/{key}")["data"]) == workflow.load(PATH)


def test_it_fits_the_host_but_for_the_photo(info: Json) -> None:
    plain = workflow.unpacked(workflow.load(PATH))
    told = template_check.faults(plain, info)
    assert told == ["node 1 (CLIPassoMask): image has neither a link nor a value"]


def test_it_draws_as_many_strokes_as_it_is_told(host: ComfyServer, info: Json) -> None:
    prompt = workflow.to_prompt(workflow.unpacked(workflow.load(PATH)), info)
    prompt, photo = workflow.add_node(prompt, "LoadImage", image="example.png")
    prompt = workflow.with_inputs(prompt, "CLIPassoMask", image=[photo, 0])
    prompt = workflow.with_inputs(prompt, "CLIPassoStrokeInit", num_strokes=STROKES, num_sketches=1)
    prompt = workflow.with_inputs(prompt, "CLIPassoOptimize", num_iterations=3)
    (svg,) = workflow.find(prompt, "CLIPassoStrokesToSVG")
    prompt, _ = workflow.add_node(prompt, "SaveSVGNode", svg=[svg, 0], filename_prefix="blueprint")
    (saved,) = outputs.svgs(host.client, host.client.run(prompt))
    assert len(outputs.paths(saved)) == STROKES
