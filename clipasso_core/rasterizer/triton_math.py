# mypy: disable-error-code="untyped-decorator, no-untyped-def"
"""Device functions of the Triton kernels: the formulas of ``nearest.py``, ``box.py`` and ``coverage.py``.

They work on squares [P, Q]: Q squares in each of the P pixels of a tile. ``coefficients`` points at
the polynomials [cubics, 8] of one stroke, rows x0 x1 x2 x3 y0 y1 y2 y3; ``lines`` at how many
straight lines [cubics] follow them. All is float32.
"""

from __future__ import annotations

import triton
import triton.language as tl

TINY = tl.constexpr(1e-20)
FLATTEST = tl.constexpr(1e-4)
CUSP = tl.constexpr(0.15)


@triton.jit
def sign(x):
    """Return -1, 0 or 1."""
    return tl.where(x > 0, 1.0, tl.where(x < 0, -1.0, 0.0))


@triton.jit
def clamp(x, low, high):
    """Return x held between low and high."""
    return tl.minimum(tl.maximum(x, low), high)


@triton.jit
def cubic_at(a, b, c, d, t):
    """Return a + b t + c t^2 + d t^3."""
    return a + t * (b + t * (c + t * d))


@triton.jit
def to_line(x, y, from_x, from_y, to_x, to_y):
    """Return (squared distance, place 0-1 along the line) of the nearest place on a line."""
    step_x, step_y = to_x - from_x, to_y - from_y
    rest_x, rest_y = x - from_x, y - from_y
    along = (rest_x * step_x + rest_y * step_y) / tl.maximum(step_x * step_x + step_y * step_y, TINY)
    along = clamp(along, 0.0, 1.0)
    rest_x, rest_y = rest_x - along * step_x, rest_y - along * step_y
    return rest_x * rest_x + rest_y * rest_y, along


@triton.jit
def polynomial(at):
    """Load the polynomials (x0 ... x3, y0 ... y3) that ``at`` points to."""
    x0, x1, x2, x3 = tl.load(at), tl.load(at + 1), tl.load(at + 2), tl.load(at + 3)
    y0, y1, y2, y3 = tl.load(at + 4), tl.load(at + 5), tl.load(at + 6), tl.load(at + 7)
    return x0, x1, x2, x3, y0, y1, y2, y3


@triton.jit
def nearest_line(coefficients, lines, x, y, cubics):
    """Return (t, reach in t, cubic) of the nearest place on a stroke's lines; of equals the first."""
    best = x * 0 + 1e30
    t, reach = x * 0, x * 0
    cubic = t.to(tl.int32)
    for c in range(cubics):
        x0, x1, x2, x3, y0, y1, y2, y3 = polynomial(coefficients + 8 * c)
        count = tl.load(lines + c)
        step = 1.0 / count
        from_x, from_y = x0, y0
        for k in range(count):
            to_x, to_y = cubic_at(x0, x1, x2, x3, (k + 1) * step), cubic_at(y0, y1, y2, y3, (k + 1) * step)
            square, along = to_line(x, y, from_x, from_y, to_x, to_y)
            closer = square < best
            best = tl.where(closer, square, best)
            t = tl.where(closer, (k + along) * step, t)
            reach = tl.where(closer, step, reach)
            cubic = tl.where(closer, c, cubic)
            from_x, from_y = to_x, to_y
    return t, reach, cubic


@triton.jit
def motion(x0, x1, x2, x3, y0, y1, y2, y3, t, x, y):
    """Return offset, velocity, acceleration (x, y each) at t as seen from (x, y), and ``stiffness``."""
    ex, ey = x - cubic_at(x0, x1, x2, x3, t), y - cubic_at(y0, y1, y2, y3, t)
    vx, vy = x1 + t * (2 * x2 + 3 * x3 * t), y1 + t * (2 * y2 + 3 * y3 * t)
    ax, ay = 2 * x2 + 6 * x3 * t, 2 * y2 + 6 * y3 * t
    speed = vx * vx + vy * vy
    firm = tl.maximum(tl.maximum(speed - (ex * ax + ey * ay), 0.05 * speed), TINY)
    return ex, ey, vx, vy, ax, ay, firm


@triton.jit
def nearest(coefficients, lines, x, y, cubics):
    """Return (t, cubic) of the nearest point: the nearest line's, then one Newton step on the curve."""
    t, reach, cubic = nearest_line(coefficients, lines, x, y, cubics)
    x0, x1, x2, x3, y0, y1, y2, y3 = polynomial(coefficients + 8 * cubic)
    ex, ey, vx, vy, _, _, firm = motion(x0, x1, x2, x3, y0, y1, y2, y3, t, x, y)
    moved = t + (ex * vx + ey * vy) / firm
    return clamp(moved, tl.maximum(t - reach, 0.0), tl.minimum(t + reach, 1.0)), cubic


@triton.jit
def normal(ex, ey, vx, vy, t):
    """Return (nx, ny, signed distance, smooth) of the edge, as ``nearest.frame_at`` does."""
    speed = vx * vx + vy * vy
    inverse = tl.rsqrt(speed + TINY)
    tx, ty = vx * inverse, vy * inverse
    along = ex * tx + ey * ty
    square = ex * ex + ey * ey
    square_on = (0.01 * square + 1e-3 > along * along) & (speed > 1e-12) & (t > 0) & (t < 1)
    smooth = tl.where(square_on, 1.0, 0.0)
    rough = (1 - smooth) * tl.rsqrt(tl.maximum(square, 1e-12))
    nx, ny = rough * ex - smooth * ty, rough * ey + smooth * tx
    return nx, ny, ex * nx + ey * ny, smooth


@triton.jit
def excess(nx, ny, x):
    """Return (share above one half at |x|, part of the slope climbed), as ``box.Edge.excess`` does."""
    ax, ay = tl.abs(nx), tl.abs(ny)
    wide, narrow = tl.maximum(ax, ay), tl.maximum(tl.minimum(ax, ay), FLATTEST)
    level = (wide - narrow) * 0.5
    slope = tl.minimum(tl.maximum(tl.abs(x) - level, 0.0), narrow)
    climbed = slope / narrow
    return (tl.minimum(tl.abs(x), level) + slope * (1 - 0.5 * climbed)) / wide, climbed


@triton.jit
def slopes(nx, ny, x):
    """Return the share's derivatives (by x, by the edge's turning), as ``box.Edge.slopes`` does."""
    share, climbed = excess(nx, ny, x)
    ax, ay = tl.abs(nx), tl.abs(ny)
    wide, narrow = tl.maximum(ax, ay), tl.maximum(tl.minimum(ax, ay), FLATTEST)
    by_wide = (0.5 * climbed - share) / wide
    by_narrow = 0.5 * climbed * (climbed - 1) / wide
    return (1 - climbed) / wide, (wide * by_narrow - narrow * by_wide) * sign(x)


@triton.jit
def band(nx, ny, distance, radius, squares):
    """Return the share of a square between the two edges of its stroke."""
    near, far = (radius - tl.abs(distance)) * squares, (-radius - tl.abs(distance)) * squares
    near_share, _ = excess(nx, ny, near)
    far_share, _ = excess(nx, ny, far)
    return near_share * sign(near) - far_share * sign(far)


@triton.jit
def cover(coefficients, lines, radius, x, y, cubics, squares):
    """Return the coverage [P, Q] of squares by one stroke."""
    t, cubic = nearest(coefficients, lines, x, y, cubics)
    x0, x1, x2, x3, y0, y1, y2, y3 = polynomial(coefficients + 8 * cubic)
    ex, ey, vx, vy, _, _, _ = motion(x0, x1, x2, x3, y0, y1, y2, y3, t, x, y)
    nx, ny, distance, _ = normal(ex, ey, vx, vy, t)
    return band(nx, ny, distance, radius, squares)


@triton.jit
def edge_gradient(nx, ny, distance, radius, by_cover, squares):
    """Turn derivatives by coverage into those by the edge's signed distance, the radius, the edge's turning."""
    near_x, near_turn = slopes(nx, ny, (radius - tl.abs(distance)) * squares)
    far_x, far_turn = slopes(nx, ny, (-radius - tl.abs(distance)) * squares)
    corner = sign(nx * ny * (tl.abs(nx) - tl.abs(ny)))
    by_distance = by_cover * squares * (far_x - near_x) * sign(distance)
    return by_distance, by_cover * squares * (near_x + far_x), by_cover * (near_turn - far_turn) * corner


@triton.jit
def point_forces(ex, ey, vx, vy, ax, ay, firm, nx, ny, distance, smooth, by_distance, by_turn):
    """Turn derivatives by the edge's distance and direction into those by the nearest point and its velocity.

    Returns (point x, y, velocity x, y): ``coverage._by_coefficients`` says how.
    """
    speed = vx * vx + vy * vy + TINY
    halt = (2 * CUSP) * tl.sqrt(ax * ax + ay * ay + TINY)
    turn = by_turn * smooth * tl.rsqrt(speed) * tl.minimum(speed / halt, 1.0)
    slide = turn * (nx * ax + ny * ay) / firm
    swing = by_turn * (1 - smooth) / tl.maximum(tl.abs(distance), 1e-6)
    point_x = swing * ny - by_distance * nx - slide * vx
    point_y = -swing * nx - by_distance * ny - slide * vy
    return point_x, point_y, turn * nx + slide * ex, turn * ny + slide * ey
