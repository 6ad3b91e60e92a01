"""Outlines: contours that no ink covers cost, by how much they count; given ink covers them, too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
import torch
from torch import Tensor

from clipasso_core.optimize import SketchRun
from clipasso_core.strokes import Strokes

Start = Callable[..., SketchRun]


def square_photo() -> Tensor:
    """A plain dark square on 64 px, with a contour of 128 px."""
    photo = torch.ones(1, 3, 64, 64)
    photo[..., 16:48, 16:48] = 0.3
    return photo


def side(x: float) -> Tensor:
    """A stroke from top to bottom of the square."""
    return torch.stack([torch.full((4,), x), torch.linspace(16, 48, 4)], dim=-1)


def sides(*each: float) -> Strokes:
    return Strokes.black(torch.stack([side(x) for x in each])[None], (64, 64), 1.5)


@pytest.fixture
def still(start: Start) -> Start:
    """Return a run whose strokes hardly move; keywords go to its config."""
    return partial(start, square_photo(), learning_rate=1e-4)


def uncovered(run: SketchRun) -> float:
    *_, last = run
    return float(last.losses["outline"][0])


def test_a_contour_without_ink_is_a_term_of_its_own(still: Start) -> None:
    assert uncovered(still(strokes=sides(32.0), outline_weight=2.0)) == pytest.approx(1, abs=0.1)
    *_, last = still(strokes=sides(16.5), outline_weight=2.0)
    *_, plain = still(strokes=sides(16.5))
    without_ink = float(last.losses["outline"][0])
    assert without_ink == pytest.approx(0.75, abs=0.1)
    assert "outline" not in plain.losses
    more = float(last.losses["evaluation"][0] - plain.losses["evaluation"][0])
    assert more == pytest.approx(2 * without_ink, abs=1e-3)


def test_the_contour_counts_when_the_strokes_have_found_what_they_draw(still: Start) -> None:
    run = still(strokes=sides(16.5), outline_weight=100.0, num_iterations=10)
    steps = list(run)
    assert ["outline" in step.losses for step in steps] == [False] * 4 + [True] * 6
    assert run.best_loss()[0] > 50  # losses of another kind are not compared with it
    assert run.result().best_iteration[0] >= 4


def test_a_run_that_settles_waits_for_the_outline(still: Start) -> None:
    plain, waiting = (
        still(strokes=sides(16.5), outline_weight=weight, num_iterations=20, stop_change=1.0) for weight in (0.0, 1.0)
    )
    assert (len(list(plain)), len(list(waiting))) == (3, 11)


def test_the_finished_sketch_is_judged_alike(still: Start) -> None:
    """Its short ends are taken off after the last iteration, and its loss is found anew."""
    run = still(strokes=sides(16.5, 32.0), outline_weight=100.0, tidy=0.5)
    *_, last = run
    assert run.best_loss()[0] == pytest.approx(float(last.losses["evaluation"][0]), rel=0.05)


def test_the_contour_counts_by_the_detail_map(still: Start) -> None:
    detail = torch.full((1, 64, 64), 0.5)
    detail[..., :32] = 1.0
    plain = still(strokes=sides(16.5), outline_weight=1.0)
    favoured = SketchRun(square_photo(), sides(16.5), plain.bank.encoder, plain.config, details=detail)
    assert uncovered(favoured) < uncovered(plain) - 0.1


def test_given_ink_covers_it(still: Start) -> None:
    given = replace(sides(16.5, 32.0), num_given=1)
    assert uncovered(still(strokes=given, outline_weight=1.0)) == pytest.approx(0.75, abs=0.1)
