"""Draw docs/images/rasterizer.png: the squares of edge pixels, the picture, and its pixels under the true edge."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont
from torch import Tensor

from clipasso_core.rasterizer import rasterize
from clipasso_core.rasterizer.cells import Cells, sort_cells
from clipasso_core.rasterizer.scene import make_scene
from clipasso_core.strokes import Strokes

SIZE = (24, 32)
ZOOM = 32
DETAIL = (13, 8, 6, 8)
"""px; top, left, height and width of what the third panel shows."""

CLOSER = ZOOM * SIZE[0] // DETAIL[2]
TARGET = Path(__file__).parents[1] / "docs" / "images" / "rasterizer.png"
GREY, BLUE, ORANGE, RED = (90, 90, 90), (120, 170, 230), (240, 160, 80), (220, 30, 50)


def scene() -> Strokes:
    """Return one stroke with a loop and one that it crosses."""
    points = [[[3.0, 17.5], [51, 17.5], [0, -2], [28.5, 21]], [[5, 3], [6, 8], [10, 13], [11.5, 21]]]
    return Strokes.black(torch.tensor([points]), SIZE, 3.0)


def cells_picture(strokes: Strokes) -> Image.Image:
    """Show which pixels are filled, which get 2 x 2 squares and which 4 x 4."""
    light = torch.ones(SIZE[0] * SIZE[1])
    cells = sort_cells(make_scene(strokes), light, opaque=True)
    picture = Image.new("RGB", (SIZE[1] * ZOOM, SIZE[0] * ZOOM), "white")
    draw = ImageDraw.Draw(picture)
    for row, column in (light.view(SIZE) == 0).nonzero().tolist():
        _draw_squares(draw, column, row, 1, GREY)
    _draw_cells(draw, cells.coarse, 2, BLUE)
    _draw_cells(draw, cells.fine, 4, ORANGE)
    return picture


def _draw_cells(draw: ImageDraw.ImageDraw, cells: Cells, squares: int, fill: tuple[int, int, int]) -> None:
    for column, row in zip(cells.column.tolist(), cells.row.tolist(), strict=True):
        _draw_squares(draw, column, row, squares, fill)


def _draw_squares(draw: ImageDraw.ImageDraw, column: int, row: int, squares: int, fill: tuple[int, int, int]) -> None:
    """Cut a pixel into squares x squares."""
    step = ZOOM // squares
    for k in range(squares**2):
        x, y = column * ZOOM + k % squares * step, row * ZOOM + k // squares * step
        draw.rectangle((x, y, x + step - 1, y + step - 1), fill=fill, outline="white")


def enlarge(image: Tensor, zoom: int) -> Image.Image:
    """Turn [3, H, W] in 0-1 into a picture with visible pixels."""
    array = (image.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()
    return Image.fromarray(array).resize((array.shape[1] * zoom, array.shape[0] * zoom), Image.Resampling.NEAREST)


def whole_picture(image: Tensor) -> Image.Image:
    """Show the image [3, H, W] and frame the detail."""
    picture = enlarge(image, ZOOM)
    top, left, height, width = (ZOOM * n for n in DETAIL)
    ImageDraw.Draw(picture).rectangle((left - 3, top - 3, left + width + 2, top + height + 2), outline=RED, width=6)
    return picture


def detail_picture(strokes: Strokes, image: Tensor) -> Image.Image:
    """Show the detail's pixels of image [3, H, W], how many percent of each are ink, and the strokes' true edge."""
    top, left, height, width = DETAIL
    detail = image[:, top : top + height, left : left + width]
    picture = enlarge(detail, CLOSER)
    shift = torch.tensor([left, top], dtype=torch.float32)
    near = replace(strokes, control_points=strokes.control_points - shift, canvas_size=(height, width))
    large = enlarge(rasterize(near, (height * CLOSER, width * CLOSER))[0], 1).convert("L")
    edge = ImageChops.difference(large.filter(ImageFilter.MaxFilter(5)), large.filter(ImageFilter.MinFilter(5)))
    picture.paste(RED, mask=edge)
    _write_percents(ImageDraw.Draw(picture), 1 - detail[0])
    return picture


def _write_percents(draw: ImageDraw.ImageDraw, ink: Tensor) -> None:
    """Write each pixel's ink [H, W] into its middle."""
    font = ImageFont.load_default(CLOSER // 4)
    for row, line in enumerate(ink.tolist()):
        for column, share in enumerate(line):
            middle = (column + 0.5) * CLOSER, (row + 0.5) * CLOSER
            draw.text(middle, f"{100 * share:.0f}", "white" if share > 0.5 else "black", font, anchor="mm")


def main() -> None:
    """Write the picture: cells, exact image, detail."""
    strokes = scene()
    image = rasterize(strokes)[0]
    panels = [cells_picture(strokes), whole_picture(image), detail_picture(strokes, image)]
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
