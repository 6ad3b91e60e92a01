"""Whatever ends a run in the middle, the best until then is in a file, and the host goes on working."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from . import outputs
from .client import ExecutionError, ExecutionInterruptedError
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


@pytest.mark.parametrize("way", ["interrupt", "cancel"])
def test_interrupt_stops_at_once_and_the_host_goes_on(host: ComfyServer, sketch: Graph, way: str) -> None:
    """By the button of the page, and through the jobs API of newer hosts."""
    node = sketch.find("CLIPassoOptimize")
    sketch.set("CLIPassoOptimize", num_iterations=MANY)
    with host.client.events() as events:
        prompt_id = host.client.queue(sketch.built())
        events.wait_for(is_progress_of(node, 3), timeout=120)
        known = max(event.data["value"] for event in events.of_kind("progress") if event.data["node"] == node)
        host.client.interrupt() if way == "interrupt" else host.client.cancel(prompt_id)
        ended = events.wait_for(lambda event: event.kind == "execution_interrupted", timeout=30)
    assert ended.data["node_type"] == "CLIPassoOptimize"
    told = [event.data for event in events.of_kind("clipasso_strokes")]
    assert {message["node"] for message in told} == {node}
    assert [message["ended"] for message in told] == [None] * (len(told) - 1) + ["interrupted"]
    assert len(told[-1]["strokes"]["sketches"][0]["strokes"]) == 8
    with pytest.raises(ExecutionInterruptedError):
        host.client.wait(prompt_id, timeout=10)
    assert outputs.half_written(host.base / "output") == []
    assert known <= rescued(host, "interrupted") <= known + 3  # those at work while the host hears of it
    sketch.set("CLIPassoOptimize", num_iterations=5)
    assert len(outputs.svgs(host.client, host.client.run(sketch.built()))) == 1


def rescued(host: ComfyServer, word: str) -> int:
    """Look at the newest file that a rescue wrote; return after how many iterations."""
    newest = max((host.base / "output" / "clipasso").glob(f"{word}_*.svg"))
    svg = newest.read_bytes()
    assert len(outputs.paths(svg)) == 8
    assert f"<title>{word.capitalize()} sketch</title>" in svg.decode()
    facts = json.loads(next(outputs.parse(svg).iter(f"{outputs.SVG}metadata")).text or "")["clipasso"]
    assert facts["encoder"] == "efficientnet-lite0"
    return int(facts[f"{word}_after"])


@pytest.mark.parametrize("full_disk", [False, True])
def test_an_error_is_what_the_user_hears_of(host: ComfyServer, sketch: Graph, full_disk: bool) -> None:
    """Also where the best until then cannot be saved."""
    before = set((host.base / "output" / "clipasso").glob("failed_*.svg"))
    encoder = sketch.add("CLIPassoLoadEncoder")
    failing = sketch.add("TestkitFailingEncoder", encoder=encoder, calls=20, full_disk=full_disk)
    sketch.set("CLIPassoOptimize", encoder=failing, num_iterations=MANY)
    with pytest.raises(ExecutionError, match="the encoder of the testkit fails on purpose"):
        host.client.run(sketch.built())
    written = set((host.base / "output" / "clipasso").glob("failed_*.svg")) - before
    assert len(written) == (0 if full_disk else 1)
    if not full_disk:
        assert rescued(host, "failed") >= 3
    assert outputs.half_written(host.base / "output") == []


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
