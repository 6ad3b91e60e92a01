"""The template in ComfyUI's page, in a real browser: opened from the template browser, queued by its button, seen."""

from __future__ import annotations

import os
from itertools import combinations
from pathlib import Path

import pytest
from PIL import Image

from . import browser, workflow
from .base_dir import PACK_NAME
from .client import Json
from .comfy_tree import REPO
from .conftest import missing
from .server import ComfyServer

pytestmark = pytest.mark.host

TEMPLATE = REPO / "workflows" / "photo_to_sketch.json"
ITERATIONS = 25
REFUSED_BY_PAGE = "Content Security Policy"  # --disable-api-nodes forbids the page its own calls to comfy.org
ASKED_FIRST = "/docs/CLIPassoSVGExport/en.md"  # before the page for all languages that have none of their own


@pytest.fixture(scope="module", params=[False, True], ids=["canvas", "nodes2"])
def seen(request: pytest.FixtureRequest, host: ComfyServer, tmp_path_factory: pytest.TempPathFactory) -> Json:
    """What the browser reports of one run of the template."""
    lacking = browser.what_is_missing()
    if lacking:
        missing(lacking)
    host.client.forget()
    pictures = Path(os.environ.get("CLIPASSO_SCREENSHOTS") or tmp_path_factory.mktemp("page"))
    pictures.mkdir(parents=True, exist_ok=True)
    job: Json = {
        "pack": PACK_NAME,
        "template": TEMPLATE.stem,
        "widgets": {"CLIPassoOptimize": {"num_iterations": ITERATIONS}},
        "output": "CLIPassoSVGExport",
        "vue": request.param,
        "screenshot": str(pictures / f"page-{'nodes2' if request.param else 'canvas'}.png"),
    }
    return {**browser.drive(host.url, job), "screenshot": job["screenshot"]}


def test_the_template_browser_shows_the_template(seen: Json) -> None:
    title, thumbnail_width = seen["card"]
    assert TEMPLATE.stem in title
    with Image.open(TEMPLATE.with_suffix(".jpg")) as thumbnail:
        assert thumbnail_width == thumbnail.width


def test_page_runs_the_template(seen: Json) -> None:
    assert seen["seen"]["end"]["kind"] == "execution_success", seen["seen"]
    assert seen["seen"]["previews"] >= 1, "no live preview came to the page"
    assert seen["seen"]["progress"] >= 2


def test_sketch_appears_in_the_node(seen: Json) -> None:
    drawn = [image for image in seen["images"] if ".svg" in image["src"]]
    assert drawn, f"no SVG in the node: {seen['images']}"
    assert all(image["complete"] and min(image["width"], image["height"]) > 0 for image in drawn)
    assert Path(seen["screenshot"]).stat().st_size > 10_000


def test_no_node_lies_on_another(seen: Json) -> None:
    """In the page itself, after a run: tests/nodes/test_template_layout.py goes by heights that were measured once."""
    meeting = [
        f"{one} and {other}"
        for (one, left, top, width, height), (other, x, y, wide, high) in combinations(seen["lie"], 2)
        if left < x + wide and x < left + width and top < y + high and y < top + height
    ]
    assert meeting == []


def test_help_shows_its_picture(seen: Json) -> None:
    source, alt, width = seen["helped"]
    assert source.endswith(f"/extensions/{PACK_NAME}/docs/images/CLIPassoSVGExport.webp")
    assert alt
    assert 50 < width < 1000


def test_page_has_no_error_from_the_pack(seen: Json) -> None:
    ours = [error for error in seen["errors"] if PACK_NAME in error.lower()]
    assert [error for error in ours if not any(harmless in error for harmless in (REFUSED_BY_PAGE, ASKED_FIRST))] == []


def test_dropped_svg_brings_the_workflow_back(seen: Json) -> None:
    types = sorted(node["type"] for node in workflow.load(TEMPLATE)["nodes"])
    assert seen["restored"] == types


def test_python_converter_agrees_with_the_page(seen: Json, info: Json) -> None:
    expected = workflow.with_inputs(
        workflow.to_prompt(workflow.load(TEMPLATE), info), "CLIPassoOptimize", num_iterations=ITERATIONS
    )
    page = {one: {"class_type": node["class_type"], "inputs": node["inputs"]} for one, node in seen["prompt"].items()}
    assert page == expected
