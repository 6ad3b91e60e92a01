"""Small spots of a photo, such as eyes, nostrils and buttons, and how many of them a sketch has ink on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from clipasso_core.accents import is_round, strongest_peaks
from clipasso_core.line_drawing import blur_inside, depth_inside
from clipasso_core.pixels import grey, resize
from clipasso_core.strokes import CANVAS

Map = NDArray[np.float64]

SIGMAS = tuple(2 ** (step / 2) for step in range(1, 6))
"""px, of the blurs: 1.4 to 5.7. The differences of neighbours answer most to spots of radius 2.4 to 6.7 px."""

MOST_SPOTS = 12

LEAST_CONTRAST = 0.02
"""Of a spot, in grey levels of 0-1 that two neighbouring blurs differ by: less is grain."""

MOST_STRETCHED = 6.0
"""Ratio of a spot's curvatures, beyond which it is a piece of a line."""

REACH = 0.5
"""Parts of a spot's radius between its centre and the ink that is on it. Of 0.35, 0.5, 0.7 and 1, the one at which
sketches of 28 photos stood furthest above chance, in standard errors; at 1, 69 % would be found by chance."""

RIM = 3.0
"""px between a spot and the object's contour: what lies nearer belongs to the contour."""


@dataclass(frozen=True, eq=False)
class Spots:
    """The strongest small spots of a photo, on the canvas.

    Args:
        centers: [M, 2] of (row, column), px.
        radii: [M] px.
        depth: [224, 224], px from the object's contour inwards; 0 outside.
    """

    centers: NDArray[np.int64]
    radii: Map
    depth: Map


def find_spots(image: Tensor, inside: Tensor) -> Spots:
    """Find the strongest small spots of an object, dark ones and light ones.

    They are extrema, in place and in size, of differences of Gaussians. What lies outside the object is left out of
    the blurs, so that the white around it makes no spot.

    Args:
        image: [1, 3, S, S] in 0-1.
        inside: [224, 224] bool, where the object is.

    Source: Lowe, "Distinctive image features from scale-invariant keypoints" (2004), section 3.

    >>> import torch
    >>> face = torch.full((1, 3, 224, 224), 0.8)
    >>> face[..., 80:90, 60:70] = face[..., 80:90, 140:150] = 0.1  # two eyes
    >>> find_spots(face, torch.ones(224, 224, dtype=torch.bool)).centers.tolist()
    [[84, 64], [84, 144]]
    """
    photo, where = grey(resize(image, CANVAS))[0].numpy(), inside.cpu().numpy()
    depth = depth_inside(where)
    answers = -np.diff(_blurs(photo, where), axis=0)
    chosen = _strongest(answers, depth)
    radii = np.array([_radius(scale) for scale, _, _ in chosen], dtype=np.float64)
    return Spots(np.array([place[1:] for place in chosen], dtype=np.int64).reshape(-1, 2), radii, depth)


def spots_found(coverage: Tensor, spots: Spots) -> float | None:
    """Return the share of spots that a sketch has ink on, corrected for chance.

    A spot is found where ink lies within half of its radius. Chance is what the same ink would find if it lay
    elsewhere on the object: the share of all places where a spot of this size could lie that have ink as near.

    Args:
        coverage: [224, 224] of the ink, in 0-1; ink is a pixel of at least half of the highest coverage.
        spots: of the photo.

    Returns:
        (found - chance) / (1 - chance): 1 for all, 0 for as many as by chance, negative for fewer; None without spots.

    >>> import torch
    >>> inside = torch.ones(224, 224, dtype=torch.bool)
    >>> face = torch.full((1, 3, 224, 224), 0.8)
    >>> face[..., 80:90, 60:70] = face[..., 80:90, 140:150] = 0.1
    >>> one_eye = torch.zeros(224, 224)
    >>> one_eye[84, 64] = 1
    >>> round(spots_found(one_eye, find_spots(face, inside)), 2)
    0.5
    """
    if not len(spots.radii):
        return None
    drawn = (coverage >= 0.5 * coverage.max()).cpu().numpy()
    away: Map = np.asarray(ndimage.distance_transform_edt(~drawn))
    found = float(np.mean(away[tuple(spots.centers.T)] <= REACH * spots.radii))
    places = [away[_room(spots.depth, radius)] for radius in spots.radii]
    chance = float(np.mean([np.mean(one <= REACH * r) for one, r in zip(places, spots.radii, strict=True)]))
    return 0.0 if chance >= 1 else (found - chance) / (1 - chance)


def _blurs(photo: Map, where: NDArray[np.bool_]) -> Map:
    """Return the object blurred at every sigma [5, 224, 224], without what lies outside it."""
    inside = where.astype(np.float64)
    return np.stack([np.where(where, blur_inside(photo, inside, sigma), 0.0) for sigma in SIGMAS])


def _strongest(answers: Map, depth: Map) -> list[tuple[int, int, int]]:
    """Return (scale, row, column) of the strongest extrema that are neither of a line nor of another spot."""
    chosen: list[tuple[int, int, int]] = []
    for scale, row, column in strongest_peaks(np.abs(answers), LEAST_CONTRAST, 3):
        apart = all(np.hypot(row - y, column - x) > max(_radius(scale), _radius(s)) for s, y, x in chosen)
        inside = apart and _room(depth, _radius(scale))[row, column]
        if inside and is_round(answers[scale], row, column, MOST_STRETCHED):
            chosen.append((scale, row, column))
        if len(chosen) == MOST_SPOTS:
            break
    return chosen


def _radius(scale: int) -> float:
    """Return the radius of the spots, px, that the difference of blurs ``scale`` and the next answers most to."""
    return float((2 * SIGMAS[scale] * SIGMAS[scale + 1]) ** 0.5)


def _room(depth: Map, radius: float) -> NDArray[np.bool_]:
    """Return where the centre of a spot may lie [224, 224]: so deep that it lies in the object, off its contour."""
    return depth >= radius + RIM
