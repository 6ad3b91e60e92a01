"""Given strokes leave in the words in which they came, wherever these still hold."""

from __future__ import annotations

import re
import time
from dataclasses import replace

import pytest
import torch

from clipasso_core.framing import Frame
from clipasso_core.given import join_given, place_given
from clipasso_core.strokes import PathText, Strokes
from clipasso_core.svg import from_svg, is_ours, to_svg

PAGE = (3000, 4000)
DATA = (
    "M1000.12345,1200.5 c1e1-3 5,6,7.5 8s3 4,9-2",
    "m 900,900 h30.25v-7 l1 1 z",
    "M 1300 1300 C 1310 1300 1320 1310 1330 1320",
)
DRAWING = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="4000" height="3000"><g fill="none" stroke="#c0392b">{}</g></svg>'
)


def drawing(*paths: str) -> Strokes:
    return from_svg(DRAWING.format("".join(paths)))


def own() -> Strokes:
    """A drawing over a large photo, all of whose strokes are given."""
    return replace(drawing(*(f'<path d="{data}" stroke-width="2.64583"/>' for data in DATA)), num_given=3)


def data_in(text: str) -> list[str]:
    return re.findall(r' d="([^"]*)"', text)


@pytest.mark.parametrize("decimals", [0, 3, 8])
def test_given_strokes_come_out_byte_for_byte_after_the_way_to_the_canvas(decimals: int) -> None:
    frame = Frame(PAGE, (811, 777, 2290, 2256))
    new = Strokes.black(torch.rand(1, 2, 7, 2) * 224, (224, 224))
    sketch = join_given(place_given(own(), [frame], (224, 224)), new)
    text = to_svg(frame.to_photo(sketch), decimals=decimals, metadata={"clipasso": {"given": 3}})
    assert data_in(text)[:3] == list(DATA)
    assert len(data_in(text)) == 5
    assert text.count('stroke-width="2.64583"') == 3
    assert text.count('stroke="#c0392b"') == 3
    assert is_ours(text.encode())


def test_on_another_page_the_words_no_longer_hold() -> None:
    """On the canvas the numbers are others; the curve is the same."""
    frame = Frame(PAGE, (811, 777, 2290, 2256))
    placed = place_given(own(), [frame], (224, 224))
    text = to_svg(placed, decimals=8)
    assert not set(data_in(text)) & set(DATA)
    torch.testing.assert_close(from_svg(text).control_points, placed.control_points)


@pytest.mark.parametrize("change", ["moved", "wider", "not given"])
def test_a_stroke_that_was_changed_is_written_as_it_is(change: str) -> None:
    before = own()
    after = {
        "moved": before.with_points(before.control_points + torch.tensor([0.01, 0.0])),
        "wider": replace(before, stroke_width=before.stroke_width * 1.1),
        "not given": replace(before, num_given=0),
    }[change]
    assert not set(data_in(to_svg(after))) & set(DATA[:2])


def test_only_what_a_page_shows_as_it_is_keeps_its_words() -> None:
    kept = drawing(
        '<path d="M1 1L2 2"/>',
        '<path d="M1 1L2 2" transform="translate(1)"/>',
        '<path d="M1 1L2 2M3 3L4 4"/>',
        '<line x1="1" x2="2"/>',
        '<path d="M1 1\u00a0L2 2"/>',
    ).path_texts
    assert kept == (PathText("M1 1L2 2", 1.0), None, None, None, None, None)


def test_a_dead_stroke_keeps_no_other_from_its_words() -> None:
    given = own()
    alive = torch.tensor([[True, False, True]])
    assert data_in(to_svg(replace(given, alive=alive))) == [DATA[0], DATA[2]]


def test_words_of_others_are_ours_only_where_strokes_were_given() -> None:
    text = to_svg(own(), metadata={"clipasso": {"given": 3}})
    assert is_ours(text.encode())
    assert not is_ours(text.replace('"given": 3', '"given": 0').encode())
    hostile = text.replace('"given": 3', '"given": 3' * 6000).replace("]]>", "]>")
    started = time.process_time()
    assert not is_ours(hostile.encode())
    assert time.process_time() - started < 0.5, "not the square of the length"
    assert not is_ours(to_svg(own()).encode())
