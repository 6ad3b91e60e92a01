"""A drawing's file is refused by its size, in one sentence, before it is read."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from clipasso_core.drawing_file import DRAWINGS, read_drawing
from clipasso_core.errors import ImageFileError, SvgError
from clipasso_core.svg import from_svg
from clipasso_core.svg.safety import check_safe

HUGE = 100 * 2**20


def hole(path: Path, size: int) -> Path:
    """Make a file of some size that takes no room."""
    path.touch()
    os.truncate(path, size)
    return path


@pytest.mark.parametrize("ending", DRAWINGS)
def test_a_drawing_of_100_mb_is_not_read(tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = hole(tmp_path / f"huge{ending}", HUGE)
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail(f"{path} is read"))
    with pytest.raises(ImageFileError, match=r"has 100\.0 MB; at most 32 MB are read\. Simplify the drawing\.$"):
        read_drawing(path)


@pytest.mark.parametrize("read", [from_svg, check_safe])
def test_an_svg_of_100_mb_from_another_node_is_refused_at_once(read: object) -> None:
    data = bytes(HUGE)
    start = time.monotonic()
    with pytest.raises(SvgError, match=r"^The SVG has 100\.0 MB; at most 32 MB are read\. Simplify it\.$"):
        read(data)  # type: ignore[operator]
    assert time.monotonic() - start < 1


def test_a_drawing_of_32_mb_is_read(tmp_path: Path) -> None:
    with pytest.raises(SvgError, match="no whole SVG file"):
        read_drawing(hole(tmp_path / "large.svg", 32 * 2**20))
