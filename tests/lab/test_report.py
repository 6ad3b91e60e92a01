"""The report: JSON with every figure, tables, and the folder of the results."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clipasso_core.errors import ConfigError, ImageFileError
from clipasso_lab.metrics import Metrics
from clipasso_lab.report import ready_folder, to_json, to_text, write_results
from clipasso_lab.sketch_files import LeftOut


def test_everything_stands_in_it(evaluation: Callable[..., Any], scored: Callable[..., Any]) -> None:
    sketches = [scored("a", "4", loss=1 / 3), scored("b", "4", class_rank=2, class_guess="cup")]
    found = evaluation(
        *sketches, left_out=(LeftOut(Path("c.png"), "damaged"),), warnings=("mind",), classes=("b", "cup")
    )
    facts = json.loads(json.dumps(to_json(found), allow_nan=False))
    assert facts["judge"]["name"] == "efficientnet-lite2"
    assert facts["judge"]["fingerprint"] == found.judge.encoder.fingerprint
    assert set(facts["versions"]) == {"clipasso", "torch", "python"}
    assert facts["photos"] == ["a.png", "b.png"]
    assert facts["sketches"][0]["loss"] == 0.333333
    assert [one["sketch"] for one in facts["sketches"]] == ["a-4.svg", "b-4.svg"]
    assert set(Metrics.__dataclass_fields__) | {"photo", "label", "strokes", "rank"} <= set(facts["sketches"][0])
    assert facts["sketches"][1]["class_guess"] == "cup"
    assert facts["groups"][0]["loss"] == 0.666667
    assert (facts["groups"][0]["sketches"], facts["groups"][0]["class_sketches"]) == (2, 1)
    assert facts["left_out"] == [{"file": "c.png", "why": "damaged"}]
    assert facts["warnings"] == ["mind"]


def test_groups_then_sketches(evaluation: Callable[..., Any], scored: Callable[..., Any]) -> None:
    found = evaluation(scored("a", "4", loss=0.5), scored("a", "", rank=1), scored("b\n", "4", rank=2, loss=1.5))
    groups, sketches = to_text(found).split("\n\n")
    assert [line.split()[:3] for line in groups.splitlines()] == [
        ["sketch", "n", "loss"],
        ["-", "1", "1.000"],
        ["4", "2", "1.000"],
        ["95", "%", "0.500..1.500"],
        ["all", "3", "1.000"],
        ["95", "%", "0.750..1.500"],
    ]
    assert "50%" in groups
    assert [line.split()[:3] for line in sketches.splitlines()[1:]] == [
        ["a", "4", "0.500"],
        ["a", "-", "1.000"],
        ["b", "4", "1.500"],
    ]
    assert "2 of 2" in sketches
    assert "class" not in groups + sketches


def test_classes_stand_last(evaluation: Callable[..., Any], scored: Callable[..., Any]) -> None:
    found = evaluation(scored(class_rank=2, class_guess="teddy bear"), classes=("cat", "cup", "teddy bear"))
    lines = to_text(found).splitlines()
    assert lines[0].endswith("class top 1  class top 3")
    assert lines[1].endswith(" 0%         100%")
    assert lines[-1].endswith("    2 of 3  teddy bear")


def test_what_a_judge_cannot_tell_is_a_dash(evaluation: Callable[..., Any], scored: Callable[..., Any]) -> None:
    found = evaluation(scored(overlap=0.184, features_found=None, recognised=None))
    groups, sketches = (part.splitlines() for part in to_text(found).split("\n\n"))
    assert groups[0].endswith("overlap  self-crossing  ink share  features found  recognised  simple loss")
    assert groups[1].split()[-6:] == sketches[1].split()[-6:] == ["18%", "100%", "100%", "-", "-", "1.000"]
    facts = to_json(found)
    for one in (facts["sketches"][0], facts["groups"][0]):
        assert (one["overlap"], one["features_found"], one["recognised"]) == (0.184, None, None)


def test_the_comparison_in_json(compared: Callable[..., Any]) -> None:
    facts = json.loads(json.dumps(compared(to_json), allow_nan=False))
    assert [one["name"] for one in facts["photo_groups"]] == ["faces <i>", "nobody"]
    faces, nobody = (one["groups"] for one in facts["photo_groups"])
    assert (faces[0]["sketches"], faces[0]["overlap"], nobody) == (2, 0.105, [])
    assert faces[0]["intervals"]["overlap"] == [0.1, 0.11]
    found = facts["comparison"]
    assert (found["before"], found["after"], len(found["pairs"])) == ("old <b>", "new", 6)
    assert found["changes"][[one["figure"] for one in found["changes"]].index("overlap")] == {
        "figure": "overlap",
        "change_is": "difference",
        "before": 0.525,
        "after": 0.125,
        "change": -0.4,
        "interval": [-0.4, -0.4],
        "signs": {"better": 6, "worse": 0, "same": 0},
        "beyond_chance": "better",
    }
    assert [(one["name"], one["pairs"]) for one in found["photo_groups"]] == [("faces <i>", 2)]
    assert (found["pairs"][0]["before"]["overlap"], found["pairs"][0]["after"]["overlap"]) == (0.5, 0.1)


def test_the_comparison_in_tables(compared: Callable[..., Any]) -> None:
    means, faces, sketches, everything, changed_faces = compared(to_text).split("\n\n")
    assert (means.split()[0], faces.splitlines()[0], sketches.split()[0]) == ("sketch", "faces <i>", "photo")
    assert everything.splitlines()[0] == "from old <b> to new, 6 pairs"
    assert changed_faces.splitlines()[0] == "faces <i>: from old <b> to new, 2 pairs"
    overlap = next(line for line in everything.splitlines() if line.startswith("overlap"))
    assert " ".join(overlap.split()) == "overlap 52% 12% -40.0 pp -40.0 pp to -40.0 pp 6 0 0 better"
    ink = next(line for line in everything.splitlines() if line.startswith("ink share"))
    assert ink.split()[-4:] == ["-", "-", "-", "-"]


def test_results_are_written_and_replaced(
    evaluation: Callable[..., Any], scored: Callable[..., Any], tmp_path: Path
) -> None:
    out = tmp_path / "new" / "folder"
    for loss in (1.0, 2.0):
        assert ready_folder(out, tmp_path) == out
        found = evaluation(scored(loss=loss))
        write_results(found, out, "Photos")
        assert sorted(path.name for path in out.iterdir()) == ["figures.json", "index.html"]
        assert json.loads((out / "figures.json").read_text())["sketches"][0]["loss"] == loss
        assert f"{loss:.3f}" in (out / "index.html").read_text(encoding="utf-8")


def test_never_among_the_photos(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(ConfigError, match="cannot go among the photos"):
        ready_folder(tmp_path / "a" / "..", tmp_path)


@pytest.mark.parametrize("name", ["index.html", "figures.json"])
def test_somebody_elses_files_stay(name: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / name).write_bytes(b"my own\xff")
    with pytest.raises(ConfigError, match="was not written by an evaluation"):
        ready_folder(out, tmp_path)
    assert (out / name).read_bytes() == b"my own\xff"


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "inside"):
        with pytest.raises(ImageFileError, match="Cannot make the folder"):
            ready_folder(path, tmp_path)
