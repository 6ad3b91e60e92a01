"""The same prompt gives the same file, byte for byte, and another seed another one."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from clipasso_core.files import load_image
from clipasso_core.optimize import preset_config
from clipasso_core.pipeline import SketchConfig
from clipasso_core.pipeline import sketch as library_sketch
from clipasso_core.stroke_init import StrokeInitConfig
from clipasso_core.svg import to_svg

from . import outputs
from .graphs import Graph
from .server import ComfyServer

pytestmark = pytest.mark.host


def run_afresh(host: ComfyServer, graph: Graph) -> bytes:
    """Run without any cached result; return the one SVG.

    A busy host may start the next prompt before it forgets what it was told to; by then it has forgotten it.
    """
    for _ in range(2):
        host.client.forget()
        with host.client.events() as events:
            (svg,) = outputs.svgs(host.client, host.client.run(graph.built()))
        if graph.find("CLIPassoOptimize") in {event.data.get("node") for event in events.of_kind("executing")}:
            return svg
    raise AssertionError("the run was answered from the cache")


def test_second_run_is_identical(host: ComfyServer, sketch: Graph) -> None:
    sketch.set("CLIPassoStrokeInit", num_sketches=2)
    first = run_afresh(host, sketch)
    assert run_afresh(host, sketch) == first


def test_graph_and_library_are_one_way(host: ComfyServer, sketch: Graph) -> None:
    """The same strokes to the byte, and the same facts about how they came to be."""
    sketch.set("CLIPassoStrokeInit", num_sketches=2, seed=3)
    svg = run_afresh(host, sketch)
    photo = load_image(host.base / "input" / "astronaut.png")
    init = StrokeInitConfig(num_strokes=8, num_sketches=2, seed=3)
    made = library_sketch(photo, SketchConfig(init=init, optimize=replace(preset_config("draft"), num_iterations=12)))
    strokes = made.result.strokes
    assert geometry(to_svg(strokes).encode()) == geometry(svg)
    told, known = facts_in(svg), json.loads(json.dumps(dict(strokes.provenance)))
    assert {**told, "versions": None} == {**known, "versions": None}  # the host may run on another Python


def test_a_mask_of_another_node_is_told_as_given(host: ComfyServer, sketch: Graph) -> None:
    mask = sketch.add("InvertMask", mask=sketch.output("CLIPassoMask", 1))
    sketch.set("CLIPassoSaliency", mask=mask)
    facts = facts_in(run_afresh(host, sketch))
    assert facts["mask"] == {"source": "given"}
    assert facts["saliency"]["encoder"] == "efficientnet-lite0"


def test_a_photo_alone_and_in_a_batch_is_the_same_sketch(host: ComfyServer, sketch: Graph) -> None:
    """Their objects have other sizes, and an IMAGE batch has one."""
    astronaut = sketch.output("LoadImage")
    cat = sketch.add("LoadImage", image="chelsea.png")
    cat = sketch.add("ImageScale", image=cat, upscale_method="bicubic", width=512, height=512, crop="disabled")
    both = sketch.add("ImageBatch", image1=astronaut, image2=cat)
    found = []
    for images in (both, astronaut, cat):
        sketch.set("CLIPassoMask", image=images)
        found += [geometry(svg) for svg in outputs.svgs(host.client, host.client.run(sketch.built()))]
    assert len(found) == 4
    assert found[:2] == found[2:]
    assert found[0] != found[1]


def facts_in(svg: bytes) -> dict[str, Any]:
    """Return what an SVG says of how its strokes were made."""
    text = next(outputs.parse(svg).iter(f"{outputs.SVG}metadata")).text or ""
    found: dict[str, Any] = json.loads(text)["clipasso"]
    return found


def test_another_seed_is_another_sketch(host: ComfyServer, sketch: Graph) -> None:
    first = geometry(run_afresh(host, sketch))
    sketch.set("CLIPassoStrokeInit", seed=7)
    assert geometry(run_afresh(host, sketch)) != first


def geometry(svg: bytes) -> list[str]:
    """Return the strokes' outlines alone: the metadata names the seed, and would differ anyway."""
    return [path.attrib["d"] for path in outputs.paths(svg)]
