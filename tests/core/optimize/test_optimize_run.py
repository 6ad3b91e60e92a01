"""The loop on real photos: it descends, keeps the best, repeats itself and stops when told."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from torch import Tensor

from clipasso_core.bezier import first_part
from clipasso_core.encoders import Features, ImageEncoder
from clipasso_core.errors import ClipassoError, ShapeError, WeightsError
from clipasso_core.gaps import TOUCHING
from clipasso_core.losses import overlap_loss
from clipasso_core.optimize import OptimizeConfig, SketchResult, SketchRun
from clipasso_core.optimize.iteration import BEND_WEIGHT, OVERLAP_WEIGHT, way_back
from clipasso_core.rasterizer import ink
from clipasso_core.rasterizer.reference import render
from clipasso_core.strokes import Strokes
from clipasso_lab.tidiness import crosses_itself

Start = Callable[..., SketchRun]


def run_through(run: SketchRun) -> SketchResult:
    for _ in run:
        pass
    return run.result()


def evaluation(strokes: Strokes, photo: Tensor, encoder: ImageEncoder) -> list[float]:
    """Compute the evaluation loss of each sketch anew: oracle's pixels, plain loops, the identity view."""
    white = render(strokes, squares=3, lines=24)
    losses = []
    for drawing in white[:, :3] + 1 - white[:, 3:]:
        total = 0.0
        drawn, seen = (encoder.encode(x, tuple(encoder.recipe.layer_weights)) for x in (drawing[None], photo))
        for name, weight in encoder.recipe.layer_weights.items():
            a, b = (f.maps[name][0].flatten(1).T for f in (drawn, seen))  # [positions, channels]
            distances = [float((x / x.norm() - y / y.norm()).square().sum()) for x, y in zip(a, b, strict=True)]
            total += weight * sum(distances) / len(distances)
        assert drawn.embedding is not None
        assert seen.embedding is not None
        x, y = drawn.embedding[0], seen.embedding[0]
        total += encoder.recipe.semantic_weight * (1 - float(x @ y / (x.norm() * y.norm())))
        losses.append(total)
    return losses


def test_the_loss_falls_on_a_real_photo(start: Start, cup: Tensor) -> None:
    result = run_through(start(cup, num_iterations=25, learning_rate=4.0))
    assert result.loss[0] < result.history[0][0] - 0.05
    assert result.num_iterations == 25
    assert result.stopped == "finished"


@pytest.mark.parametrize("iterations", [1, 6])
def test_the_result_has_the_loss_it_says(start: Start, cup: Tensor, encoder: ImageEncoder, iterations: int) -> None:
    result = run_through(start(cup, 2, num_iterations=iterations, learning_rate=8.0))
    assert result.loss == pytest.approx(evaluation(result.strokes, cup, encoder), rel=0.02)


def test_every_step_shows_strokes_and_their_own_losses(start: Start, cup: Tensor, encoder: ImageEncoder) -> None:
    run = start(cup, 2, num_iterations=3, learning_rate=8.0)
    steps = list(run)
    assert [step.iteration for step in steps] == [1, 2, 3]
    for step in steps:
        losses = step.losses["evaluation"].tolist()
        assert losses == pytest.approx(evaluation(step.strokes, cup, encoder), rel=0.02)
    assert not torch.equal(steps[0].strokes.control_points, steps[2].strokes.control_points)


def test_without_views_the_named_losses_sum_to_the_evaluation(start: Start, cup: Tensor, encoder: ImageEncoder) -> None:
    step = start(cup, 2, num_views=0, bank_size=0).step()
    total = step.losses["geometric"] + encoder.recipe.semantic_weight * step.losses["semantic"]
    torch.testing.assert_close(step.losses["evaluation"], total)


def test_tidiness_counts_in_the_evaluation(start: Start, cup: Tensor) -> None:
    loose, tidy = (start(cup, tidy=tidy).step().losses for tidy in (0.0, 1.0))
    assert loose["overlap"] > 0
    assert loose["bend"] > 0
    terms = OVERLAP_WEIGHT * loose["overlap"] + BEND_WEIGHT * loose["bend"]
    torch.testing.assert_close(tidy["evaluation"], loose["evaluation"] + terms)


def test_tidy_strokes_part_that_lie_on_one_another(
    start: Start, cup: Tensor, first_strokes: Callable[..., Strokes]
) -> None:
    single = first_strokes()
    doubled = single.with_points(single.control_points[:, [0, 1, 0, 1]] + torch.tensor([0, 0, 0.5, 0.5])[:, None, None])

    def hidden(tidy: float) -> Tensor:
        drawn = run_through(start(cup, num_iterations=15, learning_rate=4.0, tidy=tidy, strokes=doubled)).strokes
        return overlap_loss(drawn, ink(drawn))

    assert hidden(1.0) < 0.1 * hidden(0.0)


def test_coloured_strokes_are_kept_tidy_too(start: Start, cup: Tensor, first_strokes: Callable[..., Strokes]) -> None:
    black = first_strokes()
    red = replace(black, color=black.color + torch.tensor([0.01, 0, 0, 0]))
    one, other = (start(cup, tidy=1.0, strokes=strokes).step().losses["overlap"] for strokes in (black, red))
    torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-5)


def test_the_best_is_that_of_all_steps(start: Start, cup: Tensor) -> None:
    """A learning rate this large overshoots, so that the best is neither the first nor the last."""
    run = start(cup, 2, num_iterations=12, learning_rate=30.0)
    seen = [(step.losses["evaluation"], step.strokes.control_points) for step in run]
    table = torch.stack([losses for losses, _ in seen])  # [T, 2]
    result = run.result()
    assert result.loss[0] == pytest.approx(float(table.min()))
    assert result.candidate_losses[0] == pytest.approx(table.amin(dim=0).tolist())
    assert result.chosen[0] == int(table.amin(dim=0).argmin())
    assert result.best_iteration[0] == int(table[:, result.chosen[0]].argmin())
    assert torch.equal(result.strokes.control_points[0], seen[result.best_iteration[0]][1][result.chosen[0]])
    assert [row[0] for row in result.history] == pytest.approx(table.amin(dim=1).cummin(dim=0).values.tolist())


def test_history_never_rises(start: Start, cup: Tensor, cat: Tensor) -> None:
    result = run_through(start(torch.cat([cup, cat]), 2, num_iterations=8, learning_rate=30.0))
    assert len(result.history) == 8
    for before, after in pairwise(result.history):
        assert all(b <= a for a, b in zip(before, after, strict=True))
    assert result.history[-1] == result.loss


def test_the_same_seed_gives_the_same_bytes(start: Start, cup: Tensor) -> None:
    first, second, other = (run_through(start(cup, 2, seed=seed, num_iterations=5)) for seed in (3, 3, 4))
    assert first.strokes.control_points.numpy().tobytes() == second.strokes.control_points.numpy().tobytes()
    assert (first.history, first.chosen) == (second.history, second.chosen)
    assert first.strokes.control_points.numpy().tobytes() != other.strokes.control_points.numpy().tobytes()


def test_the_global_generator_plays_no_part(start: Start, cup: Tensor) -> None:
    torch.manual_seed(0)
    first = run_through(start(cup))
    torch.manual_seed(1)
    assert torch.equal(first.strokes.control_points, run_through(start(cup)).strokes.control_points)


def test_a_photo_of_a_batch_is_sketched_as_alone(start: Start, cup: Tensor, cat: Tensor) -> None:
    """To the byte, on a CPU: no pass of the encoder holds images of two photos."""
    options = {"num_iterations": 6, "halving": True, "learning_rate": 6.0}
    together = run_through(start(torch.cat([cup, cat, cup.flip(3)]), 3, **options))
    for index, image in enumerate((cup, cat, cup.flip(3))):
        alone = run_through(start(image, 3, **options))
        assert torch.equal(together.strokes.control_points[index], alone.strokes.control_points[0])
        assert together.candidate_losses[index] == alone.candidate_losses[0]
        assert together.chosen[index] == alone.chosen[0]


def test_halving_keeps_the_better(start: Start, cup: Tensor, cat: Tensor) -> None:
    run = start(torch.cat([cup, cat]), 4, num_iterations=10, halving=True)
    steps, racing = [], []
    for step in run:
        steps.append(step)
        racing.append(run.candidates.active.tolist())
    assert [len(row) for row in (racing[0], racing[2], racing[-1])] == [8, 4, 2]
    best = dict.fromkeys(range(8), float("inf"))
    for step, now, then in zip(steps, racing, racing[1:], strict=False):
        assert step.photo_index.tolist() == [row // 4 for row in now]
        best |= {row: min(best[row], loss) for row, loss in zip(now, step.losses["evaluation"].tolist(), strict=True)}
        for photo in (0, 1):
            before, after = ([row for row in rows if row // 4 == photo] for rows in (now, then))
            assert after == sorted(sorted(before, key=best.__getitem__)[: len(after)])
    assert racing[-1] == [run.result().chosen[0], 4 + run.result().chosen[1]]


def test_a_sketch_that_was_dropped_is_never_the_best(
    start: Start, cup: Tensor, first_strokes: Callable[..., Strokes]
) -> None:
    """Not even where an interrupt comes between losses of one kind and of another, when none is known."""
    strokes = first_strokes(1, 2)
    in_a_corner = torch.cat([strokes.control_points[:1] / 20, strokes.control_points[1:]])
    run = start(cup, strokes=strokes.with_points(in_a_corner), num_iterations=10, halving=True)
    for _ in range(5):
        run.step()
    run.candidates.forget_losses()
    result = run.result("interrupted")
    assert run.candidates.active.tolist() == list(result.chosen) == [1]
    assert run.best_loss() == result.loss == (float("inf"),)


def test_halving_does_not_change_how_the_winner_moves(start: Start, cup: Tensor) -> None:
    """Adam's moments go along: the one that is left moves as if it had been alone from the start."""
    halved = start(cup, 2, num_iterations=8, halving=True)
    steps = list(halved)
    assert len(steps[-1].photo_index) == 1
    winner = int(halved.candidates.active)
    strokes = halved.strokes.select([winner])
    alone = list(start(cup, num_iterations=8, strokes=strokes))
    torch.testing.assert_close(steps[-1].strokes.control_points, alone[-1].strokes.control_points, atol=0.05, rtol=0)


def test_breaking_off_leaves_the_best_so_far(start: Start, cup: Tensor) -> None:
    run, losses = start(cup, 2, num_iterations=50, learning_rate=30.0), []
    for step in run:
        losses.append(step.losses["evaluation"])
        if step.iteration == 3:
            break
    result = run.result("interrupted")
    assert (result.stopped, result.num_iterations) == ("interrupted", 3)
    assert result.loss[0] == pytest.approx(float(torch.stack(losses).min()))
    again = run.result("interrupted").strokes.control_points
    run.step()
    assert torch.equal(result.strokes.control_points, again)  # a result does not change when the run goes on


class Spoiling:
    """Pass everything on to an encoder, and spoil what one drawing gets in some iterations.

    Each iteration without views is one pass of all drawings; ``learn`` looks at the photo once, before the first.
    """

    def __init__(self, encoder: ImageEncoder, sketch: int, spoilt: set[int], what: str) -> None:
        self.encoder, self.sketch, self.spoilt, self.what, self.calls = encoder, sketch, spoilt, what, -1

    def __getattr__(self, name: str) -> object:
        return getattr(self.encoder, name)

    def encode(self, images: Tensor, layers: tuple[str, ...] | None = None, embedding: bool = True) -> Features:
        number, self.calls = self.calls, self.calls + 1
        if number in self.spoilt and self.what == "gradient":
            images.register_hook(self._spoil)
        found = self.encoder.encode(images, layers, embedding)
        if number in self.spoilt and self.what == "loss":
            return Features({name: self._spoil(value) for name, value in found.maps.items()}, found.embedding)
        return found

    def _spoil(self, values: Tensor) -> Tensor:
        rows = torch.arange(len(values)) == self.sketch
        return torch.where(rows.view(-1, 1, 1, 1), torch.nan, values)


@pytest.mark.parametrize("what", ["loss", "gradient"])
@pytest.mark.parametrize("spoilt", [{0}, {2, 3}, {7}])
def test_a_sketch_without_a_finite_loss_or_gradient_goes_back_and_the_others_go_on(
    start: Start, cup: Tensor, encoder: ImageEncoder, what: str, spoilt: set[int]
) -> None:
    options = {"num_iterations": 8, "num_views": 0, "bank_size": 0, "learning_rate": 6.0}
    well = list(start(cup, 2, **options))
    run = start(cup, 2, encoder=Spoiling(encoder, 1, spoilt, what), **options)
    steps = list(run)
    for one, other in zip(steps, well, strict=True):
        assert torch.equal(one.strokes.control_points[0], other.strokes.control_points[0])
        assert bool(torch.isfinite(one.strokes.control_points).all())
    first = min(spoilt)
    for number in spoilt - {7}:  # back to the last points that had a loss and a gradient, from where it goes on
        finite = steps[max(first - 1, 0)].strokes.control_points[1]
        assert torch.equal(steps[number + 1].strokes.control_points[1], finite)
    result = run.result()
    assert result.setbacks == (len(spoilt),)
    assert json.loads(json.dumps(result.report(), allow_nan=False))["setbacks"] == [len(spoilt)]
    assert all(torch.isfinite(torch.tensor(row)).all() for row in result.candidate_losses)


def test_an_encoder_that_sees_no_number_is_said_at_once(start: Start, cup: Tensor, encoder: ImageEncoder) -> None:
    run = start(cup, encoder=Spoiling(encoder, 0, {0}, "loss"), num_views=0)
    with pytest.raises(WeightsError, match="Image 0: the loss of every sketch is NaN or infinite"):
        run.step()
    assert json.loads(json.dumps(run.result().report(), allow_nan=False))["loss"] == [None]


def test_a_sketch_goes_back_across_a_halving(start: Start, cup: Tensor, encoder: ImageEncoder) -> None:
    """The points at which the kept sketch starts anew were never evaluated; they may be where the trouble is."""
    options = {"num_iterations": 10, "num_views": 0, "bank_size": 0, "halving": True, "learning_rate": 6.0}
    plain = start(cup, 2, **options)
    active = [plain.candidates.active.tolist() for _ in plain]
    cut = next(number for number, rows in enumerate(active) if len(rows) == 1)
    run = start(cup, 2, encoder=Spoiling(encoder, 0, {cut}, "loss"), **options)
    steps = list(run)
    assert run.result().setbacks == (1,)
    before = steps[cut - 1].strokes.control_points[active[cut][0]]
    assert torch.equal(steps[cut + 1].strokes.control_points[0], before)


def test_after_a_setback_no_step_is_longer_than_usual(start: Start, cup: Tensor, encoder: ImageEncoder) -> None:
    options = {"num_iterations": 20, "num_views": 0, "bank_size": 0, "learning_rate": 2.0}
    run = start(cup, 1, encoder=Spoiling(encoder, 0, {10}, "gradient"), **options)
    points = torch.stack([step.strokes.control_points for step in run])
    moved = points.diff(dim=0).abs().amax(dim=(1, 2, 3, 4))
    rate = 2.0 * 64 / 224
    assert float(moved[11]) < 0.5 * rate
    assert float(moved[11:].max()) < 1.5 * rate


def test_short_strokes_take_short_steps_and_long_ones_whole_steps(
    start: Start, cup: Tensor, first_strokes: Callable[..., Strokes]
) -> None:
    points = first_strokes().control_points.clone()
    points[0, 0] = torch.tensor([[30.0, 30], [30.4, 30], [30.8, 30], [31.2, 30]])  # an eye
    points[0, 1] = torch.tensor([[16.0, 40], [24, 40], [32, 41], [44, 40]])
    steps = {}
    for pace in (0.05, 1.0):
        run = start(cup, strokes=Strokes.black(points, (64, 64)), num_iterations=2, least_pace=pace)
        before, after = (step.strokes.control_points[0] for step in run)
        steps[pace] = (after - before).abs().amax(dim=(-2, -1))
    rate = 64 / 224
    assert float(steps[1.0][0]) > 0.9 * rate
    assert float(steps[0.05][0]) == pytest.approx(0.05 * float(steps[1.0][0]), rel=1e-2)
    torch.testing.assert_close(steps[0.05][1], steps[1.0][1])


def corner_stroke() -> Tensor:
    """A curve off a canvas of 64 px whose bounding box touches the canvas."""
    return torch.stack([torch.linspace(-60, 20, 4), torch.linspace(20, -60, 4)], dim=-1)


def test_a_stroke_beyond_a_corner_comes_back(start: Start, cup: Tensor, first_strokes: Callable[..., Strokes]) -> None:
    points = first_strokes().control_points.clone()
    points[0, 2] = corner_stroke()
    run = start(cup, strokes=Strokes.black(points, (64, 64)), num_iterations=2)
    last = list(run)[-1].strokes
    assert bool(ink(Strokes.black(last.control_points[:, 2:3], (64, 64))).any())
    assert run.work.points.grad is not None
    assert bool(run.work.points.grad[0, 2].abs().max() > 0)


def test_a_stroke_whose_edge_shows_stays_where_it_is() -> None:
    points = torch.tensor([[[[-1.0, 10], [-1, 20], [-1, 30], [-1, 40]]]])
    assert not way_back(Strokes.black(points, (64, 64), stroke_width=3)).any()
    assert way_back(Strokes.black(points, (64, 64), stroke_width=1)).flatten().tolist() == [1, 0]


@pytest.mark.parametrize("side", [-1, 1])
def test_a_stroke_off_the_canvas_comes_back(
    start: Start, cup: Tensor, first_strokes: Callable[..., Strokes], side: int
) -> None:
    points = first_strokes().control_points.clone()
    points[0, 2] += side * 200.0
    run = start(cup, strokes=Strokes.black(points, (64, 64)), num_iterations=3, learning_rate=4.0)
    steps = list(run)
    assert torch.equal(steps[0].strokes.control_points, points)
    assert run.work.points.grad is not None
    assert bool(run.work.points.grad[0, 2].abs().max() > 0)
    drawn = ink(steps[1].strokes.select([0]), (64, 64)), ink(Strokes.black(points[:, [0, 1, 3]], (64, 64)))
    assert not torch.equal(*drawn)


@pytest.mark.parametrize("canvas", [(64, 64), (448, 448), (100, 100)])
def test_the_canvas_is_a_unit_and_nothing_else(
    start: Start, cup: Tensor, first_strokes: Callable[..., Strokes], canvas: tuple[int, int]
) -> None:
    """The same losses, and the same drawing in other units."""
    expected = list(start(cup, 2, num_iterations=3, learning_rate=6.0))[-1]
    found = list(start(cup, strokes=first_strokes(1, 2).scaled_to(canvas), num_iterations=3, learning_rate=6.0))[-1]
    assert found.strokes.canvas_size == canvas
    torch.testing.assert_close(found.losses["evaluation"], expected.losses["evaluation"], rtol=1e-4, atol=1e-5)
    back = found.strokes.scaled_to((64, 64))
    torch.testing.assert_close(back.control_points, expected.strokes.control_points, rtol=0, atol=0.06)  # 1 % of a step


def test_an_iteration_that_was_cut_short_can_be_done_again(
    start: Start, cup: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The interrupt comes after the best was remembered and before the strokes moved."""
    run, whole = start(cup, num_iterations=4), run_through(start(cup, num_iterations=4))
    run.step()
    with monkeypatch.context() as patch:
        patch.setattr(run.work.optimizer, "step", lambda: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            run.step()
    assert run.result().num_iterations == 1
    result = run_through(run)
    assert (result.num_iterations, len(result.history)) == (4, 4)
    assert result.history[:2] == whole.history[:2]


def test_a_run_can_be_asked_before_it_starts(start: Start, cup: Tensor, first_strokes: Callable[..., Strokes]) -> None:
    result = start(cup).result("interrupted")
    assert torch.equal(result.strokes.control_points, first_strokes().control_points)
    assert result.history == ()


@pytest.mark.parametrize("per_pass", [1, 2, 5])
def test_passes_change_nothing(start: Start, cup: Tensor, per_pass: int) -> None:
    options = {"num_views": 3, "num_iterations": 1}
    runs = [start(cup, images_per_pass=n, **options) for n in (64, per_pass)]
    steps = [run.step() for run in runs]
    whole, parts = (run.work.points.grad for run in runs)
    assert whole is not None
    assert parts is not None
    assert float(whole.abs().max()) > 0
    torch.testing.assert_close(parts, whole, atol=1e-4 * float(whole.abs().max()), rtol=1e-3)
    for name, loss in steps[0].losses.items():
        torch.testing.assert_close(steps[1].losses[name], loss)


class Counting:
    """Pass everything on to an encoder and note how many images it sees at once."""

    def __init__(self, encoder: ImageEncoder) -> None:
        self.encoder, self.seen = encoder, list[int]()

    def __getattr__(self, name: str) -> object:
        return getattr(self.encoder, name)

    def encode(self, images: Tensor, layers: tuple[str, ...] | None = None, embedding: bool = True) -> Features:
        self.seen.append(len(images))
        return self.encoder.encode(images, layers, embedding)


@pytest.mark.parametrize(
    ("sketches", "per_pass"),
    [
        (1, 2),
        (2, 5),
        (3, 2),
    ],
)
def test_no_more_images_at_once_than_allowed(
    start: Start, cup: Tensor, encoder: ImageEncoder, sketches: int, per_pass: int
) -> None:
    counting = Counting(encoder)
    start(cup, sketches, encoder=counting, num_views=3, images_per_pass=per_pass).step()
    assert sum(counting.seen) == 4 * sketches + 4  # 4 views of each drawing and of the photo
    assert max(counting.seen) <= per_pass


def test_a_photo_is_looked_at_once_for_each_view(start: Start, cup: Tensor, encoder: ImageEncoder) -> None:
    counting = Counting(encoder)
    run_through(start(cup, 2, encoder=counting, num_views=2, bank_size=2, num_iterations=3))
    assert counting.seen.count(1) == 3  # the bank's two views and the identity, in three iterations


def test_the_learning_rate_falls_as_a_cosine(start: Start, cup: Tensor) -> None:
    run = start(cup, num_iterations=4, learning_rate=7.0, final_learning_rate=0.1, num_views=0)
    rates = [run.work.optimizer.param_groups[0]["lr"] for _ in run]
    expected = [7.0 * 64 / 224 * (0.1 + 0.9 * share) for share in (1, (1 + 0.5**0.5) / 2, 0.5, (1 - 0.5**0.5) / 2)]
    assert rates == pytest.approx(expected)


@pytest.mark.parametrize(("photos", "sketches"), [(2, 3), (2, 1), (1, 0)])
def test_sketches_must_be_shared_evenly(
    cup: Tensor, encoder: ImageEncoder, first_strokes: Callable[..., Strokes], photos: int, sketches: int
) -> None:
    strokes = first_strokes(1, 3).select(torch.arange(sketches))
    with pytest.raises(ShapeError, match=f"{sketches} sketches cannot be shared among {photos} images"):
        SketchRun(cup.expand(photos, -1, -1, -1), strokes, encoder)


@pytest.mark.parametrize(
    "images", [torch.zeros(1, 4, 64, 64), torch.zeros(1, 3, 8, 8), torch.full((1, 3, 64, 64), torch.nan)]
)
def test_bad_images(encoder: ImageEncoder, first_strokes: Callable[..., Strokes], images: Tensor) -> None:
    with pytest.raises(ShapeError):
        SketchRun(images, first_strokes(), encoder)


def test_a_photo_that_would_be_distorted(encoder: ImageEncoder, first_strokes: Callable[..., Strokes]) -> None:
    with pytest.raises(ShapeError, match="image is 96 x 64 px but the canvas is 64 x 64"):
        SketchRun(torch.zeros(1, 3, 64, 96), first_strokes(), encoder)


def test_the_winning_seed_is_that_of_its_first_strokes(start: Start, cup: Tensor, cat: Tensor) -> None:
    run = start(torch.cat([cup, cat]), 3, num_iterations=1)
    losses = run.step().losses["evaluation"].view(2, 3)
    winners = [1000 * int(row.argmin()) for row in losses]
    assert run.result().winning_seeds() == run.result().report()["seed"] == winners


@pytest.mark.parametrize("case", ["none", "all dead"])
def test_nothing_to_optimise(cup: Tensor, encoder: ImageEncoder, case: str) -> None:
    count = 0 if case == "none" else 2
    points = torch.rand(1, count, 4, 2) * 64
    strokes = Strokes.black(points, (64, 64), alive=torch.zeros(1, count, dtype=torch.bool))
    with pytest.raises(ClipassoError, match="stroke"):
        SketchRun(cup, strokes, encoder, OptimizeConfig(num_iterations=1))


def test_dead_strokes_stay_where_they_are(start: Start, cup: Tensor, first_strokes: Callable[..., Strokes]) -> None:
    base = first_strokes()
    strokes = Strokes.black(base.control_points, (64, 64), alive=torch.tensor([[True, False, True, True]]))
    run = start(cup, strokes=strokes, num_iterations=3)
    last = list(run)[-1].strokes.control_points
    assert torch.equal(last[0, 1], base.control_points[0, 1])
    assert not torch.equal(last[0, 0], base.control_points[0, 0])
    assert run.result().strokes.alive.tolist() == [[True, False, True, True]]


@pytest.mark.parametrize(("iterations", "evaluated"), [(5, [0, 4]), (6, [0, 4, 5])])
def test_only_some_iterations_may_hold_the_best(
    start: Start, cup: Tensor, iterations: int, evaluated: list[int]
) -> None:
    """A learning rate this large overshoots; the last iteration is evaluated whatever its number."""
    run = start(cup, num_iterations=iterations, learning_rate=70.0, evaluation_interval=4)
    steps = list(run)
    losses = [float(step.losses["evaluation"]) for step in steps]
    result = run.result()
    assert min(losses) not in [losses[number] for number in evaluated]
    assert result.best_iteration[0] == min(evaluated, key=losses.__getitem__)
    assert torch.equal(result.strokes.control_points, steps[result.best_iteration[0]].strokes.control_points)
    every = list(start(cup, num_iterations=iterations, learning_rate=70.0))
    assert losses == [float(step.losses["evaluation"]) for step in every]  # how strokes move is not affected


def test_fresh_views_are_other_ones_every_time(start: Start, cup: Tensor) -> None:
    run = start(cup, num_views=2, bank_size=0)
    grids, maps = run.bank.grids, []
    seen = []
    for _ in run:
        seen.append(grids.clone())
        maps.append(run.bank.photo(torch.arange(3), torch.zeros(1, dtype=torch.long)).maps["stage2"])
    assert run.bank.grids is grids
    for before, after in pairwise(seen):
        assert torch.equal(before[0], after[0])
        assert not any(torch.equal(before[view], after[view]) for view in (1, 2))
    for before, after in pairwise(maps):
        assert torch.equal(before[0], after[0])
        assert not any(torch.equal(before[view], after[view]) for view in (1, 2))


def test_fresh_views_repeat_themselves(start: Start, cup: Tensor) -> None:
    first, second, other = (run_through(start(cup, 2, seed=seed, bank_size=0)) for seed in (3, 3, 4))
    assert torch.equal(first.strokes.control_points, second.strokes.control_points)
    assert not torch.equal(first.strokes.control_points, other.strokes.control_points)


def test_a_run_ends_when_no_loss_changes_any_more(start: Start, cup: Tensor) -> None:
    """Steps this small change nothing; evaluations of iterations 0, 2 and 4 are three, two changes."""
    still = {"num_iterations": 20, "learning_rate": 1e-4, "num_views": 0, "evaluation_interval": 2}
    run = start(cup, 2, stop_change=1e-3, **still)
    assert len(list(run)) == 5
    assert run.result().stopped == "settled"
    assert len(list(start(cup, 2, **still))) == 20
    moving = start(cup, 2, **{**still, "learning_rate": 8.0}, stop_change=1e-6)
    assert len(list(moving)) == 20
    assert moving.result().stopped == "finished"


def test_width_colour_and_provenance_stay(start: Start, cup: Tensor, first_strokes: Callable[..., Strokes]) -> None:
    base = first_strokes().with_provenance(seed=9)
    color = torch.tensor([0.8, 0.1, 0.2, 0.7]).expand(1, 4, 4).contiguous()
    strokes = Strokes(base.control_points, base.stroke_width * 2, color, base.alive, (64, 64), base.provenance)
    result = run_through(start(cup, strokes=strokes))
    assert torch.equal(result.strokes.color, color)
    assert torch.equal(result.strokes.stroke_width, base.stroke_width * 2)
    assert result.strokes.provenance["seed"] == 9
    assert result.report()["seed"] == 9
    assert not torch.equal(result.strokes.control_points, base.control_points)


def test_provenance_names_all_that_repeats_the_run(start: Start, cup: Tensor, encoder: ImageEncoder) -> None:
    run = start(cup, seed=5)
    facts = json.loads(json.dumps(run_through(run).strokes.provenance))
    assert facts["encoder"] == encoder.name
    assert facts["encoder_sha256"] == encoder.fingerprint
    assert OptimizeConfig(**facts["optimize"]) == run.config
    assert facts["versions"]["torch"] == torch.__version__


def test_the_callers_strokes_are_left_alone(start: Start, cup: Tensor, first_strokes: Callable[..., Strokes]) -> None:
    strokes = first_strokes()
    before = strokes.control_points.clone()
    run_through(start(cup, strokes=strokes))
    assert torch.equal(strokes.control_points, before)
    assert not strokes.control_points.requires_grad


def nearly_closed() -> Strokes:
    """Return a sketch of one loop whose end lies 1.5 px behind its own line."""
    loop = torch.tensor([[20.0, 80], [140, 20], [-40, 20], [80, 80]])
    return Strokes.black(first_part(loop, torch.tensor(0.892)).view(1, 1, 4, 2) * 0.6, (64, 64))


def parted() -> Strokes:
    """Return a sketch of two lines in one row, 5 px apart."""
    points = torch.zeros(1, 2, 4, 2)
    points[..., 0], points[..., 1] = torch.tensor([[4.0, 12, 20, 28], [33, 41, 49, 57]]), 32
    return Strokes.black(points, (64, 64))


def test_a_finished_sketch_has_its_gaps_closed(start: Start, cup: Tensor) -> None:
    kept, closed = (
        start(cup, strokes=parted(), num_iterations=2, learning_rate=1e-4, tidy=tidy) for tidy in (0.0, 0.1)
    )
    points = [run_through(run).strokes.control_points[0] for run in (kept, closed)]
    gaps = [float((one[1, 0] - one[0, 3]).norm()) for one in points]
    assert gaps == pytest.approx([5.0, TOUCHING * 3.0], abs=0.05)


def test_a_finished_sketch_has_its_short_ends_taken_off(start: Start, cup: Tensor) -> None:
    """And its loss is that of the strokes without them."""
    kept, trimmed = (
        start(cup, strokes=nearly_closed(), num_iterations=2, learning_rate=1e-4, tidy=tidy) for tidy in (0.0, 0.1)
    )
    assert [len(list(run)) for run in (kept, trimmed)] == [2, 2]
    crosses = [bool(crosses_itself(run.result().strokes).any()) for run in (kept, trimmed)]
    assert crosses == [True, False]
    found = trimmed.result()
    again = start(cup, strokes=found.strokes, num_iterations=1, tidy=0.1)
    assert float(again.step().losses["evaluation"][0]) == pytest.approx(found.loss[0], rel=1e-4)
    assert found.history[-1] == found.loss


def test_a_sketch_that_settles_has_its_ends_taken_off_too(start: Start, cup: Tensor) -> None:
    run = start(cup, strokes=nearly_closed(), num_iterations=9, learning_rate=1e-4, tidy=0.1, stop_change=1.0)
    assert len(list(run)) == 3
    result = run.result()
    assert result.stopped == "settled"
    assert not bool(crosses_itself(result.strokes).any())
    assert result.history[-1] == result.loss


def test_a_sketch_that_is_interrupted_keeps_its_ends(start: Start, cup: Tensor) -> None:
    run = start(cup, strokes=nearly_closed(), num_iterations=2, learning_rate=1e-4, tidy=0.1)
    run.step()
    assert bool(crosses_itself(run.result("interrupted").strokes).any())
