"""The page: whole in itself, every picture with words, and whatever a name holds is text."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from clipasso_lab.page import to_html
from clipasso_lab.sketch_files import LeftOut

VOID = {"meta", "img", "br"}
EVIL = "\"><script>alert(1)</script>&'{{ 1 + 1 }}"
STYLE = (
    (Path(to_html.__code__.co_filename).parent / "page.html.j2").read_text().split("<style>")[1].split("</style>")[0]
)


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
