"""Bézier maths against closed forms."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from clipasso_core import bezier
from clipasso_core.errors import ShapeError

T = torch.linspace(0, 1, 9, dtype=torch.float64)


@pytest.fixture
def cubics() -> Tensor:
    return torch.rand(3, 2, 4, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 100


def test_evaluate_a_known_curve() -> None:
    # x(t) = t^3, y(t) = 3 t^2 (1 - t)
    cubic = torch.tensor([[0.0, 0], [0, 0], [0, 1], [1, 0]], dtype=torch.float64)
    torch.testing.assert_close(bezier.curve_points(cubic, T), torch.stack([T**3, 3 * T**2 * (1 - T)], dim=-1))


def test_evaluate_starts_and_ends_at_the_end_points(cubics: Tensor) -> None:
    points = bezier.curve_points(cubics, T)
    assert points.shape == (3, 2, 9, 2)
    torch.testing.assert_close(points[..., 0, :], cubics[..., 0, :])
    torch.testing.assert_close(points[..., -1, :], cubics[..., 3, :])
    middle = (cubics * torch.tensor([1, 3, 3, 1]).view(4, 1)).sum(dim=-2) / 8
    torch.testing.assert_close(points[..., 4, :], middle)


@pytest.mark.parametrize("t", [0.0, 0.3, 0.5, 1.0])
def test_the_first_part_is_the_same_curve_at_its_own_speed(cubics: Tensor, t: float) -> None:
    part = bezier.first_part(cubics, torch.full((3, 2), t))
    torch.testing.assert_close(bezier.curve_points(part, T), bezier.curve_points(cubics, t * T))


def test_the_first_part_up_to_the_end_is_the_whole(cubics: Tensor) -> None:
    assert torch.equal(bezier.first_part(cubics.float(), torch.ones(3, 2)), cubics.float())


def test_bernstein_sums_to_one() -> None:
    torch.testing.assert_close(bezier.bernstein(T).sum(dim=-1), torch.ones(9, dtype=torch.float64))


def test_segments_share_their_joints() -> None:
    points = torch.arange(20.0).reshape(1, 10, 2)
    segments = bezier.segments_of(points)
    assert segments.shape == (1, 3, 4, 2)
    assert segments[0, :, :, 0].tolist() == [[0, 2, 4, 6], [6, 8, 10, 12], [12, 14, 16, 18]]


@pytest.mark.parametrize("count", [0, 1, 3, 5, 6, 8])
def test_segments_of_a_wrong_number_of_points(count: int) -> None:
    with pytest.raises(ShapeError, match=f"3 \\* segments \\+ 1 control points .* got {count}"):
        bezier.segments_of(torch.zeros(count, 2))


def test_gradients(cubics: Tensor) -> None:
    assert torch.autograd.gradcheck(lambda points: bezier.curve_points(points, T), cubics[0].clone().requires_grad_())


def test_padding_ends_where_the_stroke_does() -> None:
    points = torch.rand(1, 3, 10, 2)
    points[0, 1, 5:] = points[0, 1, 4]  # its second cubic ends in a doubled point
    points[0, 2, 1:] = points[0, 2, 0]  # a dot
    assert bezier.last_points(points).tolist() == [[9, 6, 3]]
