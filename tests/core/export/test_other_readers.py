"""Other programs draw pages as our rasterizer does, to a mean error of 0.01. Each is skipped where it is not installed.

pip install cairosvg resvg-py; apt-get install poppler-utils chromium
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from torch import Tensor

from clipasso_core.export import Grid, LineStyle, Page, Sheet, SheetConfig, encode_sheet, lay_out
from clipasso_core.pixels import to_uint8
from clipasso_core.strokes import Strokes

MOST = 0.01
CONFIGS = {
    "as drawn": SheetConfig(Page.named("a4", margin=20)),
    "pen": SheetConfig(Page.named("a5", landscape=True, align="top-left"), 0.5, "color", order="pen", join=20.0),
    "grid": SheetConfig(Page.named("216x279mm"), layers="level", order="pen", grid=Grid(1, 2)),
    "one path": SheetConfig(Page.named("a6", margin=5), 0.4, "color", one_path=True),
    **{
        f"style {name}": SheetConfig(Page.named("a6", margin=5), 1.2, "color", order="pen", style=LineStyle.named(name))
        for name in ("pen", "brush", "dashed", "unsteady")
    },
    "pens on paper": SheetConfig(Page.named("a6"), style=LineStyle(pens=2, paper="#ffe9c8")),
}
"""All but textures, which our rasterizer does not know."""

TEXTURED = ("pencil", "chalk")


@pytest.fixture(params=CONFIGS)
def sheet(request: pytest.FixtureRequest, sketches: Strokes) -> Sheet:
    """A page of all looks: 4 px a mm are whole px on each."""
    config = CONFIGS[request.param]
    return lay_out([sketches if config.grid else sketches.select([0])], config)


def size_of(sheet: Sheet) -> tuple[int, int]:
    return round(sheet.page.width * 4), round(sheet.page.height * 4)


def mean_error(picture: bytes | Path | Image.Image, sheet: Sheet, draw: Callable[[Sheet], Tensor]) -> float:
    """How far another program's picture lies from ours."""
    return float(np.abs(pixels_of(picture, sheet) - to_uint8(draw(sheet)).numpy()).mean() / 255)


def pixels_of(picture: bytes | Path | Image.Image, sheet: Sheet) -> np.ndarray:
    """A picture of a sheet on its paper [H, W, 3] in 0-255; one px more or less of its size is evened out."""
    if not isinstance(picture, Image.Image):
        picture = Image.open(io.BytesIO(picture) if isinstance(picture, bytes) else picture)
    theirs = picture.convert("RGBA")
    paper = Image.new("RGBA", theirs.size, sheet.style.paper or "white")  # of SVG, only browsers and Inkscape show it
    paper.alpha_composite(theirs)
    assert np.abs(np.array(theirs.size) - size_of(sheet)).max() <= 1
    return np.asarray(paper.convert("RGB").resize(size_of(sheet)), dtype=float)


def tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"needs {name}")
    return str(found)


def by_cairosvg(sheet: Sheet) -> bytes:
    cairosvg = pytest.importorskip("cairosvg", reason="needs cairosvg: pip install cairosvg")
    width, height = size_of(sheet)
    return bytes(cairosvg.svg2png(encode_sheet(sheet, ".svg").data, output_width=width, output_height=height))


def test_cairosvg(sheet: Sheet, draw: Callable[[Sheet], Tensor]) -> None:
    assert mean_error(by_cairosvg(sheet), sheet, draw) <= MOST


@pytest.mark.parametrize("name", TEXTURED)
def test_cairosvg_which_knows_no_filters_draws_solid_lines(
    name: str, sketch: Strokes, draw: Callable[[Sheet], Tensor]
) -> None:
    sheet = lay_out([sketch], SheetConfig(Page.named("a6"), 1.2, "color", style=LineStyle.named(name)))
    assert mean_error(by_cairosvg(sheet), sheet, draw) <= MOST


def by_resvg(sheet: Sheet) -> bytes:
    resvg_py = pytest.importorskip("resvg_py", reason="needs resvg: pip install resvg-py")
    width, height = size_of(sheet)
    svg = encode_sheet(sheet, ".svg").data.decode()
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, width=width, height=height, dpi=96))


def by_chromium(sheets: Sequence[Sheet], folder: Path) -> list[Image.Image]:
    """Let Chromium show all pages one below the other, and cut its picture."""
    program = os.environ.get("CLIPASSO_CHROMIUM") or tool("chromium")
    shown, below = [], [0]
    for number, (width, height) in enumerate(map(size_of, sheets)):
        (folder / f"{number}.svg").write_bytes(encode_sheet(sheets[number], ".svg").data)
        shown.append(f'<img src="{number}.svg" width="{width}" height="{height}" style="display: block">')
        below.append(below[-1] + height)
    (folder / "pages.html").write_text(f'<!doctype html><body style="margin: 0">{"".join(shown)}')
    widest = max(size_of(sheet)[0] for sheet in sheets)
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1")
    where = (f"--user-data-dir={folder / 'profile'}", f"--screenshot={folder / 'pages.png'}")
    command = [program, *options, *where, f"--window-size={widest},{below[-1]}", (folder / "pages.html").as_uri()]
    subprocess.run(command, capture_output=True, check=True, timeout=600)
    whole = Image.open(folder / "pages.png")
    return [
        whole.crop((0, top, size_of(sheet)[0], bottom))
        for sheet, top, bottom in zip(sheets, below[:-1], below[1:], strict=True)
    ]


def test_resvg(sheet: Sheet, draw: Callable[[Sheet], Tensor]) -> None:
    assert mean_error(by_resvg(sheet), sheet, draw) <= MOST


def test_chromium(sketches: Strokes, draw: Callable[[Sheet], Tensor], tmp_path: Path) -> None:
    sheets = [lay_out([sketches if config.grid else sketches.select([0])], config) for config in CONFIGS.values()]
    pictures = by_chromium(sheets, tmp_path)
    errors = [mean_error(picture, sheet, draw) for picture, sheet in zip(pictures, sheets, strict=True)]
    assert max(errors) <= MOST, dict(zip(CONFIGS, errors, strict=True))


def test_textures_are_the_same_in_chromium_and_resvg(sketch: Strokes, tmp_path: Path) -> None:
    sheets = [lay_out([sketch], SheetConfig(Page.named("a5"), style=LineStyle.named(name))) for name in TEXTURED]
    solid = [replace(sheet, style=replace(sheet.style, texture="none")) for sheet in sheets]
    for sheet, line, picture in zip(sheets, solid, by_chromium(sheets, tmp_path), strict=True):
        theirs, grainy, whole = pixels_of(picture, sheet), *(pixels_of(by_resvg(one), one) for one in (sheet, line))
        grain, lines = (float(np.abs(theirs - other).mean() / 255) for other in (grainy, whole))
        assert grain <= MOST
        assert lines > MOST, "grain is to be seen"


def test_pdftoppm(sheet: Sheet, draw: Callable[[Sheet], Tensor], tmp_path: Path) -> None:
    (tmp_path / "page.pdf").write_bytes(encode_sheet(sheet, ".pdf").data)
    width, height = size_of(sheet)
    size = ("-scale-to-x", str(width), "-scale-to-y", str(height))
    command = [tool("pdftoppm"), "-png", *size, "-singlefile", tmp_path / "page.pdf", tmp_path / "page"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == ""
    assert mean_error(tmp_path / "page.png", sheet, draw) <= MOST
