"""Lone spots: small dark places that stand alone, such as eyes of animals, and the lines that draw them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from .faces import Face
from .line_drawing import depth_inside, line_drawing
from .marks import POINTS, drop
from .pixels import resize
from .strokes import CANVAS

DARKEST = 0.8
"""How dark a spot is in its darkest place at least, 1 being black."""

LEAST, LONGEST, STRETCHED = 8.0, 16.0, 3.0
"""The area of the smallest spot, px^2, and the length of the longest, px; and how many times longer than wide one may
be, beyond which it is a line."""

NEAR, AROUND = 2.0, 8.0
"""px, from where to where around a spot its surroundings are looked at."""

WHOLE, CORE = (0.4, 0.09), (0.7, 0.12)
"""From how dark on a place is part of a spot, and how dark its surroundings are on average at most: whole spots, and
the cores of such as fade into fur. A spot among lines is a part of a pattern, and other strokes tell more."""

PEN, SHORTEST, ROUND = 3.0, 2.0, 0.5
"""px: the width of the stroke that draws a spot, its length at least, and how much wider than the pen a spot is that is
drawn as a drop instead of a dash."""

WIDER, LOWER = 1.4, 0.75
"""Width and height of a drop's line over those of its stroke (``marks.drop``)."""


def lone_spots(
    photo: Tensor,
    faces: Sequence[Face] = (),
    most: int | None = None,
    telling: Tensor | None = None,
    *,
    cores: bool = True,
) -> list[Tensor]:
    """Find spots of a photo's line drawing that stand alone; everything is in px of the 224 px canvas.

    The photo is looked at there whatever its size, so that first strokes and every encoder find the same.

    Args:
        photo: [3, H, W] in 0-1, square, the object on white.
        faces: people's: what lies in them is none.
        most: how many at most; None for all.
        telling: [224, 224], how much each place tells: where that is nothing is no spot. None for as much as it is
            dark in the line drawing.
        cores: whether the dark cores of spots that fade into fur count, too.

    Returns:
        Lines [T, 2], (x, y), those first that tell most for their length: dashes, and drops for wider spots, which a
        pen of 3 px fills.

    >>> photo = torch.ones(3, 224, 224)
    >>> photo[:, 40:180, 40:180] = 0.7
    >>> photo[:, 98:104, 80:87] = photo[:, 98:104, 120:127] = 0.1  # two eyes
    >>> photo[:, 70:74, 60:160] = 0.1  # and a brow
    >>> [mark.mean(dim=0).round().tolist() for mark in lone_spots(photo)]
    [[85.0, 101.0], [125.0, 101.0]]
    """
    if most == 0:
        return []
    small = resize(photo[None].detach().float().cpu(), CANVAS)
    return spots_of(1 - line_drawing(small, faces=[faces])[0], faces, most, telling, cores=cores)


def spots_of(
    lines: Tensor,
    faces: Sequence[Face] = (),
    most: int | None = None,
    telling: Tensor | None = None,
    *,
    cores: bool = True,
) -> list[Tensor]:
    """Find spots of a map of lines [224, 224] in 0-1, 1 on lines, that stand alone; otherwise as ``lone_spots``.

    >>> lines = torch.zeros(224, 224)
    >>> lines[100:103, 80:86] = lines[101:104, 120:126] = 1.0  # two eyes
    >>> lines[60:63, 60:180] = 1.0  # and a brow
    >>> [mark.mean(dim=0).round().tolist() for mark in spots_of(lines)]
    [[83.0, 102.0], [123.0, 102.0]]
    """
    ink = lines.cpu().double().numpy()
    tells = ink if telling is None else telling.cpu().double().numpy()
    chosen: list[_Spot] = []
    seen = np.zeros(ink.shape, dtype=bool)
    for dark, crowded in (WHOLE, CORE) if cores else (WHOLE,):
        labels, _ = ndimage.label(ink > dark, np.ones((3, 3)))
        for number, box in enumerate(ndimage.find_objects(labels), 1):
            inside = labels[box] == number
            spot = _spot(inside, ink[box], tells[box], box)
            if spot is None or not spot.stands_out() or spot.within(faces) or bool(seen[box][inside].any()):
                continue
            seen[box] |= inside
            if _darkness_around(labels, number, box, ink) <= crowded:
                chosen.append(spot)
    return [spot.line() for spot in sorted(chosen, key=lambda spot: -spot.tells / spot.length)[:most]]


class _Spot(NamedTuple):
    """A place of connected ink.

    Args:
        area: px^2.
        darkest: of its places, 0-1.
        tells: how much its places tell together.
        middle: (x, y) px.
        along: the unit vector of its longer axis, to the right.
        length, width: px, the axes of the ellipse that spreads as wide.
    """

    area: float
    darkest: float
    tells: float
    middle: NDArray[np.float64]
    along: NDArray[np.float64]
    length: float
    width: float

    def stands_out(self) -> bool:
        """Whether it tells something, and is dark, small and round enough."""
        fits = self.area >= LEAST and self.length <= min(LONGEST, STRETCHED * self.width)
        return fits and self.darkest >= DARKEST and self.tells > 0

    def within(self, faces: Sequence[Face]) -> bool:
        """Whether its middle lies in a face."""
        x, y = self.middle
        return any(left <= x <= right and top <= y <= bottom for left, top, right, bottom in (f.box for f in faces))

    def line(self) -> Tensor:
        """Return the line [T, 2] px along which a stroke draws it."""
        long, high = max(self.length - PEN, SHORTEST), self.width - PEN
        if high > ROUND:
            flat = drop(WIDER * long, LOWER * high)
        else:
            flat = torch.stack([torch.linspace(-long / 2, long / 2, POINTS), torch.zeros(POINTS)], dim=-1)
        along, middle = (torch.tensor(each, dtype=torch.float32) for each in (self.along, self.middle))
        return middle + flat @ torch.stack([along, torch.stack([-along[1], along[0]])])


def _spot(
    inside: NDArray[np.bool_], ink: NDArray[np.float64], tells: NDArray[np.float64], box: tuple[slice, slice]
) -> _Spot | None:
    """Measure a place [h, w], its ink and what it tells, in a box of a map; None where it is too small to have axes."""
    rows, columns = np.nonzero(inside)
    if len(rows) < 3:
        return None
    weight = ink[rows, columns]
    places = np.stack([columns + box[1].start, rows + box[0].start]) + 0.5
    spread, axes = np.linalg.eigh(np.cov(places, aweights=weight))
    along = axes[:, 1] if axes[0, 1] >= 0 else -axes[:, 1]
    length, width = (4 * math.sqrt(max(float(each), 0.0)) for each in (spread[1], spread[0]))
    middle = np.average(places, axis=1, weights=weight)
    told = float(tells[rows, columns].sum())
    return _Spot(float(len(rows)), float(weight.max()), told, middle, along, length, width)


def _darkness_around(
    labels: NDArray[np.int32], number: int, box: tuple[slice, slice], ink: NDArray[np.float64]
) -> float:
    """Return how dark it is on average around the place of a label, which lies in a box of the map."""
    reach = math.ceil(AROUND)
    wider = tuple(slice(max(0, side.start - reach), side.stop + reach) for side in box)
    away = depth_inside(labels[wider] != number)
    around = (away > NEAR) & (away <= AROUND)
    return float(ink[wider][around].mean())
