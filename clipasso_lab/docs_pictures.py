"""Draw the pictures of the docs.

    python -m clipasso_lab.docs_pictures rasterizer        squares of edge pixels, the picture, pixels under the edge
    python -m clipasso_lab.docs_pictures sketches FOLDER   photos and their sketches, few strokes to many
    python -m clipasso_lab.docs_pictures levels FOLDER     photos, and the first strokes of one sketch of each
    python -m clipasso_lab.docs_pictures before_after FOLDER BEFORE   photos, and what another version made of them
    python -m clipasso_lab.docs_pictures styles FOLDER     one sketch in each style of export (needs resvg-py)
    python -m clipasso_lab.docs_pictures scenes FOLDER     photos, and beside each its drawing, coloured by groups

FOLDER is that of ``python -m clipasso_lab.photos FOLDER`` after ``clipasso eval FOLDER --strokes 4 8 16 32``; BEFORE is
the folder of sketches of the same photos that the other version made with the same command. For levels, FOLDER holds
these photos, and under their names the SVGs of ``clipasso sketch PHOTO --strokes 32 --prefixes --order importance``.
For scenes, FOLDER holds photos, and under their names the SVGs of ``clipasso sketch PHOTO --background keep
--strokes 32 --page photo``.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont
from torch import Tensor

from clipasso_core.export import STYLES, LineStyle, Page, SheetConfig, lay_out
from clipasso_core.export.page_svg import sheet_to_svg
from clipasso_core.files import load_image, read_bytes, save_png
from clipasso_core.photo_colors import with_photo_colors
from clipasso_core.pixels import resize, to_uint8
from clipasso_core.rasterizer import rasterize
from clipasso_core.rasterizer.cells import sort_cells
from clipasso_core.rasterizer.scene import make_scene
from clipasso_core.scenes import BACKDROP
from clipasso_core.strokes import Strokes
from clipasso_core.svg import from_svg
from clipasso_core.svg.render_svg import render_svg

from .metrics import ReferencePhoto, reference_photo
from .sketch_files import load_sketch

IMAGES = Path("docs/images")

SKETCHED = ("coffee", "astronaut", "chelsea")
STROKES = (4, 8, 16, 32)
COMPARED, COMPARED_STROKES = ("astronaut", "chelsea", "coffee"), (16, 32)
STYLED, LABEL = "chelsea", 24
"""The photo whose sketch is shown in all styles; px of the words beneath."""

SIDE, GAP = 280, 12
"""px of a photo or sketch, and between two."""

SIZE = (24, 32)
"""(height, width) px of the canvas whose pixels are shown, ZOOM times enlarged."""

ZOOM = 32
DETAIL = (13, 8, 6, 8)
"""px; top, left, height and width of what the third panel shows."""

CLOSER = ZOOM * SIZE[0] // DETAIL[2]
GREY, BLUE, ORANGE, RED = (90, 90, 90), (120, 170, 230), (240, 160, 80), (220, 30, 50)
INKS = (ORANGE, RED, (30, 80, 200), (20, 130, 60))
"""Of objects, by the last digit of their numbers."""


def draw_sketches(folder: Path, out: Path) -> None:
    """Lay the sketches of an evaluation out as a grid, a photo and its sketches side by side."""
    rows = []
    for name in SKETCHED:
        photo = reference_photo(folder / f"{name}.png")
        files = [folder / "clipasso-eval" / f"{name}-{count}.svg" for count in STROKES]
        rows.append(_photo_row(photo, [load_sketch(file, photo.frame).strokes for file in files]))
    save_png(side_by_side(rows, dim=1), out)


def draw_levels(folder: Path, out: Path) -> None:
    """Lay photos out with the first strokes of one sketch of each, few to all."""
    rows = []
    for name in SKETCHED:
        photo = reference_photo(folder / f"{name}.png")
        sketch = load_sketch(folder / f"{name}.svg", photo.frame).strokes
        rows.append(_photo_row(photo, [sketch.prefix(count) for count in STROKES]))
    save_png(side_by_side(rows, dim=1), out)


def draw_before_after(folder: Path, before: Path, out: Path) -> None:
    """Lay photos out with the sketches of another version and of this one, for each number of strokes."""
    rows = []
    for name in COMPARED:
        photo = reference_photo(folder / f"{name}.png")
        made = product(COMPARED_STROKES, (before, folder / "clipasso-eval"))
        files = [sketches / f"{name}-{count}.svg" for count, sketches in made]
        rows.append(_photo_row(photo, [load_sketch(file, photo.frame).strokes for file in files]))
    save_png(side_by_side(rows, dim=1), out)


def draw_styles(folder: Path, out: Path) -> None:
    """Lay one sketch out in each style, with its name; the last one has the colours of the photo, of few pens."""
    photo = reference_photo(folder / f"{STYLED}.png")
    sketch = load_sketch(folder / "clipasso-eval" / f"{STYLED}-{max(STROKES)}.svg", photo.frame).strokes
    colored = with_photo_colors(sketch, photo.image, torch.ones_like(photo.image[:, 0]))
    tiles = [_named(styled(sketch, LineStyle.named(name), SIDE), name) for name in STYLES]
    tiles.append(_named(styled(colored, LineStyle.named("pencil", pens=4), SIDE), "pencil, 4 pens"))
    rows = [side_by_side(tiles[start : start + len(STROKES)], dim=2) for start in range(0, len(tiles), len(STROKES))]
    save_png(side_by_side(rows, dim=1), out)


def styled(sketch: Strokes, style: LineStyle, side: int) -> Tensor:
    """Draw a sketch in a style on its paper, [3, side, side]."""
    sheet = lay_out([sketch], SheetConfig(Page(100, 100, margin=6), 1.6, style=style))
    ink = render_svg(sheet_to_svg(replace(sheet, style=replace(style, paper=None))), side)[0]
    paper = torch.tensor(style.paper_rgb or (1.0, 1.0, 1.0))[:, None, None]
    return ink[:3] + paper * (1 - ink[3:])


def _named(picture: Tensor, name: str) -> Tensor:
    """Write a name beneath a picture [3, SIDE, SIDE], [3, SIDE + LABEL, SIDE]."""
    label = Image.new("RGB", (SIDE, LABEL), "white")
    ImageDraw.Draw(label).text(
        (SIDE / 2, LABEL / 2), name, "black", ImageFont.load_default(LABEL * 2 // 3), anchor="mm"
    )
    words = torch.from_numpy(np.asarray(label).copy()).permute(2, 0, 1) / 255
    return torch.cat([picture, words], dim=1)


def draw_scenes(folder: Path, out: Path) -> None:
    """Lay photos out with their drawings of groups: objects in colours, what lies behind in grey."""
    rows = []
    for svg in sorted(folder.glob("*.svg")):
        photo, strokes = load_image(svg.with_suffix(".png")), from_svg(read_bytes(svg))
        names = strokes.names_of(0)
        colors = [GREY if name == BACKDROP else INKS[int(str(name)[-1]) % len(INKS)] for name in names]
        color = torch.tensor([[*one, 255] for one in colors])[None] / 255
        size = (SIDE, round(SIDE * photo.shape[-1] / photo.shape[-2]))
        drawn = [rasterize(one, size)[0] for one in (strokes, replace(strokes, color=color))]
        rows.append(side_by_side([resize(photo, size)[0], *drawn], dim=2))
    widest = max(row.shape[2] for row in rows)
    padded = [torch.nn.functional.pad(row, (0, widest - row.shape[2]), value=1) for row in rows]
    save_png(side_by_side(padded, dim=1), out)


def _photo_row(photo: ReferencePhoto, sketches: Sequence[Strokes]) -> Tensor:
    """Lay a photo and sketches of it side by side."""
    drawn = [rasterize(strokes, (SIDE, SIDE))[0] for strokes in sketches]
    return side_by_side([resize(photo.image, (SIDE, SIDE))[0], *drawn], dim=2)


def side_by_side(images: list[Tensor], dim: int) -> Tensor:
    """Put images [3, H, W] side by side, or with dim 1 below each other, with white between."""
    shape = list(images[0].shape)
    shape[dim] = GAP
    return torch.cat([part for image in images for part in (image, torch.ones(shape))][:-1], dim=dim)


def draw_rasterizer(out: Path) -> None:
    """Draw the squares of edge pixels, the picture, and a detail's pixels under the true edge."""
    points = [[[3.0, 17.5], [51, 17.5], [0, -2], [28.5, 21]], [[5, 3], [6, 8], [10, 13], [11.5, 21]]]
    strokes = Strokes.black(torch.tensor([points]), SIZE, 3.0)
    image = rasterize(strokes)[0]
    panels = [_squares_panel(strokes), _picture_panel(image), _detail_panel(strokes, image)]
    width = sum(panel.width for panel in panels) + GAP * (len(panels) - 1)
    sheet = Image.new("RGB", (width, panels[0].height), (200, 200, 200))
    x = 0
    for panel in panels:
        sheet.paste(panel, (x, 0))
        x += panel.width + GAP
    sheet.save(out)


def _squares_panel(strokes: Strokes) -> Image.Image:
    """Show which pixels are filled, which are cut into 2 x 2 squares and which into 4 x 4."""
    light = torch.ones(SIZE[0] * SIZE[1])
    cells = sort_cells(make_scene(strokes), light, opaque=True)
    picture = Image.new("RGB", (SIZE[1] * ZOOM, SIZE[0] * ZOOM), "white")
    draw = ImageDraw.Draw(picture)
    for row, column in (light.view(SIZE) == 0).nonzero().tolist():
        _draw_pixel(draw, column, row, 1, GREY)
    for kind, squares, fill in ((cells.coarse, 2, BLUE), (cells.fine, 4, ORANGE)):
        for column, row in zip(kind.column.tolist(), kind.row.tolist(), strict=True):
            _draw_pixel(draw, column, row, squares, fill)
    return picture


def _draw_pixel(draw: ImageDraw.ImageDraw, column: int, row: int, squares: int, fill: tuple[int, int, int]) -> None:
    """Cut a pixel into squares x squares."""
    step = ZOOM // squares
    for k in range(squares**2):
        x, y = column * ZOOM + k % squares * step, row * ZOOM + k // squares * step
        draw.rectangle((x, y, x + step - 1, y + step - 1), fill=fill, outline="white")


def _picture_panel(image: Tensor) -> Image.Image:
    """Show the image [3, H, W] and frame the detail."""
    picture = _enlarged(image, ZOOM)
    top, left, height, width = (ZOOM * n for n in DETAIL)
    ImageDraw.Draw(picture).rectangle((left - 3, top - 3, left + width + 2, top + height + 2), outline=RED, width=6)
    return picture


def _detail_panel(strokes: Strokes, image: Tensor) -> Image.Image:
    """Show the detail's pixels of image [3, H, W], how many percent of each are ink, and the strokes' true edge."""
    top, left, height, width = DETAIL
    detail = image[:, top : top + height, left : left + width]
    picture = _enlarged(detail, CLOSER)
    shift = torch.tensor([left, top], dtype=torch.float32)
    near = replace(strokes, control_points=strokes.control_points - shift, canvas_size=(height, width))
    large = _enlarged(rasterize(near, (height * CLOSER, width * CLOSER))[0], 1).convert("L")
    edge = ImageChops.difference(large.filter(ImageFilter.MaxFilter(5)), large.filter(ImageFilter.MinFilter(5)))
    picture.paste(RED, mask=edge)
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(CLOSER // 4)
    for row, line in enumerate((1 - detail[0]).tolist()):
        for column, share in enumerate(line):
            middle = (column + 0.5) * CLOSER, (row + 0.5) * CLOSER
            draw.text(middle, f"{100 * share:.0f}", "white" if share > 0.5 else "black", font, anchor="mm")
    return picture


def _enlarged(image: Tensor, zoom: int) -> Image.Image:
    """Turn [3, H, W] in 0-1 into a picture with visible pixels."""
    picture = Image.fromarray(to_uint8(image).numpy())
    return picture.resize((picture.width * zoom, picture.height * zoom), Image.Resampling.NEAREST)


def main() -> None:
    """Draw one of the pictures."""
    parser = argparse.ArgumentParser(description="Draw the pictures of the docs.")
    pictures = parser.add_subparsers(dest="picture", required=True)
    pictures.add_parser("rasterizer")
    of_folder = {"sketches": draw_sketches, "levels": draw_levels, "styles": draw_styles, "scenes": draw_scenes}
    for name in of_folder:
        pictures.add_parser(name).add_argument("folder", type=Path)
    compared = pictures.add_parser("before_after")
    compared.add_argument("folder", type=Path)
    compared.add_argument("before", type=Path)
    options = parser.parse_args()
    out = IMAGES / f"{options.picture}.png"
    if options.picture == "rasterizer":
        draw_rasterizer(out)
    elif options.picture == "before_after":
        draw_before_after(options.folder, options.before, out)
    else:
        of_folder[options.picture](options.folder, out)


if __name__ == "__main__":
    main()
