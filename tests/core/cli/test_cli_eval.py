"""clipasso eval: what it makes, keeps, prints and refuses."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from torch import Tensor

from clipasso_core.cli import main, progress
from clipasso_core.image_files import save_png
from clipasso_core.images import resize
from clipasso_core.strokes import Strokes
from clipasso_core.svg import to_svg

QUICK = ("--iterations", "2", "--strokes", "3")


class Ran(NamedTuple):
    """What came of a command."""

    status: int
    out: str
    err: str


@pytest.fixture
def evaluate(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run `clipasso eval`."""

    def run(*arguments: object) -> Ran:
        try:
            status = main(["eval", *map(str, arguments)])
        except SystemExit as left:  # argparse
            status = int(left.code or 0)
        return Ran(status, *capsys.readouterr())

    return run


@pytest.fixture
def folder(tmp_path: Path, photo: Callable[[str], Tensor]) -> Path:
    """A folder of one photo, cup.png, 128 px."""
    folder = tmp_path / "photos"
    folder.mkdir()
    save_png(resize(photo("coffee")[:, :, :400, 100:500], (128, 128))[0], folder / "cup.png")
    return folder


@pytest.fixture
def sketches(tmp_path: Path) -> Path:
    """A folder of one sketch, cup-mine.svg."""
    folder = tmp_path / "sketches"
    folder.mkdir()
    points = torch.tensor([[20.0, 20], [20, 200], [200, 200], [200, 20]])
    (folder / "cup-mine.svg").write_text(to_svg(Strokes.black(points[None, None], (224, 224))))
    return folder


@pytest.fixture
def no_long_work(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("the long work started")

    monkeypatch.setattr("clipasso_core.optimize.run.SketchRun.step", never)
    monkeypatch.setattr("clipasso_core.evaluate.run.see_photo", never)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_it_makes_judges_and_goes_on(
    evaluate: Callable[..., Ran], folder: Path, request: pytest.FixtureRequest
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
    again = evaluate(folder, "--iterations", 2, "--strokes", 4, 3, 4, "--json")
    facts = json.loads(again.out)
    assert (again.status, again.err) == (0, "")
    assert (out / "cup-3.svg").stat().st_mtime_ns == made
    assert [(one["sketch"], one["strokes"]) for one in facts["sketches"]] == [("cup-4.svg", 4), ("cup-3.svg", 3)]
    assert [group["label"] for group in facts["groups"]] == ["3", "4"]
    assert facts == json.loads((out / "figures.json").read_text())
    request.getfixturevalue("no_long_work")
    with pytest.raises(AssertionError, match="the long work started"):
        evaluate(folder, *QUICK, "--seed", 1)


def test_it_scores_what_is_there(evaluate: Callable[..., Ran], folder: Path, sketches: Path) -> None:
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


def test_sketches_beside_their_photos(evaluate: Callable[..., Ran], folder: Path, sketches: Path) -> None:
    """As `clipasso sketch` leaves them; the results go to a folder of their own."""
    shutil.copy(sketches / "cup-mine.svg", folder / "cup.svg")
    ran = evaluate(folder, "--sketches", folder, "--judge", "embedded")
    assert ran.status == 0
    assert names(folder) == ["clipasso-eval", "cup.png", "cup.svg"]
    assert ran.out.splitlines()[1].startswith("-       1  ")


def test_a_clip_that_reads_names_the_sketches(
    evaluate: Callable[..., Ran], folder: Path, sketches: Path, tmp_path: Path
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


def test_nothing_could_be_evaluated(evaluate: Callable[..., Ran], folder: Path, sketches: Path) -> None:
    (folder / "cup.png").write_text("no photo")
    for arguments in (("--sketches", sketches), QUICK):
        ran = evaluate(folder, *arguments, "--out", folder.parent / "out", "--json")
        assert (ran.status, ran.out) == (1, "")
        assert ran.err.splitlines()[-1] == "clipasso: Nothing could be evaluated."
        assert "cup.png" in ran.err
        assert names(folder.parent / "out") == []


@pytest.mark.usefixtures("no_long_work")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--strokes", "0"), "num_strokes must lie between 1 and 4096, got 0"),
        (("--iterations", "0"), "num_iterations must lie between"),
        (("--seed", "-1"), "seed must lie between"),
        (("--device", "abacus"), "Use auto, cpu, cuda or mps"),
        (("--judge", "nobody"), "Unknown encoder 'nobody'"),
        (("--classes", "cat"), "at least 2 different names"),
        (("--classes", "cat,cup"), "efficientnet-lite2 knows no words"),
        (("--out", "."), "cannot go among the photos"),
        (("--out", "cup.png"), "Cannot make the folder"),
        (("--sketches", "missing"), "cannot be read"),
        (("--sketches", "."), "holds no sketch of any photo"),
        (("--sketches", "../sketches", "--strokes", "4"), "--strokes says how to make sketches"),
    ],
)
def test_refused_before_any_work(
    evaluate: Callable[..., Ran],
    folder: Path,
    sketches: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    said: str,
) -> None:
    monkeypatch.chdir(folder)
    ran = evaluate(".", *arguments)
    assert (ran.status, ran.out) == (1, "")
    assert said in ran.err
    assert ran.err.startswith("clipasso: ")
    assert names(folder) == ["cup.png"]
    assert names(sketches) == ["cup-mine.svg"]


@pytest.mark.usefixtures("no_long_work")
def test_no_photos(evaluate: Callable[..., Ran], folder: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    for path, said in (
        (empty, "holds no photos"),
        (folder / "cup.png", "is a file"),
        (tmp_path / "x", "No such file"),
    ):
        ran = evaluate(path)
        assert ran.status == 1
        assert said in ran.err


@pytest.mark.usefixtures("no_long_work")
def test_the_users_own_sketch_is_not_replaced(evaluate: Callable[..., Ran], folder: Path, sketches: Path) -> None:
    mine = (sketches / "cup-mine.svg").rename(sketches / "cup-3.svg")
    before = mine.read_bytes()
    ran = evaluate(folder, *QUICK, "--out", sketches)
    assert ran.status == 1
    assert "was not made by an evaluation" in ran.err
    assert mine.read_bytes() == before


def test_an_interrupt_keeps_what_is_finished(
    evaluate: Callable[..., Ran], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    update = progress.SketchProgress.update

    def interrupt(self: progress.SketchProgress, step: object) -> None:
        update(self, step)  # type: ignore[arg-type]
        if step.strokes.num_strokes == 4:  # type: ignore[attr-defined]
            raise KeyboardInterrupt

    monkeypatch.setattr(progress.SketchProgress, "update", interrupt)
    ran = evaluate(folder, "--iterations", 2, "--strokes", 3, 4)
    assert (ran.status, ran.out) == (130, "")
    assert ran.err.splitlines()[-1].startswith("clipasso: interrupted; finished sketches are kept")
    assert names(folder / "clipasso-eval") == ["cup-3.svg"]


def test_wrong_usage(evaluate: Callable[..., Ran]) -> None:
    for arguments in ((), ("a", "--strokes", "many"), ("a", "--preset", "ultra"), ("a", "b")):
        ran = evaluate(*arguments)
        assert ran.status == 2
        assert ran.err.startswith("usage: clipasso ")
