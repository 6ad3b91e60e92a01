"""Fit joined cubic Bézier curves to points along a line: as few as a tolerance allows, corners kept."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from .bezier import bernstein
from .errors import ShapeError, check_range

Points = NDArray[np.float64]

CORNER_ANGLE = 40.0
"""Degrees of a turn on the spot from which on it is a corner, and no bend."""

MOST_PASSES = 40
"""Of moving handles and parameters together, where that still helps."""

PATIENCE = 8
"""Passes within which the sum of squared errors must halve, or they are the last ones."""

HOPELESS = 0.1
"""Share of the line's length by which a first fit may lie off, and still be worth another pass."""

THIRDS = np.array([[0.0], [1 / 3], [2 / 3], [1.0]])


def fit_cubics(points: Points, tolerance: float, corner_angle: float = CORNER_ANGLE) -> Points:
    """Fit a chain of cubics to points.

    Between corners the line is fitted by one cubic; where that lies off by more than the tolerance it is cut at the
    worst point, and both parts are fitted with a common tangent there.

    Args:
        points: [M, 2] px, in their order and as close together as the line is to be followed; the first and the last
            one stay where they are.
        tolerance: px, how far any point may lie from its place on the curve; over 0.
        corner_angle: degrees in 0-180, from which a turn is kept as a corner; it is measured over twice the tolerance
            on both sides, so that noise is none.

    Returns:
        [3 S + 1, 2] px, S cubics joined end to start. Straight lines have their handles at thirds.

    Raises:
        ConfigError: tolerance or angle out of range.
        ShapeError: no points, another shape, or numbers that are not finite.

    Source: Schneider, "An Algorithm for Automatically Fitting Digitized Curves", Graphics Gems, 1990.

    Differs: at corners and at the ends of the line the tangent is fitted, too, where Schneider takes the direction of
    the first chord; and handles and parameters move together (Levenberg and Marquardt's method; without damping it is
    the tangent distance of Wang, Pottmann and Liu, ACM TOG 2006), where Schneider moves them in turn. So a cubic is
    found again from points on it.

    >>> t = np.linspace(0, 1, 200)[:, None]
    >>> arch = (1 - t) ** 3 * [0, 0] + 3 * (1 - t) ** 2 * t * [10, 40] + 3 * (1 - t) * t**2 * [60, 40] + t**3 * [80, 0]
    >>> fit_cubics(arch, tolerance=1e-4).round(2).tolist()
    [[0.0, 0.0], [10.0, 40.0], [60.0, 40.0], [80.0, 0.0]]
    >>> fit_cubics(np.array([[0.0, 0], [9, 0], [9, 9]]), tolerance=0.5).shape  # a corner: two lines
    (7, 2)
    """
    check_range("tolerance", tolerance, 1e-9, 1e9)
    check_range("corner_angle", corner_angle, 0, 180)
    points = np.asarray(points, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 2 or not len(points) or not np.isfinite(points).all():
        raise ShapeError(f"points must be [M, 2] finite numbers, at least one pair, got {list(points.shape)}.")
    points = points[np.r_[True, (points[1:] != points[:-1]).any(axis=1)]]
    if len(points) == 1:
        return points.repeat(4, axis=0)
    ends = [0, *find_corners(points, corner_angle, 2 * tolerance), len(points) - 1]
    chains = [_fit_smooth(points[a : b + 1], tolerance) for a, b in itertools.pairwise(ends)]
    return np.concatenate([points[:1], *(cubic[1:] for chain in chains for cubic in chain)])


def find_corners(points: Points, corner_angle: float, reach: float) -> list[int]:
    """Return where a line of points turns on the spot.

    Args:
        points: [M, 2] px, no two neighbours on one spot.
        corner_angle: degrees of the least turn.
        reach: px along the line on both sides, over which the directions before and after are taken.

    Returns:
        The corners' indices, rising, without first and last point; of several within reach the sharpest.

    >>> find_corners(np.array([[0.0, 0], [5, 0], [9, 0.1], [9, 9]]), corner_angle=40, reach=1)
    [2]
    """
    walked = np.r_[0, np.sqrt(np.square(np.diff(points, axis=0)).sum(axis=1)).cumsum()]
    inner = np.arange(1, len(points) - 1)
    before = np.minimum(np.searchsorted(walked, walked[inner] - reach, side="right") - 1, inner - 1).clip(min=0)
    after = np.maximum(np.searchsorted(walked, walked[inner] + reach), inner + 1).clip(max=len(points) - 1)
    come, go = points[inner] - points[before], points[after] - points[inner]
    cross, dot = come[:, 0] * go[:, 1] - come[:, 1] * go[:, 0], (come * go).sum(axis=1)
    turns = np.abs(np.degrees(np.arctan2(cross, dot)))
    corners: list[int] = []
    for index in inner[turns >= corner_angle].tolist():
        if corners and walked[index] - walked[corners[-1]] < reach:
            if turns[index - 1] > turns[corners[-1] - 1]:
                corners[-1] = index
        else:
            corners.append(index)
    return corners


class _Run(NamedTuple):
    """Points from ``first`` to ``last``, and the unit tangents into the run at both ends (None: free)."""

    first: int
    last: int
    start: Points | None
    end: Points | None


_Fitted = tuple[_Run, Points]


def _fit_smooth(points: Points, tolerance: float) -> list[Points]:
    """Fit points [M, 2] without a corner by cubics [4, 2]."""
    runs, fitted = [_Run(0, len(points) - 1, None, None)], []
    while runs:
        run = runs.pop()
        cubic, worst = _fit_one(points, run, tolerance)
        if worst is None:
            fitted.append((run, cubic))
            continue
        cut = run.first + worst
        ahead = points[cut + 1] - points[cut - 1]
        ahead = ahead / max(float(np.hypot(*ahead)), 1e-12)
        runs.append(_Run(cut, run.last, ahead, run.end))
        runs.append(_Run(run.first, cut, run.start, -ahead))
    return [cubic for _, cubic in _join_neighbours(points, fitted, tolerance)]


def _join_neighbours(points: Points, fitted: list[_Fitted], tolerance: float) -> list[_Fitted]:
    """Put one cubic in the place of two neighbours wherever one will do, until it will nowhere."""
    joined: list[_Fitted] = []
    for run, cubic in fitted:
        joined.append((run, cubic))
        while len(joined) > 1:
            (before, _), (last, _) = joined[-2:]
            both = _Run(before.first, last.last, before.start, last.end)
            again, worst = _fit_one(points, both, tolerance)
            if worst is not None:
                break
            joined[-2:] = [(both, again)]
    return joined if len(joined) == len(fitted) else _join_neighbours(points, joined, tolerance)


def _fit_one(line: Points, run: _Run, tolerance: float) -> tuple[Points, int | None]:
    """Fit one cubic; return it and the run's inner point that lies farthest off, or None where none is too far."""
    points, start, end = line[run.first : run.last + 1], run.start, run.end
    straight = points[0] + THIRDS * (points[-1] - points[0])
    if len(points) == 2:
        return _with_tangents(straight, start, end), None
    chords = np.sqrt(np.square(np.diff(points, axis=0)).sum(axis=1)).cumsum()
    t = np.r_[0, chords / chords[-1]]
    if start is None and end is None and _off(straight, points, t).max() <= min(tolerance, 1e-9 * chords[-1]):
        return straight, None
    handles = _Handles.of(points, start, end)
    cubic = handles.through(points, t)
    off = _off(cubic, points, t)
    if tolerance < off.max() <= HOPELESS * chords[-1]:
        cubic, off = _improve(handles, cubic, points, t, tolerance)
    return cubic, None if off.max() <= tolerance else int(off[1:-1].argmax()) + 1


def _improve(handles: _Handles, cubic: Points, points: Points, t: Points, tolerance: float) -> tuple[Points, Points]:
    """Move handles and parameters together (Levenberg and Marquardt) until no point lies off by more than tolerated.

    Returns:
        The cubic [4, 2], and how far points lie off [M].
    """
    damping, errors = 1.0, [np.square(_off(cubic, points, t)).sum()]
    for _ in range(MOST_PASSES):
        again, moved = handles.step(cubic, points, t, damping)
        error = np.square(_off(again, points, moved)).sum()
        if error < errors[-1]:
            cubic, t, damping = again, moved, damping / 5
        else:
            damping *= 4
        errors.append(min(error, errors[-1]))
        stuck = len(errors) > PATIENCE and errors[-1] > errors[-1 - PATIENCE] / 2
        if stuck or _off(cubic, points, t).max() <= tolerance:
            break
    return cubic, _off(cubic, points, t)


class _Handles(NamedTuple):
    """What of a cubic may move: each of n unknowns shifts control points along ``directions`` [n, 4, 2] from ``rest``.

    A free handle has two unknowns and rests at a third of the chord; one with a given tangent has its length.
    """

    rest: Points
    directions: Points
    held: NDArray[np.bool_]
    reach: float

    @classmethod
    def of(cls, points: Points, start: Points | None, end: Points | None) -> _Handles:
        rest = points[0] + THIRDS * (points[-1] - points[0])
        directions, held = [], []
        for index, joint, tangent in ((1, 0, start), (2, 3, end)):
            if tangent is not None:
                rest[index] = rest[joint]
            for way in np.eye(2) if tangent is None else (tangent,):
                directions.append(np.zeros((4, 2)))
                directions[-1][index] = way
                held.append(tangent is not None)
        return cls(rest, np.stack(directions), np.array(held), float(np.hypot(*(points[-1] - points[0]))) / 3)

    def through(self, points: Points, t: Points) -> Points:
        """Return the cubic [4, 2] that lies nearest to points at given parameters (least squares)."""
        weights = _bernstein(t)
        shifts = (weights @ self.directions).reshape(len(self.directions), -1).T
        found = np.linalg.lstsq(shifts, (points - weights @ self.rest).ravel(), rcond=1e-9)[0]
        found = np.where(self.held & (found < 1e-3 * self.reach), self.reach, found)  # as Wu and Barsky do
        return self.rest + np.tensordot(found, self.directions, axes=1)

    def step(self, cubic: Points, points: Points, t: Points, damping: float) -> tuple[Points, Points]:
        """Return the cubic and the parameters after one step towards points.

        What lies off along the curve is made up for by the parameters, the more the less they are damped; the handles
        see to what lies off square to it.
        """
        weights, speed = _bernstein(t), _speed(cubic, t)
        squared = np.square(speed).sum(axis=1)
        slack = squared + damping * squared.mean() + 1e-12
        along = speed / np.sqrt(np.maximum(squared, 1e-12))[:, None]
        square = along[:, ::-1] * [1, -1]
        frame = np.stack([square, along * np.sqrt(1 - squared / slack)[:, None]])  # [2, M, 2]
        moves, apart = weights @ self.directions, weights @ cubic - points  # [n, M, 2] and [M, 2]
        rows = (moves[:, None] * frame).sum(axis=3).reshape(len(moves), -1)
        normal = rows @ rows.T
        ridge = 1e-12 * np.trace(normal) * np.eye(len(normal)) + 1e-300 * np.eye(len(normal))
        found = np.linalg.solve(normal + ridge, -rows @ (apart * frame).sum(axis=2).ravel())
        after = apart + np.tensordot(found, moves, axes=1)
        moved = np.clip(t - (after * speed).sum(axis=1) / slack, 0, 1)
        moved[0], moved[-1] = 0, 1
        return cubic + np.tensordot(found, self.directions, axes=1), np.maximum.accumulate(moved)


def _with_tangents(line: Points, start: Points | None, end: Points | None) -> Points:
    """Turn the handles of a straight cubic into given directions (the heuristic of Wu and Barsky)."""
    reach = float(np.hypot(*(line[3] - line[0]))) / 3
    first = line[1] if start is None else line[0] + reach * start
    second = line[2] if end is None else line[3] + reach * end
    return np.stack([line[0], first, second, line[3]])


def _speed(cubic: Points, t: Points) -> Points:
    s = 1 - t
    speed: Points = np.stack([s**2, 2 * s * t, t**2], axis=1) @ (3 * np.diff(cubic, axis=0))
    return speed


def _off(cubic: Points, points: Points, t: Points) -> Points:
    """Return how far points lie from their places on the curve, [M] px."""
    away: Points = np.sqrt(np.square(_bernstein(t) @ cubic - points).sum(axis=1))
    return away


def _bernstein(t: Points) -> Points:
    weights: Points = bernstein(torch.from_numpy(t)).numpy()
    return weights
