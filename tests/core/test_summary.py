"""Summary: facts with known values, as values, text and JSON."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch

from clipasso_core.strokes import Strokes
from clipasso_core.style import StrokeStyle, with_style
from clipasso_core.summary import summarize


def two_lines() -> Strokes:
    """Return a level line of 60 px, and a line of 40 px straight down that is padded by a segment of no length."""
    level = [[20.0, 20], [40, 20], [60, 20], [80, 20], [80, 20], [80, 20], [80, 20]]
    down = [[50.0, 40], [50, 45], [50, 50], [50, 60], [50, 65], [50, 70], [50, 80]]
    return Strokes.black(torch.tensor([[level, down]]), (100, 200), stroke_width=10)


def test_facts_have_their_values() -> None:
    strokes = with_style(two_lines(), StrokeStyle(4, "#ff8000", 0.5), torch.tensor([[False, True]]))
    (facts,) = summarize(strokes.with_provenance(stroke_init={"seed": 7}, loss=[0.25]))
    assert (facts.num_strokes, facts.num_segments, facts.canvas_size) == (2, 3, (100, 200))
    assert facts.length == pytest.approx(100, abs=0.01)
    covered = (60 * 10 + 3.14159 * 25) + 0.5 * (40 * 4 + 3.14159 * 4)
    assert facts.ink_share == pytest.approx(covered / 20_000, rel=0.01)
    assert facts.bounds == pytest.approx((15, 15, 85, 82))
    assert (facts.widths, facts.opacities) == ((4, 10), (0.5, 1))
    assert facts.colors == ("#000000", "#ff8000")
    assert (facts.loss, facts.seed) == (0.25, 7)


def test_dead_strokes_do_not_count() -> None:
    (facts,) = summarize(replace(two_lines(), alive=torch.tensor([[False, True]])))
    assert (facts.num_strokes, facts.num_segments, facts.length) == (1, 2, pytest.approx(40, abs=0.01))


def test_an_empty_sketch_has_facts() -> None:
    (facts,) = summarize(replace(two_lines(), alive=torch.zeros(1, 2, dtype=torch.bool)))
    assert (facts.num_strokes, facts.length, facts.ink_share, facts.bounds) == (0, 0, 0, None)
    assert facts.text().splitlines()[0] == "strokes: 0, segments: 0"


def test_the_report_is_json_and_each_sketch_has_its_own_loss() -> None:
    batch = Strokes.joined([two_lines(), two_lines()]).with_provenance(loss=[0.5, None])
    reports = [json.loads(json.dumps(one.report(), allow_nan=False)) for one in summarize(batch)]
    assert [one["loss"] for one in reports] == [0.5, None]
    assert reports[0]["bounds"] == [15, 15, 85, 85]


def test_the_text_names_no_more_than_some_colours() -> None:
    many = Strokes.black(torch.rand(1, 20, 4, 2), (32, 32))
    many.color[0, :, 0] = torch.arange(20) / 255
    text = summarize(replace(many, num_given=3))[0].text()
    assert "strokes: 20 (3 given)" in text
    assert "#070000 and 12 more" in text


def test_groups_are_counted_in_drawing_order() -> None:
    four = Strokes.black(torch.rand(1, 4, 4, 2), (32, 32)).with_groups(
        torch.tensor([[2, 0, 0, -1]]), ["sky", "sea", "tree"]
    )
    (facts,) = summarize(four)
    assert facts.report()["groups"] == {"tree": 1, "sky": 2}
    assert "groups: tree 1, sky 2; of none 1" in facts.text()
    (fewer,) = summarize(replace(four, alive=torch.tensor([[False, True, True, False]])))
    assert "groups: sky 2\n" in fewer.text() + "\n"
    (none,) = summarize(two_lines())
    assert "groups" not in none.text()
