"""fit_cubics: curves found again from points on them, within the tolerance, corners kept."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from clipasso_core.errors import ConfigError, ShapeError
from clipasso_core.fitting import find_corners, fit_cubics

Points = NDArray[np.float64]


def curve(cubics: Points, steps: int = 200) -> Points:
    """Points on joined cubics [3 S + 1, 2], the joints among them."""
    t = np.linspace(0, 1, steps)[:, None]
    s = 1 - t
    pieces = [cubics[i : i + 4] for i in range(0, len(cubics) - 1, 3)]
    return np.concatenate([s**3 * p[0] + 3 * s**2 * t * p[1] + 3 * s * t**2 * p[2] + t**3 * p[3] for p in pieces])


def apart(points: Points, cubics: Points) -> float:
    """How far the farthest point lies from the curve, px."""
    on_it = curve(cubics, 20_000)
    return max(float(np.sqrt(np.square(on_it - point).sum(axis=1)).min()) for point in points)


ARCHES = {
    "arch": [[0, 0], [10, 40], [60, 40], [80, 0]],
    "wave": [[5, 50], [40, -20], [60, 120], [95, 50]],
    "hook": [[0, 0], [60, 0], [70, 30], [50, 40]],
    "loop": [[20, 80], [110, 20], [-10, 20], [80, 80]],
    "quarter": [[50, 0], [50, 27.614], [27.614, 50], [0, 50]],
}


@pytest.mark.parametrize("name", ARCHES)
def test_a_cubic_is_found_again_from_points_on_it(name: str) -> None:
    cubic = np.array(ARCHES[name], dtype=float)
    found = fit_cubics(curve(cubic), tolerance=1e-4)
    np.testing.assert_allclose(found, cubic, atol=1e-3)


def test_unevenly_lying_points_tell_the_same_cubic() -> None:
    cubic = np.array(ARCHES["wave"], dtype=float)
    points = curve(cubic, 400)[np.r_[0:100:7, 100:300, 300:400:3, 399]]
    np.testing.assert_allclose(fit_cubics(points, tolerance=1e-4), cubic, atol=1e-3)


@pytest.mark.parametrize("tolerance", [0.01, 0.1, 1.0, 4.0])
def test_no_point_lies_off_by_more_than_the_tolerance(tolerance: float) -> None:
    t = np.linspace(1, 7, 500)
    snail = np.stack([100 + 12 * t * np.cos(t), 100 + 12 * t * np.sin(t)], axis=1)
    cubics = fit_cubics(snail, tolerance)
    assert apart(snail[::5], cubics) <= np.hypot(tolerance, 0.006)  # looked for at every 0.012 px
    assert cubics[[0, -1]].tolist() == snail[[0, -1]].tolist()
    assert len(cubics) // 3 <= {0.01: 7, 0.1: 5, 1.0: 3, 4.0: 3}[tolerance]


def test_parts_go_on_where_they_meet() -> None:
    angle = np.linspace(0, 2 * np.pi, 400)
    cubics = fit_cubics(np.stack([50 * np.cos(angle), 50 * np.sin(angle)], axis=1), tolerance=0.05)
    assert len(cubics) > 7
    before, after = cubics[3:-1:3] - cubics[2:-2:3], cubics[4::3] - cubics[3:-1:3]
    cross = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    np.testing.assert_allclose(cross, 0, atol=1e-9)
    assert ((before * after).sum(axis=1) > 0).all()


def test_corners_stay_and_lines_are_straight() -> None:
    zigzag = np.array([[0.0, 0], [30, 0], [30, 60], [90, 60]])
    joints = np.concatenate([np.linspace(a, b, 50) for a, b in itertools.pairwise(zigzag)])
    cubics = fit_cubics(joints, tolerance=0.5)
    np.testing.assert_allclose(cubics[::3], zigzag)
    np.testing.assert_allclose(cubics[1], [10, 0])


def test_a_bend_is_no_corner_and_noise_is_none() -> None:
    angle = np.linspace(0, 2 * np.pi, 200)
    circle = np.stack([50 * np.cos(angle), 50 * np.sin(angle)], axis=1)
    assert find_corners(circle, 40, reach=2) == []
    steps = np.round(np.linspace([0, 0], [60, 23], 300))
    stairs = steps[np.r_[True, (steps[1:] != steps[:-1]).any(axis=1)]]
    assert find_corners(stairs, 40, reach=0) != []
    assert find_corners(stairs, 40, reach=6) == []


@pytest.mark.parametrize(
    ("points", "cubics"),
    [
        ([[3, 4]], [[3, 4]] * 4),
        ([[3, 4], [3, 4]], [[3, 4]] * 4),
        ([[0, 0], [0, 0], [3, 6]], [[0, 0], [1, 2], [2, 4], [3, 6]]),
        ([[0, 0], [1, 1], [2, 2], [3, 3]], [[0, 0], [1, 1], [2, 2], [3, 3]]),
    ],
)
def test_few_points_are_dots_and_lines(points: list[list[float]], cubics: list[list[float]]) -> None:
    np.testing.assert_allclose(fit_cubics(np.array(points, dtype=float), 0.1), cubics, atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(-99, 99), st.floats(-99, 99)), min_size=1, max_size=30), st.floats(0.01, 9))
def test_any_points_give_a_finite_chain_from_first_to_last(points: list[tuple[float, float]], tolerance: float) -> None:
    line = np.array(points)
    cubics = fit_cubics(line, tolerance)
    assert len(cubics) % 3 == 1
    assert np.isfinite(cubics).all()
    np.testing.assert_allclose(cubics[[0, -1]], line[[0, -1]], atol=1e-9)


def test_the_same_points_give_the_same_numbers() -> None:
    points = np.cumsum(np.random.default_rng(0).normal(size=(300, 2)), axis=0)
    assert fit_cubics(points, 1).tobytes() == fit_cubics(points.copy(), 1).tobytes()


def test_bad_input_is_refused() -> None:
    for points in (np.zeros((0, 2)), np.zeros(4), np.array([[0, np.nan]])):
        with pytest.raises(ShapeError, match="points must be"):
            fit_cubics(points, 1)
    with pytest.raises(ConfigError, match="tolerance must lie"):
        fit_cubics(np.zeros((2, 2)), 0)
    with pytest.raises(ConfigError, match="corner_angle must lie"):
        fit_cubics(np.zeros((2, 2)), 1, corner_angle=200)
