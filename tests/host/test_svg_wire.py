"""SVG on the wire of a real host: from text and from other nodes, shown or refused, as pixels and as strokes."""

from __future__ import annotations

import json

import pytest

from . import outputs
from .client import ExecutionError, Json
from .graphs import Graph
from .server import ComfyServer

pytestmark = pytest.mark.host

TEXT_ON_A_NODE = "binary_3"  # protocol.py: BinaryEventTypes.TEXT
PAGE = '<svg xmlns="http://www.w3.org/2000/svg" width="60" height="40">{}</svg>'
LINES = PAGE.format(
    '<g fill="none" stroke="black" stroke-width="3"><path d="M5 5C20 30 40 0 50 20"/><path d="M5 35H50"/></g>'
)
SHAPE = PAGE.format('<circle cx="30" cy="20" r="15" fill="#cc3300"/>')


def test_text_becomes_strokes_then_svg_then_a_picture_in_the_node(host: ComfyServer, info: Json) -> None:
    graph = Graph(info)
    strokes = graph.add("CLIPassoLoadSVG", text=LINES, canvas_size=0)
    svg = graph.add("CLIPassoStrokesToSVG", strokes=strokes)
    graph.add("CLIPassoPreviewSVG", svg=svg)
    graph.add("CLIPassoStrokesInfo", strokes=graph.add("CLIPassoStrokesFromSVG", svg=svg))
    entry = host.client.run(graph.built())
    (shown,) = outputs.files(entry, ".svg")
    assert shown["type"] == "temp"
    assert len(outputs.paths(host.client.view(shown))) == 2
    (text,) = entry["outputs"][graph.find("CLIPassoStrokesInfo")]["text"]
    assert text.startswith("strokes: 2, segments: 2\ncanvas: 60 x 40 px")


def test_the_facts_are_shown_on_the_node(host: ComfyServer, info: Json) -> None:
    graph = Graph(info)
    graph.add("CLIPassoStrokesInfo", strokes=graph.add("CLIPassoLoadSVG", text=LINES, canvas_size=77))
    with host.client.events() as events:
        host.client.run(graph.built())
        told = events.wait_for(lambda event: event.kind == TEXT_ON_A_NODE, 30)
    assert b"canvas: 77 x 77 px" in told.picture


def test_any_svg_becomes_an_image(host: ComfyServer, info: Json) -> None:
    pytest.importorskip("resvg_py")
    graph = Graph(info)
    image = graph.add("CLIPassoSVGToImage", svg=graph.add("TestkitSVG", text=SHAPE), longest_side=90)
    graph.add("PreviewImage", images=image)
    entry = host.client.run(graph.built())
    (shown,) = outputs.files(entry, ".png")
    assert host.client.view(shown)[:8] == b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize(
    ("inside", "says"),
    [
        ("<script>alert(1)</script>", "it holds a <script>"),
        ('<g onload="alert(1)"/>', "the event handler 'onload'"),
        ('<image href="https://example.org/a.png"/>', "the address"),
    ],
)
def test_a_hostile_svg_is_not_shown(host: ComfyServer, info: Json, inside: str, says: str) -> None:
    before = sorted((host.base / "temp").rglob("*.svg"))
    graph = Graph(info)
    graph.add("CLIPassoPreviewSVG", svg=graph.add("TestkitSVG", text=PAGE.format(inside)))
    with pytest.raises(ExecutionError) as refused:
        host.client.run(graph.built())
    assert says in refused.value.message
    assert "\n" not in refused.value.message
    assert sorted((host.base / "temp").rglob("*.svg")) == before


def test_a_prompt_of_an_older_version_names_no_text(host: ComfyServer, info: Json) -> None:
    graph = Graph(info)
    graph.add("CLIPassoStrokesInfo", strokes=graph.add("CLIPassoLoadSVG", file="coffee_lines.svg", canvas_size=0))
    graph.set("CLIPassoLoadSVG", text=None)
    entry = host.client.run(graph.built())
    assert "strokes: " in json.dumps(entry["outputs"])


OBJECTS = PAGE.format(
    '<g fill="none" stroke="black"><g data-clipasso-group="sea &amp; sky"><path d="M5 35H50"/></g>'
    '<g data-clipasso-group="cat"><path d="M5 5C20 30 40 0 50 20"/><path d="M5 9H20"/></g></g>'
)


def test_an_object_is_selected_by_name_and_saved_as_that_object(host: ComfyServer, info: Json) -> None:
    graph = Graph(info)
    strokes = graph.add("CLIPassoLoadSVG", text=OBJECTS, canvas_size=0)
    chosen = graph.add("CLIPassoSelectStrokes", strokes=strokes, group="cat")
    graph.add("CLIPassoSVGExport", strokes=chosen)
    graph.add("CLIPassoStrokesInfo", strokes=strokes)
    entry = host.client.run(graph.built())
    (saved,) = outputs.files(entry, ".svg")
    text = host.client.view(saved).decode()
    assert len(outputs.paths(text.encode())) == 2
    assert text.count("<g ") == 2
    assert '<g id="cat" data-clipasso-group="cat">' in text
    (told,) = entry["outputs"][graph.find("CLIPassoStrokesInfo")]["text"]
    assert "groups: sea & sky 1, cat 2" in told


def test_a_prompt_of_an_older_version_names_no_group(host: ComfyServer, info: Json) -> None:
    graph = Graph(info)
    chosen = graph.add("CLIPassoSelectStrokes", strokes=graph.add("CLIPassoLoadSVG", text=OBJECTS), numbers="1-2")
    graph.add("CLIPassoStrokesInfo", strokes=chosen)
    graph.set("CLIPassoSelectStrokes", group=None)
    assert "strokes: 2," in json.dumps(host.client.run(graph.built())["outputs"])
    graph.set("CLIPassoSelectStrokes", group="dog")
    with pytest.raises(ExecutionError) as refused:
        host.client.run(graph.built())
    assert "they are of sea & sky, cat. Ask for one of these." in refused.value.message


def test_texts_may_come_by_links_and_nothing_is_done_twice(host: ComfyServer, info: Json) -> None:
    graph = Graph(info)

    def text(value: str) -> list[object]:
        return graph.add("PrimitiveString", value=value)

    strokes = graph.add("CLIPassoLoadSVG", text=text(LINES), canvas_size=0)
    edited = graph.add("CLIPassoEditStrokes", strokes=strokes, edits=text(""))
    styled = graph.add("CLIPassoStyleStrokes", strokes=edited, numbers=text("1"), color=text("red"))
    chosen = graph.add("CLIPassoSelectStrokes", strokes=styled, numbers=text("1-2"))
    levels = graph.add("CLIPassoAbstraction", strokes=chosen, levels=text("1, 2"))
    margin = graph.add("PrimitiveFloat", value=5.0)
    graph.add("CLIPassoExport", strokes=levels, page=text("a5"), grid=text("1x2"), ink=text(""), margin=margin)
    graph.add("CLIPassoStrokesInfo", strokes=levels)
    entry = host.client.run(graph.built())
    (told,) = entry["outputs"][graph.find("CLIPassoStrokesInfo")]["text"]
    assert told.startswith("sketch 1 of 2\nstrokes: 1,")
    (shown,) = entry["outputs"][graph.find("CLIPassoStrokesInfo")]["clipasso_strokes"]
    assert len(shown["strokes"]["sketches"]) == 2
    messages = dict(host.client.run(graph.built())["status"]["messages"])
    assert set(messages["execution_cached"]["nodes"]) == set(graph.prompt)
