"""Face marks: the lines that draw a person's eyes, nose and mouth, and the strokes that lie on them, which stay."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from .bezier import points_along
from .faces import Face
from .line_flow import curve_through, place_evenly

SMALLEST = 20.0
"""px, the width of the smallest face that gets marks: in smaller ones they would run together."""

EYE, OPEN = 0.56, 0.12
"""How wide and high the line round an eye is, in distances between the eyes; a stroke of one cubic along it is 0.40
wide and 0.16 high, about as people's eyes are."""

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

POINTS, AJAR = 25, 0.02
"""Points of a line; and how much of an eye's line, which goes round, is left out at either end."""

SHARE = 4
"""One of so many strokes may belong to a face."""

ON_MARK, ON_CURVE = 2.0, 9
"""px, how far a stroke is from the one along a mark that it is taken for; and points of a cubic to measure that."""

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


def stroke_along(mark: Tensor, count: int) -> Tensor:
    """Return the control points [K, 2] of a stroke of K = ``count`` along a line [T, 2] px."""
    return curve_through(place_evenly(mark[None], count))[0]


def on_marks(control_points: Tensor, marks: Sequence[Tensor]) -> Tensor:
    """Return which strokes [N] lie on marks as first strokes do.

    Args:
        control_points: [N, K, 2] px.
        marks: lines [T, 2] in the same px.

    >>> mark = torch.tensor([[50.0, 90.0], [60.0, 92.0], [70.0, 92.0], [80.0, 90.0]])
    >>> stroke = stroke_along(mark, 4)
    >>> on_marks(torch.stack([stroke, stroke.flip(0), stroke + 5]), [mark]).tolist()
    [True, True, False]
    """
    points = points_along(control_points.detach().cpu(), ON_CURVE)
    lies = torch.zeros(len(points), dtype=torch.bool)
    for mark in marks:
        there = points_along(stroke_along(mark, control_points.shape[1]), ON_CURVE)
        for way in (there, there.flip(0)):
            lies |= torch.linalg.vector_norm(points - way, dim=2).amax(dim=1) <= ON_MARK
    return lies.to(control_points.device)


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
    x, y = _eye().T[..., None] * unit
    return [left + along * x + up * y, right - along * x + up * y, *lines]


def _eye() -> Tensor:
    """Return an eye [T, 2] in distances between the eyes, (x, y) from its middle: a drop, from its outer corner back.

    It is one cubic, all but closed, so that nothing takes its ends for a crossing.
    """
    t = torch.linspace(AJAR, 1 - AJAR, POINTS)
    x, y = 4 * t * (1 - t) - 0.5, 6 * 3**0.5 * t * (1 - t) * (1 - 2 * t)
    return torch.stack([EYE * x, OPEN / 2 * y], dim=-1)


def _unit(face: Face) -> float:
    """Return the distance between the eyes, px."""
    (left, top), (right, bottom) = face.eyes
    return math.hypot(right - left, bottom - top)


def _width(face: Face) -> float:
    return face.box[2] - face.box[0]
