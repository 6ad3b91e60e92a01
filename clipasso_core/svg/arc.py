"""Elliptical arcs as cubic Bézier curves. Points are complex numbers x + iy."""

from __future__ import annotations

import cmath
import math


def arc_to_cubics(
    start: complex, radii: tuple[float, float], degrees: float, large: bool, sweep: bool, end: complex
) -> list[complex]:
    """Write an SVG arc as joined cubics of at most a quarter turn each.

    The curve is off by less than 0.03 % of the larger radius.

    Args:
        start: where the arc begins, px.
        radii: of the ellipse along its own axes, px; signs do not count, too small ones grow until they reach.
        degrees: turn of the ellipse's x axis, clockwise on the screen.
        large: take the arc of more than half a turn.
        sweep: go clockwise on the screen.
        end: where the arc ends, px.

    Returns:
        The points after ``start``: three a segment, the last of them ``end``; none when start and end are one.

    Source: SVG 1.1, appendix F.6 (elliptical arc implementation notes).
    """
    rx, ry = abs(radii[0]), abs(radii[1])
    if start == end:
        return []
    straight = [start + (end - start) / 3, start + (end - start) * 2 / 3, end]
    if min(rx, ry) <= 1e-9 * abs(end - start):
        return straight
    turn = cmath.exp(1j * math.radians(degrees))
    chord = _squeeze((end - start) / turn, rx, ry)
    if abs(chord) < 1e-300:
        return straight
    grow = max(abs(chord) / 2, 1.0)
    points = _unit_arc(chord / grow, large, sweep)
    placed = [start + complex(p.real * rx, p.imag * ry) * grow * turn for p in points]
    return [*placed[:-1], end]


def _squeeze(point: complex, rx: float, ry: float) -> complex:
    return complex(point.real / rx, point.imag / ry)


def _unit_arc(chord: complex, large: bool, sweep: bool) -> list[complex]:
    """Return cubics along an arc of radius 1 from 0 to ``chord`` (at most 2 long), without the first point."""
    height = math.sqrt(max(1 - abs(chord / 2) ** 2, 0.0))
    side = -1 if large == sweep else 1
    centre = chord / 2 + side * height * 1j * chord / abs(chord)
    angle = cmath.phase((chord - centre) / -centre)
    if sweep and angle < 0:
        angle += 2 * math.pi
    elif not sweep and angle > 0:
        angle -= 2 * math.pi
    count = max(math.ceil(abs(angle) / (math.pi / 2) - 1e-9), 1)
    step = cmath.exp(1j * angle / count)
    reach = 4 / 3 * math.tan(angle / count / 4)
    spoke, points = -centre, []
    for _ in range(count):
        following = spoke * step
        points += [spoke * (1 + 1j * reach), following * (1 - 1j * reach), following]
        spoke = following
    return [centre + point for point in points]
