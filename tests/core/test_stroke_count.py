"""How many strokes: the price, the choice that makes loss and price least, and the plot."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from clipasso_core.errors import ConfigError, ShapeError
from clipasso_core.stroke_count import CHEAPEST, DEAREST, choose_count, plot_losses, price_of


def falling(count: int, share: float) -> list[float]:
    """Losses that come nearer to a half by the same share with each stroke."""
    return [0.5 + 0.5 * share**strokes for strokes in range(1, count + 1)]


def test_equal_steps_of_detail_are_equal_ratios_of_the_price() -> None:
    prices = [price_of(detail / 4) for detail in range(5)]
    assert (prices[0], prices[-1]) == pytest.approx((DEAREST, CHEAPEST))
    assert [a / b for a, b in pairwise(prices)] == pytest.approx([(DEAREST / CHEAPEST) ** 0.25] * 4)
    for detail in (-0.1, 1.1, float("nan")):
        with pytest.raises(ConfigError, match="detail must lie between 0 and 1"):
            price_of(detail)


def test_the_last_stroke_pays_and_the_next_would_not() -> None:
    losses = falling(40, 0.8)
    found = choose_count(losses, 1.0, detail=0.5, fewest=1)
    gains = [a - b for a, b in pairwise([1.0, *losses])]
    assert gains[found.chosen - 1] >= found.price > gains[found.chosen]


def test_finer_details_have_more_strokes_and_so_have_busy_objects() -> None:
    plain, busy = falling(48, 0.7), falling(48, 0.9)
    counts = [[choose_count(losses, 1.0, detail).chosen for detail in (0.25, 0.5, 0.75)] for losses in (plain, busy)]
    assert counts[0] == sorted(set(counts[0]))
    assert counts[1] == sorted(set(counts[1]))
    assert all(a < b for a, b in zip(*counts, strict=True))


def test_the_unit_of_the_loss_does_not_matter() -> None:
    losses = falling(30, 0.85)
    assert choose_count(losses, 1.0, 0.6).chosen == choose_count([7 * loss for loss in losses], 7.0, 0.6).chosen


def test_a_stroke_that_makes_it_worse_is_kept_for_those_behind_it() -> None:
    assert choose_count([0.5, 0.6, 0.1, 0.1], 1.0, detail=0.5, fewest=1).chosen == 3


def test_there_are_as_many_as_allowed_at_least() -> None:
    flat = [0.5] * 10
    assert choose_count(flat, 1.0, 0.0, fewest=6).chosen == 6
    assert choose_count(flat[:3], 1.0, 0.0, fewest=6).chosen == 3
    with pytest.raises(ShapeError, match="no living strokes"):
        choose_count([], 1.0, 0.5)


def test_the_report_tells_the_curve_the_price_and_the_choice() -> None:
    found = choose_count([0.9, 0.61234, 0.6], 2.0, detail=0.0, fewest=1)
    assert found.report() == {"strokes": 2, "price": 0.16, "empty": 2.0, "losses": [0.9, 0.6123, 0.6]}


def test_the_plot_marks_the_choice() -> None:
    pictures = [plot_losses(choose_count(falling(20, 0.8), 1.0, detail)) for detail in (0.2, 0.8)]
    where = []
    for picture in pictures:
        assert picture.shape == (3, 320, 480)
        red = (picture[0] > 0.7) & (picture[1] < 0.3)
        columns = red.sum(dim=0)
        where.append(int(columns.argmax()))
        assert int(columns.max()) > 200
    assert where[0] < where[1]
    assert torch.equal(plot_losses(choose_count([0.5], 1.0, 0.5)), plot_losses(choose_count([0.5], 1.0, 0.5)))
