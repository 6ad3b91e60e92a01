"""What the optimiser may do beside moving all points all the time: fade strokes, and draw them in stages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from clipasso_core.errors import ConfigError
from clipasso_core.optimize import SketchRun
from clipasso_core.optimize.coordinates import OPACITY_RATE, Coordinates, mean_opacity
from clipasso_core.optimize.stages import Stages
from clipasso_core.rasterizer import rasterize
from clipasso_core.strokes import Strokes
from clipasso_core.svg import to_svg

Start = Callable[..., SketchRun]
FADING = {"opacity_weight": 5.0, "num_views": 0, "bank_size": 0}


def opacities(strokes: Strokes) -> Tensor:
    return strokes.color[..., 3]


def evaluation(run: SketchRun, strokes: Strokes) -> list[float]:
    """The evaluation loss of each sketch of the run's only photo, computed anew."""
    bank, identity = run.bank, torch.zeros(1, dtype=torch.long)
    seen = bank.look(rasterize(strokes, (64, 64)), None)
    photo = bank.photo(identity, torch.zeros(strokes.batch_size, dtype=torch.long))
    assert seen.embedding is not None
    assert photo.embedding is not None
    total = run.recipe.semantic_weight * (1 - torch.cosine_similarity(seen.embedding, photo.embedding))
    for name, found in seen.maps.items():
        weight = run.recipe.layer_weights[name]
        total = total + weight * (found - photo.maps[name]).square().sum(1).mean((1, 2))
    losses: list[float] = (total + run.config.opacity_weight * opacities(strokes).mean(1)).tolist()
    return losses


# --- opacity -----------------------------------------------------------------------------------------------------


def test_strokes_fade_at_their_own_rate(start: Start, cup: Tensor) -> None:
    """Against a weight this large nothing helps: each step takes 0.01, and Adam's is never much longer."""
    run = start(cup, 2, num_iterations=6, learning_rate=4.0, **FADING)
    steps = list(run)
    assert torch.equal(opacities(steps[0].strokes), torch.ones(2, 4))
    for number, step in enumerate(steps):
        torch.testing.assert_close(
            opacities(step.strokes), torch.full((2, 4), 1 - OPACITY_RATE * number), atol=2e-3, rtol=0
        )
        assert torch.equal(step.losses["opacity"], mean_opacity(step.strokes))
        assert step.losses["evaluation"].tolist() == pytest.approx(evaluation(run, step.strokes), rel=1e-3)
    assert not torch.equal(steps[0].strokes.control_points, steps[-1].strokes.control_points)


def test_opacity_stays_between_0_and_1(start: Start, cup: Tensor, first_strokes: Callable[..., Strokes]) -> None:
    base = first_strokes()
    pale = torch.tensor([0.0, 0.0, 0.0, 0.015]).expand(1, 4, 4).contiguous()
    strokes = Strokes(base.control_points, base.stroke_width, pale, base.alive, base.canvas_size)
    faded = list(start(cup, strokes=strokes, **{**FADING, "opacity_weight": 100.0}))[-1].strokes
    assert opacities(faded).tolist() == [[0.0] * 4]
    assert torch.equal(faded.color[..., :3], pale[..., :3])
    bold = list(start(cup, **{**FADING, "opacity_weight": 1e-6}))
    assert float(max(opacities(step.strokes).max() for step in bold)) == 1.0


def test_the_result_has_its_opacity_and_the_loss_it_says(start: Start, cup: Tensor) -> None:
    run = start(cup, 4, num_iterations=8, halving=True, learning_rate=4.0, **FADING)
    steps = list(run)
    assert len(steps[-1].photo_index) == 1
    result = run.result()
    assert result.loss == pytest.approx(evaluation(run, result.strokes), rel=1e-3)
    assert 0.9 < float(opacities(result.strokes).max()) < 1
    assert "stroke-opacity" in to_svg(result.strokes)


def test_without_a_weight_opacity_is_left_alone(start: Start, cup: Tensor) -> None:
    run = start(cup)
    assert "opacity" not in run.step().losses
    assert run.work.points.shape == run.strokes.control_points.shape


def test_dead_strokes_do_not_count() -> None:
    color = torch.tensor([[[0.0, 0, 0, 0.2], [0, 0, 0, 0.6], [0, 0, 0, 1.0]]])
    alive = torch.tensor([[True, True, False]])
    strokes = Strokes(torch.zeros(1, 3, 4, 2), torch.ones(1, 3), color, alive, (32, 32))
    assert mean_opacity(strokes).tolist() == pytest.approx([0.4])


def test_coordinates_lead_back_to_the_strokes() -> None:
    strokes = Strokes.black(torch.rand(2, 3, 7, 2, generator=torch.Generator().manual_seed(0)), (32, 32))
    for coordinates in (Coordinates(), Coordinates(50.0)):
        moved = coordinates.of(strokes)
        back = coordinates.place(strokes, moved)
        assert torch.equal(back.control_points, strokes.control_points)
        assert torch.equal(back.color, strokes.color)
        coordinates.shift(moved, torch.full((2, 3, 1, 2), 4.0))
        assert torch.equal(coordinates.place(strokes, moved).control_points, strokes.control_points + 4)
        assert torch.equal(coordinates.place(strokes, moved).color, strokes.color)


# --- stages ------------------------------------------------------------------------------------------------------


def test_strokes_come_to_life_in_turn_and_then_stay(start: Start, cup: Tensor) -> None:
    run = start(cup, 2, num_iterations=6, num_stages=2, learning_rate=8.0)
    first, steps = run.strokes.control_points.clone(), list(run)
    assert [step.strokes.alive[0].tolist() for step in steps] == [[True, True, False, False]] * 3 + [[True] * 4] * 3
    one, other = (torch.stack([step.strokes.control_points for step in half]) for half in (steps[:3], steps[3:]))
    assert torch.equal(one[:, :, 2:], first[:, 2:].expand(3, -1, -1, -1, -1))
    assert torch.equal(other[0, :, 2:], first[:, 2:])
    assert not torch.equal(other[1, :, 2:], first[:, 2:])
    losses = torch.stack([step.losses["evaluation"] for step in steps[:3]])  # [3, 2]
    for sketch, best in enumerate(losses.argmin(dim=0).tolist()):
        frozen = one[best, sketch, :2]
        assert torch.equal(other[:, sketch, :2], frozen.expand(3, -1, -1, -1))
    result = run.result()
    assert result.best_iteration[0] >= 3
    assert result.loss == pytest.approx(evaluation(run, result.strokes), rel=1e-3)


def test_a_run_that_ends_early_has_the_strokes_so_far(start: Start, cup: Tensor) -> None:
    run = start(cup, num_iterations=8, num_stages=4)
    for _ in range(3):
        run.step()
    strokes = run.result("interrupted").strokes
    assert strokes.alive.tolist() == [[True, True, False, False]]


def test_each_stage_has_its_own_learning_rates(start: Start, cup: Tensor) -> None:
    run = start(cup, num_iterations=5, num_stages=2, final_learning_rate=0.0)
    rates = [float(run.work.optimizer.param_groups[0]["lr"]) for _ in run]
    assert rates[0] == rates[3] == max(rates)
    assert rates[2] < rates[1] < rates[0]


def test_a_run_settles_in_its_last_stage_only(start: Start, cup: Tensor) -> None:
    run = start(cup, num_iterations=20, num_stages=2, stop_change=1.0, num_views=0)
    assert len(list(run)) == 13
    assert run.result().stopped == "settled"


@pytest.mark.parametrize(("count", "total"), [(1, 7), (2, 7), (3, 7), (7, 7), (2, 2001)])
def test_stages_share_all_iterations(count: int, total: int) -> None:
    stages = Stages(count, total)
    found = [stages.at(iteration) for iteration in range(total)]
    assert found == sorted(found)
    assert set(found) == set(range(count))
    for iteration, stage in enumerate(found):
        assert stages.within(iteration) == (iteration - found.index(stage), found.count(stage))


def test_more_stages_than_strokes_are_refused(start: Start, cup: Tensor) -> None:
    with pytest.raises(ConfigError, match=r"num_stages \(5\) cannot exceed the number of strokes of a sketch \(4\)"):
        start(cup, num_iterations=10, num_stages=5)


def test_both_at_once_alone_and_in_a_batch(start: Start, cup: Tensor, cat: Tensor) -> None:
    options = {"num_iterations": 6, "num_stages": 2, "opacity_weight": 0.5, "halving": True, "bank_size": 0}
    both = start(torch.cat([cup, cat]), 2, **options)
    list(both)
    for index, image in enumerate((cup, cat)):
        alone = start(image, 2, **options)
        list(alone)
        assert torch.equal(both.result().strokes.color[index], alone.result().strokes.color[0])
        assert torch.equal(both.result().strokes.control_points[index], alone.result().strokes.control_points[0])
