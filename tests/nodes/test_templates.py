"""Templates hold today's nodes: their widgets with the defaults of the code, their sockets, and links that meet."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ..host import template_check

REPO = Path(__file__).resolve().parents[2]
TEMPLATES = sorted(path.stem for path in (REPO / "workflows").glob("*.json"))
SCENES = ("scene", "small_object", "three_people")
ON_PURPOSE = {
    "animation": set(),
    "diffusion_to_sketch": {"SVGExport.filename_prefix"},
    "img2img_over_sketch": {"Rasterize.longest_side", "SVGExport.filename_prefix"},
    "mask_to_sketch": {"SVGExport.filename_prefix"},
    "sketch_to_controlnet": {"Rasterize.longest_side", "SVGExport.filename_prefix"},
    "photo_to_sketch": set(),
    "scene": {"StrokeInit.num_strokes", "StrokeInit.num_sketches", "SVGExport.filename_prefix"},
    "three_people": {
        "Regions.background",
        "StrokeInit.num_strokes",
        "StrokeInit.num_sketches",
        "SVGExport.filename_prefix",
    },
    "small_object": {
        "Regions.most_objects",
        "Regions.shares",
        "StrokeInit.num_strokes",
        "StrokeInit.num_sketches",
        "SVGExport.filename_prefix",
    },
    "sketch_over_photo": {"StrokeInit.num_strokes", "SVGExport.filename_prefix"},
    "ladder": {"StrokeInit.num_strokes", "Optimize.prefixes", "Optimize.order", "SVGExport.filename_prefix"},
    "one_line": {
        "StrokeInit.one_line",
        "Optimize.tidy",
        "Optimize.smooth",
        "SVGExport.filename_prefix",
        "SVGExport.title",
    },
    "pen_plotter": {"StrokeInit.num_strokes", "Export.pen_width", "Export.order"},
    "continue_a_drawing": {"LoadSVG.canvas_size", "SVGExport.filename_prefix"},
    "strokes_tools": {
        "SelectStrokes.numbers",
        "StyleStrokes.width",
        "StyleStrokes.color",
        "StyleStrokes.opacity",
        "TransformStrokes.move_x",
        "TransformStrokes.move_y",
        "SVGExport.filename_prefix",
    },
    "as_published": {
        "LoadEncoder.semantic_weight",
        "Mask.fit",
        "Saliency.edge_method",
        "StrokeInit.num_segments",
        "StrokeInit.spread",
        "StrokeInit.follow",
        "StrokeInit.accents",
        "StrokeInit.spare",
        "Optimize.preset",
        "SVGExport.filename_prefix",
    },
}
"""What each template sets otherwise than the nodes do."""
Json = dict[str, Any]


def template(name: str) -> Json:
    found: Json = json.loads((REPO / "workflows" / f"{name}.json").read_text(encoding="utf-8"))
    return found


def nodes_of_ours(name: str) -> list[Json]:
    return [node for node in template(name)["nodes"] if node["type"].startswith("CLIPasso")]


def entries() -> dict[str, Json]:
    """The nodes' inputs and outputs in their order, as the English locale has them."""
    found: dict[str, Json] = json.loads((REPO / "locales" / "en" / "nodeDefs.json").read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_differs_from_the_defaults_only_on_purpose(name: str, schemas: Json) -> None:
    """Values are saved as a list, so one must be there for each widget, in the order of the inputs."""
    differs = set()
    for node in nodes_of_ours(name):
        widgets = {key: value for key, value in schemas["defaults"][node["type"]].items() if value is not None}
        saved = [value for value in node["widgets_values"] if value != "fixed"]  # a seed has one for what comes next
        saved = saved[1:] if node["type"] == "CLIPassoLoadSVG" else saved  # a file, of which there is no default
        pairs = zip(widgets.items(), saved, strict=True)
        differs |= {f"{node['type']}.{key}" for (key, default), value in pairs if value != default}
    assert differs == {f"CLIPasso{one}" for one in ON_PURPOSE[name]}


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_has_the_sockets_of_the_nodes(name: str) -> None:
    for node in nodes_of_ours(name):
        entry = entries()[node["type"]]
        assert [one["name"] for one in node["outputs"]] == [one["name"] for one in entry["outputs"].values()]
        sockets = [one["name"] for one in node["inputs"]]
        assert sockets == [key for key in entry["inputs"] if key in sockets]


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_links_of_a_template_meet_at_both_ends(name: str) -> None:
    workflow = template(name)
    nodes = {node["id"]: node for node in workflow["nodes"]}
    for link, origin, output, target, socket, kind in workflow["links"]:
        start, end = nodes[origin]["outputs"][output], nodes[target]["inputs"][socket]
        assert link in start["links"]
        assert end["link"] == link
        assert start["type"] == kind
        assert end["type"] in (kind, "*")
    ends = [one["link"] for node in workflow["nodes"] for one in node["inputs"] if one["link"] is not None]
    assert sorted(ends) == sorted(link[0] for link in workflow["links"])
    assert workflow["last_link_id"] == max(ends)


@pytest.mark.parametrize("name", sorted(ON_PURPOSE.keys() - {"as_published", *SCENES}))
def test_the_object_found_says_where_contours_are(name: str) -> None:
    nodes = {node["type"]: node for node in nodes_of_ours(name)}
    found = {one["name"]: one["links"] for one in nodes["CLIPassoMask"]["outputs"]}["mask"]
    for kind in ("CLIPassoSaliency", "CLIPassoOptimize"):
        assert {one["name"]: one["link"] for one in nodes[kind]["inputs"]}["mask"] in found


@pytest.mark.parametrize("name", SCENES)
def test_regions_reach_every_node_that_takes_them(name: str) -> None:
    takes = {key for key, entry in entries().items() if "regions" in entry["inputs"]}
    sockets = [(node["type"], one) for node in nodes_of_ours(name) for one in node["inputs"]]
    assert {kind for kind, one in sockets if one["name"] == "regions" and one["link"]} == takes


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_hosts_own_nodes_are_used_as_the_host_has_them(name: str) -> None:
    """The list is ComfyUI's; tests/host holds it to a real one, and our nodes with it."""
    stored = json.loads(template_check.HOST_NODES.read_text(encoding="utf-8"))["nodes"]
    assert template_check.faults(template(name), stored) == []


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_has_a_note_and_a_picture(name: str) -> None:
    notes = [node["widgets_values"][0] for node in template(name)["nodes"] if node["type"] == "Note"]
    assert len(notes) == 1
    assert len(notes[0]) > 100
    with Image.open(REPO / "workflows" / f"{name}.jpg") as picture:
        assert picture.height == 400


def test_a_model_is_named_with_the_place_it_comes_from() -> None:
    """The page offers to download what is missing; it takes https addresses of files of the widget's name."""
    for name in TEMPLATES:
        for node in template(name)["nodes"]:
            models = node["properties"].get("models", [])
            assert bool(models) == (node["type"] in ("CheckpointLoaderSimple", "ControlNetLoader"))
            for model in models:
                assert [model["name"]] == node["widgets_values"]
                assert model["url"].startswith("https://huggingface.co/")
                assert f"/{model['name']}?" in model["url"]
                assert model["directory"] in ("checkpoints", "controlnet")
