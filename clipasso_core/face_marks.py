"""Face marks: the lines that a person's eyes, nose and mouth begin with, and which strokes draw them later."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from .faces import Face

SMALLEST = 20.0
"""px, the width of the smallest face that gets marks: in smaller ones they would run together."""

EYE, NOSE, NARROWEST_MOUTH = 0.32, 0.35, 0.3
"""How wide they are, in distances between the eyes; the mouth is at least so wide."""

EYE_BOW, NOSE_BOW, MOUTH_BOW = 0.05, -0.12, -0.04
"""How far their middles lie above their ends (below, where negative), in the same unit."""

BELOW_TIP = 0.05
"""How far the ends of the nose's line lie below its tip, in the same unit."""

NARROWEST_FACE = 0.35
"""Of the face's width: the distance between the eyes counts as at least so much, for a face seen from the side."""

POINTS = 13
"""Of a line."""

SHARE = 4
"""One of so many strokes may belong to a face."""

NEAR = 0.45
"""Within how many distances between the eyes all of a stroke lies that draws an eye or a nose, and no brow as well."""

MARKS, WITHOUT_MOUTH = 4, 3
"""Lines of a face; and where there are too few for all faces."""


def face_marks(faces: Sequence[Face], most: int) -> list[Tensor]:
    """Return the lines of eyes, nose and mouth of faces; where there are too few, of the largest ones without mouths.

    Args:
        faces: in px of the canvas.
        most: how many lines at most.

    Returns:
        Lines [T, 2] px, (x, y); none for a face too small for them.

    >>> eyes, nose, mouth = ((80.0, 90.0), (140.0, 90.0)), (110.0, 120.0), ((90.0, 150.0), (130.0, 150.0))
    >>> face = Face((60.0, 40.0, 160.0, 180.0), eyes, nose, mouth, sure=1.0)
    >>> marks = face_marks([face], most=6)
    >>> [mark[0].round().tolist() for mark in marks]  # where each sets off
    [[70.0, 90.0], [130.0, 90.0], [100.0, 123.0], [90.0, 150.0]]
    >>> len(face_marks([face, face], most=6)), face_marks([face], most=2)
    (6, [])
    """
    large = _largest(faces)
    each = MARKS if MARKS * len(large) <= most else WITHOUT_MOUTH
    return [mark for face in large[: most // each] for mark in _marks(face)[:each]]


def marks_first(order: Tensor, control_points: Tensor, faces: Sequence[Face], wanted: int) -> Tensor:
    """Bring the strokes that draw eyes and noses among the first ones of an order, which is else as it was.

    Args:
        order: [N], the index of the first stroke, and so on.
        control_points: [N, K, 2] px.
        faces: in the same px.
        wanted: how many strokes the first ones are; a quarter of them at most is brought there, with whole faces.

    Returns:
        [N].

    >>> eyes, nose, mouth = ((80.0, 90.0), (140.0, 90.0)), (110.0, 120.0), ((90.0, 150.0), (130.0, 150.0))
    >>> face = Face((60.0, 40.0, 160.0, 180.0), eyes, nose, mouth, sure=1.0)
    >>> far = torch.zeros(13, 4, 2)
    >>> points = torch.cat([far, torch.tensor([*eyes, nose])[:, None].expand(-1, 4, -1)])
    >>> marks_first(torch.arange(16), points, [face], 12).tolist()[8:]
    [8, 13, 14, 15, 9, 10, 11, 12]
    """
    points, kept = control_points.detach().cpu(), torch.zeros(len(order), dtype=torch.bool)
    for face in _largest(faces)[: wanted // SHARE // WITHOUT_MOUTH]:
        places = torch.tensor([*face.eyes, face.nose], dtype=points.dtype)
        away = torch.cdist(places, points.flatten(0, 1)).view(len(places), *points.shape[:2]).amax(dim=2)
        drawn = away.argmin(dim=1)[away.amin(dim=1) <= NEAR * _unit(face)]
        kept[drawn] = True
    kept = kept[order.cpu()]
    others = (~kept).cumsum(dim=0)
    first = kept | (others <= wanted - int(kept.sum()))
    return torch.cat([order[first.to(order.device)], order[~first.to(order.device)]])


def _largest(faces: Sequence[Face]) -> list[Face]:
    """Return the faces that are large enough for marks, the largest first."""
    return sorted((face for face in faces if _width(face) >= SMALLEST), key=lambda face: -_width(face))


def _marks(face: Face) -> list[Tensor]:
    eyes, mouth = (torch.tensor(each, dtype=torch.float32) for each in (face.eyes, face.mouth))
    between = eyes[1] - eyes[0]
    along = between / torch.linalg.vector_norm(between).clamp_min(1e-6)
    up = torch.stack([along[1], -along[0]])
    unit = _unit(face)
    smile = max(float(torch.linalg.vector_norm(mouth[1] - mouth[0])) / unit, NARROWEST_MOUTH)
    nose = torch.tensor(face.nose, dtype=torch.float32) - up * BELOW_TIP * unit
    shapes = [*((eye, EYE, EYE_BOW) for eye in eyes), (nose, NOSE, NOSE_BOW), (mouth.mean(dim=0), smile, MOUTH_BOW)]
    t = torch.linspace(-1, 1, POINTS)[:, None]
    return [middle + along * t * (wide * unit / 2) + up * (1 - t**2) * (bow * unit) for middle, wide, bow in shapes]


def _unit(face: Face) -> float:
    """Return the distance between the eyes, px."""
    (left, top), (right, bottom) = face.eyes
    return max(math.hypot(right - left, bottom - top), NARROWEST_FACE * _width(face))


def _width(face: Face) -> float:
    return face.box[2] - face.box[0]
