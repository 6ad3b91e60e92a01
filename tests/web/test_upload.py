"""The upload button of CLIPasso Load SVG, run by Node.js beside a page that is nothing but names."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

MODULES = Path(__file__).resolve().parents[2] / "web" / "js"
API = """
export const asked = []
export const api = { fetchApi: async (path, { method, body }) => {
  const file = body.get("image")
  asked.push([path, method, file.name])
  if (file.name === "lost.svg") throw new TypeError("Failed to fetch")
  return { status: file.name === "bad.svg" ? 400 : 200, json: async () => ({ name: "1_" + file.name }) }
} }
"""
APP = """
export const said = []
const toast = { add: ({ severity, detail }) => said.push([severity, detail]) }
export const app = { extensionManager: { toast, setting: { get: () => "en" } } }
"""
PROGRAM = """
import { asked } from "../../../scripts/api.js"
import { said } from "../../../scripts/app.js"
const made = []
globalThis.document = { createElement: (tag) => {
  const element = { tag, append() {}, setAttribute(name, value) { element[name] = value } }
  element.addEventListener = (kind, work) => (element[`on${kind}`] = work)
  element.click = () => made.push(element)
  return element
} }
const { addUpload } = await import("./upload.js")
const file = { name: "file", value: "none", options: { values: ["none"] } }
const node = { widgets: [file], addWidget: (kind, name, value, callback, options) => {
  node.widgets.push({ kind, name, value, callback, options })
  return node.widgets.at(-1)
} }
addUpload(node)
const [, button] = node.widgets
const upload = async (given) => {
  button.callback()
  const chosen = made.at(-1)
  chosen.files = given
  chosen.onchange()
  await new Promise((resolve) => setTimeout(resolve, 20))
}
const huge = Object.defineProperty(new File([], "huge.svg"), "size", { value: 100 * 2 ** 20 })
for (const given of [[], [huge], ...["bad.svg", "lost.svg"].map((name) => [new File([""], name)])]) await upload(given)
const before = file.value
for (let i = 0; i < 2; i++) await upload([new File(["<svg/>"], "good.svg")])
const { label, serialize, options } = button
const [now, sent] = [structuredClone(file), [...asked]]
const told = { accept: made[0].accept, label, serialize, options, asked: sent, said, before, file: now }
const dropped = (...names) => ({ dataTransfer: { files: names.map((name) => new File([""], name)) } })
const over = [["file"], ["string"], []].map((kinds) => ({ items: kinds.map((kind) => ({ kind })) }))
  .map((dataTransfer) => node.onDragOver({ dataTransfer }))
const taken = [dropped("a.png"), dropped(), {}, dropped("b.png", "c.DXF")].map((event) => node.onDragDrop(event))
await new Promise((resolve) => setTimeout(resolve, 20))
console.log(JSON.stringify({ ...told, over, taken, drop: file.value }))
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What choices and drops led to: none, a huge file, one that is refused, one lost on the way, a good one twice."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node (Node.js)")
    page = tmp_path_factory.mktemp("page")
    scripts, pack = page / "scripts", page / "extensions" / "clipasso" / "js"
    scripts.mkdir()
    shutil.copytree(MODULES, pack)
    (page / "package.json").write_text('{"type": "module"}')
    (scripts / "api.js").write_text(API)
    (scripts / "app.js").write_text(APP)
    (pack / "program.js").write_text(PROGRAM)
    done = subprocess.run([node, str(pack / "program.js")], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_a_drawing_is_sent_and_chosen(seen: dict[str, Any]) -> None:
    assert seen["accept"] == ".svg,.dxf,.json"
    assert seen["before"] == "none"
    assert seen["file"]["value"] == "1_good.svg"
    assert seen["file"]["options"]["values"] == ["none", "1_good.svg"]
    names = ["bad.svg", "lost.svg", "good.svg", "good.svg"]
    assert seen["asked"] == [["/upload/image", "POST", name] for name in names]


def test_what_cannot_be_used_is_said_in_one_sentence(seen: dict[str, Any]) -> None:
    """A file that is too large is not sent at all."""
    assert seen["said"] == [
        ["error", "huge.svg has 100.0 MB; at most 32 MB are read. Simplify the drawing."],
        ["error", "ComfyUI did not take bad.svg (status 400). Copy it into the input folder and press R."],
        ["error", "ComfyUI could not be reached, so lost.svg was not sent. Is it running?"],
    ]


def test_a_drawing_may_be_dropped_on_the_node(seen: dict[str, Any]) -> None:
    """What is no drawing goes on to the page."""
    assert seen["over"] == [True, False, False]
    assert seen["taken"] == [False, False, False, True]
    assert seen["drop"] == "1_c.DXF"


def test_the_button_is_in_no_workflow(seen: dict[str, Any]) -> None:
    assert seen["label"] == "Choose a drawing to upload"
    assert (seen["serialize"], seen["options"]) == (False, {"serialize": False})
