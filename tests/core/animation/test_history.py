"""The history of a run follows the sketch that wins."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from clipasso_core.animation import History
from clipasso_core.encoders import ImageEncoder
from clipasso_core.errors import ConfigError
from clipasso_core.optimize import OptimizeConfig, SketchRun, SketchStep
from clipasso_core.strokes import Strokes

SKETCHES = 2


def run_of(images: Tensor, encoder: ImageEncoder, iterations: int) -> SketchRun:
    """A short run with several sketches of each photo, which are halved on the way."""
    count = len(images) * SKETCHES
    first = Strokes.black(torch.rand(count, 3, 4, 2, generator=torch.Generator().manual_seed(2)) * 64, (64, 64))
    config = OptimizeConfig(num_iterations=iterations, num_views=1, bank_size=2, halving=True)
    return SketchRun(images, first, encoder, config)


def test_every_moment_is_of_the_winner(cup: Tensor, cat: Tensor, encoder: ImageEncoder) -> None:
    run, history = run_of(torch.cat([cup, cat]), encoder, 5), History()
    steps: list[SketchStep] = []
    for step in run:
        history.record(step)
        steps.append(step)
    result = run.result()
    assert len(steps[-1].candidate) < len(steps[0].candidate) == 2 * SKETCHES
    for photo in (0, 1):
        moments = history.of(result, photo)
        assert moments.batch_size == 5 + 1
        start = steps[0].strokes.control_points[photo * SKETCHES + result.chosen[photo]]
        assert torch.equal(moments.control_points[0], start)
        best = moments.control_points[result.best_iteration[photo]]
        torch.testing.assert_close(best, result.strokes.control_points[photo])
        assert torch.equal(moments.control_points[-1], result.strokes.control_points[photo])


def test_a_long_run_has_no_more_moments_than_asked_for(cup: Tensor, encoder: ImageEncoder) -> None:
    run, history = run_of(cup, encoder, 7), History(num_moments=3)
    kept = []
    for step in run:
        before = len(history._moments)
        history.record(step)
        kept += [step.iteration] * (len(history._moments) - before)
    assert kept == [1, 3, 5, 7]
    assert history.of(run.result()).batch_size == 5


def test_no_moments_are_refused() -> None:
    with pytest.raises(ConfigError, match="num_moments must lie between 1 and inf, got 0"):
        History(0)
