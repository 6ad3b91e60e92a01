"""Viewer and editor in ComfyUI's page, in a real browser: looked at, scrubbed, edited, reloaded, in both renderers."""

from __future__ import annotations

import base64
import os
import re
from datetime import datetime
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from clipasso_core.svg import from_svg

from . import browser, graphs, outputs
from .base_dir import PACK_NAME
from .client import Json
from .conftest import missing
from .server import ComfyServer

pytestmark = pytest.mark.host

STROKES = 6
HOSTILE = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 2'>"
REFUSED_BY_PAGE = "Content Security Policy"  # --disable-api-nodes forbids the page its own calls to comfy.org
LOOKS: dict[str, Json] = {
    "canvas": {"vue": False, "palette": "dark", "locale": "en", "iterations": 12},
    "nodes2": {"vue": True, "palette": "light", "locale": "zh", "iterations": 13},
}
LINES = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="5"><path d="M1 1L8 4" stroke="red"/></svg>'
HUGE = 100 * 2**20
REFUSED = {
    "en": "huge.svg has 100.0 MB; at most 32 MB are read. Simplify the drawing.",
    "zh": "huge.svg 有 100.0 MB，最多读取 32 MB。请简化图形。",
}
SAID = {
    "en": ["Copied.", "The browser could not make a PNG of 256 px. Ask for a smaller one."],
    "zh": ["已复制。", "浏览器无法生成 256 px 的 PNG。请改小一些。"],
}
NAMES = {"en": "CLIPasso viewer", "zh": "CLIPasso 查看器"}
PROGRESS = {
    "en": re.compile(r"iteration (\d+) of (\d+) · ([\d.]+) a second · loss ([\d.]+)"),
    "zh": re.compile(r"迭代 (\d+) / (\d+) · 每秒 ([\d.]+) 次 · 损失 ([\d.]+)"),
}


@pytest.fixture(scope="module", params=LOOKS)
def seen(
    request: pytest.FixtureRequest, host: ComfyServer, info: Json, tmp_path_factory: pytest.TempPathFactory
) -> Json:
    """What a person met in the page (see viewer.mjs)."""
    lacking = browser.what_is_missing()
    if lacking:
        missing(lacking)
    host.client.forget()  # a page hears of the saliency when CLIPasso Stroke Init runs, not when its output is kept
    looks = LOOKS[request.param]
    graph = graphs.sketch_graph(info, strokes=STROKES, iterations=looks["iterations"])
    image = graph.output("CLIPassoMask")
    edited = graph.add("CLIPassoEditStrokes", strokes=graph.output("CLIPassoOptimize"), image=image)
    graph.set("CLIPassoSVGExport", strokes=edited, title=HOSTILE)
    pictures = Path(os.environ.get("CLIPASSO_SCREENSHOTS") or tmp_path_factory.mktemp("viewer"))
    pictures.mkdir(parents=True, exist_ok=True)
    job = {**looks, "prompt": graph.built(), "screenshot": str(pictures / f"viewer-{request.param}.png")}
    job.update(uploads(tmp_path_factory.mktemp("uploads"), request.param))
    return {**browser.drive(host.url, job, driver="viewer.mjs"), **looks, "uploaded": job["drawing"]}


def uploads(folder: Path, look: str) -> Json:
    """Make a drawing to upload, and one that is too large (and takes no room)."""
    drawing, huge = folder / f"mine-{look}.svg", folder / "huge.svg"
    drawing.write_text(LINES)
    huge.touch()
    os.truncate(huge, HUGE)
    return {"drawing": str(drawing), "huge": str(huge)}


def ids(strokes: list[list[object]]) -> list[object]:
    return [stroke[0] for stroke in strokes]


def points(strokes: list[list[object]]) -> dict[object, object]:
    return {stroke[0]: stroke[1] for stroke in strokes}


# --- the viewer --------------------------------------------------------------------------------------------------


def test_strokes_are_sent_while_a_run_goes_on(seen: Json) -> None:
    iterations = [iteration for iteration, _ in seen["live"]]
    assert len(iterations) >= 2
    assert iterations == sorted(iterations)


def test_a_run_says_on_the_node_how_far_it_is(seen: Json) -> None:
    """Iterations, how many a second, and the best loss."""
    iteration, facts = seen["live"][-1]
    said = PROGRESS[seen["locale"]].search(facts)
    assert said, facts
    assert [int(said[1]), int(said[2])] == [iteration, seen["iterations"]]
    assert min(float(said[3]), float(said[4])) > 0


def test_a_run_is_shown_once(seen: Json) -> None:
    """The host's preview came, and does not stand below the vectors."""
    assert seen["previews"] >= 1
    assert seen["doubles"] == 0


def test_the_viewer_says_what_is_known(seen: Json) -> None:
    assert seen["name"] == NAMES[seen["locale"]]
    assert str(STROKES) in seen["facts"]
    assert {"en": "loss", "zh": "损失"}[seen["locale"]] in seen["facts"]


def test_the_slider_goes_through_the_drawing_order(seen: Json) -> None:
    assert seen["scrubbed"] == [STROKES, 0, 1, 2, STROKES]
    at, most = seen["played"]
    assert 0 <= at < most == STROKES


def test_the_slider_goes_through_the_run(seen: Json) -> None:
    last, first = seen["history"]
    assert first != last
    assert seen["beneath"] == 2 * STROKES  # the spare ones, too
    (photo, kind), (saliency, other) = seen["pictures"]
    assert photo != saliency
    assert kind == other == "image/jpeg"


def test_the_wheel_is_the_graphs_until_the_drawing_has_been_clicked(seen: Json) -> None:
    whole = "0 0 224 224"
    view, graph = seen["wheel"]["unfocused"]
    assert view == whole
    assert graph > 1
    view, graph = seen["wheel"]["focused"]
    assert float(view.split()[2]) < 224
    assert graph == 1
    assert seen["wheel"]["reset"] == whole, "a wheel that goes sideways zooms nothing"


def test_buttons_zoom_and_a_second_finger_does_nothing(seen: Json) -> None:
    assert [round(224 / width, 4) for width in seen["zoomed"]] == [1.25, 1.5625, 1.25]
    assert seen["fingers"] == pytest.approx([40, 0], abs=1)


def test_what_is_shown_can_be_taken_away(seen: Json) -> None:
    assert from_svg(seen["svg"]).num_strokes == 2 * STROKES  # what is shown: the run's first moment, spare ones and all
    with Image.open(BytesIO(base64.b64decode(seen["png"]))) as image:
        assert image.size == (256, 256)
        low, high = image.convert("L").getextrema()
    assert (low < 60, high) == (True, 255)


def test_a_browser_that_does_less_is_met(seen: Json) -> None:
    """Over plain http the SVG is copied the old way; a PNG that cannot be drawn is said."""
    assert seen["copied"] == seen["svg"]
    assert seen["said"] == SAID[seen["locale"]]


# --- the editor --------------------------------------------------------------------------------------------------


def test_the_photo_lies_beneath_until_it_is_hidden(seen: Json) -> None:
    assert seen["drawnAfter"] == ["inline", "none"]


def test_a_stroke_is_deleted_and_another_one_dragged(seen: Json) -> None:
    gone, held = seen["picked"]
    assert ids(seen["deleted"]) == [stroke for stroke in range(STROKES) if stroke != gone]
    before, after = points(seen["deleted"]), points(seen["dragged"])
    changed = [stroke for stroke in before if before[stroke] != after[stroke]]
    assert changed == [held]
    ends = [one != other for one, other in zip(before[held], after[held], strict=True)]  # type: ignore[call-overload]
    assert ends == [*[False] * 6, True]
    assert after[held][6] == pytest.approx([112, 112], abs=1)  # type: ignore[index]


def test_keys_move_undo_and_redo_once(seen: Json) -> None:
    """A stroke went 2 px to the right, then one of its points 1 px down; both moves were undone, one came back."""
    before, after = points(seen["dragged"]), points(seen["keyed"])
    (moved,) = [stroke for stroke in before if before[stroke] != after[stroke]]
    steps = [(b[0] - a[0], b[1] - a[1]) for a, b in zip(before[moved], after[moved], strict=True)]  # type: ignore
    assert steps == [pytest.approx(one, abs=0.02) for one in [(2, 1), *[(2, 0)] * 6]]
    assert points(seen["undone"]) == before
    redone = points(seen["redone"])[moved]
    assert redone[1:] == after[moved][1:]  # type: ignore[index]
    assert redone[0][1] == pytest.approx(before[moved][0][1], abs=0.02)  # type: ignore[index]


def test_a_stroke_is_added_and_placed_by_keys(seen: Json) -> None:
    order = ids(seen["added"])
    assert len(order) == STROKES
    assert order.index(STROKES) == len(order) - 2


def test_undo_brings_cleared_edits_back(seen: Json) -> None:
    """By keys, right after the press of the button: not ComfyUI's own undo, which knew of each change before."""
    assert seen["cleared"] == ["", "", seen["edits"]]
    assert seen["remembered"] == seen["edits"]


def test_the_graph_does_not_act_on_keys_and_pointers_of_a_panel(seen: Json) -> None:
    before, after = seen["nodes"]
    assert after == before


def test_what_was_edited_flows_on_and_survives_a_reload(seen: Json) -> None:
    assert len(outputs.paths(seen["first"][0].encode())) == STROKES
    edited = from_svg(seen["second"][0])
    shown = [stroke[1] for stroke in seen["added"]]
    assert edited.control_points[0].tolist() == [[pytest.approx(point, abs=0.006) for point in one] for one in shown]
    assert seen["reloaded"]["edits"] == seen["edits"] != ""
    assert seen["reloaded"]["seen"] == seen["added"]
    first, again = (
        text[0].partition("<metadata>")[2].partition("</metadata>")[2] for text in (seen["second"], seen["third"])
    )
    assert again == first != ""


def test_a_workflow_holds_no_more_than_it_must(seen: Json) -> None:
    nodes = {node["type"]: node for node in seen["workflow"]["nodes"]}
    assert nodes["CLIPassoEditStrokes"]["widgets_values"] == [seen["edits"]]
    assert "clipasso_strokes" not in nodes["CLIPassoOptimize"]["properties"]
    assert len(nodes["CLIPassoSVGExport"]["widgets_values"]) == 3


def test_the_edits_are_not_seen_as_text(seen: Json) -> None:
    """They are a widget that the editor fills; in Nodes 2.0 of ComfyUI 0.33 it stood there as a field of JSON."""
    assert seen["raw"] == 0


# --- by keys alone -----------------------------------------------------------------------------------------------


def test_tab_comes_to_all_that_can_be_used(seen: Json) -> None:
    for panel, fewest in (("viewer", 12), ("editor", 8)):
        reached, usable = seen["keys"][panel]["reached"], seen["keys"][panel]["usable"]
        assert len(usable) >= fewest
        assert sorted(reached) == reached, "in the order in which they are seen"
        assert set(usable) <= set(reached)
    assert seen["keys"]["left"] == [], "Tab leads out of every panel"


def test_keys_play_scrub_delete_and_undo(seen: Json) -> None:
    assert seen["keys"]["scrubbed"] == 2
    stood, moved = seen["keys"]["played"]
    assert moved != stood
    before, deleted, undone = seen["keys"]["strokes"]
    assert deleted == before[1:]
    assert undone == before == ids(seen["added"])


# --- an upload ---------------------------------------------------------------------------------------------------


def test_a_drawing_of_100_mb_is_not_sent_and_another_one_is(seen: Json) -> None:
    assert seen["refused"] == REFUSED[seen["locale"]]
    assert seen["uploads"] == ["POST"]
    listed, saved = seen["loader"]
    name = Path(seen["uploaded"]).name
    assert listed.count(name) == 1
    assert saved == [name, 224, "", "refuse"]


# --- prompts -----------------------------------------------------------------------------------------------------


def test_a_prompt_names_files_as_core_nodes_do(seen: Json) -> None:
    """All three nodes that save fill in dates and other nodes' values, and leave the rest to the host."""
    assert seen["prefixes"] == [f"{datetime.now().year}/{seen['iterations']}/%width%"] * 3


def test_a_page_made_of_a_prompt_has_its_edits(seen: Json) -> None:
    assert seen["prompted"] == seen["edits"]


def test_undo_past_a_run_can_be_redone(seen: Json) -> None:
    """ComfyUI's own undo brings back what was before the run, and nothing that is shown then changes it."""
    assert seen["past"] == {"isAnother": True, "isKept": True}


# --- manners -----------------------------------------------------------------------------------------------------


def test_hostile_texts_do_nothing(seen: Json) -> None:
    assert seen["hacked"] is None


def test_no_error_comes_from_the_pack(seen: Json) -> None:
    ours = [error for error in seen["errors"] if f"/{PACK_NAME}/" in error and REFUSED_BY_PAGE not in error]
    assert ours == []


def test_axe_finds_no_serious_barrier(seen: Json) -> None:
    assert [one for one in seen["barriers"] if one["impact"] in ("serious", "critical")] == []
