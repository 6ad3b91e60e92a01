"""The page's modules that need no page, run by Node.js: the same edits as in Python, and curves that fit."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import torch

from clipasso_core.edits import apply_edits, parse_edits
from clipasso_core.errors import JsonError
from clipasso_core.strokes import Strokes
from clipasso_core.strokes_json import strokes_document
from clipasso_core.svg import from_svg

MODULES = Path(__file__).resolve().parents[2] / "web" / "js"
Json = dict[str, Any]


def run(program: str, given: object, folder: Path) -> Any:
    """Run a program, which has ``given`` and returns JSON, beside copies of the modules."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node (Node.js)")
    for name in ("strokes", "edits", "fit", "dom"):
        shutil.copyfile(MODULES / f"{name}.js", folder / f"{name}.js")
    (folder / "package.json").write_text('{"type": "module"}')
    names = {"strokes": "readBatch, joined, svgText, distanceTo, shifted", "fit": "fitChain", "dom": "perFrame"}
    lines = [f"import {{ {found} }} from './{name}.js'" for name, found in names.items()]
    imports = "\n".join([*lines, "import * as edits from './edits.js'", "import { readFileSync } from 'node:fs'"])
    start = "const given = JSON.parse(readFileSync(0, 'utf8'))\n"
    text = f"{imports}\n{start}console.log(JSON.stringify((() => {{ {program} }})()))"
    (folder / "program.js").write_text(text)
    command = [node, str(folder / "program.js")]
    done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def drawn() -> Strokes:
    points = torch.rand(2, 4, 7, 2, generator=torch.Generator().manual_seed(0)) * 64
    return Strokes.black(points.round(decimals=2), (64, 64), stroke_width=2)


LINE = [[float(i), 2.0] for i in range(7)]
STEPS: list[Json] = [
    {"do": "add", "points": LINE, "width": 3},
    {"do": "delete", "strokes": [1], "sketch": 1},
    {"do": "move", "strokes": [4, 0], "points": [LINE[::-1], LINE]},
    {"do": "place", "strokes": [4], "before": 1},
    {"do": "delete", "strokes": [2]},
    {"do": "place", "strokes": [0]},
    {"do": "add", "points": LINE, "width": 1, "color": [1, 0, 0, 0.5], "sketch": 1},
    {"do": "place", "strokes": [3, 1], "before": 4},
]


@pytest.mark.parametrize("size", [64, 128])
def test_the_page_makes_the_edits_that_python_makes(tmp_path: Path, size: int) -> None:
    """Also on a larger canvas than the one that was edited."""
    strokes = drawn().scaled_to((size, size))
    made_for = {"num_strokes": 4, "num_points": 7, "canvas_size": [64, 64]}
    text = json.dumps({"format": "clipasso-edits", "version": 1, "made_for": made_for, "operations": STEPS})
    program = """
        const batch = readBatch(given.document), made = new edits.Edits()
        made.read(given.text)
        return [made.fit(batch), made.text, [0, 1].map((i) => edits.edited(batch, i, made).filter((s) => s.alive))]
    """
    fits, written, found = run(program, {"document": strokes_document(strokes), "text": text}, tmp_path)
    wanted = apply_edits(strokes, parse_edits(text))
    assert fits
    assert parse_edits(written) == parse_edits(text)
    for sketch in (0, 1):
        alive = wanted.alive[sketch]
        points = torch.tensor([stroke["points"] for stroke in found[sketch]])
        torch.testing.assert_close(points, wanted.control_points[sketch, alive])
        widths = torch.tensor([float(stroke["width"]) for stroke in found[sketch]])
        torch.testing.assert_close(widths, wanted.stroke_width[sketch, alive])
        colors = torch.tensor([[float(part) for part in stroke["color"]] for stroke in found[sketch]])
        torch.testing.assert_close(colors, wanted.color[sketch, alive])


MADE_FOR: Json = {"num_strokes": 4, "num_points": 7, "canvas_size": [64, 64]}
ADDED: Json = {"do": "add", "points": LINE, "width": 1}
NO_MADE_FOR: list[object] = [
    *(None, {**MADE_FOR, "num_strokes": -1}, {**MADE_FOR, "num_points": "7"}),
    *({**MADE_FOR, "canvas_size": 64}, {**MADE_FOR, "canvas_size": [0, 64]}),
]
NO_OPERATIONS: list[object] = [
    *(None, "add", {}, {"do": "toString"}, {"do": "delete"}, {"do": "delete", "strokes": 1}),
    *({"do": "delete", "strokes": ["1"]}, {"do": "delete", "strokes": [1], "sketch": -1}),
    *({"do": "move", "strokes": [1]}, {"do": "move", "strokes": [1], "points": [LINE, LINE]}),
    *({"do": "move", "strokes": [1], "points": [LINE[1:]]}, {"do": "place", "strokes": [1], "before": "2"}),
    *({**ADDED, "points": None}, {**ADDED, "points": [[1, 2, 3]] * 7}, {**ADDED, "points": [["1", 2]] * 7}),
    *({**ADDED, "width": None}, {**ADDED, "color": "red"}, {**ADDED, "color": [0, 0, 0]}),
]


def test_malformed_edits_are_unreadable_here_and_there(tmp_path: Path) -> None:
    """Also after an operation that is well formed."""
    cases: list[tuple[object, list[object]]] = [(made_for, [STEPS[1]]) for made_for in NO_MADE_FOR]
    cases += [(MADE_FOR, operations) for one in NO_OPERATIONS for operations in ([one], [STEPS[1], one])]
    form = {"format": "clipasso-edits", "version": 1}
    texts = [json.dumps({**form, "made_for": made_for, "operations": listed}) for made_for, listed in cases]
    for text in texts:
        with pytest.raises(JsonError):
            parse_edits(text)
    program = """
        const made = new edits.Edits()
        return given.filter((text) => made.read(text) || made.text || made.operations.length > 0)
    """
    assert run(program, texts, tmp_path) == []


@pytest.mark.parametrize("size", [(64, 64), (128, 128), (96, 96)])
def test_an_added_stroke_lies_and_looks_as_it_was_drawn(tmp_path: Path, size: tuple[int, int]) -> None:
    """Also on another canvas than the one that the first edit was made on."""
    program = """
        const [first, now] = given.documents.map(readBatch), made = new edits.Edits()
        made.push(first, { do: "delete", strokes: [0] })
        const points = edits.inUnitsOf(now, made, given.points), width = edits.widthInUnitsOf(now, made, 5)
        made.push(now, { do: "add", points, width })
        return edits.edited(now, 0, made).at(-1)
    """
    documents = [strokes_document(one) for one in (drawn(), drawn().scaled_to(size))]
    found = run(program, {"documents": documents, "points": LINE}, tmp_path)
    assert found["width"] == pytest.approx(5, abs=0.02)
    assert found["points"] == [pytest.approx(point, abs=0.02) for point in LINE]


def test_undo_and_redo_walk_along_the_list(tmp_path: Path) -> None:
    program = """
        const batch = readBatch(given), told = [], made = new edits.Edits((text) => told.push(text))
        made.push(batch, { do: "delete", strokes: [0] })
        made.push(batch, { do: "delete", strokes: [1] })
        made.undo(); made.undo(); const nothing = made.undo()
        made.redo(); const after = made.text
        made.push(batch, { do: "delete", strokes: [2] })
        return { told, nothing, after, redo: made.redo() }
    """
    found = run(program, strokes_document(drawn()), tmp_path)
    counts = [len(parse_edits(text).operations) for text in found["told"]]
    assert counts == [1, 2, 1, 0, 1, 2]
    assert found["told"][3] == ""
    assert found["after"] == found["told"][0]
    assert (found["nothing"], found["redo"]) == (False, False)
    last = parse_edits(found["told"][-1])
    assert [one.strokes for one in last.operations] == [(0,), (2,)]
    assert (last.num_strokes, last.num_points, last.canvas_size) == (4, 7, (64, 64))


def test_undo_brings_back_what_was_cleared(tmp_path: Path) -> None:
    """Also what was cleared before something else was done; redo clears again; a reload forgets it."""
    program = """
        const batch = readBatch(given), made = new edits.Edits()
        const remove = (i) => made.push(batch, { do: "delete", strokes: [i] })
        const counts = [], note = (...results) => counts.push([made.operations.length, ...results])
        remove(0); remove(1); const whole = made.text
        made.clear(); note(made.canUndo)
        note(made.undo(), made.text === whole)
        note(made.redo(), made.text === "", made.redo())
        remove(2); note(made.undo(), made.undo(), made.text === whole)
        note(made.undo(), made.undo(), made.undo())
        note(made.redo(), made.redo(), made.redo(), made.redo(), made.redo())
        made.clear(); const fresh = new edits.Edits(); fresh.clear(); note(fresh.canUndo)
        made.read(whole); made.clear(); made.read(""); note(made.canUndo)
        return counts
    """
    assert run(program, strokes_document(drawn()), tmp_path) == [
        [0, True],
        [2, True, True],
        [0, True, True, False],
        [2, True, True, True],
        [0, True, True, False],
        [1, True, True, True, True, False],
        [0, False],
        [0, False],
    ]


def test_every_change_of_edits_has_a_version_of_its_own(tmp_path: Path) -> None:
    """The editor makes the edits anew only where the version is another one."""
    program = """
        const batch = readBatch(given), made = new edits.Edits(), seen = [made.version]
        const after = (change) => { change(); seen.push(made.version) }
        after(() => made.push(batch, { do: "delete", strokes: [0] }))
        after(() => made.push(batch, { do: "delete", strokes: [1] }, true))
        for (const name of ["undo", "redo", "clear", "undo"]) after(() => made[name]())
        after(() => made.read(""))
        return seen
    """
    seen = run(program, strokes_document(drawn()), tmp_path)
    assert len(set(seen)) == len(seen) == 8


def test_a_frame_sees_the_last_event_alone(tmp_path: Path) -> None:
    program = """
        let frames = []
        globalThis.requestAnimationFrame = (work) => frames.push(work)
        globalThis.cancelAnimationFrame = () => (frames = [])
        const next = () => frames.splice(0).forEach((work) => work())
        const seen = [], follow = perFrame((event) => seen.push(event))
        follow(1); follow(2); next(); next()
        follow(3); next()
        follow(4); follow(5); follow.finish(); next()
        follow.finish()
        return seen
    """
    assert run(program, None, tmp_path) == [2, 3, 5]


def test_points_that_pad_a_stroke_move_together(tmp_path: Path) -> None:
    points = [[0, 0], [1, 0], [2, 0], [3, 0], [3, 0], [3, 0], [3, 0]]
    program = "return [null, 0, 4].map((i) => shifted(new Map([[7, given]]), 1, 2, i).get(7))"
    whole, first, padded = run(program, points, tmp_path)
    assert whole == [[x + 1, y + 2] for x, y in points]
    assert first == [[1, 2], *points[1:]]
    assert padded == [*points[:3], *[[4, 2]] * 4]


def damaged(document: Json, *path: str | int, value: object = None) -> Json:
    """Return a copy with one value in its place, or without the last of the path where that is None."""
    copied: Json = json.loads(json.dumps(document))
    *way, last = path
    place: Any = copied
    for step in way:
        place = place[step]
    place[last] = value
    if value is None:
        del place[last]
    return copied


WHOLE = strokes_document(drawn())
FIRST = ("sketches", 0, "strokes", 0)


NO_BATCHES: list[object] = [
    *(None, {}, {"format": "clipasso-strokes", "version": 2}, [], "x"),
    damaged(WHOLE, "canvas_size"),
    damaged(WHOLE, "canvas_size", value=[64]),
    damaged(WHOLE, "sketches", 1, value="x"),
    damaged(WHOLE, "sketches", 0, "strokes"),
    damaged(WHOLE, *FIRST, value=[]),
    damaged(WHOLE, *FIRST, "points"),
    damaged(WHOLE, *FIRST, "points", 1, value=5),
    damaged(WHOLE, *FIRST, "color", value="red"),
]


def test_what_is_no_batch_is_none(tmp_path: Path) -> None:
    """It raises nothing: one node's damaged strokes must not keep a whole workflow from being loaded."""
    found = run("return given.map(readBatch)", [*NO_BATCHES, WHOLE], tmp_path)
    assert found[:-1] == [None] * len(NO_BATCHES)
    assert len(found[-1]["sketches"]) == 2


def test_what_a_list_brought_is_one_batch(tmp_path: Path) -> None:
    """Of the sketches on the first one's canvas; the others are counted."""

    def message(strokes: Strokes, name: str) -> Json:
        sketches = range(strokes.batch_size)
        named = [f"{name}{sketch}" for sketch in sketches]
        return {"strokes": strokes_document(strokes), "num_sketches": 2, "photos": named, "runs": [{"seed": 5}] * 2}

    one, other, third = (
        message(drawn().scaled_to((side, side)), name) for side, name in ((64, "a"), (32, "b"), (64, "c"))
    )
    program = "const one = joined(given); return { ...one, batch: readBatch(one.strokes) }"
    whole = run(program, [one, other, third], tmp_path)
    assert len(whole["batch"]["sketches"]) == 4
    assert whole["photos"] == ["a0", "a1", "c0", "c1"]
    assert (whole["num_sketches"], len(whole["runs"])) == (6, 4)
    assert run("return joined(given)", [one], tmp_path) == one


def test_only_numbers_get_through(tmp_path: Path) -> None:
    hostile = '"/><script>alert(1)</script>'
    document = strokes_document(drawn().select([0]))
    document["canvas_size"] = [hostile, 64]
    stroke: Json = document["sketches"][0]["strokes"][0]  # type: ignore[index]
    stroke.update(points=[[hostile, 1]] * 7, width=hostile, color=[hostile, None, 2.5, 1])
    text = run("const b = readBatch(given); return svgText(b, b.sketches[0])", document, tmp_path)
    assert "script" not in text
    assert text.count("<path") == 4


def test_svg_of_the_page_is_read_again(tmp_path: Path) -> None:
    document = strokes_document(drawn())
    text = run("const b = readBatch(given); return svgText(b, b.sketches[1])", document, tmp_path)
    read = from_svg(text)
    torch.testing.assert_close(read.control_points[0], drawn().control_points[1], atol=0.006, rtol=0)
    assert read.canvas_size == (64, 64)
    assert read.stroke_width.tolist() == [[2.0] * 4]


# --- a stroke fitted to what a hand drew -------------------------------------------------------------------------

FIT = """
    const chain = fitChain(given.drawn, given.segments)
    return chain && { chain, worst: Math.max(...given.drawn.map((point) => distanceTo(chain, point))) }
"""


@pytest.mark.parametrize("segments", [1, 2, 4])
def test_a_cubic_is_found_again(tmp_path: Path, segments: int) -> None:
    cubic = torch.tensor([[10.0, 10.0], [30.0, 90.0], [70.0, -20.0], [100.0, 60.0]])
    t = torch.linspace(0, 1, 80)[:, None]
    s = 1 - t
    points = s**3 * cubic[0] + 3 * s**2 * t * cubic[1] + 3 * s * t**2 * cubic[2] + t**3 * cubic[3]
    found = run(FIT, {"drawn": points.tolist(), "segments": segments}, tmp_path)
    assert len(found["chain"]) == 3 * segments + 1
    assert found["worst"] < 0.6
    assert found["chain"][0] == points[0].tolist()
    assert found["chain"][-1] == points[-1].tolist()


def test_more_cubics_fit_better(tmp_path: Path) -> None:
    wave = [[2.0 * i, float(30 * torch.sin(torch.tensor(i / 8)))] for i in range(101)]
    worst = [run(FIT, {"drawn": wave, "segments": segments}, tmp_path)["worst"] for segments in (1, 2, 4, 6)]
    assert worst[0] > 2 * worst[1] > 10 * worst[2]
    assert max(worst[2:]) < 1.5


@pytest.mark.parametrize("drawn_points", [[[5, 5], [5, 5]], [[5, 5]]])
def test_a_dot_is_no_stroke(tmp_path: Path, drawn_points: list[list[float]]) -> None:
    assert run(FIT, {"drawn": drawn_points, "segments": 2}, tmp_path) is None


@pytest.mark.parametrize(
    "drawn_points", [[[5, 5], [9, 5]], [[5, 5], [9, 5], [5, 5]], [[0, 0]] + [[i % 2, 3] for i in range(40)]]
)
def test_odd_drawings_give_finite_points(tmp_path: Path, drawn_points: list[list[float]]) -> None:
    found = run(FIT, {"drawn": drawn_points, "segments": 3}, tmp_path)
    assert bool(torch.tensor(found["chain"], dtype=torch.float64).isfinite().all())
    assert len(found["chain"]) == 10
