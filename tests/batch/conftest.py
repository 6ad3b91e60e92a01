"""Small photos of many kinds in a folder, sketched with few iterations."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from clipasso_batch import BatchConfig
from clipasso_batch.out_folder import JOURNAL, TABLE
from clipasso_core.mask import MaskConfig
from clipasso_core.optimize import OptimizeConfig
from clipasso_core.pipeline import SketchConfig
from clipasso_core.stroke_init import StrokeInitConfig

ROTATED = 6
"""Of EXIF: the photo's top is on the right."""

OPTIONS = ("--mask", "none", "--preset", "draft", "--iterations", "2", "--sketches", "1", "--strokes", "3")
"""Of the command, for what ``quick`` is in Python."""

PATIENCE = 300
"""s, on a machine that does other things, too."""


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


@pytest.fixture(scope="session")
def many_photos(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 photos: the eight above, a huge one, and 15 discs."""
    root = tmp_path_factory.mktemp("many") / "photos"
    shutil.copytree(photos, root)
    Image.new("1", (20_000, 5_000)).save(root / "huge.png")
    for number in range(15):
        disc(f"hsl({number * 24}, 80%, 40%)").save(root / f"disc{number:02d}.png")
    return root


def svgs(out: Path) -> dict[str, bytes]:
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*.svg")}


def facts(out: Path) -> list[list[str]]:
    """Return the table without the seconds."""
    lines = [line.split(",", 8) for line in (out / TABLE).read_text().splitlines()]
    return [[*line[:6], *line[7:]] for line in lines]


def killed_after_a_row(command: list[str], out: Path, alone: bool = True) -> None:
    """Run the command in a process of its own, kill it when it has written a row, and see that no worker outlives it.

    Args:
        alone: whether its workers are processes that it started itself.
    """
    code = "import sys; from clipasso_cli import main; sys.exit(main(sys.argv[1:]))"
    driver = subprocess.Popen([sys.executable, "-c", code, *command], start_new_session=True)
    until = time.monotonic() + PATIENCE
    while not ((out / JOURNAL).exists() and (out / JOURNAL).stat().st_size):
        assert driver.poll() is None
        assert time.monotonic() < until
        time.sleep(0.02)
    driver.kill()
    driver.wait()
    while alone and is_anyone_left(driver.pid):
        assert time.monotonic() < until, "a worker outlived its driver"
        time.sleep(0.05)
    assert not (out / TABLE).exists(), "killed too late to show anything"


def is_anyone_left(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):  # macOS says the second of a group of the dead
        return False
    return True
