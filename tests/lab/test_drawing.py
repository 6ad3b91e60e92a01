"""Sketches from SVG, on whichever page, with their metadata."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from clipasso_core.errors import ImageFileError, SvgError
from clipasso_core.framing import Frame
from clipasso_core.strokes import Strokes
from clipasso_core.svg import to_svg
from clipasso_lab.evaluate.drawing import read_drawing, read_facts

FACTS = {"encoder_sha256": "ab", "stroke_init": {"canvas_size": 224}}
POINTS = torch.tensor([[20.0, 30], [60, 40], [100, 200], [180, 90]])[None, None]
STROKES = Strokes.black(POINTS, (224, 224))


def written(folder: Path, strokes: Strokes, facts: dict[str, object] | None = None) -> Path:
    metadata = {"prompt": {}, "clipasso": FACTS if facts is None else facts}
    (folder / "a.svg").write_text(to_svg(strokes, metadata=metadata))
    return folder / "a.svg"


@pytest.mark.parametrize("size", [(224, 224), (500, 500)])
def test_a_square_page_is_the_canvas(tmp_path: Path, size: tuple[int, int]) -> None:
    drawing = read_drawing(written(tmp_path, STROKES.scaled_to(size)), Frame((300, 400), (50, 60, 250, 260)))
    torch.testing.assert_close(drawing.strokes.control_points, POINTS, atol=2e-3, rtol=0)
    assert drawing.strokes.canvas_size == (224, 224)
    assert drawing.facts == FACTS


@pytest.mark.parametrize("photo", [(300, 400), (400, 400), (400, 403)])
@pytest.mark.parametrize("scale", [1, 2])
def test_a_page_of_the_photos_is_brought_back(tmp_path: Path, photo: tuple[int, int], scale: int) -> None:
    """A square page twice the photo's size may be any canvas, so it counts as one."""
    frame = Frame(photo, (50, 60, 250, 260))
    placed = frame.to_photo(STROKES).scaled_to((photo[0] * scale, photo[1] * scale))
    drawing = read_drawing(written(tmp_path, placed), frame)
    back = torch.allclose(drawing.strokes.control_points, POINTS, atol=5e-3)
    assert back == (photo == (300, 400) or scale == 1)
    assert drawing.strokes.canvas_size == (224, 224)
    if back:
        torch.testing.assert_close(drawing.strokes.stroke_width, STROKES.stroke_width, atol=5e-3, rtol=0)


@pytest.mark.parametrize("facts", [FACTS, {}])
def test_a_page_that_may_be_either_is_the_canvas(tmp_path: Path, facts: dict[str, object]) -> None:
    drawing = read_drawing(written(tmp_path, STROKES, facts), Frame((224, 224), (50, 60, 150, 160)))
    torch.testing.assert_close(drawing.strokes.control_points, POINTS)


def test_another_page_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SvgError, match=r"300 x 200 px: neither square.*\(400 x 300 px\)"):
        read_drawing(written(tmp_path, STROKES.scaled_to((200, 300))), Frame((300, 400), (0, 0, 300, 300)))


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(ImageFileError, match=r"Cannot read .*missing\.svg"):
        read_drawing(tmp_path / "missing.svg", Frame((300, 400), (0, 0, 300, 300)))


@pytest.mark.parametrize(
    "inside", ["", "<metadata>words</metadata>", "<metadata>[1]</metadata>", '<metadata>{"clipasso": 1}</metadata>']
)
def test_foreign_metadata_says_nothing(inside: str) -> None:
    head = '<svg xmlns="http://www.w3.org/2000/svg">'
    assert read_facts(f"{head}{inside}</svg>".encode()) == {}
    ours = '<metadata><![CDATA[{"clipasso": {"a": 1}}]]></metadata>'
    assert read_facts(f"{head}{inside}{ours}</svg>".encode()) == {"a": 1}
