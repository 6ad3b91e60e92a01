"""The same prompt gives the same file, byte for byte, and another seed another one."""

from __future__ import annotations

import pytest

from . import outputs
from .graphs import Graph
from .server import ComfyServer

pytestmark = pytest.mark.host


def run_afresh(host: ComfyServer, graph: Graph) -> bytes:
    """Run without any cached result; return the one SVG."""
    host.client.forget()
    with host.client.events() as events:
        (svg,) = outputs.svgs(host.client, host.client.run(graph.built()))
    executed = {event.data.get("node") for event in events.of_kind("executing")}
    assert graph.find("CLIPassoOptimize") in executed, "the run was answered from the cache"
    return svg


def test_second_run_is_identical(host: ComfyServer, sketch: Graph) -> None:
    sketch.set("CLIPassoStrokeInit", num_sketches=2)
    first = run_afresh(host, sketch)
    assert run_afresh(host, sketch) == first


def test_another_seed_is_another_sketch(host: ComfyServer, sketch: Graph) -> None:
    first = geometry(run_afresh(host, sketch))
    sketch.set("CLIPassoStrokeInit", seed=7)
    assert geometry(run_afresh(host, sketch)) != first


def geometry(svg: bytes) -> list[str]:
    """Return the strokes' outlines alone: the metadata names the seed, and would differ anyway."""
    return [path.attrib["d"] for path in outputs.paths(svg)]
