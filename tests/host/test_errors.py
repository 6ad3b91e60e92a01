"""Bad input is refused in one clear sentence, by the node that got it, before any long work."""

from __future__ import annotations

import re
import time

import pytest

from . import outputs
from .client import ExecutionError, PromptRejectedError
from .graphs import Graph
from .server import ComfyServer

pytestmark = pytest.mark.host

QUICK_S = 20.0


def refusal(host: ComfyServer, graph: Graph) -> ExecutionError:
    """Run a prompt that must fail; check that it fails soon, in words, and leaves nothing half-written."""
    started = time.monotonic()
    with pytest.raises(ExecutionError) as caught:
        host.client.run(graph.built(), timeout=60)
    assert time.monotonic() - started < QUICK_S
    error = caught.value
    assert "clipasso" in error.kind.lower() or "clipasso_core" in error.traceback, f"not our own error: {error}"
    assert re.search(r"Error$", error.kind), error.kind
    assert 20 < len(error.message) < 500, error.message
    assert error.message.endswith((".", ".)")), f"not a sentence: {error.message}"
    assert outputs.half_written(host.base / "output") == []
    return error


@pytest.mark.parametrize(
    ("kind", "says"),
    [("nan", "NaN|finite|number"), ("one_pixel", "16|small"), ("no_image", "empty|batch|no image|at least")],
)
def test_bad_image(host: ComfyServer, sketch: Graph, kind: str, says: str) -> None:
    sketch.insert("TestkitImage", after="LoadImage", kind=kind)
    error = refusal(host, sketch)
    assert error.node_type == "CLIPassoMask"
    assert re.search(says, error.message, re.IGNORECASE), error.message


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("empty", "empty|no object"),
        ("other_size", r"size|\[\d"),
        ("other_batch", "batch|masks"),
        ("nan", "NaN"),
    ],
)
def test_bad_mask(host: ComfyServer, sketch: Graph, kind: str, says: str) -> None:
    mask = sketch.add("TestkitMask", image=sketch.output("LoadImage"), kind=kind)
    sketch.set("CLIPassoMask", mask=mask)
    error = refusal(host, sketch)
    assert error.node_type == "CLIPassoMask"
    assert "mask" in error.message.lower()
    assert re.search(says, error.message, re.IGNORECASE), error.message


@pytest.mark.parametrize(
    ("kind", "says"), [("other_size", r"mask is \d+ x \d+ px"), ("other_batch", "batch"), ("nan", "NaN")]
)
def test_bad_mask_of_the_line_drawing(host: ComfyServer, sketch: Graph, kind: str, says: str) -> None:
    mask = sketch.add("TestkitMask", image=sketch.output("CLIPassoMask"), kind=kind)
    sketch.set("CLIPassoOptimize", mask=mask)
    error = refusal(host, sketch)
    assert error.node_type == "CLIPassoOptimize"
    assert re.search(says, error.message), error.message


def test_no_object_found(host: ComfyServer, sketch: Graph) -> None:
    sketch.insert("TestkitImage", after="LoadImage", kind="white")
    assert re.search("object", refusal(host, sketch).message)


def test_saliency_of_zeros(host: ComfyServer, sketch: Graph) -> None:
    nothing = sketch.add("TestkitMask", image=sketch.output("CLIPassoMask"), kind="empty")
    sketch.set("CLIPassoStrokeInit", saliency=nothing)
    error = refusal(host, sketch)
    assert error.node_type == "CLIPassoStrokeInit"
    assert "saliency" in error.message.lower()


@pytest.mark.parametrize("count", [0, 4097])
def test_number_of_strokes_is_checked_before_the_run(host: ComfyServer, sketch: Graph, count: int) -> None:
    sketch.set("CLIPassoStrokeInit", num_strokes=count)
    with pytest.raises(PromptRejectedError, match="num_strokes"):
        host.client.queue(sketch.built())


def test_missing_svg_is_refused_before_the_run(host: ComfyServer, sketch: Graph) -> None:
    loaded = sketch.add("CLIPassoLoadSVG", file="not there.svg")
    sketch.set("CLIPassoOptimize", strokes=loaded)
    with pytest.raises(PromptRejectedError, match=r"not there\.svg"):
        host.client.queue(sketch.built())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("empty.svg", '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"></svg>'),
        ("broken.svg", '<svg xmlns="http://www.w3.org/2000/svg"><path d="M 0 0'),
        (
            "laughs.svg",
            '<!DOCTYPE svg [<!ENTITY a "haha"><!ENTITY b "&a;&a;&a;&a;">]>'
            '<svg xmlns="http://www.w3.org/2000/svg"><path d="&b;"/></svg>',
        ),
    ],
)
def test_bad_svg(host: ComfyServer, sketch: Graph, name: str, text: str) -> None:
    (host.base / "input" / name).write_text(text, encoding="utf-8")
    sketch.set("CLIPassoOptimize", strokes=sketch.add("CLIPassoLoadSVG", file=name))
    error = refusal(host, sketch)
    assert error.node_type == "CLIPassoLoadSVG"


def test_output_outside_the_output_folder_is_refused(host: ComfyServer, sketch: Graph) -> None:
    sketch.set("CLIPassoSVGExport", filename_prefix="../../escaped")
    with pytest.raises(ExecutionError):
        host.client.run(sketch.built())
    assert not list(host.base.parent.glob("escaped*"))
