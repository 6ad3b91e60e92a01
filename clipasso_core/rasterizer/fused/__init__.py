"""The rasterizer as three fused Triton kernels for a GPU; the same formulas and stages as ``analytic``.

This file is what the host does, and needs no triton; the kernels beside it are imported when they draw.
Shapes depend on the canvas, B, N and K alone, nothing waits for the host and nothing adds up in
an order that may vary: a CUDA graph can capture drawing and gradient, and replays give the same bits.
Every pixel is cut into 4 x 4 squares, in painter's order; opaque black is no special case.
"""

from __future__ import annotations

import functools
import importlib.util
import os
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from ...bezier import segments_of
from ...errors import ConfigError
from ...strokes import Strokes
from ..scene import FARTHEST, HALF_DIAGONAL, TOLERANCE, line_counts, power_basis

TILE = 8
"""px, the side of a tile: one program each."""

PIXEL_SIDE = 4
"""Squares per side of a pixel."""

STROKES_PER_WORD = 16
"""Strokes per whole number of the table that says which stroke touches which tile."""

TILE_GROUP = 32
"""Tiles that one program looks at for that table."""

CHUNKS = 32
"""Programs that share the window of one curve in the backward."""

SLACK = TILE * HALF_DIAGONAL + 2 * TOLERANCE
"""px from a tile's centre to its corner, and what a line may lie beside its curve."""

INSTALL_TRITON = "triton is not installed; torch brings it on Linux with CUDA, elsewhere: pip install triton"


@functools.cache
def installed() -> bool:
    """Whether triton can be imported."""
    return importlib.util.find_spec("triton") is not None


def why_not(strokes: Strokes) -> str | None:
    """Return why the kernels cannot draw these strokes, or None if they can."""
    device, dtype = strokes.control_points.device.type, strokes.control_points.dtype
    if dtype == torch.float64:
        return "the Triton kernels compute in float32, and the strokes are float64"
    if not installed():
        return INSTALL_TRITON
    if device != "cuda" and os.environ.get("TRITON_INTERPRET") != "1":
        return f"the Triton kernels need a CUDA device, and the strokes are on {device}"
    return None


def render(strokes: Strokes, size: tuple[int, int] | None = None) -> Tensor:
    """Draw premultiplied RGBA [B, 4, H, W] float32 on nothing, later strokes over earlier ones.

    Args:
        strokes: B sketches in float32, or in bfloat16 or float16 (computed in float32).
        size: (height, width) px to draw at, the drawing scaled with it; None for the canvas's own.

    Raises:
        ConfigError: ``why_not`` has a reason.
    """
    why = why_not(strokes)
    if why is not None:
        raise ConfigError(f"{why}. Use get_rasterizer('analytic'), which draws these.")
    height, width = strokes.canvas_size if size is None else size
    scale_y, scale_x = height / strokes.canvas_size[0], width / strokes.canvas_size[1]
    x, y = strokes.control_points.float().clamp(-FARTHEST, FARTHEST).unbind(-1)
    control = torch.stack([x * scale_x, y * scale_y], -1)
    drawn = strokes.alive & (strokes.stroke_width.detach() > 0)
    radius = strokes.stroke_width.float() * drawn * ((scale_x * scale_y) ** 0.5 / 2)
    radius = radius.clamp(max=FARTHEST)
    cubics = segments_of(control)
    flat = cubics.reshape(-1, 4, 2)
    coefficients = power_basis(flat).t().reshape(*cubics.shape[:3], 8)
    with torch.no_grad():
        lines = line_counts(flat).int().reshape(cubics.shape[:3])
        window = _window(control, radius, (height, width))
    image: Tensor = PaintTiles.apply(coefficients, radius, strokes.color.float(), lines, window, (height, width))
    return image


def _window(control: Tensor, radius: Tensor, size: tuple[int, int]) -> Tensor:
    """Return the tiles [B, N, 4] int32 that hold control [B, N, K, 2] px with its ink: left, top, right, bottom.

    Right and bottom are one past the last.
    """
    reach = radius[..., None] + 1
    low = ((control.amin(2) - reach) / TILE).floor().int()
    high = ((control.amax(2) + reach) / TILE).floor().int() + 1
    limits = [(side + TILE - 1) // TILE for side in (size[1], size[0])]
    sides = [t[..., k].clamp(0, limits[k]) for t in (low, high) for k in (0, 1)]
    return torch.stack(sides, -1)


class PaintTiles(torch.autograd.Function):
    """Premultiplied RGBA [B, 4, H, W] from polynomials [B, N, C, 8], radii [B, N] px and RGBA [B, N, 4]."""

    @staticmethod
    def forward(
        ctx: Any,
        coefficients: Tensor,
        radius: Tensor,
        color: Tensor,
        lines: Tensor,
        window: Tensor,
        size: tuple[int, int],
    ) -> Tensor:
        """Find which strokes touch which tile, then paint tile by tile."""
        from .cells import touch_kernel
        from .compose import paint_kernel

        coefficients, radius, color = coefficients.contiguous(), radius.contiguous(), color.contiguous()
        batch, strokes, cubics, _ = coefficients.shape
        height, width = size
        across, down = -(-width // TILE), -(-height // TILE)
        tiles, words = across * down, -(-strokes // STROKES_PER_WORD)
        image = coefficients.new_zeros(batch, 4, height, width)
        touched = lines.new_empty(batch, tiles, words)
        if touched.numel() > 0:
            touch_kernel[(-(-tiles // TILE_GROUP), words, batch)](
                coefficients, lines, radius, touched, strokes, cubics, tiles, across, SLACK, TILE, TILE_GROUP,
                enable_fp_fusion=True,
            )  # fmt: skip
            paint_kernel[(tiles, batch)](
                coefficients, lines, radius, color, touched, image,
                strokes, cubics, height, width, words, TILE, PIXEL_SIDE, enable_fp_fusion=True,
            )  # fmt: skip
        ctx.save_for_backward(coefficients, radius, color, lines, window, touched)
        return image

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        """Sum per curve and part of its window, then over the parts."""
        from .compose import gradient_kernel

        coefficients, radius, color, lines, window, touched = ctx.saved_tensors
        batch, strokes, cubics, _ = coefficients.shape
        height, width = upstream.shape[2:]
        partial = coefficients.new_empty(batch, strokes, cubics, CHUNKS, 16)
        if partial.numel() > 0:
            gradient_kernel[(batch * strokes, cubics, CHUNKS)](
                coefficients, lines, radius, color, touched, window, upstream.contiguous(), partial,
                strokes, cubics, height, width, *touched.shape[1:], TILE, PIXEL_SIDE, enable_fp_fusion=True,
            )  # fmt: skip
        sums = partial.sum(3)
        whole = sums.sum(2)
        return sums[..., :8], whole[..., 8], whole[..., 9:13], None, None, None
