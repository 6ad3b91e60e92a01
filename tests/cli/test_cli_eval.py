"""clipasso eval: what it makes, keeps and prints."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from clipasso_cli import terminal

QUICK = ("--preset", "draft", "--iterations", "2", "--strokes", "3")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_it_makes_judges_and_goes_on(
    evaluate: Callable[..., Any], folder: Path, request: pytest.FixtureRequest
) -> None:
    """First one number of strokes; then two, of which one is there already."""
    first = evaluate(folder, *QUICK)
    out = folder / "clipasso-eval"
    assert first.status == 0
    assert names(folder) == ["clipasso-eval", "cup.png"]
    assert names(out) == ["cup-3.svg", "figures.json", "index.html"]
    assert first.out.splitlines()[0].startswith("sketch  n   loss  similarity")
    assert "efficientnet-lite2" in first.out
    assert "sketching cup-3" in first.err
    assert "judging" in first.err
    made = (out / "cup-3.svg").stat().st_mtime_ns
    again = evaluate(folder, *QUICK[:-2], "--strokes", 4, 3, 4, "--json")
    facts = json.loads(again.out)
    assert (again.status, again.err) == (0, "")
    assert (out / "cup-3.svg").stat().st_mtime_ns == made
    assert [(one["sketch"], one["strokes"]) for one in facts["sketches"]] == [("cup-4.svg", 4), ("cup-3.svg", 3)]
    assert [group["label"] for group in facts["groups"]] == ["3", "4"]
    assert facts == json.loads((out / "figures.json").read_text())
    request.getfixturevalue("no_long_work")
    with pytest.raises(AssertionError, match="the long work started"):
        evaluate(folder, *QUICK, "--seed", 1)


@pytest.mark.usefixtures("object_in_the_middle")
def test_it_scores_what_is_there(evaluate: Callable[..., Any], folder: Path, sketches: Path) -> None:
    shutil.copy(sketches / "cup-mine.svg", sketches / "mug.svg")
    (folder / "broken.png").write_text("no photo")
    ran = evaluate(folder, "--sketches", sketches, "--json")
    facts = json.loads(ran.out)
    assert ran.status == 0
    assert [(one["sketch"], one["label"]) for one in facts["sketches"]] == [("cup-mine.svg", "mine")]
    assert names(sketches) == ["cup-mine.svg", "figures.json", "index.html", "mug.svg"]
    assert names(folder) == ["broken.png", "cup.png"]
    assert [line.split(":")[0] for line in ran.err.splitlines()] == ["clipasso", "clipasso"]
    assert "mug.svg: it is named as no photo" in ran.err
    assert "broken.png" in ran.err


@pytest.mark.usefixtures("object_in_the_middle")
def test_sketches_beside_their_photos(evaluate: Callable[..., Any], folder: Path, sketches: Path) -> None:
    """As `clipasso sketch` leaves them; the results go to a folder of their own."""
    shutil.copy(sketches / "cup-mine.svg", folder / "cup.svg")
    ran = evaluate(folder, "--sketches", folder, "--judge", "embedded")
    assert ran.status == 0
    assert names(folder) == ["clipasso-eval", "cup.png", "cup.svg"]
    assert ran.out.splitlines()[1].startswith("-       1  ")


@pytest.mark.usefixtures("object_in_the_middle")
def test_two_folders_are_compared(evaluate: Callable[..., Any], folder: Path, sketches: Path, tmp_path: Path) -> None:
    """Before, the same curve is drawn twice over."""
    shutil.copy(folder / "cup.png", folder / "mug.png")
    once = (sketches / "cup-mine.svg").read_text()
    (path,) = re.findall("<path[^>]*/>", once)
    before = tmp_path / "before"
    before.mkdir()
    for name in ("cup", "mug"):
        (sketches / f"{name}-mine.svg").write_text(once)
        (before / f"{name}-mine.svg").write_text(once.replace(path, path + path))
    (before / "mug-other.svg").write_text(once)
    (tmp_path / "groups.json").write_text('{"cups": ["cup", "mug"]}')
    ran = evaluate(folder, "--sketches", sketches, "--against", before, "--groups", tmp_path / "groups.json", "--json")
    facts = json.loads(ran.out)
    assert ran.status == 0
    changes = {one["figure"]: one for one in facts["comparison"]["changes"]}
    assert 0.4 < changes["overlap"]["before"] < 0.5
    assert (changes["overlap"]["after"], changes["overlap"]["beyond_chance"]) == (0, None)
    assert changes["overlap"]["signs"] == {"better": 2, "worse": 0, "same": 0}
    assert changes["self_crossing"]["signs"] == {"better": 0, "worse": 0, "same": 2}
    assert facts["comparison"]["photo_groups"][0]["name"] == facts["photo_groups"][0]["name"] == "cups"
    assert "not compared: 1 sketches" in ran.err
    assert facts == json.loads((sketches / "figures.json").read_text())
    assert "before" in (sketches / "index.html").read_text(encoding="utf-8")
    assert names(before) == ["cup-mine.svg", "mug-mine.svg", "mug-other.svg"]


@pytest.mark.usefixtures("object_in_the_middle")
def test_a_clip_that_reads_names_the_sketches(
    evaluate: Callable[..., Any], folder: Path, sketches: Path, tmp_path: Path
) -> None:
    """A tiny one with random weights, in the real format."""
    open_clip = pytest.importorskip("open_clip", reason="needs open_clip (pip install open_clip_torch)")
    torch.manual_seed(0)
    vision = {"layers": 4, "width": 128, "patch_size": 16, "image_size": 64}
    text = {"context_length": 77, "vocab_size": 49408, "width": 64, "heads": 1, "layers": 1}
    weights = tmp_path / "tiny.pt"
    torch.save(open_clip.model.CLIP(32, vision, text, quick_gelu=True).state_dict(), weights)
    (tmp_path / "words.txt").write_text("cat\ncup\n")
    ran = evaluate(folder, "--sketches", sketches, "--judge", weights, "--classes", tmp_path / "words.txt", "--json")
    facts = json.loads(ran.out)
    (one,) = facts["sketches"]
    assert (facts["classes"], facts["judge"]["input_size"]) == (["cat", "cup"], 64)
    assert one["class_place"] == (1 if one["class_guess"] == "cup" else 2)
    assert facts["groups"][0]["class_top1"] == float(one["class_guess"] == "cup")
    assert "class" in (sketches / "index.html").read_text(encoding="utf-8")


@pytest.mark.usefixtures("object_in_the_middle")
def test_an_interrupt_keeps_what_is_finished(
    evaluate: Callable[..., Any], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    update = terminal.SketchProgress.update

    def interrupt(self: terminal.SketchProgress, step: object) -> None:
        update(self, step)  # type: ignore[arg-type]
        if step.strokes.num_strokes == 8:  # type: ignore[attr-defined]  # four, and their spare ones
            raise KeyboardInterrupt

    monkeypatch.setattr(terminal.SketchProgress, "update", interrupt)
    ran = evaluate(folder, *QUICK[:-2], "--strokes", 3, 4)
    assert (ran.status, ran.out) == (130, "")
    assert ran.err.splitlines()[-1].startswith("clipasso: interrupted; finished sketches are kept")
    assert names(folder / "clipasso-eval") == ["cup-3.svg"]
