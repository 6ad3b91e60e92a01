"""PDF, PNG, G-code, HPGL and DXF: read back, drawn, and compared with the page; what each cannot hold is said."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from clipasso_core.errors import ConfigError
from clipasso_core.export import (
    FORMATS,
    FormatOptions,
    GcodeProfile,
    Page,
    Sheet,
    SheetConfig,
    check_format,
    encode_sheet,
    is_our_export,
    lay_out,
)
from clipasso_core.export.gcode import sheet_to_gcode
from clipasso_core.export.layers import LAYER_RULES
from clipasso_core.pixels import to_uint8
from clipasso_core.strokes import Strokes
from clipasso_core.strokes_json import strokes_from_json
from clipasso_core.svg import from_svg

Lines = Sequence[np.ndarray]
DrawLines = Callable[[Lines, Sheet], Tensor]
NEEDS = {".hpgl": "vpype", ".dxf": "ezdxf"}


@pytest.fixture
def sheet(sketch: Strokes) -> Sheet:
    """A5, four layers in the pen's order, 0.5 mm."""
    black = Strokes.black(sketch.control_points, sketch.canvas_size)
    return lay_out([black], SheetConfig(Page.named("a4", margin=25), 0.5, layers="level", order="pen"))


def encoded(sheet: Sheet, ending: str, options: FormatOptions | None = None) -> bytes:
    if ending in NEEDS:
        pytest.importorskip(NEEDS[ending], reason=f"needs {NEEDS[ending]}: pip install {NEEDS[ending]}")
    return encode_sheet(sheet, ending, options).data


@pytest.mark.parametrize("ending", FORMATS)
def test_the_same_sheet_gives_the_same_bytes_which_are_ours(sheet: Sheet, ending: str) -> None:
    data = encoded(sheet, ending)
    assert encoded(sheet, ending) == data
    assert is_our_export(data)


def moves(text: str) -> Lines:
    """The lines [M, 2] that the lowered pen draws, on the bed."""
    lines: list[list[tuple[float, float]]] = []
    for word, x, y in re.findall(r"^(G0|G1) X(\S+) Y(\S+) F", text, re.MULTILINE):
        if word == "G0":
            lines.append([])
        lines[-1].append((float(x), float(y)))
    return [np.array(line) for line in lines]


@pytest.mark.parametrize("y_up", [True, False])
def test_gcode_draws_the_page_inside_the_bed(
    sheet: Sheet, y_up: bool, draw: Callable[[Sheet], Tensor], draw_lines: DrawLines
) -> None:
    profile = GcodeProfile(bed=(260, 310), offset=(30.0, 4.5), y_up=y_up)
    lines = moves(sheet_to_gcode(sheet, profile))
    assert len(lines) == 32
    reached = np.concatenate(lines)
    assert (reached >= 0).all()
    assert (reached <= (260, 310)).all()
    back = [line - (30.0, 4.5) for line in lines]
    back = [np.stack([line[:, 0], 297 - line[:, 1]], axis=1) for line in back] if y_up else back
    assert (draw_lines(back, sheet) - draw(sheet)).abs().mean() < 1e-3


def test_gcode_lifts_the_pen_between_lines_and_pauses_between_layers(sheet: Sheet) -> None:
    profile = GcodeProfile(pen_up=("UP",), pen_down=("DOWN",), start=("START",), end=("END",), pause=("PAUSE", "GO"))
    words = [line.split()[0] for line in sheet_to_gcode(sheet, profile).splitlines() if not line.startswith(";")]
    states = [word for word in words if word not in ("G1", "GO")]
    assert states[:2] == ["START", "UP"]
    assert " ".join(states[2:]).replace("G0 DOWN UP", "line").split() == (
        ["line"] * 4 + ["PAUSE"] + ["line"] * 4 + ["PAUSE"] + ["line"] * 8 + ["PAUSE"] + ["line"] * 16 + ["END"]
    )


def test_a_line_beyond_the_bed_is_refused(sheet: Sheet) -> None:
    for profile in (GcodeProfile(bed=(100, 100)), GcodeProfile(bed=(210, 297), offset=(40, 0))):
        with pytest.raises(ConfigError, match=r"would leave the bed of .* Take a smaller page"):
            sheet_to_gcode(sheet, profile)


def test_a_comment_cannot_become_a_command(sketch: Strokes) -> None:
    sheet = lay_out([sketch], title="cat\nM112 (stop)\r\u2028é")
    assert sheet_to_gcode(sheet).splitlines()[1] == "; cat M112  stop    , 210 x 297 mm"


def test_a_comment_holds_nothing_that_machines_obey_wherever_it_stands(sketch: Strokes) -> None:
    named = sketch.with_groups(torch.zeros(1, 32).long(), ["100 %? ~yes!"])
    text = sheet_to_gcode(lay_out([named], SheetConfig(layers="group"), title="Stop!?~%"))
    assert "; layer 1 100     yes \n" in text
    assert not set("!?~%") & set(text)


def test_feeds_are_written_without_an_exponent(sketch: Strokes) -> None:
    text = sheet_to_gcode(lay_out([sketch]), GcodeProfile(feed=1_000_000, travel_feed=1234567 / 2))
    assert {line.split(" F")[1] for line in text.splitlines() if " F" in line and line[3] == "X"} == (
        {"1000000", "617283.5"}
    )


def test_a_profile_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('bed = [300, 218.5]\ny_up = false\nfeed = 900\npen_down = ["M3 S90", "G4 P0.2"]\nend = []\n')
    profile = GcodeProfile.read(path)
    assert (profile.bed, profile.y_up, profile.feed) == ((300.0, 218.5), False, 900.0)
    assert (profile.pen_down, profile.end, profile.pen_up) == (("M3 S90", "G4 P0.2"), (), GcodeProfile().pen_up)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("bed = 3", r"bed must be two numbers in mm, such as \[300, 200\], got 3"),
        ("bed = [1, true]", "bed must be two numbers"),
        ("bed = [-5, 9]", "bed in mm must lie between"),
        ("speed = 3", "holds the key 'speed'. A profile has bed, offset"),
        ("feed = '3'", "feed must be a number, got '3'"),
        ("feed = 0", "feed in mm a minute must lie between"),
        ("y_up = 1", "y_up must be true or false"),
        ("pen_up = 5", "pen_up must be a line of G-code or a list of lines"),
        ("pen_up = [5]", "pen_up must be a line of G-code or a list of lines"),
        ("bed = ", "is no TOML"),
    ],
)
def test_a_wrong_profile_is_one_sentence(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=says) as caught:
        GcodeProfile.read(path)
    assert "\n" not in str(caught.value)


def test_hpgl_draws_the_page_within_reach(sheet: Sheet, draw: Callable[[Sheet], Tensor], draw_lines: DrawLines) -> None:
    vpype = pytest.importorskip("vpype", reason="needs vpype: pip install vpype")
    text = encoded(sheet, ".hpgl").decode()
    assert [int(pen) for pen in re.findall(r"SP(\d+);", text)] == [1, 2, 3, 4, 0]
    machine = vpype.config_manager.get_plotter_config("hp7475a")
    paper = machine.paper_config("a4")
    drawn = re.findall(r"PU(-?\d+,-?\d+);PD([-\d,]+)", text)
    lines = [np.array([int(one) for one in ",".join(pair).split(",")]).reshape(-1, 2) for pair in drawn]
    reached = np.concatenate(lines)
    assert (reached >= 0).all()
    assert (reached < (paper.x_range[1], paper.y_range[1])).all()
    mm = machine.plotter_unit_length * 25.4 / 96
    origin = np.array(paper.origin_location) * 25.4 / 96
    lying = [line * (mm, -mm) + origin for line in lines]  # as on the paper of 297 x 210 mm
    upright = [np.stack([210 - line[:, 1], line[:, 0]], axis=1) for line in lying]
    assert (draw_lines(upright, sheet) - draw(sheet)).abs().mean() < 0.002


def test_hpgl_of_another_program_is_not_ours(sheet: Sheet) -> None:
    text = encoded(sheet, ".hpgl").decode()
    assert text.startswith("IN;PU;PU;PU;DF;")
    assert not is_our_export(text.replace("PU;PU;PU;", "", 1).encode()), "as vpype writes it"


def test_a_plotter_that_vpype_describes_wrongly_is_one_sentence(sheet: Sheet) -> None:
    pytest.importorskip("vpype", reason="needs vpype: pip install vpype")
    with pytest.raises(ConfigError, match="vpype cannot read how it describes designmate"):
        encode_sheet(sheet, ".hpgl", FormatOptions(plotter="designmate"))


def test_hpgl_refuses_what_the_plotter_cannot(sketch: Strokes) -> None:
    pytest.importorskip("vpype", reason="needs vpype: pip install vpype")
    tight = lay_out([sketch], SheetConfig(Page.named("a4", margin=2)))
    with pytest.raises(ConfigError, match="The pen of hp7475a does not reach all"):
        encode_sheet(tight, ".hpgl")
    with pytest.raises(ConfigError, match="takes no page of 105 x 148 mm; it takes a4, a3"):
        encode_sheet(lay_out([sketch], SheetConfig(Page.named("a6"))), ".hpgl")
    with pytest.raises(ConfigError, match=r"plotter must be one of .*hp7475a"):
        check_format(".hpgl", FormatOptions(plotter="axidraw"))
    check_format(".svg", FormatOptions(plotter="axidraw"))


def test_dxf_passes_the_audit_and_holds_the_curves(
    sketch: Strokes, draw: Callable[[Sheet], Tensor], draw_lines: DrawLines
) -> None:
    ezdxf = pytest.importorskip("ezdxf", reason="needs ezdxf: pip install ezdxf")
    config = SheetConfig(Page.named("a5", margin=8), 0.5, layers="color", order="pen", join=20)
    sheet = lay_out([Strokes.black(sketch.control_points, sketch.canvas_size)], config)
    document = ezdxf.read(io.StringIO(encoded(sheet, ".dxf").decode()))
    assert not document.audit().errors
    assert document.units == ezdxf.units.MM
    splines = list(document.modelspace())
    assert [spline.dxf.layer for spline in splines] == ["1 black"] * len(sheet.paths)
    assert any(len(path.points) > 4 for path in sheet.paths), "some are joined"
    flat = [np.array([(point.x, 210 - point.y) for point in spline.flattening(0.02)]) for spline in splines]
    assert (draw_lines(flat, sheet) - draw(sheet)).abs().mean() < 1e-3


def test_dxf_keeps_looks(sketch: Strokes) -> None:
    ezdxf = pytest.importorskip("ezdxf", reason="needs ezdxf: pip install ezdxf")
    sheet = lay_out([sketch], SheetConfig(layers="color"))
    exported = encode_sheet(sheet, ".dxf")
    splines = list(ezdxf.read(io.StringIO(exported.data.decode())).modelspace())
    assert {spline.rgb for spline in splines if spline.dxf.layer == "5 #336699"} == {(0x33, 0x66, 0x99)}
    assert {round(spline.transparency, 1) for spline in splines} == {0.0, 0.5}
    assert len({spline.dxf.lineweight for spline in splines}) > 5
    assert re.fullmatch(r"\.dxf knows some widths only: \d+ paths have the nearest one\.", exported.notes[0])


def test_dxf_layers_have_names_that_cad_programs_take(sketch: Strokes) -> None:
    ezdxf = pytest.importorskip("ezdxf", reason="needs ezdxf: pip install ezdxf")
    named = sketch.with_groups(torch.zeros(1, 32).long(), ["sea, sky"])
    data = encoded(lay_out([named], SheetConfig(layers="group")), ".dxf").decode()
    assert {spline.dxf.layer for spline in ezdxf.read(io.StringIO(data)).modelspace()} == {"1 sea- sky"}


def pdf_objects(data: bytes) -> list[bytes]:
    """The objects of a PDF, each found where its table says it begins."""
    start = int(data.rsplit(b"startxref\n", 1)[1].split()[0])
    rows = data[start:].split(b"trailer")[0].splitlines()[2:]
    offsets = [int(row[:10]) for row in rows if row.endswith(b"n ")]
    for number, offset in enumerate(offsets, start=1):
        assert data[offset:].startswith(f"{number} 0 obj\n".encode())
    return [data[offset:].split(b"endobj")[0] for offset in offsets]


def test_pdf_holds_curves_looks_and_layers(sketch: Strokes) -> None:
    sheet = lay_out([sketch], SheetConfig(Page.named("a5"), layers="color"), title="Katze 猫")
    objects = pdf_objects(encoded(sheet, ".pdf"))
    assert b"/MediaBox [0 0 419.52756 595.27559]" in objects[2]
    stream = objects[3].partition(b"stream\n")[2].rpartition(b"endstream")[0].decode()
    assert int(re.search(rb"/Length (\d+)", objects[3])[1]) == len(stream)  # type: ignore[index]
    operands = re.findall(r"(\S+) (\S+) m\n(.*) c\nS", stream)
    found = [np.array(" ".join(one).split(), dtype=float).reshape(-1, 2) for one in operands]
    assert [points.tolist() for points in found] == [path.points.tolist() for path in sheet.paths]
    assert re.findall(r"(\S+) w", stream) == [f"{path.width:.3f}".rstrip("0").rstrip(".") for path in sheet.paths]
    assert stream.count("BDC") == stream.count("EMC") == 5
    assert stream.count("/A0 gs") == 6, "the faint ones"
    assert b"/CA 0.5 " in objects[4]
    assert "1 black".encode("utf-16-be").hex().encode() in b"".join(objects)
    assert "猫".encode("utf-16-be").hex().encode() in objects[-1]


def test_png_on_paper_and_without(sheet: Sheet, sketch: Strokes) -> None:
    colored = lay_out([sketch], SheetConfig(Page.named("a6")))
    solid = Image.open(io.BytesIO(encoded(colored, ".png", FormatOptions(side=592))))
    clear = Image.open(io.BytesIO(encoded(colored, ".png", FormatOptions(side=592, transparent=True))))
    assert (solid.mode, clear.mode, solid.size, clear.size) == ("RGB", "RGBA", (420, 592), (420, 592))
    paper = Image.new("RGBA", clear.size, "white")
    paper.alpha_composite(clear)
    apart = np.abs(np.asarray(paper.convert("RGB"), dtype=int) - np.asarray(solid, dtype=int))
    assert apart.max() <= 2
    assert np.asarray(clear)[0, 0].tolist()[3] == 0
    from clipasso_core.rasterizer import rasterize

    assert torch.equal(torch.from_numpy(np.asarray(solid).copy()), to_uint8(rasterize(colored.to_strokes(4))[0]))


@pytest.mark.parametrize("layers", LAYER_RULES)
def test_json_read_again_is_the_same_page(sketch: Strokes, layers: str) -> None:
    config = SheetConfig(Page.named("a5"), layers=layers, order="pen")  # type: ignore[arg-type]
    first = lay_out([replace(sketch, num_given=3)], config, metadata={"clipasso": {"seed": 7}})
    read = strokes_from_json(encode_sheet(first, ".json").data)
    given = 3 if layers in ("given", "level") else 0  # by level, they happen to stay before the others here
    assert (read.num_given, read.provenance) == (given, {"seed": 7})
    again = lay_out([read], config, metadata={"clipasso": {"seed": 7}})
    for ending in (".svg", ".json"):
        assert encode_sheet(again, ending).data == encode_sheet(first, ending).data
    assert torch.equal(read.control_points, from_svg(encode_sheet(first, ".svg").data).control_points)


def test_json_of_another_program_is_not_ours(sketch: Strokes) -> None:
    data = encode_sheet(lay_out([sketch]), ".json").data
    for changed in (data.replace(b",", b", ", 1), data + b"\n", data[:-1], b'{"a": 1}'):
        assert not is_our_export(changed)


def test_what_a_format_cannot_hold_is_said(sketch: Strokes, sheet: Sheet) -> None:
    mixed = lay_out([sketch], SheetConfig(layers="level"))
    assert encode_sheet(mixed, ".gcode").notes == (
        ".gcode holds no width: the pen decides it.",
        ".gcode holds no colour: export layers by colour, and change pens.",
        ".gcode holds no opacity: 6 paths are drawn opaque.",
    )
    assert encode_sheet(mixed, ".png").notes == (".png holds no layers: all 4 are one.",)
    assert encode_sheet(mixed, ".svg").notes == encode_sheet(mixed, ".pdf").notes == ()
    assert encode_sheet(sheet, ".gcode").notes == (".gcode holds no width: the pen decides it.",)


def test_a_missing_package_is_one_sentence(monkeypatch: pytest.MonkeyPatch, sheet: Sheet) -> None:
    for name, ending in (("vpype", ".hpgl"), ("ezdxf", ".dxf")):
        monkeypatch.setitem(__import__("sys").modules, name, None)
        with pytest.raises(ImportError, match=f"takes {name}: pip install {name}"):
            encode_sheet(sheet, ending)
