"""Outlines of lines of changing width: what they enclose is what discs along the line cover, without holes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from clipasso_core.bezier import curve_points, segments_of
from clipasso_core.export.paths import Points, walked
from clipasso_core.export.width_profile import WIDTH_PROFILES, WidthProfile, outline, width_share

WIDTH = 4.0
NEAR = 0.15
"""mm beside the edge where a point may be taken for either side: a width is measured square to the line, and a disc in
all directions."""

LINES = {
    "arch": [[2, 20], [10, 2], [20, 2], [28, 20]],
    "straight": [[2, 2], [2, 2], [28, 28], [28, 28]],
    "loop": [[2, 28], [40, 2], [-10, 2], [28, 28]],
    "cusp": [[2, 20], [28, 2], [2, 2], [28, 20]],
    "tight": [[4, 26], [16, 0], [14, 0], [18, 26]],
    "there and back": [[5, 9], [30, 9], [30, 9], [6, 9]],
    "corner": [[2, 5], [8, 5], [14, 5], [20, 5], [20, 12], [20, 19], [20, 26]],
    "closed": [[15, 8], [26, 8], [26, 24], [15, 24], [4, 24], [4, 8], [15, 8]],
    "small": [[10, 10], [11, 12], [12, 8], [11, 10]],
    "padded": [[2, 20], [10, 2], [20, 2], [28, 20], [28, 20], [28, 20], [28, 20]],
}


def points_on(chain: Points, steps: int) -> np.ndarray:
    cubics = segments_of(torch.from_numpy(np.asarray(chain, dtype=np.float64)))
    return curve_points(cubics, torch.linspace(0, 1, steps, dtype=torch.float64)).flatten(0, 1).numpy()


def is_inside(shapes: list[Points], spots: np.ndarray) -> np.ndarray:
    """Whether spots [M, 2] lie inside by the nonzero rule: crossings of the edges by a ray to the right are counted."""
    winding = np.zeros(len(spots), dtype=int)
    for shape in shapes:
        line = points_on(shape, 9)
        for (x, y), (to_x, to_y) in pairwise(line):
            crosses = (y <= spots[:, 1]) != (to_y <= spots[:, 1])
            if crosses.any():
                at = x + (spots[:, 1] - y) / (to_y - y) * (to_x - x) if to_y != y else x
                winding += np.where(crosses & (at > spots[:, 0]), np.sign(to_y - y).astype(int), 0)
    return winding != 0


def beyond(points: Points, profile: WidthProfile, spots: np.ndarray) -> np.ndarray:
    """How far spots lie beyond the nearest disc along a line, mm; below 0 inside."""
    centres = points_on(points, 500)
    lengths = np.hypot(*np.diff(centres, axis=0, prepend=centres[:1]).T).cumsum()
    radii = WIDTH / 2 * width_share(profile, lengths / lengths[-1])
    apart = np.full(len(spots), np.inf)
    for centre, radius in zip(centres, radii, strict=True):
        apart = np.minimum(apart, np.hypot(*(spots - centre).T) - radius)
    return apart


def check(points: Points, profile: WidthProfile) -> None:
    x, y = np.meshgrid(np.arange(-2, 33, 0.37), np.arange(-2, 33, 0.41))
    spots = np.stack([x.ravel(), y.ravel()], axis=1)
    apart, inside = beyond(points, profile, spots), is_inside(outline(points, WIDTH, profile), spots)
    wrong = (inside != (apart < 0)) & (np.abs(apart) > NEAR)
    assert spots[wrong].tolist() == []
    assert inside.any()


@pytest.mark.parametrize("profile", WIDTH_PROFILES)
@pytest.mark.parametrize("name", LINES)
def test_an_outline_encloses_what_discs_cover(name: str, profile: WidthProfile) -> None:
    check(np.array(LINES[name], dtype=np.float64), profile)


def test_the_comparison_notices_a_hole_and_a_bump() -> None:
    shapes = outline(np.array(LINES["corner"], dtype=np.float64), WIDTH, "even")
    spots = np.array([[21.0, 4.0], [10.0, 5.0]])
    assert is_inside(shapes, spots).tolist() == [True, True]
    assert is_inside(shapes[:1], spots).tolist() == [False, True], "the disc in the corner is missing"
    assert is_inside([shapes[0], shapes[0][::-1].copy()], spots).tolist() == [False, False]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=14, max_size=14), st.sampled_from(WIDTH_PROFILES))
def test_any_line_has_an_outline_without_holes(numbers: list[int], profile: WidthProfile) -> None:
    """But for those so short that the width falls faster than the line goes on: discs there hide each other."""
    points = np.array(numbers, dtype=np.float64).reshape(7, 2)
    assume(walked(points)[-1, -1] > 3 * WIDTH)
    check(points, profile)


@pytest.mark.parametrize("profile", WIDTH_PROFILES)
def test_a_dot_is_a_disc_and_ends_are_round_and_exact(profile: WidthProfile) -> None:
    (disc,) = outline(np.full((4, 2), 5.0), WIDTH, profile)
    np.testing.assert_allclose(np.hypot(*(points_on(disc, 9) - 5).T), WIDTH / 2, atol=2e-3)
    (band,) = outline(np.array([[0.0, 0], [10, 0], [20, 0], [30, 0]]), WIDTH, profile)
    line, (first, last) = points_on(band, 65), WIDTH / 2 * width_share(profile, np.array([0.0, 1.0]))
    assert line[:, 0].min() == pytest.approx(-first, abs=2e-3)
    assert line[:, 0].max() == pytest.approx(30 + last, abs=2e-3)
    assert np.abs(line[:, 1]).max() <= WIDTH / 2 + 0.02, "nowhere wider than it is said to be"


@pytest.mark.parametrize("profile", WIDTH_PROFILES)
def test_shares_are_one_at_most_and_small_at_the_ends(profile: WidthProfile) -> None:
    shares = width_share(profile, np.linspace(0, 1, 1001))
    assert shares.max() == pytest.approx(1)
    assert (shares[[0, -1]] == 1).all() if profile == "even" else (shares[[0, -1]] < 0.3).all()
