"""clipasso sketch: the files and the lines it leaves."""

from __future__ import annotations

import io
import json
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from clipasso_cli import main, terminal
from clipasso_core.encoders import get_encoder
from clipasso_core.errors import ImageFileError
from clipasso_core.files import save_png
from clipasso_core.optimize import Preset, SketchStep
from clipasso_core.presets import PAPER_ENCODERS, sketch_preset
from clipasso_core.svg import from_svg

Clipasso = Callable[..., Any]
PATH = "{http://www.w3.org/2000/svg}path"
METADATA = "{http://www.w3.org/2000/svg}metadata"


def paths_of(svg: Path) -> list[ET.Element]:
    return list(ET.parse(svg).getroot().iter(PATH))


def test_the_last_line_names_file_loss_seed_and_time(clipasso: Clipasso, photo_file: Path) -> None:
    ran = clipasso(photo_file, "--seed", 5)
    svg = photo_file.with_suffix(".svg")
    assert ran.status == 0
    assert len(paths_of(svg)) == 3
    last = ran.out.splitlines()[-1]
    assert re.search(rf"^{re.escape(str(svg))}: .*loss \d+\.\d+, seed 5, .*\d s, .*not CLIP", last)
    assert "sketching" in ran.err  # the progress bar


def test_json_is_one_object_with_the_facts(clipasso: Clipasso, photo_file: Path, tmp_path: Path) -> None:
    svg, png = tmp_path / "out.svg", tmp_path / "out.png"
    ran = clipasso(photo_file, "-o", svg, "--png", png, "--seed", 7, "--sketches", 2, "--json")
    facts = json.loads(ran.out)
    assert ran.status == 0
    assert ran.err == ""
    assert (facts["svg"], facts["png"], facts["strokes"]) == (str(svg), str(png), 3)
    assert facts["seed"] in (7, 1007)
    assert (facts["iterations"], facts["stopped"]) == (2, "finished")
    assert facts["encoder"] == "efficientnet-lite0"
    assert 0 < facts["loss"] < 10
    assert 0 < facts["seconds"] < 600
    assert Image.open(png).size == (1024, 1024)
    assert len(paths_of(svg)) == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cup.png", "out.png", "out.svg"]


def test_the_same_command_writes_the_same_bytes(clipasso: Clipasso, photo_file: Path, tmp_path: Path) -> None:
    written = []
    for name, seed in (("a.svg", 0), ("b.svg", 0), ("c.svg", 1)):
        assert clipasso(photo_file, "-o", tmp_path / name, "--seed", seed).status == 0
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1] != written[2]


def test_the_page_may_be_the_photos(clipasso: Clipasso, photo_file: Path) -> None:
    assert clipasso(photo_file, "--page", "photo", "--fit", "pad").status == 0
    root = ET.parse(photo_file.with_suffix(".svg")).getroot()
    assert root.get("viewBox") == "0 0 96 64"


def test_the_svg_remembers_how_it_was_made(clipasso: Clipasso, photo_file: Path) -> None:
    assert clipasso(photo_file, "--seed", 3).status == 0
    text = photo_file.with_suffix(".svg").read_text()
    assert '"encoder_sha256"' in text
    assert '"seed": 3' in text or '"seed":3' in text


def test_a_mask_file_says_where_the_object_is(clipasso: Clipasso, photo_file: Path, tmp_path: Path) -> None:
    mask = torch.zeros(64, 96)
    mask[:, 48:] = 1
    save_png(mask, tmp_path / "mask.png")
    assert clipasso(photo_file, "--mask", tmp_path / "mask.png", "--page", "photo").status == 0
    strokes = from_svg(photo_file.with_suffix(".svg").read_text())
    assert float(strokes.control_points[..., 0].mean()) > 48


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_an_interrupt_saves_the_best_so_far(
    clipasso: Clipasso, photo_file: Path, monkeypatch: pytest.MonkeyPatch, flags: tuple[str, ...]
) -> None:
    def interrupt(self: object, step: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(terminal.SketchProgress, "update", interrupt)
    ran = clipasso(photo_file, "--iterations", 50, *flags)
    assert ran.status == 130
    assert len(paths_of(photo_file.with_suffix(".svg"))) == 3
    assert "interrupted" in ran.out
    if flags:
        assert json.loads(ran.out)["iterations"] == 1


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_an_error_in_the_middle_saves_the_best_so_far_and_is_said(
    clipasso: Clipasso, photo_file: Path, monkeypatch: pytest.MonkeyPatch, flags: tuple[str, ...]
) -> None:
    def fail(self: object, step: SketchStep) -> None:
        if step.iteration == 2:
            raise MemoryError("no more memory")

    monkeypatch.setattr(terminal.SketchProgress, "update", fail)
    ran = clipasso(photo_file, "--iterations", 50, *flags)
    svg = photo_file.with_suffix(".svg")
    assert ran.status == 1
    assert f"The sketch failed after 2 iterations: no more memory. The best until then goes to {svg}" in ran.err
    assert len(paths_of(svg)) == 3
    if flags:
        assert (json.loads(ran.out)["stopped"], json.loads(ran.out)["iterations"]) == ("failed", 2)


def test_an_own_file_is_replaced_and_no_other_without_force(
    clipasso: Clipasso, photo_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    svg, png = photo_file.with_suffix(".svg"), photo_file.with_name("out.png")
    for _ in range(2):
        assert clipasso(photo_file, "--png", png).status == 0
    for path, theirs in ((svg, b'<svg xmlns="http://www.w3.org/2000/svg"/>'), (png, photo_file.read_bytes())):
        ours = path.read_bytes()
        theirs = theirs if path == svg else strip_png(theirs)
        path.write_bytes(theirs)
        with monkeypatch.context() as patch:
            patch.setattr("clipasso_core.pipeline.sketch", lambda *_, **__: pytest.fail("the long work started"))
            ran = clipasso(photo_file, "--png", png)
        assert ran.status == 1
        assert f"{str(path)!r} exists, and clipasso did not write it." in ran.err
        assert "--force" in ran.err
        assert path.read_bytes() == theirs
        assert clipasso(photo_file, "--png", png, "--force").status == 0
        assert path.read_bytes() == ours


def test_the_photo_and_the_other_result_are_never_replaced(clipasso: Clipasso, photo_file: Path) -> None:
    """Not even when the photo is a PNG of ours, or by force."""
    before = photo_file.read_bytes()
    for options in (("--png", photo_file), ("-o", photo_file), ("-o", photo_file, "--force")):
        ran = clipasso(photo_file, *options)
        assert ran.status == 1
        assert f"{str(photo_file)!r} is the photo itself. Choose another name" in ran.err
    one = photo_file.with_name("one.svg")
    ran = clipasso(photo_file, "-o", one, "--png", one)
    assert ran.status == 1
    assert "is another result of this command" in ran.err
    assert photo_file.read_bytes() == before
    assert not one.exists()


def test_why_a_run_ended_is_said_even_if_the_best_cannot_be_saved(
    clipasso: Clipasso, photo_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: object, step: SketchStep) -> None:
        raise MemoryError("no more memory")

    def full(path: Path, data: object) -> None:
        raise ImageFileError(f"Cannot write {path}: the disk is full.")

    monkeypatch.setattr(terminal.SketchProgress, "update", fail)
    monkeypatch.setattr("clipasso_core.files.write_atomically", full)
    ran = clipasso(photo_file)
    assert ran.status == 1
    assert "no more memory" in ran.err
    assert "the disk is full" in ran.err


def strip_png(data: bytes) -> bytes:
    """Return a picture as another program would have written it."""
    out = io.BytesIO()
    Image.open(io.BytesIO(data)).convert("RGB").save(out, "PNG")
    return out.getvalue()


def test_an_interrupt_before_the_first_step(
    clipasso: Clipasso, photo_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("clipasso_core.files.load_photo", interrupt)
    ran = clipasso(photo_file)
    assert ran.status == 130
    assert ran.err.splitlines()[-1] == "clipasso: interrupted"
    assert [path.name for path in photo_file.parent.iterdir()] == ["cup.png"]


def test_the_preset_paper_without_its_encoders_says_so(
    clipasso: Clipasso, photo_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLIPASSO_MODELS", str(tmp_path / "nothing"))
    short = ("--preset", "paper", "--iterations", 1)
    said = "the paper's encoders (clip-rn101-openai and clip-vit-b-32-openai) are not both here"
    assert clipasso(photo_file, *short).out.rstrip().endswith(said)
    text = photo_file.with_suffix(".svg").read_text()
    assert re.search(r'"fit": ?"squash"', text)
    assert re.search(r'"edges": ?"published"', text)
    assert "not both here" not in clipasso(photo_file, *short, "--encoder", "embedded").out


def test_one_line_is_one_path_of_all_segments(clipasso: Clipasso, photo_file: Path) -> None:
    ran = clipasso(photo_file, "--one-line")
    assert ran.status == 0
    assert ": one stroke, loss" in ran.out
    svg = photo_file.with_suffix(".svg")
    (path,) = paths_of(svg)
    assert len(re.findall(r"[-0-9.]+", path.get("d") or "")) == 2 * (3 * 6 + 1)  # two cubics for each of 3 strokes
    assert "<title>cup in one line</title>" in svg.read_text()


def test_widths_and_colours(clipasso: Clipasso, photo_file: Path) -> None:
    looks = ("--widths", "each", "--width-range", 4, 5, "--colors", "photo")
    assert clipasso(photo_file, *looks).status == 0
    strokes = from_svg(photo_file.with_suffix(".svg").read_text())
    assert 4 <= float(strokes.stroke_width.min()) <= float(strokes.stroke_width.max()) <= 5  # 3 without
    assert not strokes.is_opaque_black()


def test_options_override_the_preset(clipasso: Clipasso, photo_file: Path) -> None:
    options = ("--iterations", 1, "--fit", "pad", "--width", 5, "--strokes", 2)
    assert clipasso(photo_file, "--preset", "paper", *options).status == 0
    svg = photo_file.with_suffix(".svg").read_text()
    assert re.search(r'"fit": ?"pad"', svg)
    assert re.search(r'"follow": ?0.0', svg)  # the preset's
    strokes = from_svg(svg)
    assert strokes.num_strokes == 2
    assert strokes.stroke_width.unique().tolist() == [5.0]


@pytest.mark.parametrize("preset", ["draft", "paper"])
def test_tidy_simplify_and_edges_are_the_presets_or_the_users(
    clipasso: Clipasso, photo_file: Path, preset: Preset
) -> None:
    def told(*options: object) -> tuple[object, ...]:
        assert clipasso(photo_file, "--preset", preset, "--iterations", 1, *options).status == 0
        facts: dict[str, Any] = json.loads(next(ET.parse(photo_file.with_suffix(".svg")).iter(METADATA)).text or "")
        made = facts["clipasso"]
        return made["optimize"]["tidy"], made["optimize"]["simplify"], made["saliency"]["edges"]

    usual = sketch_preset(preset)
    assert told() == (usual.optimize.tidy, usual.optimize.simplify, usual.edges)
    assert told("--tidy", 0.125, "--simplify", 0, "--edges", "textbook") == (0.125, 0.0, "textbook")


def test_the_papers_encoders_are_taken_where_they_are(
    clipasso: Clipasso, photo_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def encoder(name: str, device: object) -> object:
        asked.append(name)
        return get_encoder(device="cpu")

    monkeypatch.setattr("clipasso_core.encoders.get_encoder", encoder)
    monkeypatch.setattr("clipasso_core.presets.preset_encoders", lambda name: PAPER_ENCODERS)
    assert "not both here" not in clipasso(photo_file, "--preset", "paper", "--iterations", 1).out
    assert asked == list(PAPER_ENCODERS)
    asked.clear()
    clipasso(photo_file, "--preset", "paper", "--iterations", 1, "--encoder", "mine")
    assert asked == ["mine"]


SIGNALLED = """
import signal, sys
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may start us with it ignored
sys.modules["clipasso_lab"] = None  # importing it fails: a sketch needs nothing of it
from clipasso_cli import main, terminal
update = terminal.SketchProgress.update
def noted(self, step):
    update(self, step)
    if step.iteration == 3:
        Path("running").touch()
terminal.SketchProgress.update = noted
sys.exit(main())
"""


def wait_until(done: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + 240
    while not done():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_a_signal_in_the_middle_of_a_real_process_without_the_lab(photo_file: Path) -> None:
    folder = photo_file.parent
    options = ["--mask", "none", "--preset", "draft", "--iterations", "100000", "--sketches", "1", "--strokes", "3"]
    command = [sys.executable, "-c", SIGNALLED, "sketch", photo_file.name, *options, "--json"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            wait_until((folder / "running").exists, process)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=120)
        finally:
            process.kill()
    assert process.returncode == 130, err
    facts = json.loads(out)
    assert facts["stopped"] == "interrupted"
    assert facts["iterations"] >= 3
    assert len(paths_of(folder / "cup.svg")) == 3
    assert sorted(path.name for path in folder.iterdir()) == ["cup.png", "cup.svg", "running"]


def test_levels_are_files_of_one_sketch(clipasso: Clipasso, photo_file: Path, tmp_path: Path) -> None:
    """Each level's strokes are the first ones of the next; the number of strokes is that of the highest level."""
    ran = clipasso(photo_file, "--strokes", 6, "--levels", 6, 2, 3, "--png", tmp_path / "a.png", "--json")
    facts = json.loads(ran.out)
    files = [photo_file.with_name(f"cup-{level}.svg") for level in (2, 3, 6)]
    assert facts["levels"] == [str(path) for path in files]
    assert (facts["svg"], facts["strokes"]) == (str(files[-1]), 6)
    drawn = [[path.get("d") for path in paths_of(svg)] for svg in files]
    assert [len(paths) for paths in drawn] == [2, 3, 6]
    assert drawn[2][:3] == drawn[1]
    assert drawn[2][:2] == drawn[0]
    assert all((tmp_path / f"a-{level}.png").exists() for level in (2, 3, 6))
    assert not photo_file.with_suffix(".svg").exists()
    settings = json.loads(next(ET.parse(files[0]).getroot().iter(METADATA)).text or "")["clipasso"]["optimize"]
    assert (settings["order"], settings["prefixes"]) == ("importance", True)


def test_levels_in_one_are_groups(clipasso: Clipasso, photo_file: Path) -> None:
    ran = clipasso(photo_file, "--strokes", 5, "--levels", 2, 4, "--levels-in-one", "--no-prefixes", "--order", "pen")
    assert ran.status == 0
    root = ET.parse(photo_file.with_suffix(".svg")).getroot()
    groups = [group for group in root.iter(PATH.replace("path", "g")) if group.get("id")]
    assert [(group.get("id"), len(group)) for group in groups] == [("level-2", 2), ("level-4", 2)]
    assert clipasso(photo_file, "--levels", 2, "--strokes", 3, "--levels-in-one").status == 0  # replaces its own


def test_the_order_changes_no_stroke(clipasso: Clipasso, photo_file: Path, tmp_path: Path) -> None:
    drawn = []
    for name, *order in (("a",), ("b", "--order", "importance"), ("c", "--order", "drawn")):
        out = tmp_path / f"{name}.svg"
        assert clipasso(photo_file, "--strokes", 8, "--spare", 0, "-o", out, *order).status == 0
        drawn.append([path.get("d") for path in paths_of(tmp_path / f"{name}.svg")])
    assert drawn[0] == drawn[2] != drawn[1]
    assert sorted(filter(None, drawn[0])) == sorted(filter(None, drawn[1]))


def test_without_a_number_of_strokes_the_highest_level_says_it(
    photo_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    quick = ("--mask", "none", "--preset", "draft", "--iterations", "1", "--sketches", "1")
    assert main(["sketch", str(photo_file), *quick, "--levels", "7", "5"]) == 0
    assert "7 strokes" in capsys.readouterr().out
    assert [len(paths_of(photo_file.with_name(f"cup-{level}.svg"))) for level in (5, 7)] == [5, 7]


def test_strokes_are_counted_where_they_are_auto(clipasso: Clipasso, photo_file: Path) -> None:
    """Of eight, few are kept where each must pay much; the file holds no others, and both outputs say why."""
    auto = ("--strokes", "auto", "--most", 8, "--fewest", 2, "--detail", 0, "--iterations", 4)
    facts = json.loads(clipasso(photo_file, *auto, "--json").out)
    count = facts["stroke_count"]
    assert 2 <= facts["strokes"] == count["strokes"] < 8
    assert len(count["losses"]) == 8
    assert len(paths_of(photo_file.with_suffix(".svg"))) == facts["strokes"]
    line = clipasso(photo_file, *auto).out
    assert f"{facts['strokes']} strokes of 8, each of which lowers the loss by {count['price']:.4f} or more" in line
