"""Layering: the second over the first, or both in a batch; curves stay, whatever is padded."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from clipasso_core.errors import ShapeError
from clipasso_core.layering import as_batch, lay_over, with_room
from clipasso_core.rasterizer import rasterize
from clipasso_core.strokes import PathText, Strokes
from clipasso_core.style import StrokeStyle, with_style
from clipasso_core.svg import from_svg, to_svg


def drawing(count: int, points: int = 4, batch: int = 1, size: tuple[int, int] = (32, 32), seed: int = 0) -> Strokes:
    where = torch.rand(batch, count, points, 2, generator=torch.Generator().manual_seed(seed)) * 32
    return Strokes.black(where, size)


def test_the_second_lies_over_the_first() -> None:
    below, above = drawing(2), with_style(drawing(2, seed=1), StrokeStyle(color="red", width=6))
    both = lay_over(below, above)
    shown = rasterize(both)
    covered = 1 - rasterize(above)[:, 1] > 0.99
    assert covered.any()
    assert float(shown[:, 0][covered].min()) > 0.99  # red hides black
    assert float(rasterize(lay_over(above, below))[:, 0][covered].min()) < 0.01


@pytest.mark.parametrize(("first", "second"), [(4, 10), (10, 4)])
def test_longer_strokes_pad_the_shorter_ones_without_changing_them(first: int, second: int) -> None:
    below, above = drawing(2, first), drawing(3, second, seed=1)
    both = lay_over(below, above)
    assert both.control_points.shape == (1, 5, 10, 2)
    assert torch.equal(both.control_points[:, :2, :first], below.control_points)
    assert torch.equal(both.control_points[:, 2:, :second], above.control_points)
    lines = [to_svg(one).splitlines() for one in (below, above, both)]
    paths = [[line for line in text if "<path" in line] for text in lines]
    assert paths[2] == paths[0] + paths[1]  # the writer leaves out what only pads


def test_another_canvas_is_fitted_to_the_first() -> None:
    above = drawing(1, size=(64, 128))
    both = lay_over(drawing(1), above)
    assert both.canvas_size == (32, 32)
    torch.testing.assert_close(both.control_points[:, 1], above.control_points[:, 0] / 4 + torch.tensor([0.0, 8.0]))
    assert both.stroke_width[0, 1].item() == pytest.approx(3 / 4)


def test_one_serves_all() -> None:
    one, three = drawing(1), drawing(2, batch=3, seed=1)
    assert torch.equal(lay_over(one, three).control_points[:, :1], one.control_points.expand(3, -1, -1, -1))
    assert torch.equal(lay_over(three, one).control_points[:, 2:], one.control_points.expand(3, -1, -1, -1))
    with pytest.raises(ShapeError, match="3 sketches cannot be laid over 2"):
        lay_over(drawing(1, batch=2), three)


def test_too_many_strokes_are_refused() -> None:
    with pytest.raises(ShapeError, match="at most 4096"):
        lay_over(drawing(4000), drawing(97))


def test_given_strokes_of_both_keep_their_words() -> None:
    mine = from_svg('<svg width="32" height="32"><path stroke="red" fill="none" d="M 1,1 c 2 0 4 2 4 4"/></svg>')
    mine = replace(mine, num_given=1)
    words = mine.path_texts[0]
    assert isinstance(words, PathText)
    both = lay_over(mine, replace(drawing(2), num_given=0))
    assert both.num_given == 1
    assert f'd="{words.data}"' in to_svg(both)
    assert lay_over(mine, mine).num_given == 2
    assert lay_over(drawing(2), mine).num_given == 0


def test_a_batch_pads_strokes_and_points() -> None:
    first, second = drawing(3, 4, batch=2), drawing(1, 10, size=(64, 64), seed=1)
    three = as_batch([first, second])
    assert three.control_points.shape == (3, 3, 10, 2)
    assert three.alive.tolist() == [[True] * 3, [True] * 3, [True, False, False]]
    torch.testing.assert_close(three.control_points[2, 0], second.control_points[0, 0] / 2)
    torch.testing.assert_close(rasterize(three.select([0, 1])), rasterize(first))
    torch.testing.assert_close(rasterize(three.select([2])), rasterize(second, (32, 32)), atol=1e-5, rtol=0)


def test_a_batch_of_one_is_itself_and_of_none_is_refused() -> None:
    one = drawing(2).with_provenance(seed=3)
    alone = as_batch([one])
    assert torch.equal(alone.control_points, one.control_points)
    assert alone.provenance == {"seed": 3}
    with pytest.raises(ShapeError, match="At least one batch"):
        as_batch([])


def test_how_both_came_to_be_is_remembered() -> None:
    one, two = drawing(1).with_provenance(seed=1), drawing(1).with_provenance(seed=2)
    assert lay_over(one, two).provenance == {"layers": [{"seed": 1}, {"seed": 2}]}
    assert as_batch([one, two]).provenance == {"batch": [{"seed": 1}, {"seed": 2}]}


def test_groups_of_one_name_are_one_and_other_strokes_are_of_none() -> None:
    below = drawing(3).with_groups(torch.tensor([[1, 0, -1]]), ["sky", "tree"])
    above = drawing(2, batch=2).with_groups(torch.tensor([[0, 1], [1, 1]]), ["tree", "house"])
    both = lay_over(below, above)
    assert both.group_names == ("sky", "tree", "house")
    assert both.names_of(0) == ["tree", "sky", None, "tree", "house"]
    assert both.names_of(1) == ["tree", "sky", None, "house", "house"]
    assert lay_over(drawing(1), below).names_of(0) == [None, "tree", "sky", None]
    batch = as_batch([above, drawing(1), below])
    assert batch.group_names == ("tree", "house", "sky")
    assert [batch.names_of(index) for index in range(4)] == [
        ["tree", "house", None],
        ["house", "house", None],
        [None, None, None],
        ["tree", "sky", None],
    ]


def test_strokes_that_are_wanted_add_up() -> None:
    plain, spare = (Strokes.black(torch.rand(1, count, 4, 2), (32, 32)) for count in (3, 8))
    spare = replace(spare, num_wanted=4)
    assert lay_over(plain, spare).num_wanted == lay_over(spare, plain).num_wanted == 7
    assert lay_over(plain, plain).num_wanted is None
    assert with_room(spare, 10, 4).num_wanted == 4
    assert (as_batch([spare, spare]).num_wanted, as_batch([spare, plain]).num_wanted) == (4, None)
