"""Training for prefixes: who sees them and when, what it does to the drawing's beginnings, and that off is off."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite

import pytest
import torch
from torch import Tensor

from clipasso_core.errors import ConfigError
from clipasso_core.optimize import OptimizeConfig, SketchRun, prefixes
from clipasso_core.optimize.prefixes import LEAST, PREFIX_WEIGHT, Prefixes
from clipasso_core.order import prefix_losses
from clipasso_core.stroke_init import StrokeInitConfig, init_strokes
from clipasso_core.strokes import Strokes

Start = Callable[..., SketchRun]


@pytest.fixture(scope="session")
def eight() -> Strokes:
    """Eight first strokes on 64 px, two sketches."""
    config = StrokeInitConfig(
        num_strokes=8, num_segments=1, num_sketches=2, canvas_size=64, radius=0.2, follow=0.0, spare=0.0
    )
    return init_strokes(torch.ones(1, 64, 64), config)


def finish(run: SketchRun) -> Strokes:
    for _ in run:
        pass
    return run.result().strokes


def test_lengths_are_the_whole_in_a_fifth_of_the_cases_and_else_few_more_often_than_many() -> None:
    some, generator = Prefixes(64, 0, 10), torch.Generator().manual_seed(0)
    drawn = torch.tensor([some.length(generator) for _ in range(4000)])
    short = drawn[drawn < 64]
    assert len(short) / 4000 == pytest.approx(0.8, abs=0.03)
    assert (int(short.min()), int(short.max())) == (LEAST, 63)
    below = [float((short < high).float().mean()) for high in (8, 16, 32, 64)]
    assert below == pytest.approx([(octaves / 4) ** 0.4 for octaves in (1, 2, 3, 4)], abs=0.03)


def test_prefixes_are_seen_from_the_first_tenth_to_the_last() -> None:
    config = OptimizeConfig(prefixes=True, num_iterations=200)
    some = Prefixes.of_run(config, 16)
    assert (some.first, some.after) == (20, 180)
    assert not any(some.trains(number) for number in (0, 19, 180, 199))
    for off in (Prefixes.of_run(OptimizeConfig(), 16), Prefixes.of_run(config, LEAST)):
        assert not any(off.trains(number) or off.begins(number) for number in range(200))


@pytest.mark.parametrize(
    ("options", "says"), [({"num_stages": 2}, "several stages"), ({"num_views": 0}, "random views")]
)
def test_what_prefixes_do_not_go_with_is_refused(options: dict[str, int], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        OptimizeConfig(prefixes=True, **options)  # type: ignore[arg-type]


def test_the_random_views_see_the_prefix_and_the_identity_the_whole(start: Start, cup: Tensor, eight: Strokes) -> None:
    """Strokes beyond the prefix are moved by the identity view alone; those of the prefix by all views, and by the
    random ones more."""
    gradients = {}
    for length in (0, 5, 8):
        run = start(cup, strokes=eight.select([0]), num_views=2)
        work = run.work
        work.sees_prefixes = length > 0
        work.prepare(0, [0, 1, 2], 0.0, length)
        work.run()
        assert work.points.grad is not None
        gradients[length] = work.points.grad.clone(), {name: loss.clone() for name, loss in work.losses.items()}
    whole, some, all_of_them = (gradients[length] for length in (0, 5, 8))
    assert not torch.allclose(some[0], whole[0], rtol=1e-2)
    torch.testing.assert_close(some[1]["evaluation"], whole[1]["evaluation"], rtol=1e-5, atol=1e-6)
    assert some[1]["geometric"] > whole[1]["geometric"]  # less of the photo is drawn
    alone = start(cup, strokes=eight.select([0]), num_views=2).work
    alone.prepare(0, [0, 0, 0], 0.0)
    alone.run()
    assert alone.points.grad is not None
    identity = alone.points.grad / 3
    torch.testing.assert_close(some[0][0, 5:], identity[0, 5:], rtol=2e-3, atol=1e-6)
    weighted = identity + PREFIX_WEIGHT * (whole[0] - identity)
    torch.testing.assert_close(all_of_them[0], weighted, rtol=1e-3, atol=1e-5)


def test_the_order_is_found_once_and_everything_goes_along(start: Start, cup: Tensor, eight: Strokes) -> None:
    """With steps too small to see, strokes only change places, and width, colour and the best state go with them."""
    strokes = Strokes(
        eight.control_points, 1.0 + torch.arange(8.0).expand(2, -1), eight.color, eight.alive, eight.canvas_size
    )
    run = start(cup, strokes=strokes, num_iterations=8, learning_rate=1e-4, prefixes=True)
    steps = list(run)
    before, after = steps[0].strokes, steps[1].strokes
    order = [round(width) - 1 for width in after.stroke_width[0].tolist()]
    assert sorted(order) == list(range(8))
    assert order != list(range(8))
    for sketch in range(2):
        order = [round(width) - 1 for width in after.stroke_width[sketch].tolist()]
        torch.testing.assert_close(
            after.control_points[sketch], before.control_points[sketch, order], atol=1e-2, rtol=0
        )
    assert torch.equal(after.stroke_width, steps[7].strokes.stroke_width)
    best = run.best()
    chosen = run.result().chosen[0]
    assert torch.equal(best.stroke_width[0], after.stroke_width[chosen])
    torch.testing.assert_close(best.control_points[0], after.control_points[chosen], atol=1e-2, rtol=0)


def test_momentum_goes_along_too(start: Start, cup: Tensor, eight: Strokes) -> None:
    work = start(cup, strokes=eight).work
    work.prepare(0, [0, 1], 1.0)
    work.run()
    order = torch.tensor([[7, 6, 5, 4, 3, 2, 1, 0], [1, 0, 2, 3, 4, 5, 6, 7]])
    work.candidates.reorder(order)
    following = work.reordered(order)
    for name in ("exp_avg", "exp_avg_sq"):
        old, new = (each.optimizer.state[each.points][name] for each in (work, following))
        assert torch.equal(new[0], old[0].flip(0))
        assert torch.equal(new[1, :2], old[1, [1, 0]])
    assert torch.equal(following.points[0], work.points[0].flip(0))
    assert float(following.optimizer.state[following.points]["step"]) == 1


def test_beginnings_get_better_by_training(
    start: Start, cat: Tensor, eight: Strokes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the same order, and with so few iterations that all of them must see the first four strokes."""
    options = {"num_iterations": 60, "learning_rate": 3.0, "final_learning_rate": 0.05, "num_views": 2, "bank_size": 16}
    monkeypatch.setattr(prefixes, "SKEW", 1e9)
    first_four = []
    for whole in (1.0, 0.0):
        monkeypatch.setattr(prefixes, "WHOLE", whole)
        run = start(cat, strokes=eight.select([0]), prefixes=True, **options)
        first_four.append(float(prefix_losses(finish(run), run.bank.losses_of([0])[0])[3]))
    untrained, trained = first_four
    assert trained < untrained - 0.01


def test_the_best_state_is_one_that_knows_its_prefixes(start: Start, cup: Tensor, eight: Strokes) -> None:
    """Rates that grow wild make early states the best drawings; those of the last tenth are asked for nevertheless."""
    run = start(cup, strokes=eight, prefixes=True, num_iterations=20, learning_rate=50.0)
    finish(run)
    assert run.result().best_iteration[0] >= run.prefixes.after


def test_there_is_a_best_state_all_the_time(start: Start, cup: Tensor, eight: Strokes) -> None:
    """Prefixes end where the next state is evaluated; else an interrupt would find none."""
    run = start(cup, strokes=eight, prefixes=True, num_iterations=20, evaluation_interval=4)
    assert all(isfinite(run.best_loss()[0]) for _ in run)
    assert run.prefixes.after == 16


def test_the_result_is_in_the_order_asked_for(start: Start, cup: Tensor, eight: Strokes) -> None:
    drawn, placed = (finish(start(cup, strokes=eight, order=order)) for order in ("drawn", "importance"))
    assert not torch.equal(drawn.control_points, placed.control_points)
    assert sorted(drawn.control_points[0, :, 0, 0].tolist()) == sorted(placed.control_points[0, :, 0, 0].tolist())
    run = start(cup, strokes=eight)
    loss_of = run.bank.losses_of([0])[0]
    means = [float(prefix_losses(strokes, loss_of).mean()) for strokes in (drawn, placed)]
    assert means[1] < means[0]


def test_a_failed_run_is_not_asked_to_look_again(
    start: Start, cup: Tensor, eight: Strokes, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = start(cup, strokes=eight, order="importance")
    run.step()
    monkeypatch.setattr(run.bank, "look", lambda *_: pytest.fail("looked again"))
    assert run.result("failed").strokes.num_strokes == 8


@pytest.mark.parametrize("halving", [False, True])
def test_the_same_seed_gives_the_same_bytes_with_prefixes(
    start: Start, cup: Tensor, cat: Tensor, eight: Strokes, halving: bool
) -> None:
    options = {"num_iterations": 8, "prefixes": True, "order": "importance", "halving": halving}
    first, second = (finish(start(cup, strokes=eight, **options)) for _ in range(2))
    assert first.control_points.numpy().tobytes() == second.control_points.numpy().tobytes()
    both = finish(start(torch.cat([cat, cup]), strokes=eight.select([0, 1, 0, 1]), **options))
    assert both.control_points[1].numpy().tobytes() == first.control_points[0].numpy().tobytes()


# --- strokes that are counted on the way -------------------------------------------------------------------------


def test_strokes_that_do_not_pay_are_dropped_midway(start: Start, cup: Tensor, eight: Strokes) -> None:
    options = {"num_iterations": 20, "learning_rate": 2.0, "halving": True}
    run = start(cup, strokes=eight, auto_detail=0.0, fewest_strokes=2, **options)
    living = [int(step.strokes.alive[0].sum()) for step in run]
    result = run.result()
    (count,) = result.counts
    assert living == [8] * 11 + [count.chosen] * 9
    assert 2 <= count.chosen < 8
    assert int(result.strokes.alive.sum()) == count.chosen
    assert result.best_iteration[0] >= 11
    assert len(count.losses) == 8
    assert result.report()["stroke_count"] == [count.report()]
    assert not any(run.prefixes.trains(number) for number in range(11, 20))


def test_more_detail_keeps_more_strokes_and_all_where_they_cost_nothing(
    start: Start, cup: Tensor, eight: Strokes, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = []
    for detail in (0.0, 1.0):
        run = start(cup, strokes=eight.select([0]), num_iterations=10, auto_detail=detail, fewest_strokes=1)
        finish(run)
        chosen.append(run.counts[0].chosen)
    assert chosen[0] < chosen[1]
    assert start(cup, strokes=eight, num_iterations=1).result().counts == ()


def test_each_photo_of_a_batch_has_its_own_number(start: Start, cup: Tensor, cat: Tensor, eight: Strokes) -> None:
    options = {"num_iterations": 10, "auto_detail": 0.3, "fewest_strokes": 1, "evaluation_interval": 3}
    both = start(torch.cat([cup, cat]), strokes=eight.select([0, 0]), **options)
    strokes = finish(both)
    assert [one.chosen for one in both.counts] == strokes.alive.sum(dim=1).tolist()
    alone = start(cat, strokes=eight.select([0]), **options)
    finish(alone)
    assert alone.counts[0].losses == both.counts[1].losses
    assert all(torch.isfinite(torch.tensor(both.result().loss)))


def test_stages_cannot_be_counted_in() -> None:
    with pytest.raises(ConfigError, match="or give a number of strokes"):
        OptimizeConfig(auto_detail=0.5, num_stages=2)
    with pytest.raises(ConfigError, match="auto_detail must lie between 0 and 1, got 2"):
        OptimizeConfig(auto_detail=2)
