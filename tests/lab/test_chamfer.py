"""Chamfer: lines at known distances."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from clipasso_core.errors import ShapeError
from clipasso_lab.evaluate.chamfer import chamfer


def line(column: int, coverage: float = 1.0) -> Tensor:
    """A line from top to bottom, [40, 40]."""
    picture = torch.zeros(40, 40)
    picture[:, column] = coverage
    return picture


@pytest.mark.parametrize("shift", [0, 1, 7])
@pytest.mark.parametrize("coverage", [1.0, 0.2])
def test_a_shifted_line_lies_its_shift_away(shift: int, coverage: float) -> None:
    assert chamfer(line(10 + shift, coverage), line(10)) == pytest.approx((shift, shift))


def test_the_two_ways_are_apart() -> None:
    """Ink on one of two edges: nothing drawn without reason, half left out; and the other way round."""
    both = torch.maximum(line(10), line(20))
    assert chamfer(line(10), both) == pytest.approx((0, 5))
    assert chamfer(both, line(10)) == pytest.approx((5, 0))


def test_ink_counts_by_its_coverage() -> None:
    """A quarter as much ink at 8 px as at 0 px: a fifth of 8 px."""
    assert chamfer(line(10) + line(18, 0.25), line(10)).ink_to_edge == pytest.approx(8 / 5)


def test_faint_ink_is_no_ink_to_be_near_to() -> None:
    assert chamfer(line(20) + line(10, 0.25), line(10)).edge_to_ink == pytest.approx(10)


@pytest.mark.parametrize(
    ("ink", "edges", "said"),
    [
        (torch.zeros(40, 40), line(3), "no ink"),
        (line(3), torch.zeros(40, 40), "no edges"),
        (torch.zeros(40, 41), line(3), "of one size"),
    ],
)
def test_nothing_to_measure(ink: Tensor, edges: Tensor, said: str) -> None:
    with pytest.raises(ShapeError, match=said):
        chamfer(ink, edges)
