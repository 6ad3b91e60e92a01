"""Other programs draw pages as our rasterizer does, to a mean error of 0.01. Each is skipped where it is not installed.

pip install cairosvg resvg-py; apt-get install poppler-utils chromium
"""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Callable
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


@pytest.fixture(params=CONFIGS)
def sheet(request: pytest.FixtureRequest, sketches: Strokes) -> Sheet:
    """A page of all looks: 4 px a mm are whole px on each."""
    config = CONFIGS[request.param]
    return lay_out([sketches if config.grid else sketches.select([0])], config)


def size_of(sheet: Sheet) -> tuple[int, int]:
    return round(sheet.page.width * 4), round(sheet.page.height * 4)


def mean_error(picture: bytes | Path, sheet: Sheet, draw: Callable[[Sheet], Tensor]) -> float:
    """How far another program's picture lies from ours; one px more or less of its size is evened out."""
    theirs = Image.open(io.BytesIO(picture) if isinstance(picture, bytes) else picture).convert("RGBA")
    paper = Image.new("RGBA", theirs.size, sheet.style.paper or "white")  # of SVG, only browsers and Inkscape show it
    paper.alpha_composite(theirs)
    assert np.abs(np.array(theirs.size) - size_of(sheet)).max() <= 1
    pixels = np.asarray(paper.convert("RGB").resize(size_of(sheet)), dtype=float)
    return float(np.abs(pixels - to_uint8(draw(sheet)).numpy()).mean() / 255)


def tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"needs {name}")
    return str(found)


def test_cairosvg(sheet: Sheet, draw: Callable[[Sheet], Tensor]) -> None:
    cairosvg = pytest.importorskip("cairosvg", reason="needs cairosvg: pip install cairosvg")
    width, height = size_of(sheet)
    svg = encode_sheet(sheet, ".svg").data
    assert mean_error(cairosvg.svg2png(svg, output_width=width, output_height=height), sheet, draw) <= MOST


def test_resvg(sheet: Sheet, draw: Callable[[Sheet], Tensor]) -> None:
    resvg_py = pytest.importorskip("resvg_py", reason="needs resvg: pip install resvg-py")
    width, height = size_of(sheet)
    svg = encode_sheet(sheet, ".svg").data.decode()
    drawn = resvg_py.svg_to_bytes(svg_string=svg, width=width, height=height, dpi=96)
    assert mean_error(bytes(drawn), sheet, draw) <= MOST


def test_pdftoppm(sheet: Sheet, draw: Callable[[Sheet], Tensor], tmp_path: Path) -> None:
    (tmp_path / "page.pdf").write_bytes(encode_sheet(sheet, ".pdf").data)
    width, height = size_of(sheet)
    size = ("-scale-to-x", str(width), "-scale-to-y", str(height))
    command = [tool("pdftoppm"), "-png", *size, "-singlefile", tmp_path / "page.pdf", tmp_path / "page"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == ""
    assert mean_error(tmp_path / "page.png", sheet, draw) <= MOST
