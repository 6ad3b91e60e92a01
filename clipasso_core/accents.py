"""Accents: small spots of a map of lines, such as eyes, nostrils and buttons, that get a short first stroke each."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

SIGMAS, RATIO = (2.0, 3.0), 1.6
"""px, the blurs of the differences of Gaussians, and how much wider the other one is: they answer to spots of radius 3
to 5 px."""

FAINTEST = 0.12
"""Least answer to a spot, where the map's brightest place is 1."""

MOST_STRETCHED = 4.0
"""Ratio of a spot's curvatures, beyond which it is a piece of a line."""

APART = 8.0
"""px between two spots."""


def find_accents(lines: Tensor, most: int) -> Tensor:
    """Find the strongest small spots of a map of lines.

    They are extrema, in place and in size, of differences of Gaussians, as curved in one direction as in the other.

    Args:
        lines: [H, W], above 0 on lines.
        most: how many at most.

    Returns:
        [M, 2] px, the centres (x, y), strongest first.

    Source: Lowe, "Distinctive image features from scale-invariant keypoints" (2004), sections 3 and 4.1.

    >>> lines = torch.zeros(64, 64)
    >>> lines[50, 4:60] = 1  # a mouth
    >>> lines[20:24, 16:20] = lines[20:24, 40:44] = 0.8  # two eyes
    >>> find_accents(lines, 4).tolist()
    [[17.5, 21.5], [41.5, 21.5]]
    """
    bright = lines.cpu().double().numpy()
    bright = bright / max(float(bright.max()), 1e-9)
    blur = ndimage.gaussian_filter
    answers = np.stack([blur(bright, sigma) - blur(bright, RATIO * sigma) for sigma in SIGMAS])
    found: list[tuple[int, int]] = []
    for scale, row, column in strongest_peaks(answers, FAINTEST, (len(SIGMAS), 5, 5)):
        if len(found) == most:
            break
        apart = all(np.hypot(row - y, column - x) > APART for x, y in found)
        if apart and is_round(answers[scale], row, column, MOST_STRETCHED):
            found.append((column, row))
    return torch.tensor(found, dtype=torch.float32).reshape(-1, 2) + 0.5


def strongest_peaks(
    strength: NDArray[np.float64], least: float, window: int | tuple[int, int, int]
) -> list[tuple[int, int, int]]:
    """Return the maxima of a volume, the highest first.

    Args:
        strength: [S, H, W].
        least: lower ones are left out.
        window: size of the box, or of its sides, in which each is the highest.

    >>> strongest_peaks(np.array([[[3.0, 0, 1, 0, 5]]]), 2.0, 3)
    [(0, 0, 4), (0, 0, 0)]
    """
    peaks = (strength == ndimage.maximum_filter(strength, window)) & (strength >= least)
    places = [(scale, row, column) for scale, row, column in np.argwhere(peaks).tolist()]
    return sorted(places, key=lambda place: -float(strength[place]))


def is_round(answer: NDArray[np.float64], row: int, column: int, most_stretched: float) -> bool:
    """Whether the surface [H, W] around an extremum is curved in both directions, not a ridge.

    Args:
        answer: the surface.
        row, column: of the extremum.
        most_stretched: ratio of the two curvatures, beyond which it is a ridge.

    >>> y, x = np.mgrid[-2:3, -2:3].astype(float)
    >>> is_round(-(x**2) - y**2, 2, 2, 4.0), is_round(-9 * x**2 - y**2, 2, 2, 4.0)
    (True, False)
    """
    if not (0 < row < answer.shape[0] - 1 and 0 < column < answer.shape[1] - 1):
        return False
    near = answer[row - 1 : row + 2, column - 1 : column + 2]
    down, across = near[2, 1] + near[0, 1] - 2 * near[1, 1], near[1, 2] + near[1, 0] - 2 * near[1, 1]
    twist = (near[2, 2] + near[0, 0] - near[2, 0] - near[0, 2]) / 4
    product = down * across - twist**2
    return bool(product > 0 and (down + across) ** 2 * most_stretched < product * (most_stretched + 1) ** 2)
