"""Spare strokes: more to begin with than are wanted, and on the way those that tell least are dropped."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from clipasso_core.encoders import ImageEncoder
from clipasso_core.errors import ConfigError, ShapeError
from clipasso_core.face_marks import face_marks
from clipasso_core.faces import Face
from clipasso_core.given import join_given, place_given
from clipasso_core.marks import stroke_along
from clipasso_core.optimize import OptimizeConfig, SketchRun
from clipasso_core.optimize import subject as subject_module
from clipasso_core.stroke_init import ENOUGH, StrokeInitConfig, init_strokes
from clipasso_core.strokes import MAX_STROKES, Strokes

OF_PHOTO = pytest.approx([40.0, 110.0, 170.0], abs=9)
"""Where the photo's lines are, px; the others lie 20 px away and more."""
SHORT = OptimizeConfig(num_iterations=5, num_views=1, bank_size=2, tidy=0.0)


def on_lines() -> Strokes:
    """Return a sketch of six lines of which three are wanted; the photo has the last three."""
    ys = torch.tensor([60.0, 90.0, 140.0, 40.0, 110.0, 170.0])
    xs = torch.tensor([50.0, 90.0, 130.0, 170.0])
    points = torch.stack(torch.broadcast_tensors(xs, ys[:, None]), dim=-1)[None]
    return replace(Strokes.black(points, (224, 224)), num_wanted=3)


@pytest.fixture
def photo() -> Tensor:
    image = torch.ones(1, 3, 224, 224)
    for y in (40, 110, 170):
        image[..., y - 2 : y + 2, 48:172] = 0
    return image


def heights(strokes: Strokes) -> list[float]:
    return sorted(strokes.control_points[0, strokes.alive[0], :, 1].mean(dim=1).tolist())


def test_the_strokes_that_tell_least_are_dropped_on_the_way(photo: Tensor, encoder: ImageEncoder) -> None:
    run = SketchRun(photo, on_lines(), encoder, SHORT)
    living = [int(step.strokes.alive.sum()) for step in run]
    assert living == [6, 6, 3, 3, 3]  # after two fifths of the run
    strokes = run.result().strokes
    assert strokes.control_points.shape == (1, 3, 4, 2)
    assert bool(strokes.alive.all())
    assert strokes.num_wanted is None
    assert heights(strokes) == OF_PHOTO


@pytest.mark.parametrize("iterations", [0, 1])
def test_a_run_that_ends_early_has_as_many_as_are_wanted(photo: Tensor, encoder: ImageEncoder, iterations: int) -> None:
    run = SketchRun(photo, on_lines(), encoder, SHORT)
    for _ in range(iterations):
        run.step()
    assert heights(run.result("interrupted").strokes) == OF_PHOTO
    assert run.result("failed").strokes.control_points.shape == (1, 3, 4, 2)  # without another look
    run.step()  # asking midway does not change how it goes on
    assert int(run.step().strokes.alive.sum()) == (6 if iterations == 0 else 3)


@pytest.mark.parametrize("options", [{"num_stages": 2}, {"auto_detail": 0.5, "fewest_strokes": 1}])
def test_where_strokes_come_in_turn_or_are_counted_there_are_no_spare_ones(
    photo: Tensor, encoder: ImageEncoder, options: dict[str, float]
) -> None:
    run = SketchRun(photo, on_lines(), encoder, replace(SHORT, **options))  # type: ignore[arg-type]
    assert max(int(step.strokes.alive.sum()) for step in run) <= 3


FACE = Face((12, 8, 52, 56), ((20, 28), (44, 28)), (32, 40), ((24, 50), (40, 50)), 1.0)
"""On the 64 px that the encoder looks at."""


@pytest.fixture
def with_face(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject_module, "find_faces", lambda image: (FACE,))


def face_last(others: int, wanted: int) -> Strokes:
    """Return a sketch of some strokes in a corner, then two eyes, a nose and a mouth."""
    marks = torch.stack([stroke_along(mark, 4) for mark in face_marks([FACE], 4)])
    points = 3.5 * torch.cat([torch.ones(others, 4, 2), marks])[None]
    return replace(Strokes.black(points, (224, 224)), num_wanted=wanted)


@pytest.mark.usefixtures("with_face")
@pytest.mark.parametrize("options", [{"num_stages": 2}, {"auto_detail": 0.5}])
@pytest.mark.parametrize(("wanted", "of_face"), [(16, 4), (15, 3), (11, 0)])
def test_those_who_come_last_and_draw_a_face_are_kept_nevertheless(
    photo: Tensor, encoder: ImageEncoder, options: dict[str, float], wanted: int, of_face: int
) -> None:
    """A quarter of all, without the mouth if it must be, and no half faces."""
    strokes = face_last(17, wanted)
    run = SketchRun(photo, strokes, encoder, replace(SHORT, **options))  # type: ignore[arg-type]
    kept = run.strokes.control_points[0, run.strokes.alive[0]]
    marks = strokes.control_points[0, 17:] / 3.5
    assert len(kept) == wanted
    torch.testing.assert_close(kept[wanted - of_face :], marks[:of_face])
    torch.testing.assert_close(kept[: wanted - of_face], torch.ones(wanted - of_face, 4, 2))
    with pytest.raises(ConfigError, match=rf"strokes of a sketch \({wanted}\)"):
        SketchRun(photo, strokes, encoder, OptimizeConfig(num_stages=wanted + 1))


@pytest.mark.usefixtures("with_face")
def test_a_face_stays_where_it_was_found_to_the_end(photo: Tensor, encoder: ImageEncoder) -> None:
    """Through the order by importance and the dropping; the other strokes move, and with ``least_pace`` 1 all do."""
    strokes = face_last(17, 16)
    marks = strokes.control_points[0, 17:]
    for pace, stay in ((0.03, 4), (1.0, 0)):
        run = SketchRun(photo, strokes, encoder, replace(SHORT, least_pace=pace))
        for _ in run:
            pass
        points = run.result().strokes.control_points[0]
        away = (points[:, None] - marks).abs().amax(dim=(2, 3)).amin(dim=1)
        assert len(points) == 16
        assert int((away < 1e-4).sum()) == stay


@pytest.mark.usefixtures("with_face")
@pytest.mark.parametrize(("pace", "joined"), [(0.03, False), (1.0, True)])
def test_lines_do_not_run_on_into_a_mouth(photo: Tensor, encoder: ImageEncoder, pace: float, joined: bool) -> None:
    """When the run ends, a line that ends 4 px before it would be led to it."""
    marks = face_last(1, 5).control_points[:, 1:]
    x, y = marks[0, 3, 0].tolist()
    line = torch.tensor([[x - 4 - away, y] for away in (60.0, 40.0, 20.0, 0.0)])
    strokes = Strokes.black(torch.cat([line[None, None], marks], dim=1), (224, 224), 3.0)
    run = SketchRun(
        photo, strokes, encoder, OptimizeConfig(num_iterations=1, num_views=1, bank_size=2, least_pace=pace)
    )
    run.step()
    ended = run.result().strokes.control_points[0]
    found = ended[(ended[:, 0] - line[0]).norm(dim=1).argmin()]
    assert bool(found[-1, 0] > line[-1, 0] + 0.1) is joined


@pytest.mark.usefixtures("with_face")
@pytest.mark.parametrize(("moved", "costs"), [(0.0, True), (80.0, False)])
def test_a_line_across_a_face_costs(photo: Tensor, encoder: ImageEncoder, moved: float, costs: bool) -> None:
    """A line down over the mouth, or as far from all marks; their own ink costs nothing."""
    marks = face_last(1, 5).control_points[:, 1:]
    x, y = marks[0, 3].mean(dim=0).tolist()
    line = torch.tensor([[x + moved, y + away] for away in (-15, -5, 5, 15)])
    strokes = Strokes.black(torch.cat([line[None, None], marks], dim=1), (224, 224))
    step = SketchRun(photo, strokes, encoder, SHORT).step()
    assert (float(step.losses["trespass"]) > 0) is costs


def test_given_strokes_count_and_stay(photo: Tensor, encoder: ImageEncoder) -> None:
    line = torch.tensor([[[[50.0, 200.0], [90.0, 200.0], [130.0, 200.0], [170.0, 200.0]]]])
    given = place_given(Strokes.black(line, (224, 224)), None, (224, 224))
    strokes = join_given(given, on_lines())
    assert strokes.num_wanted == 4
    run = SketchRun(photo, strokes, encoder, SHORT)
    for _ in run:
        pass
    result = run.result().strokes
    assert result.control_points.shape == (1, 4, 4, 2)
    assert torch.equal(result.control_points[:, 0], line[:, 0])


def test_sketches_that_compete_drop_their_own(photo: Tensor, encoder: ImageEncoder) -> None:
    """To the end of the run, each of its own strokes; and byte for byte the same again."""
    both = Strokes.joined([on_lines(), on_lines().in_order(torch.tensor([[5, 0, 4, 1, 3, 2]]))])
    found = []
    for _ in range(2):
        run = SketchRun(photo, both, encoder, replace(SHORT, halving=False))
        steps = list(run)
        assert steps[-1].strokes.alive.sum(dim=1).tolist() == [3, 3]
        found.append(run.result().strokes)
    assert heights(found[0]) == OF_PHOTO
    assert torch.equal(found[0].control_points, found[1].control_points)


def test_first_strokes_are_more_than_are_wanted_up_to_a_bound() -> None:
    saliency = torch.ones(1, 224, 224)
    counts = [StrokeInitConfig(count).num_first for count in (1, ENOUGH // 2, ENOUGH - 1, 2 * ENOUGH, MAX_STROKES)]
    assert counts == [2, ENOUGH, ENOUGH, 2 * ENOUGH, MAX_STROKES]
    some, none = (init_strokes(saliency, StrokeInitConfig(4, spare=spare)) for spare in (0.5, 0.0))
    assert (some.num_strokes, some.num_wanted) == (6, 4)
    assert (none.num_strokes, none.num_wanted) == (4, None)
    assert init_strokes(saliency, StrokeInitConfig(4, one_line=True)).num_wanted is None


def test_shares_and_numbers_are_checked() -> None:
    with pytest.raises(ConfigError, match="spare must lie between 0 and 4"):
        StrokeInitConfig(spare=5)
    with pytest.raises(ShapeError, match="num_wanted must be at least 1"):
        replace(on_lines(), num_wanted=0)
