# mypy: disable-error-code="untyped-decorator, no-untyped-def"
"""Compose, for the Triton kernels: paint in order, and the gradient; ``cells.py`` says what the arguments are.

The gradient works everything out anew. Each of its programs owns one cubic and every ``chunks``-th tile of its
stroke's window, and writes sums of its own; torch adds these up afterwards, in a fixed order.
"""

from __future__ import annotations

import triton
import triton.language as tl

from .cells import WORD, squares_of
from .coverage import cover, curve_gradient, edge_gradient
from .edge import cut, edge_point, motion, nearest, polynomial


@triton.jit
def paint_kernel(
    coefficients, lines, radius, color, touched, image,
    strokes, cubics, height, width, words, tile: tl.constexpr, squares: tl.constexpr,
):  # fmt: skip
    """Paint one tile of ``image`` [B, 4, H, W], square by square. Programs: (T, B)."""
    sketch = tl.program_id(1).to(tl.int64)  # times a large picture's size it is beyond 32 bits
    x, y, pixel, there = squares_of(tl.program_id(0), height, width, tile, squares)
    red, green, blue, full = x * 0, x * 0, x * 0, x * 0
    touched += (sketch * tl.num_programs(0) + tl.program_id(0)) * words
    for word in range(words):
        bits = tl.load(touched + word)
        if bits != 0:
            for lane in range(WORD):
                if (bits >> lane) & 1 != 0:
                    at = sketch * strokes + word * WORD + lane
                    own, paint = at * cubics, color + 4 * at
                    a = cover(coefficients + 8 * own, lines + own, tl.load(radius + at), x, y, cubics, squares)
                    a *= tl.load(paint + 3)
                    red += a * (tl.load(paint) - red)
                    green += a * (tl.load(paint + 1) - green)
                    blue += a * (tl.load(paint + 2) - blue)
                    full += a * (1 - full)
    image += sketch * 4 * height * width + pixel
    share = 1.0 / (squares * squares)
    tl.store(image, tl.sum(red, axis=1) * share, mask=there)
    tl.store(image + height * width, tl.sum(green, axis=1) * share, mask=there)
    tl.store(image + 2 * height * width, tl.sum(blue, axis=1) * share, mask=there)
    tl.store(image + 3 * height * width, tl.sum(full, axis=1) * share, mask=there)


@triton.jit
def gradient_kernel(
    coefficients, lines, radius, color, touched, window, upstream, partial,
    strokes, cubics, height, width, tiles, words, tile: tl.constexpr, squares: tl.constexpr,
):  # fmt: skip
    """Sum the gradient of one cubic over part of its window. Programs: (B * N, C, chunks).

    ``window`` [B, N, 4] int32: left, top, right, bottom tile; right and bottom are one past the last.
    ``upstream`` [B, 4, H, W]. ``partial`` [B * N, C, chunks, 16]: by polynomial (8), radius, red, green, blue, alpha.
    """
    at, own, chunk = tl.program_id(0), tl.program_id(1), tl.program_id(2)
    first = at // strokes * strokes
    stroke = at - first
    sketch = (at // strokes).to(tl.int64)  # as in paint_kernel
    left, top = tl.load(window + 4 * at), tl.load(window + 4 * at + 1)
    wide, high = tl.load(window + 4 * at + 2) - left, tl.load(window + 4 * at + 3) - top
    sums = tl.zeros([tile * tile, 16], tl.float32)
    for k in range(chunk, wide * high, tl.num_programs(2)):
        number = (top + k // wide) * tl.cdiv(width, tile) + left + k % wide
        marks = touched + (sketch * tiles + number) * words
        if (tl.load(marks + stroke // WORD) >> (stroke % WORD)) & 1 != 0:
            x, y, pixel, there = squares_of(number, height, width, tile, squares)
            size = height * width
            source = upstream + sketch * 4 * size + pixel
            share = 1.0 / (squares * squares)
            red = (tl.load(source, mask=there, other=0.0) * share)[:, None]
            green = (tl.load(source + size, mask=there, other=0.0) * share)[:, None]
            blue = (tl.load(source + 2 * size, mask=there, other=0.0) * share)[:, None]
            full = (tl.load(source + 3 * size, mask=there, other=0.0) * share)[:, None]
            under, through = others(
                coefficients, lines, radius, color, marks, first, stroke, cubics, words,
                x, y, red, green, blue, full, squares,
            )  # fmt: skip
            sums = tile_gradient(
                sums, coefficients + 8 * at * cubics, lines + at * cubics, radius + at, color + 4 * at,
                own, x, y, under, through, red, green, blue, full, cubics, squares,
            )  # fmt: skip
    place = (at * tl.num_programs(1) + own) * tl.num_programs(2) + chunk
    tl.store(partial + place * 16 + tl.arange(0, 16), tl.sum(sums, axis=0))


@triton.jit
def others(
    coefficients, lines, radius, color, touched, first, stroke, cubics, words,
    x, y, red, green, blue, full, squares: tl.constexpr,
):  # fmt: skip
    """Return what lies under a stroke, weighed by the gradient [P, 1] each, and the light through all above it."""
    under, through = x * 0, x * 0 + 1
    for word in range(words):
        bits = tl.load(touched + word)
        if bits != 0:
            for lane in range(WORD):
                number = word * WORD + lane
                if ((bits >> lane) & 1 != 0) & (number != stroke):
                    at = first + number
                    own = at * cubics
                    a = cover(coefficients + 8 * own, lines + own, tl.load(radius + at), x, y, cubics, squares)
                    a *= tl.load(color + 4 * at + 3)
                    paint = weigh(color + 4 * at, red, green, blue, full)
                    under += tl.where(number < stroke, a * (paint - under), 0.0)
                    through *= tl.where(number < stroke, 1.0, 1 - a)
    return under, through


@triton.jit
def tile_gradient(
    sums, coefficients, lines, radius, paint,
    own, x, y, under, through, red, green, blue, full, cubics, squares: tl.constexpr,
):  # fmt: skip
    """Add one tile's derivatives by a stroke's cubic ``own`` to sums [P, 16]; pointers are the stroke's."""
    t, cubic = nearest(coefficients, lines, x, y, cubics)
    x0, x1, x2, x3, y0, y1, y2, y3 = polynomial(coefficients + 8 * own)
    ex, ey, vx, vy, hx, hy = motion(x0, x1, x2, x3, y0, y1, y2, y3, t, x, y)
    nx, ny, distance, smooth = edge_point(ex, ey, vx, vy, t)
    r, alpha = tl.load(radius), tl.load(paint + 3)
    covered = cut(nx, ny, distance, r, squares)
    mine = tl.where(cubic == own, through, 0.0)
    lift = (weigh(paint, red, green, blue, full) - under) * mine
    shown = alpha * covered * mine
    by_distance, by_radius, by_turn = edge_gradient(nx, ny, distance, r, lift * alpha, squares)
    px, py, wx, wy = curve_gradient(ex, ey, vx, vy, hx, hy, nx, ny, distance, smooth, by_distance, by_turn)
    sums = put(sums, 0, px)
    sums = put(sums, 1, px * t + wx)
    sums = put(sums, 2, t * (px * t + 2 * wx))
    sums = put(sums, 3, t * t * (px * t + 3 * wx))
    sums = put(sums, 4, py)
    sums = put(sums, 5, py * t + wy)
    sums = put(sums, 6, t * (py * t + 2 * wy))
    sums = put(sums, 7, t * t * (py * t + 3 * wy))
    sums = put(sums, 8, by_radius)
    sums = put(sums, 9, red * shown)
    sums = put(sums, 10, green * shown)
    sums = put(sums, 11, blue * shown)
    return put(sums, 12, lift * covered)


@triton.jit
def weigh(paint, red, green, blue, full):
    """Return a stroke's paint weighed by the gradient [P, 1]; ``paint`` points at its RGBA."""
    return red * tl.load(paint) + green * tl.load(paint + 1) + blue * tl.load(paint + 2) + full


@triton.jit
def put(sums, slot, values):
    """Add the sums of values [P, Q] over Q into column ``slot`` of sums [P, 16]."""
    here = tl.arange(0, 16)[None, :] == slot
    return sums + tl.where(here, tl.sum(values, axis=1)[:, None], 0.0)
