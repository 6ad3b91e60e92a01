# mypy: disable-error-code="untyped-decorator, no-untyped-def"
"""The edge, for the Triton kernels: the functions of ``rasterizer/edge.py`` under the same names.

They work on squares [P, Q]: Q squares in each of the P pixels of a tile. ``coefficients`` points at
the polynomials [cubics, 8] of one stroke, rows x0 x1 x2 x3 y0 y1 y2 y3; ``lines`` at how many
straight lines [cubics] follow them. All is float32.
"""

from __future__ import annotations

import triton
import triton.language as tl

from .. import edge

SMALLEST = tl.constexpr(edge.SMALLEST)
FLATTEST = tl.constexpr(edge.FLATTEST)


@triton.jit
def nearest(coefficients, lines, x, y, cubics):
    """Return (t, cubic) of the nearest point: the nearest line's, then one Newton step on the curve."""
    t, reach, cubic = nearest_line(coefficients, lines, x, y, cubics)
    x0, x1, x2, x3, y0, y1, y2, y3 = polynomial(coefficients + 8 * cubic)
    return refine(x0, x1, x2, x3, y0, y1, y2, y3, t, reach, x, y), cubic


@triton.jit
def refine(x0, x1, x2, x3, y0, y1, y2, y3, t, reach, x, y):
    """Return t after one Newton step of at most ``reach`` towards the nearest point of the curve."""
    ex, ey, vx, vy, hx, hy = motion(x0, x1, x2, x3, y0, y1, y2, y3, t, x, y)
    moved = t + dot(ex, ey, vx, vy) / stiffness(ex, ey, hx, hy, dot(vx, vy, vx, vy))
    return clamp(moved, tl.maximum(t - reach, 0.0), tl.minimum(t + reach, 1.0))


@triton.jit
def edge_point(ex, ey, vx, vy, t):
    """Return (nx, ny, signed distance, smooth) of the edge; ``smooth`` is 0 at ends and cusps, else 1."""
    speed = dot(vx, vy, vx, vy)
    inverse = tl.rsqrt(speed + SMALLEST)
    tx, ty = vx * inverse, vy * inverse
    along = dot(ex, ey, tx, ty)
    square = dot(ex, ey, ex, ey)
    square_on = (0.01 * square + 1e-3 > along * along) & (speed > 1e-12) & (t > 0) & (t < 1)
    smooth = tl.where(square_on, 1.0, 0.0)
    rough = (1 - smooth) * tl.rsqrt(tl.maximum(square, 1e-12))
    nx, ny = rough * ex - smooth * ty, rough * ey + smooth * tx
    return nx, ny, dot(ex, ey, nx, ny), smooth


@triton.jit
def cut(nx, ny, distance, radius, squares):
    """Return the share of a square between the two edges of its stroke."""
    wide, narrow = trapezoid(nx, ny)
    near, _ = share(wide, narrow, (radius - tl.abs(distance)) * squares)
    far, _ = share(wide, narrow, (-radius - tl.abs(distance)) * squares)
    return near - far


@triton.jit
def motion(x0, x1, x2, x3, y0, y1, y2, y3, t, x, y):
    """Return offset, velocity and half the acceleration (x, y each) at t as seen from (x, y)."""
    ex, ey = x - cubic_at(x0, x1, x2, x3, t), y - cubic_at(y0, y1, y2, y3, t)
    vx, vy = x1 + t * (2 * x2 + 3 * x3 * t), y1 + t * (2 * y2 + 3 * y3 * t)
    return ex, ey, vx, vy, x2 + 3 * x3 * t, y2 + 3 * y3 * t


@triton.jit
def stiffness(ex, ey, hx, hy, speed):
    """Return -d/dt of (offset . velocity), kept above 0: how firmly the nearest point sits; speed is squared."""
    return tl.maximum(tl.maximum(speed - 2 * dot(ex, ey, hx, hy), 0.05 * speed), SMALLEST)


@triton.jit
def trapezoid(nx, ny):
    """Return the larger and the smaller of |nx|, |ny|."""
    ax, ay = tl.abs(nx), tl.abs(ny)
    return tl.maximum(ax, ay), tl.maximum(tl.minimum(ax, ay), FLATTEST)


@triton.jit
def share(wide, narrow, x):
    """Return (share of the square inside an edge at x, minus 1/2; part of the slope that |x| has climbed)."""
    level = (wide - narrow) * 0.5
    slope = tl.minimum(tl.maximum(tl.abs(x) - level, 0.0), narrow)
    climbed = slope / narrow
    return (tl.minimum(tl.abs(x), level) + slope * (1 - 0.5 * climbed)) / wide * sign(x), climbed


@triton.jit
def slopes(wide, narrow, x):
    """Return the share's derivatives (by x, by the edge's turning, without the turning's sign)."""
    value, climbed = share(wide, narrow, x)
    by_wide = (0.5 * climbed - tl.abs(value)) / wide
    by_narrow = 0.5 * climbed * (climbed - 1) / wide
    return (1 - climbed) / wide, (wide * by_narrow - narrow * by_wide) * sign(x)


@triton.jit
def dot(ax, ay, bx, by):
    """Return the product of vectors a and b."""
    return ax * bx + ay * by


@triton.jit
def nearest_line(coefficients, lines, x, y, cubics):
    """Return (t, step in t, cubic) of the nearest place on a stroke's lines; of equals the first."""
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
def to_line(x, y, from_x, from_y, to_x, to_y):
    """Return (squared distance, place 0-1 along the line) of the nearest place on a line."""
    step_x, step_y = to_x - from_x, to_y - from_y
    rest_x, rest_y = x - from_x, y - from_y
    along = dot(rest_x, rest_y, step_x, step_y) / tl.maximum(dot(step_x, step_y, step_x, step_y), SMALLEST)
    along = clamp(along, 0.0, 1.0)
    rest_x, rest_y = rest_x - along * step_x, rest_y - along * step_y
    return dot(rest_x, rest_y, rest_x, rest_y), along


@triton.jit
def polynomial(at):
    """Load the polynomials (x0 ... x3, y0 ... y3) that ``at`` points to."""
    x0, x1, x2, x3 = tl.load(at), tl.load(at + 1), tl.load(at + 2), tl.load(at + 3)
    y0, y1, y2, y3 = tl.load(at + 4), tl.load(at + 5), tl.load(at + 6), tl.load(at + 7)
    return x0, x1, x2, x3, y0, y1, y2, y3


@triton.jit
def cubic_at(a, b, c, d, t):
    """Return a + b t + c t^2 + d t^3."""
    return a + t * (b + t * (c + t * d))


@triton.jit
def clamp(x, low, high):
    """Return x held between low and high."""
    return tl.minimum(tl.maximum(x, low), high)


@triton.jit
def sign(x):
    """Return -1, 0 or 1."""
    return tl.where(x > 0, 1.0, tl.where(x < 0, -1.0, 0.0))
