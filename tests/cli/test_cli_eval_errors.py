"""clipasso eval: wrong usage and bad input get a status and one sentence, before any work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

QUICK = ("--preset", "draft", "--iterations", "2", "--strokes", "3")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_nothing_could_be_evaluated(evaluate: Callable[..., Any], folder: Path, sketches: Path) -> None:
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
        (("--against", "../sketches"), "Name the other one with --sketches"),
        (("--sketches", "../sketches", "--against", "missing"), "cannot be read"),
        (("--groups", "missing.json"), "cannot be read as JSON"),
        (("--sketches", "../sketches", "--strokes", "4"), "--strokes says how to make sketches"),
    ],
)
def test_refused_before_any_work(
    evaluate: Callable[..., Any],
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
def test_no_photos(evaluate: Callable[..., Any], folder: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    for path, said in (
        (empty, "holds no photos"),
        (folder / "cup.png", "is a file"),
        (tmp_path / "x", "cannot be read"),
    ):
        ran = evaluate(path)
        assert ran.status == 1
        assert said in ran.err


@pytest.mark.usefixtures("no_long_work")
def test_the_users_own_sketch_is_not_replaced(evaluate: Callable[..., Any], folder: Path, sketches: Path) -> None:
    mine = (sketches / "cup-mine.svg").rename(sketches / "cup-3.svg")
    before = mine.read_bytes()
    ran = evaluate(folder, *QUICK, "--out", sketches)
    assert ran.status == 1
    assert "was not made by an evaluation" in ran.err
    assert mine.read_bytes() == before


def test_wrong_usage(evaluate: Callable[..., Any]) -> None:
    for arguments in ((), ("a", "--strokes", "many"), ("a", "--preset", "ultra"), ("a", "b")):
        ran = evaluate(*arguments)
        assert ran.status == 2
        assert ran.err.startswith("usage: clipasso ")


@pytest.mark.usefixtures("no_long_work")
def test_folders_without_a_pair(evaluate: Callable[..., Any], folder: Path, sketches: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "cup.svg").write_bytes((sketches / "cup-mine.svg").read_bytes())
    ran = evaluate(folder, "--sketches", sketches, "--against", other)
    assert ran.status == 1
    assert "No sketch has a partner" in ran.err
    assert names(sketches) == ["cup-mine.svg"]
