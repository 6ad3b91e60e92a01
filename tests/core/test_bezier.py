"""Bézier maths against closed forms."""

from __future__ import annotations

import math
from collections.abc import Callable

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
    torch.testing.assert_close(bezier.evaluate(cubic, T), torch.stack([T**3, 3 * T**2 * (1 - T)], dim=-1))


def test_evaluate_starts_and_ends_at_the_end_points(cubics: Tensor) -> None:
    points = bezier.evaluate(cubics, T)
    assert points.shape == (3, 2, 9, 2)
    torch.testing.assert_close(points[..., 0, :], cubics[..., 0, :])
    torch.testing.assert_close(points[..., -1, :], cubics[..., 3, :])
    middle = (cubics * torch.tensor([1, 3, 3, 1]).view(4, 1)).sum(dim=-2) / 8
    torch.testing.assert_close(points[..., 4, :], middle)


def test_bernstein_sums_to_one() -> None:
    torch.testing.assert_close(bezier.bernstein(T).sum(dim=-1), torch.ones(9, dtype=torch.float64))


def test_derivative_is_the_slope_of_evaluate(cubics: Tensor) -> None:
    step = 1e-5
    slope = (bezier.evaluate(cubics, T + step) - bezier.evaluate(cubics, T - step)) / (2 * step)
    torch.testing.assert_close(bezier.derivative(cubics, T), slope, rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize("t", [0.0, 0.25, 0.7, 1.0])
def test_split_draws_the_same_curve(cubics: Tensor, t: float) -> None:
    first, second = bezier.split(cubics, t)
    torch.testing.assert_close(bezier.evaluate(first, T), bezier.evaluate(cubics, T * t))
    torch.testing.assert_close(bezier.evaluate(second, T), bezier.evaluate(cubics, t + T * (1 - t)))


def test_elevated_line_has_constant_speed() -> None:
    start, end = torch.tensor([1.0, 2], dtype=torch.float64), torch.tensor([7.0, -4], dtype=torch.float64)
    cubic = bezier.elevate_line(start, end)
    torch.testing.assert_close(bezier.evaluate(cubic, T), start + T[:, None] * (end - start))


def test_elevated_quadratic_is_the_same_curve(cubics: Tensor) -> None:
    p0, p1, p2 = cubics[..., :3, :].unsqueeze(-2).unbind(-3)
    s, t = (1 - T)[:, None], T[:, None]
    expected = s**2 * p0 + 2 * s * t * p1 + t**2 * p2
    torch.testing.assert_close(bezier.evaluate(bezier.elevate_quadratic(cubics[..., :3, :]), T), expected)


def test_segments_share_their_joints() -> None:
    points = torch.arange(20.0).reshape(1, 10, 2)
    segments = bezier.segments_of(points)
    assert segments.shape == (1, 3, 4, 2)
    assert segments[0, :, :, 0].tolist() == [[0, 2, 4, 6], [6, 8, 10, 12], [12, 14, 16, 18]]


@pytest.mark.parametrize("count", [0, 1, 3, 5, 6, 8])
def test_segments_of_a_wrong_number_of_points(count: int) -> None:
    with pytest.raises(ShapeError, match=f"3 \\* segments \\+ 1 control points .* got {count}"):
        bezier.segments_of(torch.zeros(count, 2))


def test_arc_length_of_a_line_and_a_corner() -> None:
    corner = torch.cat(
        [
            bezier.elevate_line(torch.tensor([0.0, 0]), torch.tensor([30.0, 0])),
            bezier.elevate_line(torch.tensor([30.0, 0]), torch.tensor([30.0, 40]))[1:],
        ]
    )
    assert float(bezier.arc_length(corner)) == pytest.approx(70, rel=1e-6)


def test_arc_length_of_a_quarter_circle() -> None:
    k = 4 / 3 * (math.sqrt(2) - 1)  # the usual cubic for a quarter circle, its length right to 2e-4
    quarter = 50 * torch.tensor([[1, 0], [1, k], [k, 1], [0, 1]], dtype=torch.float64)
    exact = 50 * math.pi / 2
    assert float(bezier.arc_length(quarter, samples=1000)) == pytest.approx(exact, rel=3e-4)
    assert float(bezier.arc_length(quarter)) == pytest.approx(float(bezier.arc_length(quarter, 4096)), rel=1e-3)


def test_arc_length_of_a_batch_is_that_of_each(cubics: Tensor) -> None:
    lengths = bezier.arc_length(cubics)
    assert lengths.shape == (3, 2)
    torch.testing.assert_close(lengths[2, 1], bezier.arc_length(cubics[2, 1]))


@pytest.mark.parametrize(
    "function",
    [
        lambda p: bezier.evaluate(p, T),
        lambda p: bezier.derivative(p, T),
        lambda p: torch.stack(bezier.split(p, 0.3)),
        lambda p: bezier.arc_length(p, 8),
        lambda p: bezier.elevate_quadratic(p[..., :3, :]),
        lambda p: bezier.elevate_line(p[..., 0, :], p[..., 1, :]),
    ],
    ids=["evaluate", "derivative", "split", "arc_length", "elevate_quadratic", "elevate_line"],
)
def test_gradients(function: Callable[[Tensor], Tensor], cubics: Tensor) -> None:
    assert torch.autograd.gradcheck(function, (cubics[0].clone().requires_grad_(),))
