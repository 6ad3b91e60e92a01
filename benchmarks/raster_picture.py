"""Draw docs/images/rasterizer.png: the squares of edge pixels, the picture, and the pull on a stroke."""

from __future__ import annotations

from pathlib import Path

import torch
from PIL import Image, ImageDraw
from torch import Tensor

from clipasso_core.rasterizer import rasterize
from clipasso_core.rasterizer.drawing import prepare
from clipasso_core.rasterizer.sorting import Sorted, sort_cells
from clipasso_core.strokes import Strokes

SIZE = (24, 32)
ZOOM = 32
TARGET = Path(__file__).parents[1] / "docs" / "images" / "rasterizer.png"
COLORS = {"inside": (90, 90, 90), "coarse": (120, 170, 230), "fine": (240, 160, 80)}


def scene() -> Strokes:
    """Return one stroke with a loop and one that it crosses."""
    points = [[[3.0, 19], [40, 16], [-6, 2], [19, 21]], [[21.5, 3], [22, 9], [27, 14], [28, 21]]]
    return Strokes.black(torch.tensor([points]), SIZE, 3.0)


def cells_picture(strokes: Strokes) -> Image.Image:
    """Show which pixels are filled, which get 2 x 2 squares and which 4 x 4."""
    cells = sort_cells(prepare(strokes)[1], torch.ones(SIZE[0] * SIZE[1]), 0.0, opaque=False)
    picture = Image.new("RGB", (SIZE[1] * ZOOM, SIZE[0] * ZOOM), "white")
    draw = ImageDraw.Draw(picture)
    for name, squares in (("inside", 1), ("coarse", 2), ("fine", 4)):
        _draw_cells(draw, cells, name, squares)
    return picture


def _draw_cells(draw: ImageDraw.ImageDraw, cells: Sorted, name: str, squares: int) -> None:
    part = getattr(cells, name)
    step = ZOOM // squares
    for column, row in zip(part.column.tolist(), part.row.tolist(), strict=True):
        for k in range(squares**2):
            x, y = column * ZOOM + k % squares * step, row * ZOOM + k // squares * step
            draw.rectangle((x, y, x + step - 1, y + step - 1), fill=COLORS[name], outline="white")


def enlarge(image: Tensor) -> Image.Image:
    """Turn [3, H, W] in 0-1 into a picture with visible pixels."""
    array = (image.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()
    return Image.fromarray(array).resize((SIZE[1] * ZOOM, SIZE[0] * ZOOM), Image.Resampling.NEAREST)


def main() -> None:
    """Write the picture: cells, exact image, soft image."""
    strokes = scene()
    panels = [cells_picture(strokes), enlarge(rasterize(strokes)[0]), enlarge(rasterize(strokes, softness=4.0)[0])]
    gap = 12
    wide = sum(p.width for p in panels) + gap * (len(panels) - 1)
    sheet = Image.new("RGB", (wide, panels[0].height), (200, 200, 200))
    x = 0
    for panel in panels:
        sheet.paste(panel, (x, 0))
        x += panel.width + gap
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(TARGET)


if __name__ == "__main__":
    main()
