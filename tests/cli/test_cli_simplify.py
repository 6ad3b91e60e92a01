"""clipasso simplify: drawings of any program in, fewer and simpler strokes out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

from clipasso_cli import main
from clipasso_core.strokes import Strokes
from clipasso_core.strokes_json import strokes_to_json
from clipasso_core.svg import from_svg, is_ours

DRAWING = """<svg xmlns="http://www.w3.org/2000/svg" width="100" height="100" fill="none" stroke="black">
<path d="M9 9h20h20h20v20v40h-9"/><path d="M60 69h9V9H9"/><path d="M60.3 68.6L20 90"/><path d="M1 1h1"/>
<circle cx="50" cy="50" r="3" fill="red" stroke="none"/></svg>"""


@pytest.fixture
def drawing(tmp_path: Path) -> Path:
    path = tmp_path / "mine.svg"
    path.write_text(DRAWING)
    return path


def simplify(*arguments: object) -> int:
    return main(["simplify", *map(str, arguments)])


def test_a_drawing_is_simplified_and_what_was_done_is_said(drawing: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = drawing.with_name("out.svg")
    options = ("--min-length", 2, "--merge", 0.5, "--snap", 1, "--tolerance", 0.2, "--decimals", 1, "--fills", "skip")
    assert simplify(drawing, "-o", out, *options) == 0
    assert capsys.readouterr().out.splitlines() == [
        "Filled shapes without a stroke, left out: 1.",
        "Taken away: 1 short strokes, 1 duplicates; 2 strokes are left.",
        "Ends that were moved onto others: 2.",
        "Segments: 11 before, 4 now.",
    ]
    assert is_ours(out.read_bytes())
    strokes = from_svg(out.read_text())
    assert strokes.num_strokes == 2
    assert strokes.control_points[0, 0, -1].tolist() == strokes.control_points[0, 1, 0].tolist()
    numbers = re.findall(r"[\d.]+", "".join(re.findall(r' d="(.*?)"', out.read_text())))
    assert max(len(number.partition(".")[2]) for number in numbers) <= 1


def test_what_is_not_asked_for_is_not_done(drawing: Path) -> None:
    out = drawing.with_name("out.svg")
    assert simplify(drawing, "-o", out, "--fills", "outline") == 0
    strokes, before = from_svg(out.read_text()), from_svg(DRAWING, fills="outline")
    torch.testing.assert_close(strokes.control_points, before.control_points, rtol=0, atol=6e-4)  # three decimals
    assert strokes.color.tolist() == before.color.tolist()


def test_strokes_in_json_are_read_too_one_sketch_at_a_time(drawing: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = Strokes.black(torch.rand(1, 2, 4, 2) * 9, (9, 9))
    path, out = drawing.with_suffix(".json"), drawing.with_name("out.svg")
    path.write_text(strokes_to_json(line))
    assert simplify(path, "-o", out) == 0
    assert from_svg(out.read_text()).num_strokes == 2
    path.write_text(strokes_to_json(line.select([0, 0])))
    assert simplify(path, "-o", out) == 1
    assert "holds 2 sketches. Give a file of one" in capsys.readouterr().err


def test_a_dxf_is_read_too(drawing: Path) -> None:
    ezdxf = pytest.importorskip("ezdxf", reason="no ezdxf (pip install ezdxf)")
    document = ezdxf.new(units=4)
    document.modelspace().add_line((0, 0), (20, 10))
    document.saveas(drawing.with_suffix(".dxf"))
    assert simplify(drawing.with_suffix(".dxf"), "-o", drawing.with_name("out.svg")) == 0
    assert from_svg(drawing.with_name("out.svg").read_text()).num_strokes == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("mine.svg", "-o", "out.svg"), "A <circle> is filled and has no stroke"),
        (("mine.svg", "-o", "mine.svg"), "'mine.svg' is the drawing itself"),
        (("mine.svg", "-o", "out.svg", "--snap", "-1"), "snap must lie between 0 and 1000000.0, got -1"),
        (("mine.svg", "-o", "out.svg", "--decimals", "9"), "decimals must lie between 0 and 8, got 9"),
        (("mine.svg", "-o", "out.svg", "--fills", "skip", "--min-length", "999"), "Lower it"),
        (("mine.png", "-o", "out.svg"), "The ending of 'mine.png' must be one of .svg, .dxf, .json, got '.png'"),
        (("none.svg", "-o", "out.svg"), "Cannot read 'none.svg'"),
    ],
)
def test_wrong_use_is_one_sentence_and_leaves_nothing(
    drawing: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    says: str,
) -> None:
    monkeypatch.chdir(drawing.parent)
    assert simplify(*arguments) == 1
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1
    assert [path.name for path in drawing.parent.iterdir()] == ["mine.svg"]
