"""Face marks: the lines that draw a person's eyes, nose and mouth."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from .faces import Face
from .marks import POINTS, drop

SMALLEST = 20.0
"""px, the width of the smallest face that gets marks: in smaller ones they would run together."""

EYE, OPEN = 0.56, 0.12
"""How wide and high the drop of an eye is, in distances between the eyes; its stroke is 0.40 wide and 0.16 high, about
as people's eyes are."""

NOSE, NARROWEST_MOUTH = 0.5, 0.3
"""How wide a nose is, in the same unit, and a mouth at least."""

NOSE_BOW, MOUTH_BOW = -0.12, -0.04
"""How far the middles of nose and mouth lie above their ends (below, where negative), in the same unit."""

BELOW_TIP = 0.05
"""How far the ends of the nose's line lie below its tip, in the same unit."""

LEAST_GAP = 4.0
"""px from the nose's line down to the mouth at least: a pen of 3 px would draw them as a moustache."""

FROM_THE_SIDE = 0.35
"""Of the face's width: a face whose eyes are nearer to each other is seen from the side, and gets no marks."""

SHARE = 4
"""One of so many strokes may belong to a face."""

MARKS, WITHOUT_MOUTH = 4, 3
"""Lines of a face; and where there are too few for all faces."""


def face_marks(faces: Sequence[Face], most: int) -> list[Tensor]:
    """Return the lines of eyes, nose and mouth of faces; where there are too few, of the largest ones without mouths.

    Args:
        faces: in px of the canvas.
        most: how many lines at most.

    Returns:
        Lines [T, 2] px, (x, y); none for a face too small for them, or seen from the side.

    >>> eyes, nose, mouth = ((80.0, 90.0), (140.0, 90.0)), (110.0, 120.0), ((90.0, 150.0), (130.0, 150.0))
    >>> face = Face((60.0, 40.0, 160.0, 180.0), eyes, nose, mouth, sure=1.0)
    >>> marks = face_marks([face], most=6)
    >>> [mark[0].round().tolist() for mark in marks]  # where each sets off
    [[66.0, 89.0], [154.0, 89.0], [95.0, 123.0], [90.0, 150.0]]
    >>> len(face_marks([face, face], most=6)), face_marks([face], most=2)
    (6, [])
    """
    large = _largest(faces)
    each = MARKS if MARKS * len(large) <= most else WITHOUT_MOUTH
    return [mark for face in large[: most // each] for mark in _marks(face)[:each]]


def _largest(faces: Sequence[Face]) -> list[Face]:
    """Return the faces that get marks, those seen from the front and large enough, the largest first."""
    fit = (face for face in faces if _width(face) >= SMALLEST and _unit(face) >= FROM_THE_SIDE * _width(face))
    return sorted(fit, key=lambda face: -_width(face))


def _marks(face: Face) -> list[Tensor]:
    """Return the lines of both eyes, nose and mouth."""
    (left, right), mouth = (torch.tensor(each, dtype=torch.float32) for each in (face.eyes, face.mouth))
    unit = _unit(face)
    along = (right - left) / unit
    up = torch.stack([along[1], -along[0]])
    smile = max(float(torch.linalg.vector_norm(mouth[1] - mouth[0])) / unit, NARROWEST_MOUTH)
    nose = torch.tensor(face.nose, dtype=torch.float32) - up * BELOW_TIP * unit
    gap = (nose - mouth.mean(dim=0)) @ up + NOSE_BOW * unit
    nose = nose + up * (LEAST_GAP - gap).clamp(min=0)
    t = torch.linspace(-1, 1, POINTS)[:, None]
    bows = [(nose, NOSE, NOSE_BOW), (mouth.mean(dim=0), smile, MOUTH_BOW)]
    lines = [middle + along * t * (wide * unit / 2) + up * (1 - t**2) * (bow * unit) for middle, wide, bow in bows]
    x, y = drop(EYE * unit, OPEN * unit).T[..., None]
    return [left + along * x + up * y, right - along * x + up * y, *lines]


def _unit(face: Face) -> float:
    """Return the distance between the eyes, px."""
    (left, top), (right, bottom) = face.eyes
    return math.hypot(right - left, bottom - top)


def _width(face: Face) -> float:
    return face.box[2] - face.box[0]
