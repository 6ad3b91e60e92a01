"""Width profiles: a line that swells and tapers, as filled shapes made of cubics.

A shape is the band between two curves that lie half a width beside the line, closed by round ends. Where the line
bends more sharply than half its width, the inner curve would turn back on itself; it keeps to the middle of the line
there, as it does in corners, and discs fill what is missing. All shapes go round the same way, so that whatever lies in
one of them is inside (the nonzero rule) and nothing becomes a hole.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from .paths import DECIMALS, STEPS, Points, walked

WidthProfile = Literal["even", "pen", "brush"]
WIDTH_PROFILES: tuple[WidthProfile, ...] = get_args(WidthProfile)
"""One width all along; tapered at both ends; thickest where a brush is pressed, a little before the middle. No line is
wider anywhere than it is without a profile."""

TOLERANCE = 0.005
"""mm by which the sides of a band may leave the curves that they stand for."""

FEWEST, MOST_HALVINGS = 2, 8
"""Into how many pieces each cubic is cut at least, and how often a piece is halved at most."""

SHARP = 0.1
"""Share of the line's own speed below which the inner side goes no further: it would soon turn back."""

CORNER = 0.09
"""Radians of a turn between two cubics from which on it is a corner."""

_TIP, _TAPER = 0.2, 0.2
"""Of pens: the share of the width at the ends, and the share of the length over which it is reached."""

_BRUSH_TIP, _RISE, _FALL = 0.08, 1.4, 2.1
"""Of brushes: the share of the width at the ends, and the exponents of s and of 1 - s between them."""

_QUARTER = 4 / 3 * (2**0.5 - 1)
"""Length of the handles of a quarter of a circle of radius 1."""

_GRID = np.linspace(0, 1, STEPS + 1)
"""Parameters at which a cubic is measured."""

_SAME = 1e-7
"""mm between two points that are one."""

_Complex = NDArray[np.complex128]
_Floats = NDArray[np.float64]


def width_share(profile: WidthProfile, s: _Floats) -> _Floats:
    """Return which share of its full width a line has at shares s of its length.

    >>> width_share("brush", np.array([0.0, 0.4, 1.0])).round(6).tolist()
    [0.08, 1.0, 0.08]
    """
    if profile == "pen":
        from_end = np.minimum(1.0, np.minimum(s, 1 - s) / _TAPER)
        tapered: _Floats = 1 - (1 - _TIP) * np.square(1 - from_end)
        return tapered
    if profile == "brush":
        peak = _RISE / (_RISE + _FALL)
        pressure = (s / peak) ** _RISE * (np.maximum(1 - s, 0) / (1 - peak)) ** _FALL
        pressed: _Floats = _BRUSH_TIP + (1 - _BRUSH_TIP) * pressure
        return pressed
    return np.ones_like(s)


def outline(points: Points, width: float, profile: WidthProfile) -> list[Points]:
    """Return the shapes that a line of changing width fills.

    Args:
        points: [3 * segments + 1, 2] mm.
        width: mm, the full width where it is widest; it is measured square to the line.
        profile: how it changes; see ``WIDTH_PROFILES``.

    Returns:
        Closed chains of cubics [3 S + 1, 2] mm, rounded to ``DECIMALS``, each ending where it begins: the band, then
        discs. Its ends lie half of what is the width there beyond the line's own.

    >>> (band,) = outline(np.array([[0.0, 0], [10, 0], [20, 0], [30, 0]]), 2.0, "pen")
    >>> band.min(axis=0).round(1).tolist(), band.max(axis=0).round(1).tolist()
    ([-0.2, -1.0], [30.2, 1.0])
    """
    line = np.ascontiguousarray(points, dtype=np.float64).view(np.complex128)[:, 0]
    cubics, lengths = [line[i : i + 4] for i in range(0, len(line) - 1, 3)], walked(points)
    moving = np.flatnonzero(lengths[:, -1] > lengths[:, 0])
    if not len(moving):
        return [_rounded(_disc(complex(line[0]), width / 2))]
    pieces = _pieces([cubics[index] for index in moving], lengths[moving], width / 2, profile)
    return [_rounded(_band(pieces)), *(_rounded(_disc(*disc)) for disc in _discs(pieces))]


class _Spots(NamedTuple):
    """The line at some parameters t, [P] each.

    Args:
        middle: mm, where it is.
        speed: mm per unit of t.
        along: its direction, of length 1.
        radius: mm, half its width.
        growth: of the radius, mm per unit of t.
        bend: curvature, 1 per mm, over 0 where it turns towards its left side.
    """

    middle: _Complex
    speed: _Complex
    along: _Complex
    radius: _Floats
    growth: _Floats
    bend: _Floats

    def beside(self, side: int) -> _Complex:
        """Return the points half a width to the left (side 1) or to the right (-1)."""
        return self.middle + side * self.radius * 1j * self.along

    def beside_speed(self, side: int) -> _Complex:
        """Return how fast these points go."""
        return self.speed * self._pace(side) + side * self.growth * 1j * self.along

    def turns_back(self, side: int) -> NDArray[np.bool_]:
        """Whether these points go too slowly, or back."""
        return self._pace(side) < SHARP

    def where(self, chosen: NDArray[np.bool_]) -> _Spots:
        """Return some of the spots."""
        middle, speed, along = (values[chosen] for values in self[:3])
        radius, growth, bend = (values[chosen] for values in self[3:])
        return _Spots(middle, speed, along, radius, growth, bend)

    def _pace(self, side: int) -> _Floats:
        return 1 - side * self.bend * self.radius


class _Piece(NamedTuple):
    """A part of the line.

    Args:
        left: [4] mm, the cubic on its left side.
        right: [4] mm, that on its right side.
        places: [3] mm, where the line begins, is in the middle, and ends.
        along: [2], its direction at both ends.
        radii: [3] mm, half its width at ``places``.
        is_sharp: whether a side keeps to the middle of the line, or the line turns round.
    """

    left: _Complex
    right: _Complex
    places: _Complex
    along: _Complex
    radii: _Floats
    is_sharp: np.bool_


class _Cubic(NamedTuple):
    """A cubic of a line.

    Args:
        points: [4] mm.
        lengths: [STEPS + 1] mm, how long the line is up to the parameters of ``_GRID``.
        total: mm, the length of the line.
        radius: mm, half its full width.
        profile: how that changes.
    """

    points: _Complex
    lengths: _Floats
    total: float
    radius: float
    profile: WidthProfile

    def at(self, t: _Floats) -> _Spots:
        """Return the line at parameters t [P]."""
        middle, speed, change = (_derivative(self.points, t, order) for order in range(3))
        nudged = _derivative(self.points, t.clip(1e-4, 1 - 1e-4), 1)
        pace = np.abs(speed)
        going: _Complex = np.where(pace > 1e-6 * np.abs(nudged), speed, nudged)
        along: _Complex = going / np.maximum(np.abs(going), 1e-300)
        s = np.interp(t, _GRID, self.lengths) / self.total
        low, high = (s - 1e-6).clip(0, 1), (s + 1e-6).clip(0, 1)
        slope = (width_share(self.profile, high) - width_share(self.profile, low)) / (high - low)
        bend = (speed.conj() * change).imag / np.maximum(pace, 1e-6) ** 3
        radius: _Floats = self.radius * width_share(self.profile, s)
        return _Spots(middle, speed, along, radius, self.radius * slope * pace / self.total, bend)

    def pieces(self) -> list[_Piece]:
        """Cut the cubic until the sides of every piece are cubics, to the tolerance."""
        starts, step = np.arange(FEWEST) / FEWEST, 1 / FEWEST
        kept: list[tuple[float, _Piece]] = []
        for halving in range(MOST_HALVINGS + 1):
            spots = [self.at(starts + share * step) for share in (0.0, 0.5, 1.0)]
            good = _fits(spots, step) | (halving == MOST_HALVINGS)
            kept += zip(starts[good].tolist(), _built([one.where(good) for one in spots], step), strict=True)
            step /= 2
            starts = np.concatenate([starts[~good], starts[~good] + step])
            if not len(starts):
                break
        return [piece for _, piece in sorted(kept, key=lambda pair: pair[0])]


def _pieces(cubics: Sequence[_Complex], lengths: _Floats, radius: float, profile: WidthProfile) -> list[_Piece]:
    parts = [_Cubic(*pair, float(lengths[-1, -1]), radius, profile) for pair in zip(cubics, lengths, strict=True)]
    return [piece for part in parts for piece in part.pieces()]


def _derivative(cubic: _Complex, t: _Floats, order: int) -> _Complex:
    """Return a cubic's points at t, or its first or second derivative."""
    row = cubic
    for degree in range(3, 3 - order, -1):
        row = degree * np.diff(row)
    while len(row) > 1:
        row = row[:-1, None] * (1 - t) + row[1:, None] * t if row.ndim == 1 else row[:-1] * (1 - t) + row[1:] * t
    found: _Complex = row[0]
    return found


def _fits(spots: Sequence[_Spots], step: float) -> NDArray[np.bool_]:
    """Whether the sides of pieces [P] are cubics to the tolerance; those that keep to the middle must be short."""
    start, middle, end = spots
    short = np.abs(end.middle - start.middle) <= middle.radius / 2
    fits = _goes_on(start, end) | short
    for side in (1, -1):
        back = _turns_back(spots, side)
        between = (start.beside(side) + end.beside(side)) / 2
        between = between + step / 8 * (start.beside_speed(side) - end.beside_speed(side))
        near = np.abs(between - middle.beside(side)) <= TOLERANCE
        fits = fits & np.where(back, short, near)
    return fits


def _goes_on(start: _Spots, end: _Spots) -> NDArray[np.bool_]:
    """Whether the line turns by less than a right angle."""
    goes_on: NDArray[np.bool_] = (start.along * end.along.conj()).real > 0
    return goes_on


def _turns_back(spots: Sequence[_Spots], side: int) -> NDArray[np.bool_]:
    back: NDArray[np.bool_] = np.any([one.turns_back(side) for one in spots], axis=0)
    return back


def _built(spots: Sequence[_Spots], step: float) -> list[_Piece]:
    """Return the pieces [P] between spots at their beginnings, middles and ends."""
    start, _, end = spots
    back = [_turns_back(spots, side) for side in (1, -1)]
    sides = []
    for side, keeps in zip((1, -1), back, strict=True):
        first, last = (np.where(keeps, one.middle, one.beside(side)) for one in (start, end))
        goes, comes = (np.where(keeps, one.speed, one.beside_speed(side)) * step / 3 for one in (start, end))
        sides.append(np.stack([first, first + goes, last - comes, last], axis=1))
    places = np.stack([one.middle for one in spots], axis=1)
    along = np.stack([start.along, end.along], axis=1)
    radii = np.stack([one.radius for one in spots], axis=1)
    sharp = back[0] | back[1] | ~_goes_on(start, end)
    return [_Piece(*parts) for parts in zip(*sides, places, along, radii, sharp, strict=True)]


def _turn(before: _Piece, piece: _Piece) -> float:
    """Return by which angle the line turns between two pieces, over 0 towards its left side."""
    return float(np.angle(piece.along[0] * before.along[1].conj()))


def _band(pieces: Sequence[_Piece]) -> _Complex:
    """Join the left sides, a round end, the right sides on the way back, and a round end."""
    chains: list[list[complex]] = []
    for side in (1, -1):
        curves = [(piece.left if side > 0 else piece.right).tolist() for piece in pieces]
        chain = curves[0][:1]
        for index, (piece, curve) in enumerate(zip(pieces, curves, strict=True)):
            if index and side * _turn(pieces[index - 1], piece) > CORNER:
                _go(chain, complex(piece.places[0]))
            _go(chain, *curve)
        chains.append(chain)
    left, right = chains
    first, last = pieces[0], pieces[-1]
    _round_end(left, complex(last.places[2]), complex(last.along[1] * last.radii[2]))
    _go(left, *right[::-1])
    _round_end(left, complex(first.places[0]), complex(-first.along[0] * first.radii[0]))
    _go(left, left[0])
    left[-1] = left[0]
    return np.array(left)


def _go(chain: list[complex], first: complex, *others: complex) -> None:
    """Go straight to a point, where the chain is not there yet, and on along cubics."""
    last = chain[-1]
    if abs(first - last) > _SAME:
        chain += [last + (first - last) / 3, last + (first - last) * 2 / 3, first]
    chain += others


def _round_end(chain: list[complex], middle: complex, reach: complex) -> None:
    """Go half round a middle, from its left to its right; ``reach`` leads from it to the line's end."""
    for direction in (1j * reach, reach):
        turned = -1j * direction
        handles = (direction + _QUARTER * turned, turned + _QUARTER * direction)
        _go(chain, middle + direction, *(middle + handle for handle in handles), middle + turned)


def _disc(middle: complex, radius: float) -> _Complex:
    chain = [middle + 1j * radius]
    for direction in (radius, -radius):
        _round_end(chain, middle, complex(direction))
    chain[-1] = chain[0]
    return np.array(chain)


def _discs(pieces: Sequence[_Piece]) -> list[tuple[complex, float]]:
    """Return middle and radius of the discs at sharp bends and corners, each once."""
    found: dict[tuple[complex, float], None] = {}
    for index, piece in enumerate(pieces):
        if piece.is_sharp:
            found.update(dict.fromkeys(zip(piece.places.tolist(), piece.radii.tolist(), strict=True)))
        elif index and abs(_turn(pieces[index - 1], piece)) > CORNER:
            found[(complex(piece.places[0]), float(piece.radii[0]))] = None
    return list(found)


def _rounded(chain: _Complex) -> Points:
    points: Points = np.round(chain.view(np.float64).reshape(-1, 2), DECIMALS) + 0.0
    return points
