# mypy: disable-error-code="untyped-decorator, no-untyped-def"
"""Cells, for the Triton kernels: the canvas in tiles, and which strokes touch which tile.

Shared by all kernels: B sketches of N strokes of C cubics; ``coefficients`` [B, N, C, 8], ``lines`` [B, N, C]
int32, ``radius`` [B, N] px (0: not drawn), ``color`` [B, N, 4] straight RGBA. The canvas is cut into T
tiles of ``tile`` x ``tile`` pixels, in rows; a pixel into ``squares`` x ``squares`` squares. ``touched``
[B, T, words] int32 holds WORD strokes per word, bit by bit. Nothing adds into memory that another program
writes, so the same input gives the same bits.
"""

from __future__ import annotations

import triton
import triton.language as tl

from . import STROKES_PER_WORD
from .edge import cubic_at, polynomial, to_line

WORD = tl.constexpr(STROKES_PER_WORD)


@triton.jit
def touch_kernel(
    coefficients, lines, radius, touched, strokes, cubics, tiles, across, slack, tile: tl.constexpr, group: tl.constexpr
):
    """Mark which strokes of a word come near a ``group`` of tiles. Programs: (groups, words, B)."""
    number = tl.program_id(0) * group + tl.arange(0, group)[:, None]
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
    place = tl.program_id(0) * group + tl.arange(0, group)
    words = tl.num_programs(1)
    row = tl.program_id(2).to(tl.int64) * tiles + place  # times ``words`` it may be beyond 32 bits
    tl.store(touched + row * words + tl.program_id(1), bits, mask=place < tiles)


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
