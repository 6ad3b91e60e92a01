"""Lone spots: what is one, which line draws it, and the strokes on it, which stay."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from clipasso_core.bezier import self_crossing
from clipasso_core.encoders import ImageEncoder
from clipasso_core.faces import Face
from clipasso_core.lone_spots import PEN, lone_spots, spots_of
from clipasso_core.marks import on_marks, stroke_along
from clipasso_core.optimize import OptimizeConfig, SketchRun
from clipasso_core.rasterizer import ink
from clipasso_core.stroke_init import StrokeInitConfig, init_strokes
from clipasso_core.strokes import Strokes

EYES = [(80.0, 90.0), (140.0, 90.0)]
FACE = Face((60.0, 40.0, 160.0, 180.0), ((80, 90), (140, 90)), (110, 120), ((90, 150), (130, 150)), sure=1.0)


def blot(x: float, y: float, length: float, width: float, turned: float = 0.0, size: int = 224) -> Tensor:
    """Return a map [size, size] with an ellipse of 1, turned by an angle in radians (clockwise, y being down)."""
    place = torch.arange(size) + 0.5
    along, across = place[None] - x, place[:, None] - y
    angle = torch.tensor(turned)
    u, v = along * angle.cos() + across * angle.sin(), across * angle.cos() - along * angle.sin()
    return ((2 * u / length) ** 2 + (2 * v / width) ** 2 <= 1).float()


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (blot(80, 90, 8, 5), 1),
        (0.7 * blot(80, 90, 8, 5), 0),  # not dark
        (blot(80, 90, 3, 2.5), 0),  # a speck
        (blot(80, 90, 24, 10), 0),  # large
        (blot(80, 90, 17, 3), 0),  # a piece of a line
        (torch.maximum(blot(80, 90, 8, 5), blot(100, 90, 60, 3)), 0),  # touches a line
        (torch.maximum(blot(80, 90, 8, 5), 0.3 * blot(100, 90, 60, 3)), 1),  # touches what is hardly one
        (torch.zeros(224, 224), 0),
        (torch.ones(224, 224), 0),
    ],
)
def test_what_is_a_lone_spot(lines: Tensor, found: int) -> None:
    assert len(spots_of(lines)) == found


@pytest.mark.parametrize("size", [96, 160, 448])
def test_it_is_the_same_at_any_size(size: int) -> None:
    """In the smallest it has few pixels to tell its form."""
    factor = size / 224
    (mark,) = spots_of(blot(80 * factor, 90 * factor, 12 * factor, 8 * factor, size=size))
    (usual,) = spots_of(blot(80, 90, 12, 8))
    torch.testing.assert_close(mark / factor, usual, atol=1.5, rtol=0)


@pytest.mark.parametrize("turned", [0.0, 0.7, 1.5])
@pytest.mark.parametrize(("length", "width"), [(5.0, 4.0), (8.0, 7.0), (11.0, 5.0), (14.0, 9.0)])
def test_a_stroke_along_it_draws_the_spot(length: float, width: float, turned: float) -> None:
    """Of both inks together, two thirds are common to both; and it does not cross itself."""
    spot = blot(112, 100, length, width, turned)
    (mark,) = spots_of(spot)
    stroke = stroke_along(mark, 4)
    drawn = ink(Strokes.black(stroke[None, None], (224, 224), PEN))[0]
    assert float(torch.minimum(drawn, spot).sum() / torch.maximum(drawn, spot).sum()) > 0.65
    assert bool(self_crossing(stroke).isnan().all())


def test_those_that_tell_most_come_first_and_faces_have_marks_of_their_own() -> None:
    small, large, of_face = blot(180, 30, 8, 5), blot(30, 200, 12, 8), blot(110, 90, 10, 6)
    lines = small + large + of_face
    middles = [[round(each) for each in mark.mean(dim=0).tolist()] for mark in spots_of(lines, [FACE])]
    assert [x > 100 for x, _ in middles] == [False, True]
    (first,) = spots_of(lines, [FACE], most=1, telling=small + 0.1)
    assert float(first[:, 0].mean()) > 100
    assert spots_of(lines, most=0) == []


@pytest.fixture
def photo() -> Tensor:
    """A grey ball with two dark eyes, on white [3, 224, 224]."""
    ball = blot(110, 110, 150, 150)
    eyes = sum((blot(x, y, 11, 7) for x, y in EYES), torch.zeros(224, 224))
    return (1 - 0.4 * ball - 0.55 * eyes).expand(3, -1, -1)


@pytest.mark.parametrize(("count", "marked"), [(4, 0), (8, 1), (16, 2)])
def test_a_sketch_begins_with_strokes_on_spots_and_they_stay(
    photo: Tensor, encoder: ImageEncoder, count: int, marked: int
) -> None:
    """A fifth of all at most; also through the dropping of spare strokes, and with ``least_pace`` 1 not."""
    ring = torch.maximum(blot(110, 110, 154, 154) - blot(110, 110, 146, 146), 0.2 * (photo[0] < 0.2))
    first = init_strokes(ring[None], StrokeInitConfig(count, num_sketches=1), [photo])
    marks = list(first.control_points[0, first.num_strokes - marked :])
    for stroke in marks:
        middle = (stroke.amin(dim=0) + stroke.amax(dim=0)) / 2
        assert min(float((middle - torch.tensor(eye)).norm()) for eye in EYES) < 3
    short = OptimizeConfig(num_iterations=5, num_views=1, bank_size=2)
    for pace, stay in ((0.03, marked), (1.0, 0)):
        run = SketchRun(photo[None], first, encoder, replace(short, least_pace=pace))
        for _ in run:
            pass
        points = run.result().strokes.control_points[0]
        assert len(points) == count
        assert sum(float((points - mark).abs().amax(dim=(1, 2)).min()) < 1e-4 for mark in marks) == stay


def test_without_accents_there_are_none(photo: Tensor) -> None:
    maps, marks = torch.ones(1, 224, 224), lone_spots(photo)
    for accents, found in ((0.0, 0), (0.2, 2)):
        strokes = init_strokes(maps, StrokeInitConfig(16, num_sketches=1, accents=accents), [photo])
        assert int(on_marks(strokes.control_points[0], marks).sum()) == found
