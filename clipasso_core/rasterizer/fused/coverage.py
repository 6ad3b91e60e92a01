# mypy: disable-error-code="untyped-decorator, no-untyped-def"
"""Coverage, for the Triton kernels: of squares by one stroke, and its derivatives, as ``rasterizer/coverage.py`` has.

``coefficients``, ``lines`` and the squares [P, Q] are those of ``edge.py``; ``radius`` is in px.
"""

from __future__ import annotations

import triton
import triton.language as tl

from .. import coverage
from .edge import SMALLEST, cut, dot, edge_point, motion, nearest, polynomial, sign, slopes, stiffness, trapezoid

CUSP = tl.constexpr(coverage.CUSP)


@triton.jit
def cover(coefficients, lines, radius, x, y, cubics, squares):
    """Return the coverage [P, Q] of squares by one stroke."""
    t, cubic = nearest(coefficients, lines, x, y, cubics)
    x0, x1, x2, x3, y0, y1, y2, y3 = polynomial(coefficients + 8 * cubic)
    ex, ey, vx, vy, _, _ = motion(x0, x1, x2, x3, y0, y1, y2, y3, t, x, y)
    nx, ny, distance, _ = edge_point(ex, ey, vx, vy, t)
    return cut(nx, ny, distance, radius, squares)


@triton.jit
def edge_gradient(nx, ny, distance, radius, by_cover, squares):
    """Turn derivatives by coverage into those by the edge's signed distance, the radius, the edge's turning."""
    wide, narrow = trapezoid(nx, ny)
    near_x, near_turn = slopes(wide, narrow, (radius - tl.abs(distance)) * squares)
    far_x, far_turn = slopes(wide, narrow, (-radius - tl.abs(distance)) * squares)
    corner = sign(nx * ny * (tl.abs(nx) - tl.abs(ny)))
    by_distance = by_cover * squares * (far_x - near_x) * sign(distance)
    return by_distance, by_cover * squares * (near_x + far_x), by_cover * (near_turn - far_turn) * corner


@triton.jit
def curve_gradient(ex, ey, vx, vy, hx, hy, nx, ny, distance, smooth, by_distance, by_turn):
    """Turn derivatives by the edge's distance and direction into those by the nearest point and its velocity.

    Returns (point x, y, velocity x, y); ``rasterizer/coverage.py`` says how.
    """
    speed = dot(vx, vy, vx, vy) + SMALLEST
    firm = stiffness(ex, ey, hx, hy, dot(vx, vy, vx, vy))
    halt = (2 * CUSP) * tl.sqrt(4 * dot(hx, hy, hx, hy) + SMALLEST)
    turn = by_turn * smooth * tl.rsqrt(speed) * tl.minimum(speed / halt, 1.0)
    slide = 2 * turn * dot(nx, ny, hx, hy) / firm
    swing = by_turn * (1 - smooth) / tl.maximum(tl.abs(distance), 1e-6)
    point_x = swing * ny - by_distance * nx - slide * vx
    point_y = -swing * nx - by_distance * ny - slide * vy
    return point_x, point_y, turn * nx + slide * ex, turn * ny + slide * ey
