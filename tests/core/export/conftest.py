"""Sketches that lie on pages, and what tests draw of files to compare them with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from clipasso_core.export import Sheet
from clipasso_core.export.page_pixels import sheet_to_pixels
from clipasso_core.rasterizer import rasterize
from clipasso_core.strokes import Strokes

PX_PER_MM = 4


@pytest.fixture
def sketches() -> Strokes:
    """Two sketches of 32 strokes here and there, in five colours and all widths; some are faint, one is dead."""
    generator = torch.Generator().manual_seed(3)
    points = torch.rand(2, 32, 4, 2, generator=generator) * 60 + torch.rand(2, 32, 1, 2, generator=generator) * 164
    strokes = Strokes.black(points, (224, 224))
    colors = torch.tensor([[0.0, 0, 0, 1], [1, 0, 0, 1], [0, 0, 1, 1], [0, 0.5, 0, 1], [0.2, 0.4, 0.6, 0.5]])
    alive = torch.ones(2, 32, dtype=torch.bool)
    alive[1, 7] = False
    width = torch.rand(2, 32, generator=generator) * 4 + 0.5
    return replace(strokes, color=colors[torch.arange(64).view(2, 32) % 5], stroke_width=width, alive=alive)


@pytest.fixture
def sketch(sketches: Strokes) -> Strokes:
    return sketches.select([0])


@pytest.fixture
def draw() -> Callable[[Sheet], Tensor]:
    """Draw a sheet with our rasterizer, 4 px a mm: [3, H, W]."""
    return lambda sheet: sheet_to_pixels(sheet, round(max(sheet.page.size) * PX_PER_MM))


@pytest.fixture
def draw_lines() -> Callable[[Sequence[np.ndarray], Sheet], Tensor]:
    """Draw polylines [M, 2] in mm of a sheet's page, black and 0.5 mm wide: [3, H, W]."""

    def drawn(lines: Sequence[np.ndarray], sheet: Sheet) -> Tensor:
        pieces = np.concatenate([np.stack([line[:-1], line[1:]], axis=1) for line in lines])
        shares = torch.linspace(0, 1, 4, dtype=torch.float64)[:, None]
        start, end = torch.from_numpy(pieces).unbind(1)
        points = (start[:, None] * (1 - shares) + end[:, None] * shares).float() * PX_PER_MM
        size = (round(sheet.page.height * PX_PER_MM), round(sheet.page.width * PX_PER_MM))
        return rasterize(Strokes.black(points[None], size, 0.5 * PX_PER_MM))[0]

    return drawn
