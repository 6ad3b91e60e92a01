"""An interrupt in the middle stops the optimiser within an iteration, and the host goes on working."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from . import outputs
from .client import ExecutionInterruptedError
from .events import Event
from .graphs import Graph
from .server import ComfyServer

pytestmark = pytest.mark.host

MANY = 50_000


def is_progress_of(node_id: str, at_least: int) -> Callable[[Event], bool]:
    """Match progress of one node that has come to some value."""

    def matches(event: Event) -> bool:
        said = event.data
        return event.kind == "progress" and said.get("node") == node_id and said.get("value", 0) >= at_least

    return matches


def test_interrupt_stops_at_once_and_the_host_goes_on(host: ComfyServer, sketch: Graph) -> None:
    node = sketch.find("CLIPassoOptimize")
    sketch.set("CLIPassoOptimize", num_iterations=MANY)
    with host.client.events() as events:
        prompt_id = host.client.queue(sketch.built())
        events.wait_for(is_progress_of(node, 3), timeout=120)
        asked = time.monotonic()
        host.client.interrupt()
        ended = events.wait_for(lambda event: event.kind == "execution_interrupted", timeout=30)
    assert ended.data["node_type"] == "CLIPassoOptimize"
    assert ended.at - asked < 3.0
    with pytest.raises(ExecutionInterruptedError):
        host.client.wait(prompt_id, timeout=10)
    assert outputs.half_written(host.base / "output") == []
    sketch.set("CLIPassoOptimize", num_iterations=5)
    assert len(outputs.svgs(host.client, host.client.run(sketch.built()))) == 1


def test_progress_and_previews_arrive(host: ComfyServer, sketch: Graph) -> None:
    host.client.forget()
    node = sketch.find("CLIPassoOptimize")
    with host.client.events() as events:
        prompt_id = host.client.queue(sketch.built())
        events.wait_for(lambda event: event.kind == "execution_success", timeout=120)
        host.client.wait(prompt_id, timeout=10)
    steps = [event.data for event in events.of_kind("progress") if event.data["node"] == node]
    assert [step["value"] for step in steps] == sorted(step["value"] for step in steps)
    assert steps[-1]["value"] == steps[-1]["max"]
    pictures = [event.picture[:3] for event in events.of_kind("preview")]
    assert pictures
    assert set(pictures) == {b"\xff\xd8\xff"}, "previews are JPEG"
