"""Tangent flow: where things run, and blurring along it, beside a slow one that walks from each pixel."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import ndimage

from clipasso_core.tangent_flow import FAR, Map, TangentFlow, blur_along, tangent_flow

SIDE = 40
Y, X = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
RADIUS = np.hypot(X, Y)
ROUND = TangentFlow(-Y / RADIUS, X / RADIUS, np.ones((SIDE, SIDE)))
"""It runs around the middle."""


def walked(values: Map, flow: TangentFlow, inside: Map, sigma: float) -> Map:
    """What ``blur_along`` is, pixel by pixel."""
    blurred = np.zeros_like(values)
    for row, column in np.argwhere(inside > 0):
        total, weight = values[row, column], 1.0
        for sign in (1, -1):
            at = np.array([row, column], dtype=float)
            heading = sign * np.array([flow.y[row, column], flow.x[row, column]])
            for step in range(1, 1 + round(FAR * sigma)):
                at = at + heading
                pixel = tuple(np.rint(at).astype(int).clip(0, SIDE - 1))
                if inside[pixel] == 0:
                    break
                share = math.exp(-0.5 * (step / sigma) ** 2)
                total += share * ndimage.map_coordinates(values, at[:, None], order=1, mode="nearest")[0]
                weight += share
                along = np.array([flow.y[pixel], flow.x[pixel]])
                heading = -along if along @ heading < 0 else along
        blurred[row, column] = total / weight
    return blurred


def test_round_things_run_around_their_middle() -> None:
    flow = tangent_flow(np.cos(RADIUS), lambda slopes: ndimage.gaussian_filter(slopes, 2.0))
    off = np.abs(flow.x * X + flow.y * Y) / RADIUS  # the part of it that leads away
    ring = (RADIUS > 6) & (RADIUS < 16)
    assert float(off[ring].max()) < 0.2
    assert float(flow.coherence[ring].min()) > 0.5
    assert float(flow.coherence[RADIUS < 1].max()) < 0.1
    np.testing.assert_allclose(np.hypot(flow.x, flow.y), 1)


@pytest.mark.parametrize("sigma", [0.1, 1.0, 3.0])
def test_blurring_is_what_a_walk_from_each_pixel_is(sigma: float) -> None:
    values = np.random.default_rng(0).random((SIDE, SIDE))
    signs = np.where(np.random.default_rng(1).random((SIDE, SIDE)) < 0.5, -1, 1)  # they mean nothing
    flow = TangentFlow(ROUND.x * signs, ROUND.y * signs, ROUND.coherence)
    inside = ((RADIUS < 17) & (X < 8)).astype(float)
    np.testing.assert_allclose(blur_along(values, flow, inside, sigma), walked(values, flow, inside, sigma))


def test_a_ring_keeps_its_ink_and_loses_its_gaps() -> None:
    ring = np.exp(-0.5 * (RADIUS - 12) ** 2)
    broken = ring * (np.abs(np.sin(6 * np.arctan2(Y, X))) > 0.3)
    blurred = blur_along(broken, ROUND, np.ones((SIDE, SIDE)), 4.0)
    on = np.abs(RADIUS - 12) < 0.5
    assert float(broken[on].min()) == 0
    assert float(blurred[on].min()) > 0.4
    assert float(blurred.sum()) == pytest.approx(float(broken.sum()), rel=0.05)
