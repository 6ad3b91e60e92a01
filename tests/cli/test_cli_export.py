"""clipasso export: pages from files, what it says of them, and what it refuses."""

from __future__ import annotations

import re
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from PIL import Image

from clipasso_cli import main
from clipasso_core.strokes import Strokes
from clipasso_core.svg import from_svg, to_svg


@pytest.fixture
def drawing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """cat.svg, twelve lines of which two were given, alone in the present folder."""
    generator = torch.Generator().manual_seed(0)
    points = torch.rand(1, 12, 4, 2, generator=generator) * 80
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "cat.svg"
    path.write_text(to_svg(Strokes.black(points, (80, 80)), metadata={"clipasso": {"seed": 7, "given": 2}}))
    return path


def export(*arguments: object) -> int:
    try:
        return main(["export", *map(str, arguments)])
    except SystemExit as left:  # argparse
        return int(left.code or 0)


def test_the_page_is_written_and_told(drawing: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        export(drawing.name, "-o", "page.svg", "--page", "a5", "--landscape", "--order", "pen", "--pen-width", 0.5) == 0
    )
    said = capsys.readouterr().out
    told = re.fullmatch(
        r"page\.svg: 12 paths in 1 layer on 210 x 148 mm, \d\.\d\d m of line, "
        r"pen travel (\d\.\d\d) m \((\d\.\d\d) m as drawn\)\n",
        said,
    )
    assert told, said
    assert float(told[1]) < float(told[2])
    page = Path("page.svg").read_text()
    assert 'width="210mm" height="148mm" viewBox="0 0 210 148"' in page
    assert 'stroke-width="0.5"' in page
    assert "<title>cat</title>" in page
    assert sorted(path.name for path in drawing.parent.iterdir()) == ["cat.svg", "page.svg"]


@pytest.mark.parametrize("layers", ["none", "level", "color", "width", "given"])
def test_a_page_that_is_exported_again_is_the_same(drawing: Path, layers: str) -> None:
    chosen = ("--page", "120x90mm", "--layers", layers, "--order", "pen", "--margin", 5)
    pages = [drawing, Path("once/cat.svg"), Path("twice/cat.svg")]
    for source, page in pairwise(pages):
        page.parent.mkdir()
        assert export(source, "-o", page, *chosen) == 0
    assert pages[2].read_text() == pages[1].read_text()
    assert ('"given": 2' in pages[1].read_text()) == (layers == "given")
    assert '"seed": 7' in pages[1].read_text()


def test_groups_have_layers_and_come_back(drawing: Path) -> None:
    scene = from_svg(drawing.read_bytes()).with_groups(torch.arange(12)[None] % 3 - 1, ["tree", "sky & sea"])
    drawing.write_text(to_svg(scene))
    chosen = ("--layers", "group", "--order", "pen")
    assert export(drawing, "-o", "page.svg", *chosen) == 0
    labels = re.findall(r'inkscape:label="([^"]*)"', Path("page.svg").read_text())
    assert labels == ["1 no group", "2 tree", "3 sky &amp; sea"]
    assert export("page.svg", "-o", "again.svg", *chosen) == 0
    assert Path("again.svg").read_text().splitlines()[2:] == Path("page.svg").read_text().splitlines()[2:]  # the title


def test_given_strokes_have_a_layer_of_their_own(drawing: Path) -> None:
    assert export(drawing, "-o", "page.svg", "--layers", "given") == 0
    labels = re.findall(r'inkscape:label="([^"]*)"', Path("page.svg").read_text())
    assert labels == ["1 given", "2 new"]


@pytest.mark.parametrize("layers", ["none", "given"])
def test_a_page_by_way_of_json_is_the_same_page(drawing: Path, layers: str) -> None:
    chosen = ("--page", "a5", "--order", "pen", "--layers", layers)
    for folder in ("direct", "json", "page"):
        Path(folder).mkdir()
    assert export(drawing, "-o", "direct/cat.svg", *chosen) == 0
    assert export(drawing, "-o", "json/cat.json", *chosen) == 0
    assert export("json/cat.json", "-o", "page/cat.svg", *chosen) == 0
    assert Path("page/cat.svg").read_text() == Path("direct/cat.svg").read_text()


@pytest.mark.parametrize("ending", [".pdf", ".gcode", ".PNG", ".json"])
def test_formats_are_written_and_written_anew(drawing: Path, ending: str, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        assert export(drawing, "-o", f"page{ending}") == 0
    said = capsys.readouterr().out
    assert (".gcode holds no width: the pen decides it.\n" in said) == (ending == ".gcode")
    Path(f"page{ending}").write_text("mine")
    assert export(drawing, "-o", f"page{ending}") == 1
    assert "clipasso did not write it" in capsys.readouterr().err
    assert export(drawing, "-o", f"page{ending}", "--force") == 0


def test_several_drawings_share_a_page(drawing: Path) -> None:
    other = drawing.with_name("dog.svg")
    other.write_text(drawing.read_text())
    assert export(drawing, other, "-o", "page.svg", "--grid", "1x2", "--levels", 4, 12, "--layers", "level") == 0
    page = Path("page.svg").read_text()
    assert from_svg(page).num_strokes == 24
    assert "<title>cat, dog</title>" in page


def test_a_picture_has_the_size_and_the_paper_that_are_asked_for(drawing: Path) -> None:
    assert export(drawing, "-o", "page.png", "--side", 297, "--transparent") == 0
    assert (Image.open("page.png").size, Image.open("page.png").mode) == ((210, 297), "RGBA")


def test_a_profile_says_how_the_machine_is_spoken_to(drawing: Path) -> None:
    Path("mine.toml").write_text('bed = [300, 300]\npen_down = "M3 S90"\n')
    assert export(drawing, "-o", "page.gcode", "--profile", "mine.toml") == 0
    assert Path("page.gcode").read_text().count("M3 S90") == 12


def test_a_style_by_name_with_a_part_changed(drawing: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chosen = ("--style", "brush", "--ink", "#223355", "--jitter", 0.5, "--seed", 3, "--page", "a6")
    for source, page in pairwise([drawing, Path("once/cat.svg"), Path("twice/cat.svg")]):
        page.parent.mkdir()
        assert export(source, "-o", page, *chosen) == 0
    page = Path("twice/cat.svg").read_text()
    assert page == Path("once/cat.svg").read_text()
    assert page.count("clipasso:line=") == 12
    assert 'fill="#223355"' in page
    assert export(drawing, "-o", "page.gcode", "--style", "pencil") == 0
    assert ".gcode holds no texture: lines are solid.\n" in capsys.readouterr().out
    assert export(drawing, "-o", "page.svg", "--dashes", 4, 3, "--paper", "ivory") == 0
    assert 'stroke-dasharray="4 3"' in Path("page.svg").read_text()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("-o", "out.svg", "--style", "brush", "--dashes", 4, 2), "dashes are of one width"),
        (("-o", "out.svg", "--pens", 0), "pens must lie between 1"),
        (("-o", "out.eps"), "The ending must be one of .svg, .pdf, .png, .gcode, .hpgl, .dxf, .json, got '.eps'"),
        (("-o", "out.svg", "--page", "b5"), "page must be one of a6, a5, a4"),
        (("-o", "out.svg", "--margin", 200), "margin 200 mm leaves no room on a page of 210 x 297 mm"),
        (("-o", "out.svg", "--grid", "2"), "grid must be columns x rows"),
        (("-o", "out.svg", "--join", -1), "join in mm must lie between 0"),
        (("-o", "out.svg", "--pen-width", 0), "pen_width in mm must lie between"),
        (("-o", "out.svg", "--side", 500), "--side is for .png files, and .svg is asked for. Leave it out"),
        (("-o", "out.pdf", "--transparent"), "--transparent is for .png files"),
        (("-o", "out.png", "--side", 9000), "side must lie between 16 and 8192"),
        (("-o", "out.svg", "--levels", 4), "Choose layers by level"),
        pytest.param(
            ("-o", "out.hpgl", "--plotter", "axidraw"),
            "plotter must be one of",
            marks=pytest.mark.skipif(find_spec("vpype") is None, reason="needs vpype: pip install vpype"),
        ),
        (("-o", "out.gcode", "--profile", "none.toml"), "Cannot read 'none.toml'"),
        (("cat.svg", "-o", "out.svg"), "2 sketches are to lie on a page"),
        (("-o", "cat.svg"), "'cat.svg' is the drawing itself"),
        (("-o", "no/such/out.svg"), "does not exist; make it"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    drawing: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[object, ...], says: str
) -> None:
    assert export("cat.svg", *arguments) == 1
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1
    assert [path.name for path in drawing.parent.iterdir()] == ["cat.svg"]


@pytest.mark.parametrize("length", ["20", "m", "-1m", "20 inches"])
def test_a_length_has_a_unit(drawing: Path, capsys: pytest.CaptureFixture[str], length: str) -> None:
    assert export(drawing, "-o", "out.svg", f"--split-after={length}") == 2
    assert "must be a length such as 20m" in capsys.readouterr().err
