"""Groups of strokes as groups of an SVG: how they are named, that drawing order stays, and that they come back."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from clipasso_core.errors import SvgError
from clipasso_core.strokes import Strokes
from clipasso_core.svg import from_svg, is_ours, to_svg

NAMES = ("background", "object-1")
GROUP = "{http://www.w3.org/2000/svg}g"


@pytest.fixture
def scene() -> Strokes:
    """Six strokes: two of the background, two of an object, one of neither, and one of the background again."""
    generator = torch.Generator().manual_seed(0)
    strokes = Strokes.black((torch.rand(1, 6, 4, 2, generator=generator) * 90).round(decimals=3), (100, 100))
    return strokes.with_groups(torch.tensor([[0, 0, 1, 1, -1, 0]]), NAMES)


def outline(text: str) -> list[str]:
    """Return what stands in the drawing, line by line: ids of groups, "path" and "/g"."""
    lines = [line.strip() for line in text.splitlines() if line.startswith("    ")]
    return [re.sub(r'<g id="([^"]*)".*|<(path|/g).*', r"\1\2", line) for line in lines]


def test_a_group_that_is_left_and_come_back_to_has_parts(scene: Strokes) -> None:
    assert outline(to_svg(scene)) == [
        *("background", "path", "path", "/g"),
        *("object-1", "path", "path", "/g"),
        "path",
        *("background.2", "path", "/g"),
    ]


def test_paths_are_those_of_the_same_strokes_without_groups(scene: Strokes) -> None:
    plain = to_svg(Strokes.black(scene.control_points, scene.canvas_size))
    assert [line for line in to_svg(scene).splitlines() if not re.match("    <(g|/g)", line)] == plain.splitlines()


def test_levels_hold_groups_and_no_id_comes_twice(scene: Strokes) -> None:
    named = scene.with_groups(scene.group, ["level-2", "level 4"])
    text = to_svg(named, levels=(2, 4, 6))
    assert outline(text) == [
        *("level-2", "level-2.2", "path", "path", "/g", "/g"),
        *("level-4", "level_4", "path", "path", "/g", "/g"),
        *("level-6", "path", "level-2.3", "path", "/g", "/g"),
    ]
    assert is_ours(text.encode())
    assert to_svg(from_svg(text), levels=(2, 4, 6)) == text


def test_dead_strokes_part_no_group(scene: Strokes) -> None:
    scene.alive[0, 2:5] = False
    assert outline(to_svg(scene)) == ["background", "path", "path", "path", "/g"]


def test_groups_come_back(scene: Strokes) -> None:
    text = to_svg(scene)
    back = from_svg(text)
    assert back.names_of(0) == scene.names_of(0)
    assert to_svg(back) == text
    drawn = to_svg(scene, pen_times=[(n, 1) for n in range(6)])
    assert from_svg(drawn).names_of(0) == scene.names_of(0)
    assert is_ours(drawn.encode())


names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=9).filter(
    lambda name: name.isprintable() and name == name.strip()
)


@settings(max_examples=60, deadline=None)
@given(st.lists(names, min_size=2, max_size=2, unique=True), st.lists(st.integers(-1, 1), min_size=1, max_size=7))
def test_any_name_makes_a_valid_document_that_comes_back(listed: list[str], group: list[int]) -> None:
    points = torch.arange(8.0 * len(group)).view(1, len(group), 4, 2)
    strokes = Strokes.black(points, (99, 99)).with_groups(torch.tensor([group]), listed)
    text = to_svg(strokes)
    ids = [element.attrib["id"] for element in ElementTree.fromstring(text).iter(GROUP) if "id" in element.attrib]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"(?:[A-Z_a-z]|[^\x00-\x7f])(?:[\w.-]|[^\x00-\x7f])*", one) for one in ids)
    assert is_ours(text.encode())
    back = from_svg(text)
    assert back.names_of(0) == strokes.names_of(0)
    assert to_svg(back) == text
    assert text.count(">") == len(re.findall("<[^<>]*>", text))  # none inside an attribute: ComfyUI looks for the first


def test_what_others_do_with_our_groups_is_read(svg: Callable[..., str]) -> None:
    line = '<path d="M0 0H9"/>'
    body = (
        f'<g data-clipasso-group="tree"><g transform="scale(2)">{line}</g><g data-clipasso-group="leaf">{line}</g></g>'
        f'<g id="layer1">{line}</g><defs><g id="stone">{line}</g></defs>'
        '<g data-clipasso-group="house"><use href="#stone"/></g>'
    )
    assert from_svg(svg(body)).names_of(0) == ["tree", "leaf", None, "house"]


@pytest.mark.parametrize("name", ["", " x", "a" * 129, "a\u2028b"])
def test_no_name_is_refused(svg: Callable[..., str], name: str) -> None:
    with pytest.raises(SvgError, match=r"data-clipasso-group of an element is no name.*1 to 128 printable"):
        from_svg(svg(f'<g data-clipasso-group="{name}"><path d="M0 0H9"/></g>'))


def test_a_changed_group_is_not_ours(scene: Strokes) -> None:
    text = to_svg(scene)
    for ours, changed in (('<g id="object-1"', '<g id="object-1" class="x"'), (' data-clipasso-group="object-1"', "")):
        assert not is_ours(text.replace(ours, changed).encode())
