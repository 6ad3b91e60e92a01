"""Means of groups."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from clipasso_lab.evaluate.groups import group_sketches


def test_means_shares_and_medians(scored: Callable[..., object]) -> None:
    sketches = [
        scored("a", "16", rank=1, loss=1.0, class_place=1, class_guess="a"),
        scored("a", "4", rank=7, loss=9.0),
        scored("b", "16", rank=4, loss=2.0, class_place=3, class_guess="a"),
        scored("c", "16", rank=2, loss=6.0, class_place=4, class_guess="a"),
        scored("d", "16", rank=1, loss=3.0),
    ]
    four, sixteen = group_sketches(sketches)
    assert (four.label, four.sketches, four.means.loss, four.top1, four.median_rank) == ("4", 1, 9.0, 0.0, 7.0)
    assert (four.class_sketches, four.class_top1, four.class_top3) == (0, None, None)
    assert (sixteen.label, sixteen.sketches, sixteen.means.loss) == ("16", 4, 3.0)
    assert (sixteen.top1, sixteen.median_rank) == (0.5, 1.5)
    assert sixteen.class_sketches == 3
    assert (sixteen.class_top1, sixteen.class_top3) == pytest.approx((1 / 3, 2 / 3))


def test_labels_in_order(scored: Callable[..., object]) -> None:
    groups = group_sketches([scored(label=label) for label in ("b", "16", "", "4")])
    assert [group.label for group in groups] == ["", "4", "16", "b"]
