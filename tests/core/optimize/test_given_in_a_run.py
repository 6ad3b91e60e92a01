"""Given strokes in a run: they stay to the bit, the drawing that is compared holds them, and others keep off them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from clipasso_core.encoders import Features
from clipasso_core.given import join_given, part_given
from clipasso_core.losses import overlap_loss
from clipasso_core.optimize import SketchRun
from clipasso_core.optimize.underlay import Underlay
from clipasso_core.rasterizer import ink, render
from clipasso_core.strokes import Strokes

Start = Callable[..., SketchRun]
Make = Callable[..., Strokes]
RED = torch.tensor([0.8, 0.1, 0.0, 0.7])


def person() -> Strokes:
    """Two given strokes of a person on 64 px: one of three cubics, and one of a single cubic, padded."""
    torch.manual_seed(3)
    points = torch.rand(1, 2, 10, 2) * 40 + 10
    points[0, 1, 4:] = points[0, 1, 3]
    return Strokes.black(points, (64, 64), stroke_width=1.7)


@pytest.fixture
def together(first_strokes: Make) -> Callable[..., Strokes]:
    """Return k first sketches of four strokes each that go on from the person's."""

    def make(given: Strokes | None = None, sketches: int = 1) -> Strokes:
        return join_given(given or person(), first_strokes(1, sketches))

    return make


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"halving": True, "num_iterations": 8},
        {"num_stages": 2},
        {"opacity_weight": 0.5},
        {"bank_size": 0},
        {"tidy": 1.0},
        {"order": "importance"},
        {"order": "pen", "colors": "photo"},
        {"auto_detail": 0.2, "fewest_strokes": 1, "num_iterations": 12},
        {"widths": "one", "colors": "optimized"},
    ],
    ids=str,
)
def test_given_strokes_stay_and_the_others_move(
    start: Start, cup: Tensor, together: Callable[..., Strokes], options: dict[str, object]
) -> None:
    strokes = together(sketches=3)
    run = start(cup, strokes=strokes, **{"learning_rate": 3.0, "num_views": 1, **options})
    for step in run:
        assert torch.equal(step.strokes.control_points[:, :2], strokes.control_points[: len(step.strokes.alive), :2])
    made = run.result().strokes
    for name in ("control_points", "stroke_width", "color"):
        assert torch.equal(getattr(made, name)[:, :2], getattr(strokes, name)[:1, :2]), name
    assert made.num_given == 2
    moved = part_given(step.strokes)[1].control_points
    assert moved.shape[1:] == (4, 4, 2)
    assert bool((moved[0] != strokes.control_points[0, 2:, :4]).any())


def test_given_strokes_that_move_keep_their_looks(start: Start, cup: Tensor, together: Callable[..., Strokes]) -> None:
    options = {"widths": "one", "colors": "optimized", "opacity_weight": 1.0, "given_freedom": 1.0}
    strokes = together()
    run = start(cup, strokes=strokes, num_iterations=4, learning_rate=3.0, num_views=1, **options)
    *_, last = run
    for name in ("stroke_width", "color"):
        now, before = getattr(last.strokes, name), getattr(strokes, name)
        assert torch.equal(now[:, :2], before[:, :2]), name
        assert bool((now[:, 2:] != before[:, 2:]).any()), name
    assert bool((last.strokes.control_points[:, :2] != strokes.control_points[:, :2]).any())


def test_the_loss_is_that_of_the_whole_drawing(start: Start, cup: Tensor, together: Callable[..., Strokes]) -> None:
    """As far as edges allow: where two strokes share a pixel, drawing them apart gives it a slightly other grey."""
    strokes = together()
    apart = next(iter(start(cup, strokes=strokes))).losses["evaluation"].item()
    whole = next(iter(start(cup, strokes=replace(strokes, num_given=0)))).losses["evaluation"].item()
    alone = next(iter(start(cup, strokes=part_given(strokes)[1]))).losses["evaluation"].item()
    assert apart == pytest.approx(whole, abs=0.1 * abs(alone - whole))
    assert abs(alone - whole) > 1e-3


@pytest.mark.parametrize("rgba", [None, RED], ids=["black", "red"])
def test_others_are_drawn_over_given_strokes(first_strokes: Make, rgba: Tensor | None) -> None:
    given, new = person(), first_strokes()
    given = given if rgba is None else replace(given, color=rgba.expand(1, 2, 4))
    underlay = Underlay.of(given)
    assert underlay.is_black == (rgba is None)
    opacity = ink(new)
    on_white = 1 - opacity[:, None]
    picture, _ = underlay.beneath(on_white.expand(-1, underlay.dark.shape[1], -1, -1), opacity)
    painted = render(join_given(given, new))
    wanted = painted[:, :3] + (1 - painted[:, 3:])
    off = (picture - wanted).abs()
    assert float(off.mean()) < 1e-3
    assert float((off > 0.02).float().mean()) < 0.02  # edges that share a pixel


def test_ink_on_given_ink_counts_and_given_ink_on_itself_does_not(start: Start, cup: Tensor) -> None:
    """At its edges, ink shows a little through ink: pixels that both cover in part."""
    given = replace(person(), stroke_width=torch.full((1, 2), 4.0))
    away = torch.stack([torch.linspace(2, 9, 10), torch.linspace(2, 3, 10)], dim=-1)
    lost = {}
    for name, points in (("on it", given.control_points), ("beside", away.expand(1, 2, -1, -1))):
        new = given.with_points(points.clone())
        new = replace(new, alive=torch.tensor([[True, name == "on it"]]))
        lost[name] = next(iter(start(cup, strokes=join_given(given, new), tidy=0.5))).losses["overlap"].item()
    laid = float(overlap_loss(given, torch.zeros(1, 64, 64)))
    assert 0.8 * laid < lost["on it"] < 1.01 * laid
    assert lost["beside"] == pytest.approx(0, abs=0.02 * laid)


def test_a_nan_takes_the_others_back_and_leaves_given_strokes(
    start: Start, cup: Tensor, together: Callable[..., Strokes], monkeypatch: pytest.MonkeyPatch
) -> None:
    strokes = together()
    run = start(cup, strokes=strokes, num_iterations=5, learning_rate=2.0, num_views=0, bank_size=0)
    look, seen = run.bank.look, []

    def spoilt(drawings: Tensor, views: Tensor | None) -> Features:
        seen.append(look(drawings, views))
        nan = {name: found * torch.nan for name, found in seen[-1].maps.items()}
        return Features(nan, seen[-1].embedding) if len(seen) == 3 else seen[-1]

    monkeypatch.setattr(run.bank, "look", spoilt)
    steps = list(run)
    made = run.result()
    assert made.setbacks == (1,)
    assert torch.equal(steps[3].strokes.control_points, steps[1].strokes.control_points)
    assert torch.equal(made.strokes.control_points[:, :2], strokes.control_points[:, :2])


def test_colour_below_gives_a_picture_in_colour(start: Start, cup: Tensor, together: Callable[..., Strokes]) -> None:
    given = replace(person(), color=RED.expand(1, 2, 4).contiguous())
    run = start(cup, strokes=together(given))
    assert not run.work.grey
    list(run)
    made = run.result().strokes
    assert torch.equal(made.color[:, :2], given.color)
    assert torch.equal(made.color[0, 2:], torch.tensor([[0.0, 0.0, 0.0, 1.0]]).expand(4, -1))


def test_with_some_freedom_given_strokes_move_a_little(
    start: Start, cup: Tensor, together: Callable[..., Strokes]
) -> None:
    strokes, ways = together(), {}
    for freedom in (0.0, 0.1, 1.0):
        last = list(start(cup, strokes=strokes, given_freedom=freedom, num_iterations=4))[-1].strokes
        ways[freedom] = float((last.control_points - strokes.control_points)[:, :2].abs().max())
        assert last.num_given == 2
        assert bool((last.control_points[:, 1, 4:] == last.control_points[:, 1, 3:4]).all())  # no cubic is added
        assert bool((last.control_points[:, 2:, 4:] == last.control_points[:, 2:, 3:4]).all())
    assert ways[0.0] == 0
    assert 0.05 * ways[1.0] < ways[0.1] < 0.2 * ways[1.0]


def test_the_end_of_a_padded_stroke_feels_all_of_its_gradient(
    start: Start, cup: Tensor, together: Callable[..., Strokes]
) -> None:
    """Given strokes that are free move as if they had been drawn without the padding."""
    alone = person().select([0])
    short = replace(
        alone,
        control_points=alone.control_points[:, 1:, :4],
        stroke_width=alone.stroke_width[:, 1:],
        color=alone.color[:, 1:],
        alive=alone.alive[:, 1:],
    )
    padded = short.with_points(
        torch.cat([short.control_points, short.control_points[:, :, -1:].expand(-1, -1, 6, -1)], 2)
    )
    ends = []
    for strokes in (short, padded):
        run = start(cup, strokes=replace(strokes, num_given=1), given_freedom=1.0, num_iterations=3)
        ends.append(list(run)[-1].strokes.control_points[0, 0, :4])
    torch.testing.assert_close(*ends, atol=1e-3, rtol=0)


def test_nothing_but_given_strokes_is_refused(start: Start, cup: Tensor) -> None:
    with pytest.raises(ValueError, match="no living strokes"):
        start(cup, strokes=replace(person(), num_given=2))


@pytest.mark.parametrize(
    "options",
    [{"order": "importance"}, {"prefixes": True, "num_iterations": 8}, {"num_stages": 2}, {"halving": True}],
    ids=str,
)
def test_strokes_stay_in_their_group(
    start: Start, cup: Tensor, together: Callable[..., Strokes], options: dict[str, object]
) -> None:
    """Whatever order a run ends in: the width of each stroke, which stays, says which group it is of."""
    strokes = together(sketches=2)
    group = torch.tensor([[-1, 0, 1, 0, 1, 2], [-1, 0, 2, 2, 1, 0]])
    marked = replace(strokes, stroke_width=group + 2.0).with_groups(group, ["sky", "tree", "cup"])
    run = start(cup, strokes=marked, **{"learning_rate": 3.0, **options})
    *_, last = run
    for made in (last.strokes, run.result().strokes):
        assert made.group_names == ("sky", "tree", "cup")
        assert made.group is not None
        assert torch.equal(made.group, made.stroke_width.round().long() - 2)
