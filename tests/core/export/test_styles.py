"""Styles: what each preset writes, that plain strokes are still in the file, and what formats say that they lose."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image

from clipasso_core.errors import ConfigError, SvgError
from clipasso_core.export import FORMATS, STYLES, LineStyle, Page, SheetConfig, encode_sheet, is_our_export, lay_out
from clipasso_core.export.dashes import cut_into_dashes
from clipasso_core.export.jitter import with_jitter
from clipasso_core.export.page_svg import sheet_to_svg
from clipasso_core.export.paths import PenPath
from clipasso_core.export.pen_colors import to_lab, with_few_colors
from clipasso_core.strokes import Strokes
from clipasso_core.svg import from_svg, read_svg

A6 = Page.named("a6")
RED = LineStyle(ink="red")
NEEDS = {".hpgl": "vpype", ".dxf": "ezdxf"}


def config(name: str, **options: object) -> SheetConfig:
    return SheetConfig(A6, 0.8, style=LineStyle.named(name), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "layers", "one_path"),
    [*((name, "color", False) for name in STYLES), *(("brush", layers, True) for layers in ("none", "color", "level"))],
)
def test_export_load_export_is_the_same_page(sketch: Strokes, name: str, layers: str, one_path: bool) -> None:
    chosen = config(name, layers=layers, order="pen", one_path=one_path)
    page = sheet_to_svg(lay_out([sketch], chosen))
    assert sheet_to_svg(lay_out([from_svg(page)], chosen)) == page
    assert page.count("<svg") == 1
    assert is_our_export(page.encode())
    assert not is_our_export(page.replace(' d="M', ' id="me" d="M', 1).encode())


@pytest.mark.parametrize("name", STYLES)
def test_the_strokes_of_a_styled_page_are_those_of_the_plain_one(sketch: Strokes, name: str) -> None:
    styled, plain = (SheetConfig(A6, style=LineStyle.named(name, **off)) for off in ({}, {"jitter": 0.0}))
    plain = replace(plain, style=replace(plain.style, width_profile="even", dashes=(), texture="none"))
    read, wanted = (from_svg(sheet_to_svg(lay_out([sketch], one))) for one in (styled, plain))
    for field in ("control_points", "stroke_width", "color"):
        assert torch.equal(getattr(read, field), getattr(wanted, field))


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(-20, 120), min_size=28, max_size=28),
    st.lists(st.floats(0, 1, width=32), min_size=8, max_size=8),
    st.sampled_from(["even", "pen", "brush"]),
    st.sampled_from([0.0, 2.0]),
    st.sampled_from([None, 1]),
    st.lists(st.integers(-1, 1), min_size=2, max_size=2),
    st.sampled_from(["none", "group"]),
    st.booleans(),
)
def test_any_strokes_are_the_same_styled_page_again(
    numbers: list[int],
    shares: list[float],
    profile: str,
    jitter: float,
    pens: int | None,
    group: list[int],
    layers: str,
    one_path: bool,
) -> None:
    assume(max(shares[3], shares[7]) > 0.001)  # one of them is seen
    points = torch.tensor(numbers, dtype=torch.float32).view(1, 2, 7, 2)
    strokes = replace(Strokes.black(points, (90, 100)), color=torch.tensor(shares).view(1, 2, 4))
    strokes = strokes.with_groups(torch.tensor([group]), ["cat", "<&>"])
    style = LineStyle(width_profile=profile, jitter=jitter, pens=pens)  # type: ignore[arg-type]
    chosen = SheetConfig(A6, 0.8, layers, order="pen", one_path=one_path, style=style)  # type: ignore[arg-type]
    page = sheet_to_svg(lay_out([strokes], chosen))
    assert is_our_export(page.encode())
    assert sheet_to_svg(lay_out([from_svg(page)], chosen)) == page


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("name", STYLES)
def test_every_format_writes_every_style_and_says_what_it_loses(sketch: Strokes, name: str, ending: str) -> None:
    if ending in NEEDS:
        pytest.importorskip(NEEDS[ending], reason=f"needs {NEEDS[ending]}: pip install {NEEDS[ending]}")
    page = Page.named("a4", margin=25) if ending == ".hpgl" else A6
    exported = encode_sheet(lay_out([sketch], SheetConfig(page, 0.8, style=LineStyle.named(name))), ending)
    assert is_our_export(exported.data)
    told, style = " ".join(exported.notes), STYLES[name]
    assert ("no change of width" in told) == (style.width_profile != "even" and ending not in (".svg", ".pdf", ".png"))
    assert ("no texture" in told) == (style.texture != "none" and ending != ".svg")
    assert ("no dashes" in told) == (bool(style.dashes) and ending == ".json")
    assert ("without jitter" in told) == (style.jitter > 0 and ending == ".json")
    assert ("colour of paper" in told) == (style.paper is not None and ending not in (".svg", ".pdf", ".png"))


def test_a_plain_page_is_what_it_was_before_there_were_styles(sketch: Strokes) -> None:
    page = sheet_to_svg(lay_out([sketch], SheetConfig(A6, layers="color")))
    assert not re.search("clipasso:|sodipodi|<defs>|filter|mask|dasharray|background", page)


def test_a_page_of_the_time_when_textures_were_filters_is_still_ours(sketch: Strokes) -> None:
    page = sheet_to_svg(lay_out([sketch], config("pencil")))
    noise = re.search("      <fe.*/>\n", page)
    assert noise
    older = re.sub(
        "  <defs>(.*\n)*  </defs>", f'  <defs>\n    <filter id="pencil">\n{noise[0]}    </filter>\n  </defs>', page
    )
    older = older.replace(' mask="', ' filter="')
    assert is_our_export(older.encode())
    assert from_svg(older).num_strokes == 32
    assert not is_our_export(older.replace("</defs>", "</defs><rect/>").encode())


def test_a_brush_stroke_is_one_filled_shape(sketch: Strokes) -> None:
    page = sheet_to_svg(lay_out([sketch], config("brush")))
    assert page.count("<path") == 32
    assert "stroke" not in page
    assert page.count("clipasso:width=") == 32
    assert page.count('fill-opacity="0.5"') == 6, "the faint ones"


def test_an_outline_that_was_changed_is_no_stroke_any_more(sketch: Strokes) -> None:
    page = sheet_to_svg(lay_out([sketch], config("brush")))
    moved = page.replace(' d="M ', ' d="M 1', 1)
    with pytest.raises(SvgError, match="is filled and has no stroke"):
        from_svg(moved)
    strokes, report = read_svg(moved, fills="skip")
    assert (strokes.num_strokes, report.skipped) == (31, 1)


def test_the_line_goes_where_its_outline_is_moved(sketch: Strokes) -> None:
    page = sheet_to_svg(lay_out([sketch], config("brush")))
    shifted = page.replace("<path ", '<path transform="translate(10 5)" ')
    apart = from_svg(shifted).control_points - from_svg(page).control_points
    mm = 96 / 25.4
    torch.testing.assert_close(apart, torch.tensor([10 * mm, 5 * mm]).expand_as(apart), rtol=0, atol=1e-3)


def test_a_texture_takes_ink_away_and_adds_none(sketch: Strokes) -> None:
    resvg_py = pytest.importorskip("resvg_py", reason="needs resvg: pip install resvg-py")

    def alpha(style: LineStyle) -> np.ndarray:
        page = sheet_to_svg(lay_out([sketch], SheetConfig(A6, 1.5, style=style)))
        png = bytes(resvg_py.svg_to_bytes(svg_string=page, width=420, height=592, dpi=96))
        return np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))[..., 3] / 255

    solid = alpha(LineStyle())
    for texture, least, most in (("pencil", 0.45, 0.85), ("chalk", 0.45, 0.9)):
        grainy = alpha(LineStyle(texture=texture))  # type: ignore[arg-type]
        assert (grainy <= solid + 0.02).all()
        assert least < grainy.sum() / solid.sum() < most


def test_paper_is_shown_and_no_shape(sketch: Strokes, tmp_path: Path) -> None:
    sheet = lay_out([sketch], config("chalk"))
    exported = encode_sheet(sheet, ".svg")
    page = exported.data.decode()
    assert 'style="background: #2f3e38"' in page
    assert '<sodipodi:namedview pagecolor="#2f3e38"' in page
    assert "<rect" not in page.partition("</defs>")[2]
    assert exported.notes == (".svg tells browsers and Inkscape the paper's colour; other programs show none.",)
    picture = Image.open(io.BytesIO(encode_sheet(sheet, ".png").data))
    assert picture.getpixel((0, 0)) == (0x2F, 0x3E, 0x38)
    assert b"0.18431 0.24314 0.21961 rg 0 0 105 148 re f" in encode_sheet(sheet, ".pdf").data
    assert from_svg(page).color[0, :, 0].min() > 0.95


@pytest.mark.parametrize("name", STYLES)
def test_vpype_reads_sizes_and_layers(sketch: Strokes, name: str, tmp_path: Path) -> None:
    vpype = pytest.importorskip("vpype", reason="needs vpype: pip install vpype")
    sheet = lay_out([sketch], config(name, layers="level"))
    path = tmp_path / "page.svg"
    path.write_text(sheet_to_svg(sheet))
    document = vpype.read_multilayer_svg(str(path), 0.1)
    assert [side * 25.4 / 96 for side in document.page_size] == pytest.approx(A6.size, abs=1e-3)
    assert [document.layers[number].property("vp_name") for number in sorted(document.layers)] == [
        f"{number} {layer.name}" for number, layer in enumerate(sheet.layers, start=1)
    ]


# --- dashes, jitter, pens ----------------------------------------------------------------------------------------


def test_dashes_lie_on_the_line_and_are_as_long_as_asked_for() -> None:
    points = np.array([[0.0, 0], [10, 30], [30, 30], [40, 0], [50, -30], [70, -30], [80, 0]])
    path = PenPath(points, 0.5, (1.0, 0.0, 0.0, 1.0), rank=3)
    dashes = cut_into_dashes(path, (7.0, 3.0, 1.0, 3.0))
    assert [round(dash.length, 1) for dash in dashes[:4]] == [7.0, 1.0, 7.0, 1.0]
    assert sum(dash.length for dash in dashes) == pytest.approx(path.length * 8 / 14, abs=7)
    assert {(dash.look, dash.rank) for dash in dashes} == {(path.look, 3)}
    assert cut_into_dashes(path, ()) == [path]
    dot = PenPath(np.zeros((4, 2)), 0.5)
    assert [dash.points.tolist() for dash in cut_into_dashes(dot, (2.0, 2.0))] == [dot.points.tolist()]


def test_gcode_draws_each_dash(sketch: Strokes) -> None:
    sheet = lay_out([sketch], config("dashed"))
    lines = encode_sheet(sheet, ".gcode").data.count(b"G1 Z0")
    assert lines == len(sheet.in_dashes().paths) > 64


def test_jitter_stays_within_bounds_and_follows_its_seed(sketch: Strokes) -> None:
    plain, shaken, same, other = (
        lay_out([sketch], SheetConfig(A6, 0.8, style=LineStyle(jitter=most, seed=seed)))
        for most, seed in ((0.0, 0), (1.0, 0), (1.0, 0), (1.0, 1))
    )
    ends = [np.stack([path.ends for path in sheet.paths]) for sheet in (plain, shaken, same, other)]
    apart = np.hypot(*np.moveaxis(ends[1] - ends[0], -1, 0))
    assert 0.1 < apart.mean() < apart.max() <= 1.001
    assert (ends[1] == ends[2]).all()
    assert (ends[1] != ends[3]).any()
    assert [path.as_meant().points.tolist() for path in shaken.paths] == [path.points.tolist() for path in plain.paths]


def test_a_closed_line_stays_closed_and_a_smooth_one_smooth() -> None:
    circle = np.array([[0.0, 20], [11, 20], [20, 11], [20, 0], [20, -11], [11, -20], [0, -20]])
    closed = np.concatenate([circle, -circle[1:]])
    (moved,) = with_jitter([PenPath(closed, 0.5)], 2.0)
    assert moved.points[0].tolist() == moved.points[-1].tolist()
    joints = moved.points[3:-1:3]
    before, after = joints - moved.points[2:-2:3], moved.points[4::3] - joints
    turns = np.abs(before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]) / np.hypot(*before.T) / np.hypot(*after.T)
    assert turns.max() < 1e-2


def test_few_pens_have_colours_of_the_drawing_and_keep_apart_what_is_apart() -> None:
    generator = np.random.default_rng(0)
    groups = np.array([[0.9, 0.1, 0.1], [0.1, 0.5, 0.1], [0.2, 0.2, 0.9]])
    colors = np.concatenate([group + generator.uniform(-0.05, 0.05, (9, 3)) for group in groups]).tolist()
    paths = [PenPath(np.zeros((4, 2)), 0.5, (*color, 0.5)) for color in colors]  # type: ignore[arg-type]
    few = with_few_colors(paths, 3)
    chosen = [path.color for path in few]
    assert len(set(chosen)) == 3
    assert [len(set(chosen[at : at + 9])) for at in (0, 9, 18)] == [1, 1, 1]
    assert set(chosen) <= {path.color for path in paths}
    assert with_few_colors(few, 3) == few
    assert len({path.color for path in with_few_colors(paths, 1)}) == 1


def test_lab_is_what_the_cie_says() -> None:
    """Reference values of the sRGB primaries (Lindbloom's calculator, D65)."""
    found = to_lab(np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0], [0.5, 0.5, 0.5]]))
    wanted = [[87.73, -86.18, 83.18], [32.30, 79.19, -107.86], [0, 0, 0], [53.39, 0, 0]]
    np.testing.assert_allclose(found, wanted, atol=0.02)


def test_layers_by_color_are_one_for_each_pen(sketch: Strokes) -> None:
    style = LineStyle(pens=2)
    assert len(lay_out([sketch], SheetConfig(layers="color", style=style)).layers) == 2
    assert [
        layer.name for layer in lay_out([sketch], SheetConfig(layers="color", style=LineStyle(ink="red"))).layers
    ] == ["red"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"width_profile": "fat"}, "width_profile must be one of even, pen, brush"),
        ({"texture": "wool"}, "texture must be one of none, pencil, chalk"),
        ({"dashes": (3.0,)}, "dashes must be lengths of dash and gap in turn"),
        ({"dashes": (3.0, 0.0)}, "A dash or gap in mm must lie between"),
        ({"dashes": (3.0, 2.0), "width_profile": "pen"}, "Leave one of them out"),
        ({"jitter": float("nan")}, "jitter in mm must lie between"),
        ({"pens": 0}, "pens must lie between 1"),
        ({"paper": "none"}, "paper must be an opaque colour"),
        ({"ink": "#00000080"}, "ink must be an opaque colour"),
    ],
)
def test_wrong_styles_are_one_sentence(options: dict[str, object], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        LineStyle(**options)  # type: ignore[arg-type]


def test_unknown_names_and_colours_are_one_sentence() -> None:
    with pytest.raises(ConfigError, match="style must be one of plain, pen, brush"):
        LineStyle.named("crayon")
    with pytest.raises(SvgError, match="paper"):
        LineStyle(paper="quite dark")


def test_too_many_dashes_are_refused() -> None:
    long = PenPath(np.array([[0.0, 0], [1000, 0], [2000, 0], [9000, 0]]), 0.5)
    with pytest.raises(ConfigError, match=r"dashes\. Make them longer"):
        cut_into_dashes(long, (0.1, 0.1))
