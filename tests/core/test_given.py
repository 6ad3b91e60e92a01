"""Given strokes: where they come to lie, what they cover, and who goes on from them."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from clipasso_core.errors import ConfigError, MaskError, ShapeError
from clipasso_core.framing import Frame
from clipasso_core.given import (
    continue_strokes,
    is_over_photo,
    join_given,
    part_given,
    place_given,
    uncovered,
)
from clipasso_core.stroke_init import StrokeInitConfig
from clipasso_core.strokes import Strokes

CANVAS = (224, 224)
FRAME = Frame((480, 640), (100, 20, 548, 468))


def line(*ends: float, page: tuple[int, int] = CANVAS) -> Strokes:
    """One straight stroke from (x, y) to (x, y)."""
    x, y, to_x, to_y = ends
    t = torch.linspace(0, 1, 4)[:, None]
    return Strokes.black(
        torch.lerp(torch.tensor([x, y]).float(), torch.tensor([to_x, to_y]).float(), t)[None, None], page
    )


def two_lines() -> Tensor:
    """A saliency map with two level lines, at y = 60 and y = 160."""
    saliency = torch.zeros(1, 224, 224)
    saliency[:, [60, 160], 20:200] = 1
    return saliency


# --- onto the canvas ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("page", "frames", "at"),
    [
        ((480, 640), [FRAME], [50.0, 50.0]),  # over the photo, at its size
        ((240, 320), [FRAME], [150.0, 150.0]),  # over a smaller copy of it
        ((224, 224), [FRAME], [200.0, 140.0]),  # the canvas, as in our own files
        ((448, 448), [FRAME], [100.0, 70.0]),  # a larger canvas
        ((448, 448), None, [100.0, 70.0]),
    ],
)
def test_a_page_lies_over_the_photo_or_is_the_canvas(
    page: tuple[int, int], frames: list[Frame] | None, at: list[float]
) -> None:
    corner = line(200, 120, 205, 120, page=page) if page == (480, 640) else line(200, 140, 205, 140, page=page)
    if page == (240, 320):
        corner = line(200, 160, 205, 160, page=page)
    placed = place_given(corner, frames, CANVAS)
    assert placed.control_points[0, 0, 0].tolist() == pytest.approx(at)
    assert placed.canvas_size == CANVAS
    assert placed.num_given == 1


def test_a_page_of_a_square_photos_size_lies_over_it() -> None:
    assert is_over_photo((500, 500), (500, 500), CANVAS)
    assert not is_over_photo(CANVAS, (500, 500), CANVAS)
    assert is_over_photo(CANVAS, CANVAS, CANVAS)


def test_one_drawing_serves_all_photos_each_in_its_frame() -> None:
    placed = place_given(
        line(200, 120, 205, 120, page=(480, 640)), [FRAME, replace(FRAME, box=(0, 0, 224, 224))], CANVAS
    )
    assert placed.control_points[:, 0, 0].tolist() == [[50.0, 50.0], [200.0, 120.0]]


def test_another_page_is_refused() -> None:
    with pytest.raises(ShapeError, match="page is 297 x 210 px, but the photo is 640 x 480"):
        place_given(line(1, 1, 9, 9, page=(210, 297)), [FRAME], CANVAS)
    with pytest.raises(ShapeError, match="connect the frame"):
        place_given(line(1, 1, 9, 9, page=(480, 640)), None, CANVAS)
    with pytest.raises(ShapeError, match="2 given drawings do not fit 3 photos"):
        place_given(line(1, 1, 9, 9).select([0, 0]), [FRAME] * 3, CANVAS)


def test_a_stroke_off_the_canvas_is_refused_by_its_number() -> None:
    inside, outside = line(200, 120, 300, 120, page=(480, 640)), line(10, 30, 90, 470, page=(480, 640))
    with pytest.raises(ShapeError, match="Given stroke 2 lies outside"):
        place_given(join_given(inside, outside), [FRAME], CANVAS)
    assert place_given(line(10, 120, 300, 120, page=(480, 640)), [FRAME], CANVAS).num_given == 1  # in part


# --- what they leave to draw -------------------------------------------------------------------------------------


def test_new_strokes_start_where_given_ones_have_not_drawn() -> None:
    given = place_given(line(0, 62, 224, 62), None, CANVAS)
    strokes = continue_strokes(two_lines(), given, StrokeInitConfig(num_strokes=6, num_sketches=2, spare=0.0))
    assert strokes.control_points.shape == (2, 6, 7, 2)
    assert torch.equal(strokes.control_points[:, :1, :4], given.control_points.expand(2, -1, -1, -1))
    assert float(strokes.control_points[:, 1:, 0, 1].min()) > 150
    assert strokes.provenance["given"] == 1


def test_a_thin_pale_stroke_covers_as_well() -> None:
    hair = line(0, 60, 224, 60)
    hair = replace(hair, stroke_width=hair.stroke_width * 0.05, color=hair.color * 0.1)
    left = uncovered(two_lines(), hair)
    assert float(left[0, 60].max()) == 0
    assert float(left[0, 160].max()) == 1


def test_nothing_left_to_draw_is_refused() -> None:
    both = join_given(line(0, 60, 224, 60), line(0, 160, 224, 160))
    with pytest.raises(MaskError, match="cover all salient lines of photo 0"):
        continue_strokes(two_lines(), place_given(both, None, CANVAS))


@pytest.mark.parametrize("count", [1, 2])
def test_num_strokes_counts_given_ones(count: int) -> None:
    both = place_given(join_given(line(0, 60, 224, 60), line(9, 9, 30, 9)), None, CANVAS)
    with pytest.raises(ConfigError, match=f"2 strokes are given, and num_strokes, which counts them too, is {count}"):
        continue_strokes(two_lines(), both, StrokeInitConfig(num_strokes=count, spare=0.0))


# --- together and apart ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("given_points", "new_points"), [(4, 4), (10, 4), (4, 10)])
def test_joined_strokes_come_apart_as_they_were(given_points: int, new_points: int) -> None:
    given = Strokes.black(torch.rand(2, 3, given_points, 2), (9, 9), stroke_width=1)
    new = Strokes.black(torch.rand(4, 5, new_points, 2), (9, 9), stroke_width=2)
    first, others = part_given(join_given(given, new))
    assert first is not None
    assert torch.equal(first.control_points, given.control_points.repeat_interleave(2, dim=0))
    assert torch.equal(first.stroke_width, torch.ones(4, 3))
    assert torch.equal(others.control_points, new.control_points)
    assert torch.equal(others.stroke_width, new.stroke_width)
    assert (first.num_given, others.num_given) == (3, 0)


def test_more_given_strokes_than_strokes_is_refused() -> None:
    with pytest.raises(ShapeError, match="num_given must be 0 to the number of strokes"):
        replace(line(1, 1, 9, 9), num_given=2)
