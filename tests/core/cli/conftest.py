"""A small photo in a file, and the command called in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from torch import Tensor

from clipasso_core.cli import main
from clipasso_core.image_files import save_png
from clipasso_core.images import resize

QUICK = ("--mask", "none", "--preset", "draft", "--iterations", "2", "--sketches", "1", "--strokes", "3")


class Ran(NamedTuple):
    """What came of a command."""

    status: int
    out: str
    err: str


@pytest.fixture
def photo_file(tmp_path: Path, cup: Tensor) -> Path:
    """The cup, 96 x 64 px, alone in a folder."""
    path = tmp_path / "cup.png"
    save_png(resize(cup, (64, 96))[0], path)
    return path


@pytest.fixture
def clipasso(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run `clipasso sketch` with few iterations; later arguments win."""

    def run(*arguments: object) -> Ran:
        try:
            status = main(["sketch", *QUICK, *map(str, arguments)])
        except SystemExit as left:  # argparse
            status = int(left.code or 0)
        return Ran(status, *capsys.readouterr())

    return run
