"""Rare widgets are marked for the page, and nothing is said to a host that does not know it."""

from __future__ import annotations

import importlib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from .test_help_and_locales import NODE_IDS

REPO = Path(__file__).resolve().parents[2]
Json = dict[str, Any]


@dataclass
class OldSchema:
    inputs: list[Any]


@dataclass
class NewSchema(OldSchema):
    search_aliases: list[str] = field(default_factory=list)
    essentials_category: str | None = None


def hinted(pack: ModuleType, kind: type[OldSchema]) -> Any:
    hints = importlib.import_module(f"{pack.__name__}.nodes.page_hints")
    inputs = [SimpleNamespace(id="often", extra_dict={}), SimpleNamespace(id="seldom", extra_dict={"kept": 1})]
    define = hints.page_hints(["another word"], ["seldom"], essentials_category="Image Tools")(lambda _: kind(inputs))
    return define(None)


@pytest.mark.parametrize("kind", [OldSchema, NewSchema])
def test_rare_inputs_are_marked_in_every_host(pack: ModuleType, kind: type[OldSchema]) -> None:
    assert [port.extra_dict for port in hinted(pack, kind).inputs] == [{}, {"kept": 1, "advanced": True}]


def test_what_a_panel_fills_is_hidden(pack: ModuleType) -> None:
    hints = importlib.import_module(f"{pack.__name__}.nodes.page_hints")
    schema = hints.page_hints([], hidden=["seldom"])(lambda _: OldSchema([SimpleNamespace(id="seldom", extra_dict={})]))
    assert schema(None).inputs[0].extra_dict == {"hidden": True}


def test_a_host_is_told_only_what_it_knows(pack: ModuleType) -> None:
    assert vars(hinted(pack, OldSchema)).keys() == {"inputs"}
    new = hinted(pack, NewSchema)
    assert (new.search_aliases, new.essentials_category) == (["another word"], "Image Tools")


def test_what_is_called_rare_is_there(schemas: Json) -> None:
    """A name that fits no input would do nothing; and what has no default is a socket, which cannot be folded."""
    called = {}
    for source in (REPO / "nodes").glob("*.py"):
        text = source.read_text(encoding="utf-8")
        if found := re.search(r"@page_hints\((.*?)\n    def define_schema", text, re.DOTALL):
            lists = re.findall(r"\[([^\]]*)\]", found[1])
            called[re.search(r'node_id="(\w+)"', text)[1]] = re.findall(r'"(\w+)"', lists[1]) if lists[1:] else []  # type: ignore[index]
    assert sorted(called) == NODE_IDS, "every node has its hints"
    for node, rare in called.items():
        assert schemas["hints"][node]["rare"] == [key for key in schemas["defaults"][node] if key in rare]
        assert len(schemas["hints"][node]["rare"]) == len(rare), f"{node}: {rare}"
        assert [key for key in rare if schemas["defaults"][node][key] is None] == []


def test_a_template_shows_what_it_sets(schemas: Json) -> None:
    """A rare widget with a value of the template's own is not folded away there."""
    for path in (REPO / "workflows").glob("*.json"):
        for node in json.loads(path.read_text(encoding="utf-8"))["nodes"]:
            rare = schemas["hints"].get(node["type"], {}).get("rare", [])
            widgets = {
                key: value for key, value in schemas["defaults"].get(node["type"], {}).items() if value is not None
            }
            saved = [value for value in node.get("widgets_values", []) if value != "fixed"]
            pairs = zip(widgets.items(), saved, strict=False)
            folded = [key for (key, default), value in pairs if value != default and key in rare]
            assert not folded or node.get("showAdvanced"), f"{path.stem}: {node['type']} {folded}"
