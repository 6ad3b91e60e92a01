"""The report: JSON with every figure, tables, a page that is whole in itself, and the folder of the results."""

from __future__ import annotations

import base64
import json
import re
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from clipasso_core.errors import ConfigError, DependencyError, ImageFileError
from clipasso_lab.comparison import compare_sketches
from clipasso_lab.groups import PhotoGroup
from clipasso_lab.metrics import Metrics
from clipasso_lab.page import to_html
from clipasso_lab.report import ready_folder, to_json, to_text, write_results
from clipasso_lab.sketch_files import LeftOut
from clipasso_lab.tables import format_table

NAMES = tuple(enumerate("abcdef"))
VOID = {"meta", "img", "br"}
EVIL = "\"><script>alert(1)</script>&'{{ 1 + 1 }}"
STYLE = (
    (Path(to_html.__code__.co_filename).parent / "page.html.j2").read_text().split("<style>")[1].split("</style>")[0]
)


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


def test_words_stand_left_and_numbers_right() -> None:
    rows = [{"photo": "cat", "loss": "1.25"}, {"photo": "teapot", "loss": "10.50", "taken for": "cup"}]
    assert format_table(rows).splitlines() == [
        "photo    loss  taken for",
        "cat      1.25",
        "teapot  10.50  cup",
    ]


def test_wide_letters_take_two_columns() -> None:
    lines = format_table([{"photo": "猫", "loss": "1"}, {"photo": "e\u0301t", "loss": "2"}]).splitlines()
    assert lines[1:] == ["猫        1", "e\u0301t        2"]


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
    assert groups[0].endswith("overlap  self-crossing  ink share  features found  recognised")
    assert groups[1].split()[-5:] == sketches[1].split()[-5:] == ["18%", "100%", "100%", "-", "-"]
    facts = to_json(found)
    for one in (facts["sketches"][0], facts["groups"][0]):
        assert (one["overlap"], one["features_found"], one["recognised"]) == (0.184, None, None)


def test_a_table_without_rich_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rich.console", None)
    with pytest.raises(DependencyError, match=r'pip install "clipasso\[cli\]"'):
        format_table([{"photo": "cat"}])


class Page(HTMLParser):
    """Read a page and see that every element is closed in its turn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture
def compared(evaluation: Callable[..., Any], scored: Callable[..., Any]) -> Callable[..., Any]:
    """Six photos whose overlap sank, two of them faces: what a writer of results makes of them."""

    def write(writer: Callable[..., Any], *title: str) -> Any:
        before, after = (
            evaluation(
                *(scored(name, "0", overlap=more + step / 100, svg=f"<svg id='{more}'/>") for step, name in NAMES)
            )
            for more in (0.5, 0.1)
        )
        groups = (
            PhotoGroup("faces <i>", frozenset({Path("a.png"), Path("b.png")})),
            PhotoGroup("nobody", frozenset({Path("z.png")})),
        )
        return writer(after, *title, groups, compare_sketches(after, before, ("old <b>", "new")))

    return write


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


def test_before_stands_beside_after_on_the_page(compared: Callable[..., Any]) -> None:
    page = Page(compared(to_html, "My photos"))
    pictures = page.all("img")
    assert [one["alt"] for one in pictures[:3]] == [
        "The photo a, its object on white",
        "Sketch a-0 in 16 strokes, 0, before",
        "Sketch a-0 in 16 strokes, 0, after",
    ]
    drawn = [base64.b64decode(str(one["src"]).partition(",")[2]) for one in pictures[1:3]]
    assert drawn == [b"<svg id='0.5'/>", b"<svg id='0.1'/>"]
    words = " ".join(page.words)
    for said in ("Before: old <b>. After: new.", "Means: faces <i>", "-40.0 pp to -40.0 pp", "10% to 11%"):
        assert said in words
    assert "nobody" not in words
    assert len([one for one in page.all("tr") if one.get("class") == "beyond"]) == 1


@pytest.fixture
def page(evaluation: Callable[..., Any], scored: Callable[..., Any]) -> Page:
    sketches = [scored("cat", "4", loss=2.0, num_strokes=4), scored("cat", "16"), scored("cup", "16", rank=2)]
    return Page(to_html(evaluation(*sketches, left_out=(LeftOut(Path("dog.png"), "damaged"),)), "My photos"))


def test_every_picture_has_words(page: Page) -> None:
    pictures = page.all("img")
    assert [one["alt"] for one in pictures] == [
        "The photo cat, its object on white",
        "Sketch cat-4 in 4 strokes",
        "Sketch cat-16 in 16 strokes",
        "The photo cup, its object on white",
        "Sketch cup-16 in 16 strokes",
    ]
    kind, _, data = str(pictures[1]["src"]).partition(",")
    assert (kind, base64.b64decode(data)) == ("data:image/svg+xml;base64", b"<svg/>")


def test_means_figures_and_notes_stand_there(page: Page) -> None:
    words = " ".join(page.words)
    for said in ("My photos", "2 photos, 3 sketches.", "4 strokes", "16 strokes", "2 of 2", "no sketch", "dog.png"):
        assert said in words


def test_nothing_comes_from_elsewhere_and_nothing_runs(page: Page) -> None:
    assert {str(one["src"]).split(":")[0] for one in page.all("img")} == {"data"}
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in page.tags}
    assert "url(" not in STYLE
    assert "@import" not in STYLE
    (policy,) = [one["content"] for one in page.all("meta") if one.get("http-equiv") == "Content-Security-Policy"]
    assert policy == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def test_light_and_dark() -> None:
    assert "color-scheme: light dark" in STYLE
    assert "prefers-color-scheme: dark" in STYLE
    assert set(re.findall(r"var\((--\w+)\)", STYLE)) <= set(re.findall(r"(--\w+):", STYLE)) | {"--columns"}


def test_whatever_a_name_holds_is_text(evaluation: Callable[..., Any], scored: Callable[..., Any]) -> None:
    sketch = scored(EVIL.replace("/", ""), EVIL.replace("/", ""), class_rank=1, class_guess=EVIL)
    text = to_html(evaluation(sketch, left_out=(LeftOut(Path("a"), EVIL),), warnings=(EVIL, "\udc80")), EVIL)
    page = Page(text)
    assert not page.all("script")
    assert "<script" not in text
    assert EVIL in " ".join(page.words)
    name = EVIL.replace("/", "")
    assert [one["alt"] for one in page.all("img")] == [
        f"The photo {name}, its object on white",
        f"Sketch {name}-{name} in 16 strokes",
    ]
    text.encode("utf-8")


def test_equal_means_have_no_best(evaluation: Callable[..., Any], scored: Callable[..., Any]) -> None:
    page = Page(to_html(evaluation(scored("cat", "4"), scored("cat", "16", loss=0.5)), "t"))
    assert sum(one.get("class") == "best" for one in page.all("td")) == 1


def test_means_of_other_photos_have_no_best(page: Page) -> None:
    assert not [one for one in page.all("td") if one.get("class")]


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
