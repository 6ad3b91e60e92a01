"""Lone spots: what is one, which line draws it, and the strokes on it, which stay."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from clipasso_core.bezier import points_along
from clipasso_core.crossings import exact_crossing
from clipasso_core.encoders import ImageEncoder
from clipasso_core.faces import Face
from clipasso_core.lone_spots import PEN, spots_of
from clipasso_core.marks import stroke_along
from clipasso_core.optimize import OptimizeConfig, SketchRun
from clipasso_core.optimize.subject import Subject
from clipasso_core.rasterizer import ink
from clipasso_core.stroke_init import StrokeInitConfig, init_strokes
from clipasso_core.strokes import Strokes

EYES = [(80.0, 90.0), (150.0, 90.0)]
FACE = Face((60.0, 40.0, 160.0, 180.0), ((80, 90), (140, 90)), (110, 120), ((90, 150), (130, 150)), sure=1.0)


def blot(x: float, y: float, length: float, width: float, turned: float = 0.0) -> Tensor:
    """Return a map [224, 224] with an ellipse of 1, turned by an angle in radians (clockwise, y being down)."""
    place = torch.arange(224) + 0.5
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
        (blot(80, 90, 14, 4), 0),  # a piece of a line
        (torch.maximum(blot(80, 90, 8, 5), blot(100, 90, 60, 3)), 0),  # touches a line
        (torch.maximum(blot(80, 90, 8, 5), 0.3 * blot(100, 90, 60, 3)), 1),  # touches what is hardly one
        (torch.maximum(blot(80, 90, 8, 5), blot(80, 99, 40, 4)), 0),  # close beside a line
        (torch.maximum(blot(80, 90, 8, 5), blot(80, 105, 40, 4)), 1),
        (torch.maximum(blot(80, 90, 8, 5), 0.6 * blot(100, 90, 60, 3)), 1),  # fades into fur
        (torch.maximum(blot(80, 90, 8, 5), 0.6 * blot(80, 90, 30, 16)), 0),  # or into a dark place
        (torch.zeros(224, 224), 0),
        (torch.ones(224, 224), 0),
    ],
)
def test_what_is_a_lone_spot(lines: Tensor, found: int) -> None:
    assert len(spots_of(lines)) == found


def test_cores_of_spots_that_fade_are_left_out_where_strokes_are_few() -> None:
    fading = torch.maximum(blot(80, 90, 8, 5), 0.6 * blot(100, 90, 60, 3))
    assert [len(spots_of(fading, cores=cores)) for cores in (True, False)] == [1, 0]
    assert [len(spots_of(blot(80, 90, 8, 5), cores=cores)) for cores in (True, False)] == [1, 1]


@pytest.mark.parametrize("turned", [0.0, 0.7, 1.5])
@pytest.mark.parametrize(("length", "width"), [(5.0, 4.0), (8.0, 7.0), (11.0, 5.0), (14.0, 9.0)])
def test_a_stroke_along_it_draws_the_spot(length: float, width: float, turned: float) -> None:
    """Of both inks together, two thirds are common to both; and it does not cross itself."""
    spot = blot(112, 100, length, width, turned)
    (mark,) = spots_of(spot)
    stroke = stroke_along(mark, 4)
    drawn = ink(Strokes.black(stroke[None, None], (224, 224), PEN))[0]
    assert float(torch.minimum(drawn, spot).sum() / torch.maximum(drawn, spot).sum()) > 0.65
    assert bool(exact_crossing(stroke).isnan().all())


def test_those_that_tell_most_come_first_and_faces_have_marks_of_their_own() -> None:
    small, large, of_face = blot(180, 30, 8, 5), blot(30, 200, 12, 8), blot(110, 90, 10, 6)
    lines = small + large + of_face
    assert [mark[0, 0] > 100 for mark in spots_of(lines, [FACE])] == [False, True]
    (first,) = spots_of(lines, [FACE], most=1, telling=small + 0.1)
    assert first[0, 0] > 100
    assert spots_of(lines, most=0) == []


def test_they_tell_for_their_length_and_not_where_nothing_tells() -> None:
    """A mouth has more ink than an eye, but is longer; what a person painted out is no spot."""
    eye, mouth = blot(180, 30, 7, 6), blot(30, 200, 13, 5)
    assert float(mouth.sum()) > float(eye.sum())
    assert [mark[0, 0] > 100 for mark in spots_of(eye + mouth)] == [True, False]
    (left,) = spots_of(eye + mouth, telling=mouth)
    assert left[0, 0] < 100


@pytest.fixture
def photo() -> Tensor:
    """A grey ball with two dark eyes, one of them round, on white [3, 224, 224]."""
    ball = blot(110, 110, 150, 150)
    eyes = blot(*EYES[0], 8, 8) + blot(*EYES[1], 11, 7)
    return (1 - 0.4 * ball - 0.55 * eyes).expand(3, -1, -1)


def on_eyes(control_points: Tensor) -> list[bool]:
    """Return which short strokes [N, K, 2] lie on an eye."""
    points = points_along(control_points, 9)
    low, high = points.amin(dim=1), points.amax(dim=1)
    away = torch.cdist((low + high) / 2, torch.tensor(EYES)).amin(dim=1)
    return ((away < 3) & ((high - low).amax(dim=1) < 15)).tolist()


def begun(photo: Tensor, config: StrokeInitConfig, eyes: float = 0.2) -> Strokes:
    """Return first strokes of the ball; how salient its eyes are, a ring around it being 1."""
    ring = blot(110, 110, 154, 154) - blot(110, 110, 146, 146)
    return init_strokes(torch.maximum(ring, eyes * (photo[0] < 0.2))[None], config, [photo])


@pytest.mark.parametrize(
    ("options", "marked"),
    [
        ({"num_strokes": 8}, 0),
        ({"num_strokes": 10}, 2),
        ({"num_strokes": 16}, 2),
        ({"num_strokes": 16, "spare": 0.0}, 0),  # the outline comes first
        ({"num_strokes": 24, "spare": 0.0}, 2),
        ({"num_strokes": 16, "num_segments": 2}, 2),
        ({"num_strokes": 16, "accents": 0.0}, 0),
    ],
)
def test_first_strokes_lie_on_spots_and_come_last(photo: Tensor, options: dict[str, float], marked: int) -> None:
    for sketch in begun(photo, StrokeInitConfig(num_sketches=2, **options)).control_points:  # type: ignore[arg-type]
        assert on_eyes(sketch) == [False] * (len(sketch) - marked) + [True] * marked


def test_eyes_that_are_painted_out_have_none(photo: Tensor) -> None:
    assert not any(on_eyes(begun(photo, StrokeInitConfig(16, num_sketches=1), eyes=0.0).control_points[0]))


@pytest.mark.parametrize("size", [64, 224, 300])
def test_they_are_found_again_whatever_the_encoder_looks_at(photo: Tensor, size: int) -> None:
    """Of two photos, each its own."""
    turned = photo.flip(2)
    subject = Subject.of(torch.stack([photo, turned]), (224, 224), (size, size), torch.ones(1, 224, 224))
    first = torch.cat([begun(one, StrokeInitConfig(16, num_sketches=1)).control_points for one in (photo, turned)])
    found = subject.on_marks(first * (size / 224), torch.tensor([0, 1]))
    assert found.sum(dim=1).tolist() == [2, 2]
    assert bool(found[:, -2:].all())
    assert not bool(subject.on_marks(first * (size / 224), torch.tensor([1, 0]))[:, -2:].any())


def test_they_stay_and_are_not_dropped(photo: Tensor, encoder: ImageEncoder) -> None:
    """Where the paper's steps move all strokes alike they do not stay."""
    first = begun(photo, StrokeInitConfig(16, num_sketches=1))
    short = OptimizeConfig(num_iterations=5, num_views=1, bank_size=2)
    for pace, stay in ((0.03, 2), (1.0, 0)):
        run = SketchRun(photo[None], first, encoder, replace(short, least_pace=pace))
        for _ in run:
            pass
        points = run.result().strokes.control_points[0]
        assert len(points) == 16
        marks = first.control_points[0, -2:]
        assert sum(float((points - mark).abs().amax(dim=(1, 2)).min()) < 1e-3 for mark in marks) == stay
