"""read_dxf: drawings made by ezdxf itself come in as strokes."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
import torch

from clipasso_core.errors import ConfigError, DependencyError, DxfError
from clipasso_core.read_dxf import read_dxf

ezdxf = pytest.importorskip("ezdxf", reason="no ezdxf (pip install ezdxf)")

MM = 96 / 25.4


def dxf(draw: Callable[[Any], object], units: int = 4, release: str = "R2010") -> bytes:
    """A DXF as bytes, drawn by a function of its document."""
    document = ezdxf.new(release, units=units)
    draw(document)
    text = io.StringIO()
    document.write(text)
    return text.getvalue().encode()


def in_space(draw: Callable[[Any], object], **options: Any) -> bytes:
    return dxf(lambda document: draw(document.modelspace()), **options)


def joints(data: bytes, unit: float = MM) -> list[list[list[float]]]:
    """The joints of each stroke in the file's units, y up, from the drawing's lower left corner."""
    strokes, _ = read_dxf(data)
    points = strokes.control_points[0, :, ::3].double() / unit
    low, high = points.amin(dim=(0, 1)), points.amax(dim=(0, 1))
    placed = torch.stack([points[..., 0] - low[0], high[1] - points[..., 1]], dim=-1)
    return [[[round(v, 3) + 0 for v in point] for point in stroke] for stroke in placed.tolist()]


@pytest.mark.parametrize(
    ("draw", "wanted"),
    [
        (lambda m: m.add_line((1, 2), (4, 3)), [[[0, 0], [3, 1]]]),
        (lambda m: m.add_lwpolyline([(0, 0), (4, 0), (4, 3)]), [[[0, 0], [4, 0], [4, 3]]]),
        (lambda m: m.add_lwpolyline([(0, 0), (4, 0), (4, 3)], close=True), [[[0, 0], [4, 0], [4, 3], [0, 0]]]),
        (lambda m: m.add_polyline2d([(0, 0), (4, 0), (4, 3)]), [[[0, 0], [4, 0], [4, 3]]]),
        (lambda m: m.add_polyline3d([(0, 0, 5), (4, 0, 1), (4, 3, 2)]), [[[0, 0], [4, 0], [4, 3]]]),
        (lambda m: m.add_lwpolyline([(0, 0, 0, 0, 1), (2, 0)]), [[[0, 1], [1, 0], [2, 1]]]),
        (lambda m: m.add_arc((5, 5), 2, 0, 90), [[[2, 0], [0, 2]]]),
        (lambda m: m.add_circle((5, 5), 2), [[[4, 2], [2, 0], [0, 2], [2, 4], [4, 2]]]),
        (lambda m: m.add_ellipse((5, 5), (3, 0), 1 / 3), [[[6, 1], [3, 0], [0, 1], [3, 2], [6, 1]]]),
    ],
)
def test_entities_become_strokes(draw: Callable[[Any], object], wanted: list[list[list[float]]]) -> None:
    assert joints(in_space(draw)) == wanted


def test_a_spline_of_joined_cubics_is_those_cubics() -> None:
    """The form in which our own export writes paths."""
    points = [(0, 0), (1, 4), (5, 4), (6, 0), (7, -4), (9, -4), (12, 0)]

    def draw(space: Any) -> None:
        spline = space.add_spline()
        spline.dxf.degree = 3
        spline.control_points = [(x, y, 0) for x, y in points]
        spline.knots = [0.0] * 4 + [1.0] * 3 + [2.0] * 4

    strokes, _ = read_dxf(in_space(draw))
    found = strokes.control_points[0, 0] / MM
    wanted = torch.tensor(points, dtype=torch.float32) * torch.tensor([1.0, -1.0])
    torch.testing.assert_close(found - found[0], wanted, rtol=0, atol=1e-4)


def test_blocks_are_drawn_where_they_stand() -> None:
    def draw(document: Any) -> None:
        document.blocks.new("star").add_line((0, 0), (1, 0))
        document.modelspace().add_line((0, 0), (9, 0))
        document.modelspace().add_blockref("star", (2, 5), dxfattribs={"xscale": 3, "rotation": 90})

    assert joints(dxf(draw)) == [[[0, 0], [9, 0]], [[2, 5], [2, 8]]]


def test_widths_and_colours_are_those_of_line_and_layer() -> None:
    def draw(document: Any) -> None:
        document.layers.add("pen", color=1, lineweight=50)
        space = document.modelspace()
        for looks in (
            {},
            {"layer": "pen"},
            {"layer": "pen", "color": 5, "lineweight": 100},
            {"true_color": 0x336699},
            {"layer": "of no table"},
        ):
            space.add_line((0, 0), (9, 9), dxfattribs=looks)

    strokes, _ = read_dxf(dxf(draw))
    assert (strokes.stroke_width[0] / MM).tolist() == pytest.approx([0.25, 0.5, 1, 0.25, 0.25])
    assert strokes.color[0, :, :3].mul(255).round().tolist() == [
        [0, 0, 0],
        [255, 0, 0],
        [0, 0, 255],
        [0x33, 0x66, 0x99],
        [0, 0, 0],
    ]


def test_hidden_layers_are_passed_over_and_the_rest_is_said() -> None:
    def draw(document: Any) -> None:
        document.layers.add("off").off()
        document.layers.add("frozen").freeze()
        space = document.modelspace()
        for layer in ("off", "frozen", "0"):
            space.add_line((0, 0), (9, 9), dxfattribs={"layer": layer})
        space.add_text("a note")
        space.add_hatch()
        space.add_point((3, 3))

    strokes, report = read_dxf(dxf(draw))
    assert strokes.num_strokes == 1
    assert report.left_out == ("HATCH", "TEXT")


@pytest.mark.parametrize(("units", "unit"), [(0, MM), (1, 96.0), (4, MM), (5, 10 * MM)])
def test_units_are_those_of_the_file(units: int, unit: float) -> None:
    strokes, _ = read_dxf(in_space(lambda m: m.add_line((0, 0), (5, 2)), units=units))
    around = 2 * 0.25 * MM
    height, width = strokes.canvas_size
    assert (width, height) == (int(-(-(5 * unit + around) // 1)), int(-(-(2 * unit + around) // 1)))


@pytest.mark.parametrize("release", ["R12", "R2000", "R2018"])
def test_releases_are_read(release: str) -> None:
    assert read_dxf(in_space(lambda m: m.add_line((0, 0), (5, 2)), release=release))[0].num_strokes == 1


def test_a_drawing_fits_into_a_canvas() -> None:
    strokes, _ = read_dxf(in_space(lambda m: m.add_lwpolyline([(0, 0), (9000, 0), (9000, 9000)])), (100, 200))
    assert strokes.canvas_size == (100, 200)
    torch.testing.assert_close(
        strokes.control_points[0, 0, ::3], torch.tensor([[50.0, 100], [150, 100], [150, 0]]), rtol=0, atol=0.01
    )


LINE = in_space(lambda m: m.add_line((0, 0), (5, 2)))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "does not end with EOF"),
        (LINE[: len(LINE) // 2], "does not end with EOF"),
        (b"no DXF\nEOF", "no whole DXF file"),
        (b"AutoCAD Binary DXF\r\n\x1a\x00EOF", "no whole DXF file"),
        (in_space(lambda m: m.add_text("x")), "holds no lines that are seen"),
        (in_space(lambda m: m.add_line((0, 0), (9000, 0))), "at most 8192 px per side"),
    ],
)
def test_what_is_no_drawing_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(DxfError, match=said):
        read_dxf(data)


def test_too_many_lines_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clipasso_core.svg.read.MAX_STROKES", 3)
    with pytest.raises(DxfError, match="The DXF has over 3 strokes"):
        read_dxf(in_space(lambda m: [m.add_line((0, 0), (1, i)) for i in range(4)]))


def test_a_canvas_out_of_range_is_refused() -> None:
    with pytest.raises(ConfigError, match="canvas_size must be"):
        read_dxf(LINE, (0, 5))


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "ezdxf", None)
    with pytest.raises(DependencyError, match="pip install ezdxf"):
        read_dxf(LINE)
