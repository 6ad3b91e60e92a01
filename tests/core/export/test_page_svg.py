"""Pages as SVG: their form, what vpype sees in them, and that they are written again as they are."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor

from clipasso_core.export import Grid, Page, Sheet, SheetConfig, encode_sheet, is_our_export, lay_out
from clipasso_core.export.layers import LAYER_RULES, LayerRule
from clipasso_core.export.page import PAGE_SIZES
from clipasso_core.export.page_svg import sheet_to_svg
from clipasso_core.export.pen import PATH_ORDERS, PathOrder
from clipasso_core.rasterizer import rasterize
from clipasso_core.strokes import Strokes
from clipasso_core.svg import from_svg

INKSCAPE = "{http://www.inkscape.org/namespaces/inkscape}"
A5 = Page.named("a5", landscape=True)

CONFIGS = {
    "plain": SheetConfig(),
    "pen": SheetConfig(A5, order="pen"),
    "joined": SheetConfig(A5, order="pen", join=3.0, pen_width=0.5),
    "joined as drawn": SheetConfig(A5, join=20.0, pen_width=0.5, layers="color"),
    "level": SheetConfig(layers="level", order="pen"),
    "levels": SheetConfig(layers="level", levels=(5, 20), pen_width=0.2),
    "color": SheetConfig(A5, layers="color", order="pen"),
    "width": SheetConfig(layers="width", order="pen"),
    "given": SheetConfig(layers="given"),
    "group": SheetConfig(A5, layers="group", order="pen", split_after=900.0),
    "one path": SheetConfig(A5, layers="color", order="pen", one_path=True, pen_width=0.4),
    "split": SheetConfig(layers="color", order="pen", split_after=200.0),
    **{name: SheetConfig(Page.named(name, margin=7, align="bottom-right")) for name in PAGE_SIZES},
    "odd": SheetConfig(Page.named("123.4x77.7mm", margin=0)),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_export_load_export_is_the_same_page(sketch: Strokes, name: str) -> None:
    config = CONFIGS[name]
    page = sheet_to_svg(lay_out([sketch], config, metadata={"a": "<svg>"}))
    again = sheet_to_svg(lay_out([from_svg(page)], config, metadata={"a": "<svg>"}))
    assert again == page
    assert page.count("<svg") == 1


def test_a_grid_is_the_same_page_without_the_grid(sketches: Strokes) -> None:
    config = SheetConfig(grid=Grid(1, 2), order="pen", layers="color")
    page = sheet_to_svg(lay_out([sketches], config))
    assert sheet_to_svg(lay_out([from_svg(page)], replace(config, grid=None))) == page


@st.composite
def any_strokes(draw: st.DrawFn) -> Strokes:
    """One to six strokes on a small canvas, one of them seen: far outside, dots, loops, no width, no opacity."""
    count, points = draw(st.integers(1, 6)), draw(st.sampled_from([4, 7]))
    numbers = st.floats(-50, 150, width=32) | st.sampled_from([0.0, 10.0, 99.999])
    size = count * points * 2
    places = torch.tensor(draw(st.lists(numbers, min_size=size, max_size=size))).view(1, count, points, 2)
    shares = st.lists(st.floats(0, 1, width=32), min_size=4 * count, max_size=4 * count)
    widths = st.lists(st.floats(0, 20, width=32), min_size=count, max_size=count)
    color, width = torch.tensor(draw(shares)).view(1, count, 4), torch.tensor(draw(widths))[None]
    assume(bool(((color[..., 3] > 0.001) & (width > 0)).any()))
    return replace(Strokes.black(places, (90, 100)), color=color, stroke_width=width)


@settings(max_examples=60, deadline=None)
@given(
    any_strokes(),
    st.sampled_from([rule for rule in LAYER_RULES if rule != "given"]),
    st.sampled_from(PATH_ORDERS),
    st.sampled_from([None, 0.0, 5.0]),
    st.sampled_from([None, 0.3]),
)
def test_any_strokes_are_the_same_page_again(
    strokes: Strokes, rule: LayerRule, order: PathOrder, join: float | None, pen: float | None
) -> None:
    """But for layers by level, whose ranks count fewer paths when some were joined, and by a width that a pen evens."""
    assume(not (join is not None and rule == "level") and not (pen is not None and rule == "width"))
    config = SheetConfig(Page(123.4, 77), pen, rule, order=order, join=join)
    page = sheet_to_svg(lay_out([strokes], config))
    assert sheet_to_svg(lay_out([from_svg(page)], config)) == page


@pytest.mark.parametrize("name", ["plain", "joined", "color", "one path"])
def test_what_is_read_is_what_was_laid_out(sketch: Strokes, name: str) -> None:
    """Our reader, another program than the writer, draws the page as the sheet is drawn."""
    sheet = lay_out([sketch], CONFIGS[name])
    read = from_svg(sheet_to_svg(sheet), (round(sheet.page.height * 4), round(sheet.page.width * 4)))
    if not sheet.one_path:
        assert (rasterize(read) - rasterize(sheet.to_strokes(4))).abs().mean() < 1e-3
    assert read.num_strokes == len(sheet.paths)


def test_layers_are_inkscapes_and_numbered(sketch: Strokes) -> None:
    root = ElementTree.fromstring(sheet_to_svg(lay_out([sketch], CONFIGS["color"])))
    assert (root.get("width"), root.get("height"), root.get("viewBox")) == ("210mm", "148mm", "0 0 210 148")
    groups = [child for child in root if child.get(f"{INKSCAPE}groupmode") == "layer"]
    assert [group.get(f"{INKSCAPE}label") for group in groups] == [
        "1 black",
        "2 red",
        "3 blue",
        "4 green",
        "5 #336699",
    ]
    assert sum(len(group) for group in groups) == 32


def test_one_path_is_one_path_and_says_what_it_loses(sketch: Strokes) -> None:
    exported = encode_sheet(lay_out([sketch], SheetConfig(one_path=True)), ".svg")
    assert exported.data.count(b"<path") == 1
    assert exported.notes == (
        "One path has one colour and width: those of a layer's first stroke. Choose layers by colour to keep them.",
    )
    plain = encode_sheet(lay_out([sketch], SheetConfig(one_path=True, layers="color", pen_width=1.0)), ".svg")
    assert plain.data.count(b"<path") == 5
    assert plain.notes == ()


@pytest.mark.parametrize("name", CONFIGS)
def test_a_page_is_ours_until_it_is_changed(sketch: Strokes, name: str) -> None:
    page = sheet_to_svg(lay_out([sketch], CONFIGS[name], title="A & B", metadata={"clipasso": {}}))
    assert is_our_export(page.encode())
    for old, new in (
        ("  </g>\n</svg>", "</g>\n</svg>"),
        (' d="M', ' id="me" d="M'),
        ("\n</svg>", "\n<!-- mine --></svg>"),
    ):
        assert old in page
        assert not is_our_export(page.replace(old, new).encode())


@pytest.mark.parametrize("name", ["plain", "level", "color", "one path", "odd", "a6", "tabloid"])
def test_vpype_reads_sizes_and_layers(sketch: Strokes, name: str, tmp_path: Path) -> None:
    vpype = pytest.importorskip("vpype", reason="needs vpype: pip install vpype")
    sheet = lay_out([sketch], CONFIGS[name])
    path = tmp_path / "page.svg"
    path.write_text(sheet_to_svg(sheet))
    document = vpype.read_multilayer_svg(str(path), 0.1)
    assert [side * 25.4 / 96 for side in document.page_size] == pytest.approx(sheet.page.size, abs=1e-3)
    assert sorted(document.layers) == list(range(1, len(sheet.layers) + 1))
    for number, layer in enumerate(sheet.layers, start=1):
        found = document.layers[number]
        assert found.property("vp_name") == f"{number} {layer.name}"
        assert len(found) == len(layer.paths)
        assert found.length() * 25.4 / 96 == pytest.approx(layer.length, rel=0.01)


def test_a_page_without_a_look_is_not_written_differently_by_a_dead_stroke(
    sketches: Strokes, draw: Callable[[Sheet], Tensor]
) -> None:
    dead = sketches.select([1])
    alone = replace(
        dead,
        **{
            name: getattr(dead, name)[:, dead.alive[0]] for name in ("control_points", "stroke_width", "color", "alive")
        },
    )
    assert torch.equal(draw(lay_out([dead])), draw(lay_out([alone])))
