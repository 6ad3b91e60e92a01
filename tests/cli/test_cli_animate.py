"""clipasso animate, and the animations of clipasso sketch."""

from __future__ import annotations

import io
import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from clipasso_cli import main
from clipasso_core.errors import ConfigError
from clipasso_core.pixels import to_uint8
from clipasso_core.rasterizer import rasterize
from clipasso_core.strokes import Strokes
from clipasso_core.svg import from_svg, to_svg

Clipasso = Callable[..., Any]


@pytest.fixture
def drawing(tmp_path: Path) -> Path:
    """A file of two lines, alone in a folder."""
    points = torch.tensor([[[10.0, 10], [30, 10], [50, 10], [70, 10]], [[10.0, 60], [20, 60], [40, 60], [50, 60]]])
    path = tmp_path / "lines.svg"
    path.write_text(to_svg(Strokes.black(points[None], (80, 80))))
    return path


def animate(*arguments: object) -> int:
    return main(["animate", *map(str, arguments)])


def last_picture(path: Path) -> np.ndarray:
    image = Image.open(path)
    image.seek(image.n_frames - 1)
    return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize("ending", [".gif", ".webp", ".GIF"])
def test_the_movie_of_a_drawing_ends_with_the_drawing(drawing: Path, ending: str) -> None:
    movie = drawing.with_suffix(ending)
    assert animate(drawing, "-o", movie, "--frames", 6, "--hold", 0, "--side", 96) == 0
    assert Image.open(movie).n_frames == 6
    whole = to_uint8(rasterize(from_svg(drawing.read_text()), (96, 96))[0]).numpy()
    np.testing.assert_array_equal(last_picture(movie), whole)
    assert sorted(path.name for path in drawing.parent.iterdir()) == sorted([drawing.name, movie.name])


def test_the_svg_that_draws_itself_can_be_animated_again(drawing: Path, capsys: pytest.CaptureFixture[str]) -> None:
    moving, again = drawing.with_name("moving.svg"), drawing.with_name("again.svg")
    assert animate(drawing, "-o", moving, "--frames", 48, "--fps", 24) == 0
    assert capsys.readouterr().out == f"{moving}: 2 strokes in 2 s\n"
    assert animate(moving, "-o", again, "--frames", 48) == 0
    text = moving.read_text()
    assert again.read_text() == text.replace("<title>lines", "<title>moving")
    assert "clipasso-draw 1.2s linear 0s" in text
    assert "clipasso-draw 0.8s linear 1.2s" in text


def test_ours_is_replaced_and_a_strangers_is_not(drawing: Path, capsys: pytest.CaptureFixture[str]) -> None:
    movie = drawing.with_suffix(".gif")
    short = ("--frames", 2, "--side", 32)
    assert animate(drawing, "-o", movie, *short) == 0
    assert animate(drawing, "-o", movie, *short) == 0
    Image.new("L", (8, 8)).save(movie)
    assert animate(drawing, "-o", movie, *short) == 1
    assert "exists, and clipasso did not write it" in capsys.readouterr().err
    assert animate(drawing, "-o", movie, *short, "--force") == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("-o", "out.avi"), "The ending of 'out.avi' must be one of .svg, .gif, .webp, .mp4, got '.avi'"),
        (("-o", "out"), "got ''"),
        (("-o", "out.gif", "--fps", 60), "A GIF shows at most 50 frames a second, got 60"),
        (("-o", "out.svg", "--frames", 0), "num_frames must lie between 1 and 10000, got 0"),
        (("-o", "out.gif", "--side", 8), "side must lie between 16 and 8192, got 8"),
        (("-o", "no/such/out.gif"), "does not exist; make it"),
        (("-o", "lines.svg"), "'lines.svg' is the drawing itself"),
    ],
)
def test_wrong_options_are_one_sentence(
    drawing: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[object, ...],
    says: str,
) -> None:
    monkeypatch.chdir(drawing.parent)
    assert animate("lines.svg", *arguments) == 1
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1
    assert [path.name for path in drawing.parent.iterdir()] == ["lines.svg"]


@pytest.mark.parametrize("text", ["<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>", None])
def test_no_drawing_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None) -> None:
    file = tmp_path / "none.svg"
    if text:
        file.write_text(text)
    assert animate(file, "-o", tmp_path / "out.gif") == 1
    said = capsys.readouterr().err
    assert ("The SVG holds no strokes" if text else "Cannot read") in said
    assert said.count("\n") == 1


def test_sketch_writes_both_animations(clipasso: Clipasso, photo_file: Path) -> None:
    svg, movie, history = (photo_file.with_name(name) for name in ("out.svg", "draws.svg", "history.webp"))
    ran = clipasso(
        photo_file, "-o", svg, "--animate", movie, "--animate-history", history, "--side", 64, "--json", "--hold", 0
    )
    facts = json.loads(ran.out)
    assert (ran.status, facts["animation"], facts["history"]) == (0, str(movie), str(history))
    still, moving = (from_svg(path.read_text()) for path in (svg, movie))
    assert torch.equal(still.control_points, moving.control_points)
    metadata = "{http://www.w3.org/2000/svg}metadata"
    assert ElementTree.parse(movie).findtext(metadata) == ElementTree.parse(svg).findtext(metadata)
    wanted = to_uint8(rasterize(still, (64, 64))[0]).numpy()
    assert np.abs(last_picture(history).astype(int) - wanted).mean() < 1  # the SVG's numbers are rounded


def test_animations_lie_where_the_sketch_does(clipasso: Clipasso, photo_file: Path) -> None:
    movie, history = (photo_file.with_name(name) for name in ("draws.gif", "history.gif"))
    ran = clipasso(photo_file, "--page", "photo", "--animate", movie, "--animate-history", history, "--side", 96)
    assert ran.status == 0
    assert Image.open(movie).size == Image.open(history).size == (96, 64)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--animate", "a.mov"), "The ending of 'a.mov' must be one of .svg, .gif, .webp, .mp4, got '.mov'"),
        (("--animate-history", "a.svg"), "The ending of 'a.svg' must be one of .gif, .webp, .mp4, got '.svg'"),
        (("--animate", "a.gif", "--animate-history", "a.gif"), "'a.gif' is another result of this command"),
        (("--hold", "-1"), "hold must lie between 0 and 60, got -1"),
    ],
)
@pytest.mark.usefixtures("no_long_work")
def test_wrong_animations_are_refused_before_the_long_work(
    clipasso: Clipasso, photo_file: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], says: str
) -> None:
    monkeypatch.chdir(photo_file.parent)
    ran = clipasso(photo_file, *arguments)
    assert ran.status == 1
    assert says in ran.err
    assert [path.name for path in photo_file.parent.iterdir()] == ["cup.png"]


def test_a_name_that_the_terminal_cannot_write_ends_nothing(drawing: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(out, encoding="ascii", write_through=True))
    assert animate(drawing, "-o", drawing.with_name("\u732b.svg")) == 0
    assert b"\\u732b.svg: 2 strokes" in out.getvalue()


@pytest.mark.parametrize(("error", "status"), [(KeyboardInterrupt(), 130), (ConfigError("It is too wide."), 1)])
def test_what_ends_an_animation_says_where_the_sketch_is(
    clipasso: Clipasso, photo_file: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, status: int
) -> None:
    def end(*_: object) -> None:
        raise error

    monkeypatch.setattr("clipasso_cli.sketch_command.write_animation", end)
    ran = clipasso(photo_file, "--animate", photo_file.with_suffix(".gif"))
    svg = photo_file.with_suffix(".svg")
    assert ran.status == status
    assert f"the sketch is in {svg}; its animation was not finished" in ran.err
    assert svg.is_file()
