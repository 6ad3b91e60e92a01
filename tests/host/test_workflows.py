"""Every template fits the host, runs as it is, through /prompt, and ends with the sketch that it promises.

Those that need a diffusion model (``NEED_MODELS``) are checked link by link, and run with random weights by
``python -m tests.host.run_diffusion``.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from clipasso_core.levels import parse_levels
from clipasso_core.optimize import preset_config

from . import outputs, template_check, workflow
from .client import Json
from .comfy_tree import REPO
from .server import ComfyServer

pytestmark = pytest.mark.host

TEMPLATES = template_check.WORKFLOWS
NEED_MODELS = ("diffusion_to_sketch", "img2img_over_sketch", "sketch_to_controlnet")
"""They would take 3 GB of weights and minutes of a CPU for a picture."""
WHOLE = "photo_to_sketch"  # runs as long as a user would wait
SHORT = 20  # iterations of the others
LIMIT_S = 800
MERGED = {"CLIPassoMergeStrokes": 12 + 16}
"""How many strokes the drawings have that a template selects and merges."""
FIRST_SAVED = {"CLIPassoSaliency": (2, 3), "CLIPassoOptimize": (4, 3)}
"""How many widget values, and how many inputs and outputs, were saved of nodes that have more of them today."""


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_template_fits_the_host(info: Json, path: Path) -> None:
    assert template_check.faults(workflow.load(path), info) == []


def test_only_templates_with_models_are_not_run() -> None:
    loaders = template_check.MODEL_LOADERS
    assert {path.stem for path in TEMPLATES if template_check.kinds(workflow.load(path)) & loaders} == set(NEED_MODELS)


def test_the_stored_list_of_nodes_is_the_hosts(host: ComfyServer, info: Json) -> None:
    stored = json.loads(template_check.HOST_NODES.read_text(encoding="utf-8"))
    version = host.client.get("/system_stats")["system"]["comfyui_version"]
    if version != stored["comfyui"]:
        pytest.skip(f"the list is of ComfyUI {stored['comfyui']}, this host is {version}")
    wanted = {kind: template_check.essence(info[kind]) for kind in template_check.host_kinds()}
    assert stored["nodes"] == wanted, "run `python -m tests.host.template_check`"


@pytest.mark.parametrize(
    "path", [path for path in TEMPLATES if path.stem not in NEED_MODELS], ids=lambda path: path.stem
)
def test_template_runs(host: ComfyServer, info: Json, path: Path) -> None:
    saved = workflow.load(path)
    prompt = workflow.to_prompt(saved, info)
    if path.stem != WHOLE:
        prompt = workflow.with_inputs(prompt, "CLIPassoOptimize", num_iterations=SHORT)
    entry = host.client.run(prompt, LIMIT_S, extra_pnginfo={"workflow": saved})
    sketches = outputs.svgs(host.client, entry)
    exports = [
        one
        for kind in ("CLIPassoSVGExport", "CLIPassoAnimate", "CLIPassoExport")
        for one in workflow.find(prompt, kind)
    ]
    assert len(sketches) >= len(exports) > 0
    for svg in sketches:
        check_sketch(svg, stroke_counts(prompt))
        assert_workflow_inside(svg, saved)
    assert outputs.half_written(host.base / "output") == []


def test_a_file_of_the_first_version_runs_as_the_preset_says(host: ComfyServer, info: Json) -> None:
    """It holds neither the values nor the sockets that came later."""
    prompt = workflow.to_prompt(as_first_saved(workflow.load(REPO / "workflows" / f"{WHOLE}.json")), info)
    prompt = workflow.with_inputs(prompt, "CLIPassoOptimize", num_iterations=SHORT)
    (node,) = workflow.find(prompt, "CLIPassoOptimize")
    assert not {"mask", "tidy", "simplify", "num_stages", "opacity_weight", "prefixes", "order", "auto_detail"} & set(
        prompt[node]["inputs"]
    )
    (svg,) = outputs.svgs(host.client, host.client.run(prompt, LIMIT_S))
    told = json.loads(outputs.parse(svg).findtext(f"{outputs.SVG}metadata") or "")["clipasso"]["optimize"]
    preset = preset_config(prompt[node]["inputs"]["preset"])
    assert {**vars(preset), "num_iterations": SHORT} == told


def test_a_scene_whose_background_is_ignored_is_one_region(host: ComfyServer, info: Json) -> None:
    prompt = workflow.to_prompt(workflow.load(REPO / "workflows" / "scene.json"), info)
    prompt = workflow.with_inputs(prompt, "CLIPassoRegions", background="ignore")
    prompt = workflow.with_inputs(prompt, "CLIPassoOptimize", num_iterations=SHORT)
    (svg,) = outputs.svgs(host.client, host.client.run(prompt, LIMIT_S))
    check_sketch(svg, stroke_counts(prompt))
    groups = {group.attrib.get("id") for group in outputs.parse(svg).iter(f"{outputs.SVG}g")}
    assert groups - {None} == {"object-1"}


def as_first_saved(saved: Json) -> Json:
    """Return a template as the pack's first version saved it."""
    old = copy.deepcopy(saved)
    for node in old["nodes"]:
        values, sockets = FIRST_SAVED.get(node["type"], (None, None))
        node["widgets_values"] = node["widgets_values"][:values]
        node["inputs"], node["outputs"] = node["inputs"][:sockets], node["outputs"][:sockets]
    return old


def stroke_counts(prompt: workflow.Prompt) -> set[int]:
    """Return the numbers of strokes that the prompt's nodes ask for."""
    levels = [prompt[one]["inputs"]["levels"] for one in workflow.find(prompt, "CLIPassoAbstraction")]
    asked = [prompt[one]["inputs"] for one in workflow.find(prompt, "CLIPassoStrokeInit")]
    first = {1 if inputs.get("one_line") else inputs["num_strokes"] for inputs in asked}
    merged = {count for kind, count in MERGED.items() if workflow.find(prompt, kind)}
    cut = workflow.find(prompt, "CLIPassoComposeScene")  # lines that leave their region become two, or crumbs
    nearly = {about for count in first for about in range(count * 3 // 4, count * 3 // 2)} if cut else set()
    return first.union(merged, nearly, *map(parse_levels, levels))


def check_sketch(svg: bytes, counts: set[int]) -> None:
    """Hold an SVG to one path a stroke, a viewBox, a size, and coordinates that are numbers."""
    root = outputs.parse(svg)
    assert len(outputs.paths(svg)) in counts
    box = [float(number) for number in root.attrib["viewBox"].split()]
    assert len(box) == 4
    assert min(box[2:]) > 0
    assert {"width", "height"} <= set(root.attrib)
    assert not any("nan" in path.attrib["d"].lower() for path in outputs.paths(svg))


def assert_workflow_inside(svg: bytes, saved: Json) -> None:
    """Check that dropping the file on the page brings the workflow back: it is in <metadata>, as core writes it."""
    text = outputs.parse(svg).findtext(f"{outputs.SVG}metadata")
    assert text, "no <metadata>"
    metadata = json.loads(text)
    assert metadata["workflow"] == saved
    assert metadata["prompt"]


def test_there_are_templates() -> None:
    assert TEMPLATES, "workflows/ holds no template"
