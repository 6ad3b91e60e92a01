"""Blueprints (subgraphs/) hold today's nodes with their defaults, and every link inside meets at both ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ..host.workflow import unpacked

REPO = Path(__file__).resolve().parents[2]
BLUEPRINTS = sorted((REPO / "subgraphs").glob("*.json"))
OUTSIDE_IN, OUTSIDE_OUT = -10, -20
"""The ids that links give to the subgraph's own inputs and outputs."""

Json = dict[str, Any]


@pytest.fixture(params=BLUEPRINTS, ids=lambda path: path.stem)
def blueprint(request: pytest.FixtureRequest) -> Json:
    read: Json = json.loads(request.param.read_text(encoding="utf-8"))
    return read


def inside(blueprint: Json) -> Json:
    (found,) = blueprint["definitions"]["subgraphs"]
    return dict(found)


def test_photo_to_sketch_takes_and_gives_what_its_name_says() -> None:
    (path,) = BLUEPRINTS
    assert path.stem == inside(json.loads(path.read_text(encoding="utf-8")))["name"] == "Photo to sketch"
    (box,) = json.loads(path.read_text(encoding="utf-8"))["nodes"]
    told = {one["name"]: one["type"] for one in box["inputs"]}
    assert told == {"image": "IMAGE", "num_strokes": "INT", "seed": "INT", "detail": "FLOAT"}
    given = {one["name"]: one["type"] for one in box["outputs"]}
    assert given == {"svg": "SVG", "sketch_image": "IMAGE", "strokes": "STROKES"}


def test_the_box_has_the_sockets_of_what_is_inside(blueprint: Json) -> None:
    (box,) = blueprint["nodes"]
    whole = inside(blueprint)
    assert box["type"] == whole["id"]
    assert blueprint["extra"]["BlueprintDescription"] == whole["description"]  # pages read one or the other
    for group in ("inputs", "outputs"):
        assert [(one["name"], one["type"]) for one in box[group]] == [
            (one["name"], one["type"]) for one in whole[group]
        ]
    assert not {one["name"] for one in box["inputs"]} & {one["name"] for one in box["outputs"]}


def test_every_link_meets_at_both_ends(blueprint: Json) -> None:
    whole = inside(blueprint)
    nodes = {node["id"]: node for node in whole["nodes"]}
    for link in whole["links"]:
        if link["origin_id"] == OUTSIDE_IN:
            start = whole["inputs"][link["origin_slot"]]
            assert link["id"] in start["linkIds"]
        else:
            start = nodes[link["origin_id"]]["outputs"][link["origin_slot"]]
            assert link["id"] in start["links"]
        if link["target_id"] == OUTSIDE_OUT:
            end = whole["outputs"][link["target_slot"]]
            assert link["id"] in end["linkIds"]
        else:
            end = nodes[link["target_id"]]["inputs"][link["target_slot"]]
            assert link["id"] == end["link"]
        assert start["type"] == link["type"] == end["type"]
    told = [one["link"] for node in whole["nodes"] for one in node["inputs"] if one["link"] is not None]
    out = [link for one in whole["outputs"] for link in one["linkIds"]]
    assert sorted(told + out) == sorted(link["id"] for link in whole["links"])


def test_all_inside_have_the_defaults_of_the_code(blueprint: Json, schemas: Json) -> None:
    for node in inside(blueprint)["nodes"]:
        defaults = schemas["defaults"][node["type"]]
        widgets = {key: value for key, value in defaults.items() if value is not None}
        saved = [value for value in node["widgets_values"] if value != "fixed"]
        assert dict(zip(widgets, saved, strict=True)) == widgets
        assert {one["name"] for one in node["inputs"]} == set(defaults)


def test_unpacked_it_has_only_links_between_nodes(blueprint: Json) -> None:
    plain = unpacked(blueprint)
    ids = {node["id"] for node in plain["nodes"]}
    assert {end for link in plain["links"] for end in (link[1], link[3])} <= ids
    told = [one["link"] for node in plain["nodes"] for one in node["inputs"] if one["link"] is not None]
    assert sorted(told) == sorted(link[0] for link in plain["links"])
