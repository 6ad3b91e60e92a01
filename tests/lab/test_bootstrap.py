"""Bootstrap intervals: they cover a known mean as often as they say, and photos are drawn, not sketches."""

from __future__ import annotations

import pytest
import torch

from clipasso_core.errors import ShapeError
from clipasso_lab.bootstrap import mean_interval


def normal(*size: int) -> torch.Tensor:
    return torch.randn(*size, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def test_a_known_mean_is_covered_as_often_as_it_says() -> None:
    """Of 150 samples of 30 about a mean of 5; percentiles are a little narrow at 30."""
    intervals = [mean_interval(sample.tolist(), range(30)) for sample in 5 + 2 * normal(150, 30)]
    assert 0.88 <= sum(one.low <= 5 <= one.high for one in intervals) / 150 <= 0.99


def test_it_is_as_wide_as_the_standard_error_says() -> None:
    values = normal(400)
    low, high = mean_interval(values.tolist(), range(400))
    assert (low + high) / 2 == pytest.approx(float(values.mean()), abs=0.02)
    assert (high - low) / 2 == pytest.approx(1.96 * float(values.std()) / 20, rel=0.08)


def test_the_same_every_time() -> None:
    values = normal(20).tolist()
    assert mean_interval(values, range(20)) == mean_interval(values, range(20))


def test_all_sketches_of_a_photo_are_drawn_together() -> None:
    """The same sketch nine times over says no more than once."""
    values = normal(20)
    once, often = mean_interval(values.tolist(), range(20)), mean_interval(values.repeat(9).tolist(), [*range(20)] * 9)
    assert often == pytest.approx(once)


def test_photos_count_by_their_sketches() -> None:
    """One photo of three sketches beside one of one: any draw's mean is 0, 1 or what all sketches' mean is."""
    assert mean_interval([0.0, 0.0, 0.0, 1.0], ["a", "a", "a", "b"]) == (0.0, 1.0)


def test_one_photo_says_nothing() -> None:
    assert mean_interval([1.0, 2.0], ["a", "a"]) is None
    assert mean_interval([], []) is None


def test_a_value_without_a_photo() -> None:
    with pytest.raises(ShapeError, match="got 2 values and 1 photos"):
        mean_interval([1.0, 2.0], ["a"])
