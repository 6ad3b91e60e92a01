"""clipasso sketch --continue and --detail-map: a person's lines and wishes."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from clipasso_core.svg import from_svg

Clipasso = Callable[..., Any]
LINES = ("M 30.123 20 C 40 21 50 22 60 24", "m 40.00001,40 c1-3 5,6,7.5 8")
DRAWING = '<svg width="{}" height="{}"><g fill="none" stroke="#c0392b" stroke-width="2.5">{}</g></svg>'


@pytest.fixture
def mine(tmp_path: Path) -> Callable[..., Path]:
    """Save a drawing of these path data, over the photo (96 x 64 px) unless another page is asked for."""

    def save(*data: str, page: tuple[int, int] = (96, 64)) -> Path:
        path = tmp_path / "mine.svg"
        path.write_text(DRAWING.format(*page, "".join(f'<path d="{one}"/>' for one in data)))
        return path

    return save


def data_in(path: Path) -> list[str]:
    return re.findall(r' d="([^"]*)"', path.read_text())


def test_given_strokes_come_out_byte_for_byte_over_the_photo(
    clipasso: Clipasso, photo_file: Path, mine: Callable[..., Path], tmp_path: Path
) -> None:
    out = tmp_path / "out.svg"
    ran = clipasso(photo_file, "--continue", mine(*LINES), "-o", out, "--strokes", 4)
    assert ran.status == 0, ran.err
    assert data_in(out)[:2] == list(LINES)
    assert len(data_in(out)) == 4
    text = out.read_text()
    assert 'width="96" height="64"' in text
    assert text.count('stroke="#c0392b"') == text.count('stroke-width="2.5"') == 2
    assert clipasso(photo_file, "--continue", mine(*LINES), "-o", out, "--strokes", 4).status == 0  # ours to replace
    assert out.read_text() == text


def test_a_sketch_of_ours_goes_on_from_its_own_canvas(clipasso: Clipasso, photo_file: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first.svg", tmp_path / "second.svg"
    assert clipasso(photo_file, "-o", first).status == 0
    assert clipasso(photo_file, "--continue", first, "-o", second, "--strokes", 5).status == 0
    assert data_in(second)[:3] == data_in(first)
    assert 'width="224" height="224"' in second.read_text()
    assert clipasso(photo_file, "--continue", first, "-o", second, "--strokes", 5, "--page", "photo").status == 0
    assert 'width="96" height="64"' in second.read_text()


def test_with_freedom_they_move(
    clipasso: Clipasso, photo_file: Path, mine: Callable[..., Path], tmp_path: Path
) -> None:
    out = tmp_path / "out.svg"
    arguments = (photo_file, "--continue", mine(*LINES), "-o", out, "--iterations", 3, "--given-freedom", 1)
    assert clipasso(*arguments).status == 0
    assert '"given_freedom": 1.0' in out.read_text()
    assert not set(LINES) & set(data_in(out))


@pytest.mark.parametrize(
    ("data", "page", "said"),
    [
        ((), (96, 64), "holds no strokes"),
        (("M 1 900 L 2 900",), (96, 64), "Given stroke 1 lies outside"),
        (("M 1 1 L 2 9",), (210, 297), "The given drawing's page is 210 x 297 px, but the photo is 96 x 64"),
        (LINES * 2, (96, 64), "4 strokes are given, and num_strokes, which counts them too, is 3"),
    ],
)
def test_a_drawing_that_cannot_be_gone_on_from_is_refused(
    clipasso: Clipasso,
    photo_file: Path,
    mine: Callable[..., Path],
    data: tuple[str, ...],
    page: tuple[int, int],
    said: str,
) -> None:
    ran = clipasso(photo_file, "--continue", mine(*data, page=page))
    assert ran.status == 1
    assert said in ran.err.splitlines()[-1]
    assert not photo_file.with_suffix(".svg").exists()


def test_what_it_is_made_from_is_not_overwritten(
    clipasso: Clipasso, photo_file: Path, mine: Callable[..., Path]
) -> None:
    drawing = mine(*LINES)
    before = drawing.read_bytes()
    ran = clipasso(photo_file, "--continue", drawing, "-o", drawing, "--force")
    assert ran.status == 1
    assert "is what the sketch is made from" in ran.err
    assert drawing.read_bytes() == before


def test_a_missing_file_is_named(clipasso: Clipasso, photo_file: Path) -> None:
    for option in ("--continue", "--detail-map"):
        ran = clipasso(photo_file, option, "no-such.file")
        assert ran.status == 1
        assert "no-such.file" in ran.err


def test_a_detail_map_changes_the_sketch_and_a_grey_one_does_not(
    clipasso: Clipasso, photo_file: Path, tmp_path: Path
) -> None:
    """No strokes are spare: which of them go after so few iterations hangs on next to nothing."""
    for name, colours in (("grey", (99, 99)), ("left", (255, 0))):
        brush = Image.new("L", (96, 64), colours[1])
        brush.paste(colours[0], (0, 0, 48, 64))
        brush.save(tmp_path / f"{name}.png")
        out = tmp_path / f"{name}.svg"
        drawn = clipasso(photo_file, "--detail-map", tmp_path / f"{name}.png", "-o", out, "--strokes", 8, "--spare", 0)
        assert drawn.status == 0
    assert clipasso(photo_file, "-o", tmp_path / "plain.svg", "--strokes", 8, "--spare", 0).status == 0
    grey, left, plain = (
        from_svg((tmp_path / f"{name}.svg").read_text()).control_points for name in ("grey", "left", "plain")
    )
    assert float((grey - plain).abs().median()) < 0.01  # Adam may turn round on a gradient that is nearly 0
    assert float((left - plain).abs().median()) > 1


def test_a_detail_map_of_another_picture_is_refused(clipasso: Clipasso, photo_file: Path, tmp_path: Path) -> None:
    Image.new("L", (64, 64), 255).save(tmp_path / "square.png")
    ran = clipasso(photo_file, "--detail-map", tmp_path / "square.png")
    assert ran.status == 1
    assert "detail is 64 x 64 px, but the photo is 96 x 64" in ran.err
