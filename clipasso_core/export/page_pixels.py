"""Sheets as pixels: our rasterizer draws them, lines of changing width as rows of short even ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from ..bezier import parts_between, segments_of
from ..rasterizer import render
from ..strokes import Strokes
from .paths import STEPS, PenPath, walked
from .sheet import Sheet
from .width_profile import WidthProfile, width_share

STEP = 0.35
"""px by which the width of neighbouring lines in a row may differ."""

FEWEST, MOST = 4, 512
"""Even lines in the place of a cubic."""


@torch.no_grad()
def sheet_to_pixels(sheet: Sheet, side: int, transparent: bool = False) -> Tensor:
    """Draw a page.

    Args:
        sheet: the page.
        side: px of its longer side.
        transparent: whether there is nothing behind the ink; else there is the style's paper, or white.

    Returns:
        [3, H, W] in 0-1, or [4, H, W] with straight alpha.

    >>> from clipasso_core.export import lay_out
    >>> sheet_to_pixels(lay_out([Strokes.black(torch.rand(1, 3, 4, 2), (9, 9))]), 60, transparent=True).shape
    torch.Size([4, 60, 42])
    """
    px = side / max(sheet.page.size)
    dashed = sheet.in_dashes()
    ink = render(dashed.to_strokes(px))[0] if sheet.style.width_profile == "even" else _render_profiled(dashed, px)
    if transparent:
        straight = ink[:3] / ink[3:].clamp(min=1e-6)
        return torch.cat([straight, ink[3:]])
    if sheet.style.paper_rgb is None:
        return ink[:3] + (1 - ink[3:])
    return ink[:3] + (1 - ink[3:]) * torch.tensor(sheet.style.paper_rgb)[:, None, None]


def _render_profiled(sheet: Sheet, px: float) -> Tensor:
    """Draw lines of changing width one over the other, premultiplied [4, H, W]."""
    height, width = sheet.to_strokes(px).canvas_size
    drawn = torch.zeros(4, height, width)
    for path in sheet.paths:
        reach = path.width * px / 2 + 2
        low = np.floor(path.points.min(axis=0) * px - reach).clip(0, (width - 1, height - 1)).astype(int)
        high = np.ceil(path.points.max(axis=0) * px + reach).clip(low + 1, (width, height)).astype(int)
        (left, top), (right, bottom) = low.tolist(), high.tolist()
        points, widths = _row(path, sheet.style.width_profile, px)
        row = Strokes.black((points - torch.tensor([left, top])).float()[None], (bottom - top, right - left))
        alpha = render(replace(row, stroke_width=widths.float()[None]))[0, 3:] * path.color[3]
        color = torch.tensor([*path.color[:3], 1.0])[:, None, None]
        drawn[:, top:bottom, left:right].mul_(1 - alpha).add_(color * alpha)
    return drawn


def _row(path: PenPath, profile: WidthProfile, px: float) -> tuple[Tensor, Tensor]:
    """Return the points [n, 4, 2] and the widths [n], in px, of even lines in the place of a path."""
    cubics, lengths = segments_of(torch.from_numpy(path.points)), walked(path.points)
    count = int(np.clip(2 * path.width * px / STEP, FEWEST, MOST))
    cuts = torch.linspace(0, 1, count + 1, dtype=torch.float64)
    parts = torch.cat([parts_between(cubic, cuts) for cubic in cubics])
    middles = (cuts[1:] + cuts[:-1]).numpy() / 2
    places = np.concatenate([np.interp(middles, np.linspace(0, 1, STEPS + 1), one) for one in lengths])
    shares = width_share(profile, places / lengths[-1, -1]) if lengths[-1, -1] else np.ones(len(places))
    return parts * px, torch.from_numpy(shares) * path.width * px
