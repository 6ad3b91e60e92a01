# mypy: disable-error-code="untyped-decorator, no-untyped-def"
"""Triton kernels: which strokes touch which tile, and painting; ``triton_gradient.py`` holds the gradient.

Shared by all: B sketches of N strokes of C cubics; ``coefficients`` [B, N, C, 8], ``lines`` [B, N, C]
int32, ``radius`` [B, N] px (0: not drawn), ``color`` [B, N, 4] straight RGBA. The canvas is cut into T
tiles of ``tile`` x ``tile`` pixels, in rows; a pixel into ``squares`` x ``squares`` squares. ``touched``
[B, T, words] int32 holds 16 strokes a word, bit by bit. Nothing adds into memory that another program
writes, so the same input gives the same bits.
"""

from __future__ import annotations

import triton
import triton.language as tl

from .triton_math import cover, cubic_at, polynomial, to_line

WORD = tl.constexpr(16)


@triton.jit
def squares_of(number, height, width, tile: tl.constexpr, squares: tl.constexpr):
    """Return centres x, y [P, Q] of a tile's squares, and its pixels' places [P] in the image, and which exist."""
    across = tl.cdiv(width, tile)
    pixel = tl.arange(0, tile * tile)
    column = number % across * tile + pixel % tile
    row = number // across * tile + pixel // tile
    square = tl.arange(0, squares * squares)
    x = column[:, None] + (square % squares + 0.5)[None, :] / squares
    y = row[:, None] + (square // squares + 0.5)[None, :] / squares
    return x, y, row * width + column, (row < height) & (column < width)


@triton.jit
def touch_kernel(
    coefficients, lines, radius, touched, strokes, cubics, tiles, across, slack, tile: tl.constexpr, block: tl.constexpr
):
    """Mark which of 16 strokes come near ``block`` tiles. Programs: (blocks, words, B)."""
    number = tl.program_id(0) * block + tl.arange(0, block)[:, None]
    x, y = (number % across + 0.5) * tile, (number // across + 0.5) * tile
    lane = tl.arange(0, WORD)[None, :]
    stroke = tl.program_id(1) * WORD + lane
    there = stroke < strokes
    at = tl.program_id(2) * strokes + tl.minimum(stroke, strokes - 1)
    r = tl.load(radius + at)
    least = x * 0 + y * 0 + r * 0 + 1e30
    for c in range(cubics):
        x0, x1, x2, x3, y0, y1, y2, y3 = polynomial(coefficients + 8 * (at * cubics + c))
        count = tl.load(lines + at * cubics + c)
        from_x, from_y = x0, y0
        for k in range(tl.max(count)):
            t = tl.minimum((k + 1.0) / count, 1.0)
            to_x, to_y = cubic_at(x0, x1, x2, x3, t), cubic_at(y0, y1, y2, y3, t)
            square, _ = to_line(x, y, from_x, from_y, to_x, to_y)
            least = tl.minimum(least, square)
            from_x, from_y = to_x, to_y
    reach = r + slack
    hit = there & (r > 0) & (least <= reach * reach)
    bits = tl.sum(tl.where(hit, 1, 0) << lane, axis=1)
    place = tl.program_id(0) * block + tl.arange(0, block)
    words = tl.num_programs(1)
    tl.store(touched + (tl.program_id(2) * tiles + place) * words + tl.program_id(1), bits, mask=place < tiles)


@triton.jit
def paint_kernel(
    coefficients,
    lines,
    radius,
    color,
    touched,
    image,
    strokes,
    cubics,
    height,
    width,
    words,
    tile: tl.constexpr,
    squares: tl.constexpr,
):
    """Paint one tile of ``image`` [B, 4, H, W], square by square. Programs: (T, B)."""
    sketch = tl.program_id(1)
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
