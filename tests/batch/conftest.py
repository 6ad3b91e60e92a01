"""Small photos of many kinds in a folder, sketched with few iterations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from clipasso_batch import BatchConfig
from clipasso_core.mask import MaskConfig
from clipasso_core.optimize import OptimizeConfig
from clipasso_core.pipeline import SketchConfig
from clipasso_core.stroke_init import StrokeInitConfig

ROTATED = 6
"""Of EXIF: the photo's top is on the right."""


def disc(color: str, size: tuple[int, int] = (64, 64)) -> Image.Image:
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).ellipse((14, 14, 50, 50), fill=color)
    return image


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight photos: one rotated by EXIF, CMYK, 16 bits, damaged, empty, and one three times, once in a folder."""
    root = tmp_path_factory.mktemp("photos")
    (root / "sub").mkdir()
    disc("red").save(root / "cup.png")
    disc("red").save(root / "same.png")
    disc("red").save(root / "sub" / "cup.png")
    disc("green").convert("CMYK").save(root / "cmyk.jpg")
    grey = np.asarray(disc("navy").convert("L")).astype(np.uint16) * 257
    Image.fromarray(grey).save(root / "deep.png")
    turned = Image.Exif()
    turned[0x112] = ROTATED
    disc("teal", (80, 64)).save(root / "turned.jpg", exif=turned)
    (root / "damaged.jpg").write_bytes((root / "turned.jpg").read_bytes()[:300])
    (root / "empty.png").touch()
    return root


@pytest.fixture
def quick() -> BatchConfig:
    optimize = OptimizeConfig(num_iterations=2, num_views=1, bank_size=16)
    init = StrokeInitConfig(num_strokes=3, num_sketches=1)
    return BatchConfig(SketchConfig(MaskConfig("none"), init=init, optimize=optimize))
