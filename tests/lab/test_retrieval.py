"""Retrieval: places among photos."""

from __future__ import annotations

import pytest
import torch

from clipasso_lab.evaluate.retrieval import cosines, place


def test_cosines_do_not_mind_lengths() -> None:
    found = cosines(torch.tensor([2.0, 0]), torch.tensor([[3.0, 0], [0, 5], [1, 1]]))
    assert found.tolist() == pytest.approx([1, 0, 0.5**0.5])


def test_an_identical_image_is_first_among_others() -> None:
    photos = torch.randn(6, 32, generator=torch.Generator().manual_seed(0))
    assert [place(cosines(one, photos), own) for own, one in enumerate(photos)] == [1] * 6


def test_places_count_from_the_most_alike() -> None:
    likeness = torch.tensor([0.1, 0.9, 0.5])
    assert [place(likeness, own) for own in range(3)] == [3, 1, 2]


@pytest.mark.parametrize("noise", [0.0, 1e-8, -1e-8])
def test_a_tie_counts_against_it(noise: float) -> None:
    likeness = torch.tensor([0.5, 0.5 + noise, 0.1, 0.5], dtype=torch.float64)
    assert [place(likeness, own) for own in range(4)] == [3, 3, 4, 3]
