"""Faces of people in photos, and the strokes that their eyes, nose and mouth begin with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from clipasso_core import faces as module
from clipasso_core.bezier import points_along
from clipasso_core.crossings import exact_crossing
from clipasso_core.errors import ShapeError, WeightsError
from clipasso_core.face_marks import FROM_THE_SIDE, SMALLEST, face_marks
from clipasso_core.faces import Face, find_faces
from clipasso_core.marks import on_marks, stroke_along
from clipasso_core.stroke_init import StrokeInitConfig, init_strokes

EYES, NOSE, MOUTH = ((80.0, 90.0), (140.0, 90.0)), (110.0, 120.0), ((90.0, 150.0), (130.0, 150.0))
FACE = Face((60.0, 40.0, 160.0, 180.0), EYES, NOSE, MOUTH, sure=1.0)


@pytest.fixture
def astronaut(photo: Callable[[str], Tensor]) -> Tensor:
    """Eileen Collins, [3, 512, 512]."""
    return photo("astronaut")[0]


@pytest.fixture
def fresh_networks() -> Iterator[None]:
    module._networks.cache_clear()
    yield
    module._networks.cache_clear()


def near(found: tuple[float, float], place: tuple[float, float], px: float) -> bool:
    return abs(found[0] - place[0]) <= px and abs(found[1] - place[1]) <= px


def test_a_face_is_found_with_eyes_nose_and_mouth(astronaut: Tensor) -> None:
    """Places read off the photo by eye."""
    (face,) = find_faces(astronaut)
    assert face.sure > 0.99
    assert near(face.eyes[0], (203, 101), 4)
    assert near(face.eyes[1], (247, 103), 4)
    assert near(face.nose, (223, 127), 4)
    assert near(face.mouth[0], (204, 141), 4)
    assert near(face.mouth[1], (245, 142), 4)
    left, top, right, bottom = face.box
    assert left < 200 < 250 < right
    assert top < 95 < 150 < bottom


def test_it_is_the_same_face_in_a_smaller_photo(astronaut: Tensor) -> None:
    (large,) = find_faces(astronaut)
    (small,) = find_faces(astronaut[:, ::2, ::2])
    for one, other in zip((*large.eyes, large.nose), (*small.scaled(2).eyes, small.scaled(2).nose), strict=True):
        assert near(one, other, 5)


def test_two_faces_are_two(astronaut: Tensor) -> None:
    """Side by side, the one on the right half as large."""
    both = torch.ones(3, 512, 768)
    both[:, :, :512] = astronaut
    both[:, :256, 512:] = astronaut[:, ::2, ::2]
    first, second = sorted(find_faces(both), key=lambda face: face.nose[0])
    assert near(first.nose, (223, 127), 6)
    assert near(second.nose, (512 + 112, 64), 5)


@pytest.mark.parametrize("name", ["coffee", "chelsea", "rocket"])
def test_things_and_cats_are_no_people(photo: Callable[[str], Tensor], name: str) -> None:
    assert find_faces(photo(name)[0]) == ()


@pytest.mark.parametrize("size", [(1, 1), (8, 400), (13, 13)])
def test_tiny_photos_have_no_faces(size: tuple[int, int]) -> None:
    assert find_faces(torch.rand(3, *size)) == ()


def test_a_batch_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"must be \[3, H, W\], got \[1, 3, 8, 8\]"):
        find_faces(torch.ones(1, 3, 8, 8))


@pytest.mark.usefixtures("fresh_networks")
@pytest.mark.parametrize("damage", ["missing", "cut"])
def test_damaged_networks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, damage: str) -> None:
    path = tmp_path / "mtcnn.npz"
    if damage == "cut":
        path.write_bytes(module.WEIGHTS.read_bytes()[:-1000])
    monkeypatch.setattr(module, "WEIGHTS", path)
    with pytest.raises(WeightsError, match=r"mtcnn.npz is missing or damaged. Reinstall"):
        find_faces(torch.ones(3, 64, 64))


def test_marks_lie_where_eyes_nose_and_mouth_are() -> None:
    left, right, nose, mouth = face_marks([FACE], 4)
    for mark, place in zip((left, right, nose, mouth), (*EYES, NOSE, (110.0, 150.0)), strict=True):
        assert float((mark.mean(dim=0) - torch.tensor(place)).norm()) < 10
    width = mouth[-1, 0] - mouth[0, 0]
    assert float(width) == pytest.approx(40, abs=0.1)


def test_eyes_are_open() -> None:
    """A stroke along one goes round it, and does not cross itself."""
    for mark, (x, y) in zip(face_marks([FACE], 4)[:2], EYES, strict=True):
        stroke = stroke_along(mark, 4)
        low, high = (getattr(points_along(stroke, 64), side)(dim=0) for side in ("amin", "amax"))
        torch.testing.assert_close((low + high) / 2, torch.tensor([x, y]), atol=3.0, rtol=0)
        width, height = (high - low).tolist()
        assert 22 < width < 26
        assert 8 < height < 11
        assert float((stroke[0] - stroke[-1]).norm()) < 4
        assert bool(exact_crossing(stroke).isnan().all())


def test_marks_turn_with_the_face() -> None:
    """A quarter turn, so that the left eye lies above the right one."""
    turned = Face((60, 60, 200, 160), ((110, 80), (110, 140)), (80, 110), ((50, 90), (50, 130)), 1.0)
    upright = face_marks([FACE], 4)
    for mark, before in zip(face_marks([turned], 4), upright, strict=True):
        x, y = (before - torch.tensor(NOSE)).unbind(dim=1)
        torch.testing.assert_close(mark, torch.stack([-y, x], dim=1) + torch.tensor([80.0, 110.0]))


@pytest.mark.parametrize(("most", "marks"), [(2, 0), (3, 3), (5, 3), (6, 6), (7, 6), (8, 8), (20, 8)])
def test_mouths_go_first_and_then_the_smaller_face(most: int, marks: int) -> None:
    found = face_marks([FACE.scaled(0.5), FACE], most)
    assert len(found) == marks
    if marks:
        assert torch.equal(found[0], face_marks([FACE], 4)[0])


def test_faces_too_small_for_strokes_have_no_marks() -> None:
    just = FACE.scaled(SMALLEST / 100)
    assert len(face_marks([just, FACE.scaled(SMALLEST / 100 - 0.01)], 8)) == 4


@pytest.mark.parametrize(("mouth", "nose"), [(150.0, 120.0 + 3 + 7.2), (133.0, 129.0), (125.0, 121.0)])
def test_a_nose_keeps_off_the_mouth(mouth: float, nose: float) -> None:
    """Where a smile lies close below the nose, it moves up; given are the mouth's y, and the nose's lowest."""
    found = face_marks([replace(FACE, mouth=((90.0, mouth), (130.0, mouth)))], 4)[2]
    assert float(found[:, 1].max()) == pytest.approx(nose)


def test_a_face_from_the_side_has_no_marks() -> None:
    """Its eyes would run together."""
    apart = FROM_THE_SIDE * 100
    for more, marks in ((0.1, 4), (-0.1, 0)):
        assert len(face_marks([replace(FACE, eyes=((100.0, 90.0), (100.0 + apart + more, 90.0)))], 4)) == marks


@pytest.mark.parametrize("count", [4, 7])
def test_strokes_on_marks_are_known_again(count: int) -> None:
    """Moved by a px as well, but not by three; nor those that only pass, or draw a part."""
    marks = face_marks([FACE], 4)
    strokes = torch.stack([stroke_along(mark, count) for mark in marks])
    brow = stroke_along(torch.tensor([[40.0, 88.0], [60, 89], [100, 91], [120, 92]]), count)
    parts = torch.stack([brow, *(stroke_along(mark[:13], count) for mark in marks)])
    assert on_marks(torch.cat([strokes, strokes + 1, strokes + 3, parts]), marks).tolist() == [True] * 8 + [False] * 9
    assert not bool(on_marks(strokes, []).any())


@pytest.fixture
def lines() -> Tensor:
    """A frame of lines far from the face [1, 224, 224]."""
    maps = torch.zeros(1, 224, 224)
    maps[:, 5:215, [6, 216]] = 1
    maps[:, [6, 214], 6:216] = 1
    return maps


def test_a_sketch_begins_with_strokes_on_the_face(lines: Tensor, astronaut: Tensor) -> None:
    config = StrokeInitConfig(num_strokes=32, num_sketches=2)
    with_face = init_strokes(lines, config, [astronaut]).control_points
    (face,) = find_faces(astronaut)
    marks = face_marks([face.scaled(224 / 512)], 4)
    for sketch in with_face:
        assert on_marks(sketch, marks).tolist() == [False] * 28 + [True] * 4
        middles = sketch.mean(dim=1)
        for place in (*face.eyes, face.nose):
            away = (middles - torch.tensor(place) * 224 / 512).norm(dim=-1)
            assert float(away.min()) < 5
    without = init_strokes(lines, config).control_points
    assert float((without.mean(dim=2) - torch.tensor(face.nose) * 224 / 512).norm(dim=-1).min()) > 20


def test_photos_without_faces_change_nothing(lines: Tensor) -> None:
    """Nor lone spots."""
    config = StrokeInitConfig(num_strokes=32, num_sketches=1)
    photo = torch.full((3, 64, 64), 0.5)
    assert torch.equal(init_strokes(lines, config, [photo]).control_points, init_strokes(lines, config).control_points)


def test_photos_of_another_aspect_are_left_alone(lines: Tensor, astronaut: Tensor) -> None:
    config = StrokeInitConfig(num_strokes=32, num_sketches=1)
    cut = init_strokes(lines, config, [astronaut[:, :300]]).control_points
    assert torch.equal(cut, init_strokes(lines, config).control_points)


def test_as_many_photos_as_maps(lines: Tensor, astronaut: Tensor) -> None:
    with pytest.raises(ShapeError, match="2 photos do not fit 1 saliency maps"):
        init_strokes(lines, photos=[astronaut, astronaut])
