"""The pack loads into a real ComfyUI without a complaint, quickly, and every node explains itself."""

from __future__ import annotations

import re
import urllib.parse

import pytest

from . import workflow
from .base_dir import PACK_NAME
from .client import Json
from .comfy_tree import REPO
from .server import ComfyServer

pytestmark = pytest.mark.host

NODE_IDS = (
    "CLIPassoMask",
    "CLIPassoSaliency",
    "CLIPassoStrokeInit",
    "CLIPassoOptimize",
    "CLIPassoSVGExport",
    "CLIPassoLoadEncoder",
    "CLIPassoRasterize",
    "CLIPassoLoadSVG",
    "CLIPassoAnimate",
    "CLIPassoAbstraction",
    "CLIPassoExport",
    "CLIPassoSimplifyStrokes",
    "CLIPassoSelectStrokes",
    "CLIPassoStyleStrokes",
    "CLIPassoTransformStrokes",
    "CLIPassoMergeStrokes",
    "CLIPassoStrokesInfo",
    "CLIPassoStrokesToSVG",
    "CLIPassoStrokesFromSVG",
    "CLIPassoPreviewSVG",
    "CLIPassoSVGToImage",
    "CLIPassoEditStrokes",
    "CLIPassoEncoderFromCLIPVision",
    "CLIPassoRegions",
    "CLIPassoComposeScene",
)
COMPLAINT = re.compile(r"traceback|error|warn|cannot import|import failed|unable to|could not|deprecat", re.IGNORECASE)
IMPORT_TIME = re.compile(rf"([\d.]+) seconds( \(IMPORT FAILED\))?: \S*[/\\]{PACK_NAME}$", re.MULTILINE)


def own_lines(log: str) -> list[str]:
    """List the log's lines up to the first prompt that name the pack, each with the three lines before it."""
    lines = log.partition("got prompt")[0].splitlines()
    near = {n for i, line in enumerate(lines) if "clipasso" in line.lower() for n in range(max(0, i - 3), i + 1)}
    return [lines[n] for n in sorted(near)]


def test_log_has_no_complaint_about_the_pack(host: ComfyServer) -> None:
    host.client.object_info()  # whatever a schema complains about is in the log now
    told = [line for line in host.log.partition("got prompt")[0].splitlines() if "clipasso" in line.lower()]
    assert told, "the log does not name the pack at all"
    assert [line for line in own_lines(host.log) if COMPLAINT.search(line)] == []


def test_import_is_quick(host: ComfyServer) -> None:
    found = IMPORT_TIME.search(host.log)
    assert found, f"no import time of {PACK_NAME} in the log"
    assert not found[2]
    assert float(found[1]) <= 0.3


def test_the_host_has_all_nodes_of_the_pack_and_no_others(info: Json) -> None:
    assert {name for name in info if name.startswith("CLIPasso")} == set(NODE_IDS)


@pytest.mark.parametrize("node_id", NODE_IDS)
def test_node_explains_itself(info: Json, node_id: str) -> None:
    node = info[node_id]
    assert len(node["description"]) > 20
    assert node["category"].startswith("CLIPasso")
    assert node["python_module"] == f"custom_nodes.{PACK_NAME}"
    silent = [name for name, _, options in workflow.declared_inputs(node) if not options.get("tooltip")]
    assert silent == [], f"{node_id}: inputs without a tooltip"
    assert not set(node["output_name"]) & {None, ""}


def test_templates_are_listed_and_fetched(host: ComfyServer) -> None:
    expected = {path.stem for path in (REPO / "workflows").glob("*.json")}
    assert expected, "the pack has no templates"
    listed = host.client.get("/workflow_templates")
    assert set(listed[PACK_NAME]) == expected
    for name in expected:
        at = f"/api/workflow_templates/{PACK_NAME}/{urllib.parse.quote(name)}"
        assert host.client.get(f"{at}.json")["nodes"]
        assert host.client.request("GET", f"{at}.jpg")[:3] == b"\xff\xd8\xff", f"{name} has no thumbnail"
