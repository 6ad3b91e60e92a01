"""Drawings in the forms of other programs: which strokes are in them, and that they look as resvg draws them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from clipasso_core.rasterizer import rasterize
from clipasso_core.strokes import Strokes
from clipasso_core.svg import from_svg, read_svg, to_svg

FILES = Path(__file__).parent / "files"
GOLDEN = Path(__file__).parent / "golden"

Look = tuple[float, str, float]
Known = tuple[tuple[float, float], tuple[float, float], int, Look]
BLACK = "#000000"

DRAWN: dict[str, list[Known]] = {
    "affinity_designer": [
        ((20, 60), (100, 60), 2, (3, BLACK, 1)),
        ((132.63, 64.5), (160.92, 92.78), 1, (6, "#e2001a", 0.5)),
        ((70, 120), (70, 120), 4, (2.06, "#006bff", 1)),
        ((120, 100), (120, 100), 4, (1, BLACK, 1)),
        ((130, 110), (130, 110), 4, (1, BLACK, 1)),
    ],
    "diffvg": [
        ((33.74, 160.39), (110.2, 32.97), 1, (3, BLACK, 1)),
        ((68.32, 109.98), (71.87, 183.73), 1, (3.6, "#cc1933", 0.63)),
        ((58.41, 101.38), (61.45, 118.73), 1, (4.2, "#004ce5", 0.9)),
        ((30, 200), (120, 215), 2, (4, BLACK, 1)),
        ((205, 180), (205, 180), 4, (2, "#007f00", 1)),
    ],
    "figma": [
        ((20.5, 60), (100.5, 60), 2, (3, BLACK, 1)),
        ((120, 20), (180, 50), 1, (4, "#f24e1e", 0.6)),
        ((121.5, 70.5), (180.5, 70.5), 1, (3, "#a259ff", 1)),
        ((58.5, 120), (58.5, 120), 4, (3, "#0acf83", 1)),
        ((90, 101.5), (90, 101.5), 8, (3, "#1abcfe", 1)),
        ((150, 140), (180, 110), 2, (2, BLACK, 0.5)),
        ((178.69, 137.67), (178.69, 137.67), 4, (1, BLACK, 1)),
    ],
    "illustrator_export": [
        ((10, 20), (90, 20), 2, (1, BLACK, 1)),
        ((110, 20), (160, 70), 1, (4, BLACK, 0.4)),
        ((27.5, 95), (72.5, 95), 1, (6, BLACK, 1)),
        ((170, 85), (170, 115), 1, (4, BLACK, 1)),
    ],
    "illustrator_save": [
        ((20, 60), (100, 60), 2, (3, BLACK, 1)),
        ((120, 30), (180, 60), 1, (3, BLACK, 1)),
        ((120, 80), (180, 80), 3, (6, "#ed1c24", 0.5)),
        ((60, 120), (60, 120), 4, (2, "#0071bc", 1)),
        ((80, 100), (80, 100), 4, (2, "#0071bc", 1)),
        ((160, 100), (160, 100), 3, (2, "#0071bc", 1)),
        ((20, 15), (70, 10), 3, (3, BLACK, 1)),
    ],
    "inkscape": [
        ((18.9, 37.8), (94.49, 37.8), 2, (3, BLACK, 1)),
        ((18.9, 75.59), (94.49, 75.59), 2, (3, BLACK, 1)),
        ((136.06, 37.8), (122.08, 64.25), 4, (1.89, "#1a5fb4", 0.75)),
        ((26.46, 102.05), (26.46, 102.05), 8, (2, "#c01c28", 0.8)),
        ((167.75, 86.45), (167.75, 86.45), 4, (2.268, "#26a269", 0.8)),
        ((120.94, 120.94), (105.83, 105.83), 4, (1.512, BLACK, 0.8)),
    ],
    "vpype": [
        ((37.8, 37.8), (151.18, 75.59), 1, (1.89, "#0000ff", 1)),
        ((37.8, 94.49), (37.8, 94.49), 4, (1.89, "#0000ff", 1)),
        ((226.77, 113.39), (188.98, 151.18), 32, (3.024, "#ff0000", 1)),
        ((207.87, 37.8), (207.87, 37.8), 32, (3.78, "#1a5fb4", 0.498)),
    ],
}
"""Of each file, its strokes: first and last point (px), segments, and (width px, colour, opacity)."""

LEFT_OUT = {"figma": ("clip-path",)}


def read(name: str) -> Strokes:
    return from_svg((FILES / f"{name}.svg").read_bytes())


def num_segments(points: torch.Tensor) -> int:
    """Segments of a stroke [K, 2] without the padding at its end."""
    moves = (points[1:] != points[:-1]).any(dim=1).nonzero()
    return int(moves.max()) // 3 + 1


def test_every_file_is_known() -> None:
    assert sorted(path.stem for path in FILES.glob("*.svg")) == sorted(DRAWN)


@pytest.mark.parametrize("name", DRAWN)
def test_strokes_are_those_that_were_drawn(name: str) -> None:
    strokes = read(name)
    points, color = strokes.control_points[0], strokes.color[0]
    assert strokes.num_strokes == len(DRAWN[name])
    for i, (first, last, segments, (width, shade, opacity)) in enumerate(DRAWN[name]):
        assert points[i, 0].tolist() == pytest.approx(first, abs=0.006)
        assert points[i, -1].tolist() == pytest.approx(last, abs=0.006)
        assert num_segments(points[i]) == segments
        assert float(strokes.stroke_width[0, i]) == pytest.approx(width, abs=0.001)
        assert color[i, :3].mul(255).round().int().tolist() == list(bytes.fromhex(shade[1:]))
        assert float(color[i, 3]) == pytest.approx(opacity, abs=0.001)


@pytest.mark.parametrize("name", DRAWN)
def test_what_is_left_out_is_said(name: str) -> None:
    _, report = read_svg((FILES / f"{name}.svg").read_bytes())
    assert report.left_out == LEFT_OUT.get(name, ())


@pytest.mark.parametrize("name", DRAWN)
def test_what_was_read_is_written_in_our_form_and_read_again(name: str) -> None:
    once = to_svg(read(name))
    assert to_svg(from_svg(once)) == once


@pytest.mark.parametrize("path", [*sorted(FILES.glob("*.svg")), GOLDEN / "looks.svg"], ids=lambda path: path.stem)
def test_it_looks_as_resvg_draws_it(path: Path) -> None:
    """Mean error of all pixels; round ends where the file has flat ones, and no more, make the difference."""
    resvg: Any = pytest.importorskip("resvg_py", reason="no resvg_py (pip install resvg-py)")
    text = path.read_text(encoding="utf-8")
    png = bytes(resvg.svg_to_bytes(svg_string=text, background="white", dpi=96))
    theirs = np.asarray(Image.open(io.BytesIO(png)).convert("RGB")) / 255
    ours = rasterize(from_svg(text))[0].permute(1, 2, 0).numpy()
    height, width = np.minimum(theirs.shape[:2], ours.shape[:2])  # resvg rounds a page's size, we round it up
    difference = np.abs(theirs[:height, :width] - ours[:height, :width]).mean()
    assert difference < 0.004
    assert np.abs(1 - ours).mean() > 4 * difference
