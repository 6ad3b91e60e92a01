"""Tangent flow: along what a photo runs, its hair, stripes and edges, and blurring along it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Map = NDArray[np.float64]

FAR = 2.0
"""Of a blur's standard deviation: how far along the flow it looks each way."""


class TangentFlow(NamedTuple):
    """Where things run in a picture.

    Args:
        x, y: [H, W] each, unit vectors along which the picture changes least; their sign means nothing.
        coherence: [H, W] in 0-1: 1 where all that is near runs alike, 0 where nothing does, as on a round spot.
    """

    x: Map
    y: Map
    coherence: Map


def tangent_flow(picture: Map, blur: Callable[[Map], Map]) -> TangentFlow:
    """Find how things run in a picture [H, W].

    Args:
        picture: smooth enough for its slope to be told.
        blur: weights slopes over what is near.

    Source: the structure tensor (Bigün and Granlund, 1987).

    >>> stripes = np.tile(np.sin(np.arange(32.0) / 2), (32, 1))  # they run down
    >>> flow = tangent_flow(stripes, lambda values: ndimage.gaussian_filter(values, 2.0))
    >>> [round(float(abs(each[16, 16])), 2) for each in flow]
    [0.0, 1.0, 1.0]
    """
    down, right = np.gradient(picture, axis=0), np.gradient(picture, axis=1)
    xx, xy, yy = blur(np.square(right)), blur(right * down), blur(np.square(down))
    across = 0.5 * np.arctan2(2 * xy, xx - yy)
    coherence = np.hypot(xx - yy, 2 * xy) / np.maximum(xx + yy, 1e-12)
    return TangentFlow(-np.sin(across), np.cos(across), coherence)


def blur_along(values: Map, flow: TangentFlow, inside: Map, sigma: float) -> Map:
    """Blur values [H, W] along the flow, within an object [H, W] of 0 and 1; 0 outside.

    Args:
        sigma: px along the flow, of a Gaussian.

    Source: line integral convolution (Cabral and Leedom, 1993), as Kang et al., "Coherent Line Drawing" (2007), blur
    differences of Gaussians.

    >>> flow = TangentFlow(np.ones((9, 9)), np.zeros((9, 9)), np.ones((9, 9)))
    >>> spot = np.zeros((9, 9))
    >>> spot[4, 4] = 1
    >>> [blur_along(spot, flow, np.ones((9, 9)), 1.0)[place].round(2).item() for place in ((4, 4), (4, 5), (5, 4))]
    [0.4, 0.24, 0.0]
    """
    total, weight, last = values * inside, inside.astype(np.float64), np.array(values.shape) - 1
    for sign in (1.0, -1.0):
        at = np.mgrid[: values.shape[0], : values.shape[1]].astype(np.float64)
        heading, within = np.stack([flow.y, flow.x]) * sign, inside > 0
        for step in range(1, 1 + round(FAR * sigma)):
            at = at + heading
            row, column = (np.rint(each).astype(int).clip(0, end) for each, end in zip(at, last, strict=True))
            within = within & (inside[row, column] > 0)
            share = np.exp(-0.5 * (step / sigma) ** 2) * within
            total = total + share * ndimage.map_coordinates(values, at, order=1, mode="nearest")
            weight = weight + share
            along = np.stack([flow.y[row, column], flow.x[row, column]])
            heading = np.where((along * heading).sum(axis=0) < 0, -along, along)
    blurred: Map = total / np.maximum(weight, 1.0) * inside
    return blurred
