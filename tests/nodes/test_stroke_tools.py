"""The strokes tools and SVG on the wire, in a host that is nothing but names."""

from __future__ import annotations

import importlib
import json
import os
from io import BytesIO
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch

from .conftest import PACK

SAFE = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="9" height="9" fill="red"/></svg>'
HOSTILE = SAFE.replace("<rect", '<rect onclick="alert(1)"')


class Wire:
    """ComfyUI's SVG type, as far as nodes know it."""

    def __init__(self, data: list[BytesIO]) -> None:
        self.data = data

    @classmethod
    def of(cls, *texts: str) -> Wire:
        return cls([BytesIO(text.encode()) for text in texts])


@pytest.fixture
def host(pack: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The pack's host.py, whose folders are in ``tmp_path``; texts that nodes show are in ``shown``."""
    found = importlib.import_module(f"{pack.__name__}.nodes.host")
    monkeypatch.setattr(found, "svg_type", lambda: Wire)
    for kind in ("temp", "output", "input"):
        (tmp_path / kind).mkdir()
    folders = found.folder_paths
    folders.get_directory_by_type = lambda kind: str(tmp_path / kind)
    folders.get_input_directory = lambda: str(tmp_path / "input")
    folders.get_annotated_filepath = lambda name: str(tmp_path / "input" / name)
    folders.get_save_image_path = lambda prefix, folder: (folder, "a", 1, "", prefix)
    return found


def node(name: str, kind: str) -> Any:
    found = getattr(importlib.import_module(f"{PACK}.nodes.{name}"), kind)
    found.hidden = None
    return found


def core(name: str) -> ModuleType:
    return importlib.import_module(f"{PACK}.clipasso_core.{name}")


def sketch(count: int = 4, batch: int = 1, size: tuple[int, int] = (64, 64)) -> Any:
    points = torch.rand(batch, count, 4, 2, generator=torch.Generator().manual_seed(count)) * 64
    return core("strokes").Strokes.black(points, size)


@pytest.mark.usefixtures("pack")
def test_a_selection_is_restyled_and_merged_over_the_others() -> None:
    selected, others = node("select_strokes", "SelectStrokes").execute(sketch(), "2, -1", 0.0, 0.5, False)
    red = node("style_strokes", "StyleStrokes").execute(selected, "", 5.0, "red", -1.0)
    merged = node("merge_strokes", "MergeStrokes").execute(others, red, "layers")
    assert merged.stroke_width.tolist() == [[3, 3, 5, 5]]
    assert merged.color[0, :, 0].tolist() == [0, 0, 1, 1]
    assert torch.equal(merged.control_points, sketch().control_points[:, [0, 2, 1, 3]])


@pytest.mark.usefixtures("pack")
def test_an_object_of_a_scene_is_restyled_and_stays_that_object() -> None:
    scene = sketch().with_groups(torch.tensor([[0, 1, 1, -1]]), ["sky", "cat, black"])
    execute = node("select_strokes", "SelectStrokes").execute
    cat, others = execute(scene, "", 0.0, 0.5, False, None, "cat, black")
    assert (cat.names_of(0), others.names_of(0)) == (["cat, black"] * 2, ["sky", None])
    red = node("style_strokes", "StyleStrokes").execute(cat, "", 5.0, "red", -1.0)
    merged = node("merge_strokes", "MergeStrokes").execute(others, red, "layers")
    assert merged.names_of(0) == ["sky", None, "cat, black", "cat, black"]
    with pytest.raises(core("errors").ConfigError, match="of 'dog', and they are of sky, cat, black"):
        execute(scene, "", 0.0, 0.5, False, group="dog")


@pytest.mark.usefixtures("pack")
def test_numbers_and_colours_are_looked_at_before_the_run() -> None:
    select, style = node("select_strokes", "SelectStrokes"), node("style_strokes", "StyleStrokes")
    assert select.validate_inputs("1-2") is True
    assert style.validate_inputs("", "#ff0000") is True
    assert "numbers must be such as" in select.validate_inputs("one")
    assert "numbers must be such as" in style.validate_inputs("one", "")
    assert "no colour that can be read" in style.validate_inputs("", "reddish")


@pytest.mark.usefixtures("pack")
def test_a_mask_selects_by_place() -> None:
    mask = torch.zeros(1, 16, 16)
    mask[:, :, :8] = 1
    left, right = node("select_strokes", "SelectStrokes").execute(sketch(30), "", 0.0, 0.5, False, mask)
    assert float(left.control_points[..., 0].mean()) < 32 < float(right.control_points[..., 0].mean())
    assert left.num_strokes + right.num_strokes == 30


@pytest.mark.usefixtures("pack")
def test_colours_come_from_the_photo_for_the_strokes_that_are_named() -> None:
    photo = torch.zeros(1, 128, 128, 3)
    photo[..., 1] = 0.75
    style = node("style_strokes", "StyleStrokes")
    styled = style.execute(sketch(3), "1-2", -1.0, "", -1.0, image=photo)
    torch.testing.assert_close(styled.color[0, :, 1], torch.tensor([0.75, 0.75, 0]), atol=1e-3, rtol=0)
    with pytest.raises(core("errors").ConfigError, match="color is 'red' and a photo is given, too"):
        style.execute(sketch(3), "", -1.0, "red", -1.0, image=photo)
    with pytest.raises(core("errors").ShapeError, match="image has a batch of 2 for 3 sketches"):
        style.execute(sketch(3, 3), "", -1.0, "", -1.0, image=photo.expand(2, -1, -1, -1))


@pytest.mark.usefixtures("pack")
def test_transform_keeps_the_sides_of_the_canvas_that_are_0() -> None:
    execute = node("transform_strokes", "TransformStrokes").execute
    wide = execute(sketch(), 1.0, 2.0, 1.0, 0.0, "none", 128, 0, "nothing", 0.0, True)
    assert wide.canvas_size == (64, 128)
    torch.testing.assert_close(wide.control_points, sketch().control_points + torch.tensor([33.0, 2.0]))


def test_info_tells_in_the_node_and_as_json(host: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(host, "show_text", lambda text, _hidden: shown.append(text))
    info = node("strokes_info", "StrokesInfo")
    info.hidden = SimpleNamespace(unique_id="7")
    text, facts = info.execute(sketch(5, 2))
    assert shown == [text]
    assert text.startswith("sketch 1 of 2\nstrokes: 5, segments: 5\ncanvas: 64 x 64 px")
    assert [one["num_strokes"] for one in json.loads(facts)] == [5, 5]


@pytest.mark.usefixtures("host")
def test_strokes_go_over_the_wire_and_come_back() -> None:
    first = sketch(3, 2)
    svg = node("strokes_to_svg", "StrokesToSVG").execute(first, "A title", "white")
    assert [b"A title" in one.getvalue() for one in svg.data] == [True, True]
    read = node("strokes_from_svg", "StrokesFromSVG").execute
    back = read(svg, "all", 0, "refuse")
    torch.testing.assert_close(back.control_points, first.control_points, atol=1e-3, rtol=0)
    assert read(svg, "first", 224, "refuse").control_points.shape == (1, 3, 4, 2)
    again = node("strokes_to_svg", "StrokesToSVG").execute(back, "A title", "white")
    assert [one.getvalue() for one in again.data] == [one.getvalue() for one in svg.data]


@pytest.mark.usefixtures("host")
def test_svgs_of_several_sizes_and_lengths_become_one_batch() -> None:
    texts = [core("svg").to_svg(sketch(count, 1, size)) for count, size in ((3, (64, 64)), (5, (32, 64)))]
    read = node("strokes_from_svg", "StrokesFromSVG").execute
    both = read(Wire.of(*texts), "all", 0, "refuse")
    assert both.alive.sum(dim=1).tolist() == [3, 5]
    assert both.canvas_size == (64, 64)
    with pytest.raises(core("errors").ClipassoError, match="At least one"):
        read(Wire([]), "all", 0, "refuse")


@pytest.mark.usefixtures("host")
def test_preview_shows_temporary_files_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    preview = importlib.import_module(f"{PACK}.nodes.preview_svg")
    monkeypatch.setattr(preview.io, "NodeOutput", lambda ui: told.append(ui))
    with pytest.raises(core("errors").SvgError, match="the event handler 'onclick'"):
        preview.PreviewSVG.execute(Wire.of(SAFE, HOSTILE))
    assert (told, list((tmp_path / "temp").iterdir())) == ([], [])
    preview.PreviewSVG.execute(Wire.of(SAFE, SAFE))
    names = [image["filename"] for image in told[0]["images"]]
    assert sorted(path.name for path in (tmp_path / "temp").iterdir()) == names
    assert {image["type"] for image in told[0]["images"]} == {"temp"}
    assert (tmp_path / "temp" / names[0]).read_text() == SAFE


@pytest.mark.usefixtures("host")
def test_an_svg_becomes_image_and_mask() -> None:
    text = core("svg").to_svg(sketch())
    image, mask = node("svg_to_image", "SVGToImage").execute(Wire.of(text, text), 128)
    assert image.shape == (2, 128, 128, 3)
    torch.testing.assert_close(image[..., 0], 1 - mask)
    drawn = node("rasterize", "Rasterize").execute(sketch(), 128)[0]
    torch.testing.assert_close(image[:1], drawn, atol=1e-3, rtol=0)


@pytest.mark.usefixtures("host")
def test_load_svg_reads_text_instead_of_the_file(tmp_path: Path) -> None:
    load = node("load_svg", "LoadSVG")
    text, other = (core("svg").to_svg(sketch(count)) for count in (3, 5))
    (tmp_path / "input" / "mine.svg").write_text(text)
    assert load.execute("mine.svg", 0).num_strokes == 3  # a file of an older workflow names no text
    assert load.execute("mine.svg", 0, " \n").num_strokes == 3
    assert load.execute("mine.svg", 0, other).num_strokes == 5
    prints = [load.fingerprint_inputs("mine.svg", 0, one) for one in ("", text, other)]
    assert prints[0] == prints[1] != prints[2]


@pytest.mark.usefixtures("host")
def test_load_svg_says_before_the_run_what_is_missing() -> None:
    load = node("load_svg", "LoadSVG")
    assert load.validate_inputs("none", "") == "There is no SVG file in ComfyUI's input folder."
    assert load.validate_inputs("a.svg", "") == "There is no a.svg in ComfyUI's input folder."
    assert load.validate_inputs("none", "<svg/>") is True
    assert "lies outside" in load.validate_inputs("../mine.svg", "")
    with pytest.raises(core("errors").ImageFileError, match="lies outside ComfyUI's input folder"):
        load.execute("/etc/mine.svg", 0)
    with pytest.raises(core("errors").ImageFileError, match="Cannot read"):
        load.execute("a.svg", 0)


@pytest.mark.usefixtures("host")
def test_load_svg_refuses_a_file_of_100_mb_before_the_run(tmp_path: Path) -> None:
    huge = tmp_path / "input" / "huge.svg"
    huge.touch()
    os.truncate(huge, 100 * 2**20)
    load = node("load_svg", "LoadSVG")
    says = f"{str(huge)!r} has 100.0 MB; at most 32 MB are read. Simplify the drawing."
    assert load.validate_inputs("huge.svg", "") == says
    for late in (load.execute, load.fingerprint_inputs):
        with pytest.raises(core("errors").ImageFileError, match="at most 32 MB are read"):
            late("huge.svg", 0)


@pytest.mark.usefixtures("host")
def test_what_comes_by_a_link_is_not_known_before_the_run() -> None:
    assert node("abstraction", "Abstraction").validate_inputs(levels=None) is True
    assert node("edit_strokes", "EditStrokes").validate_inputs(edits=None) is True
    assert node("load_encoder", "LoadEncoder").validate_inputs(encoder_name=None) is True
    assert node("regions", "Regions").validate_inputs(shares=None) is True
    assert node("select_strokes", "SelectStrokes").validate_inputs(numbers=None) is True
    assert node("style_strokes", "StyleStrokes").validate_inputs(numbers=None, color=None) is True
    load, export = node("load_svg", "LoadSVG"), node("export", "Export")
    assert load.validate_inputs(file=None, text="") is load.validate_inputs(file="none", text=None) is True
    assert load.fingerprint_inputs("none", 0, None) == load.fingerprint_inputs(None, 0, "") == "linked"
    texts = ("format", "page", "margin", "grid", "levels", "ink", "paper", "profile", "plotter")
    assert export.validate_inputs(**dict.fromkeys(texts)) is True
    assert export.fingerprint_inputs(profile=None) == export.fingerprint_inputs()


def test_there_is_something_to_choose_in_an_empty_folder(host: ModuleType, tmp_path: Path) -> None:
    combo = importlib.import_module(f"{PACK}.nodes.load_svg").io.Combo
    assert host.input_drawings() == []

    def options() -> list[str]:
        (found,) = (call.kwargs["options"] for call in combo.Input.call_args_list[-2:] if call.args[0] == "file")
        return list(found)

    node("load_svg", "LoadSVG").define_schema()
    assert options() == ["none"]
    for name in ("b.svg", "a.json", "c.txt", "a.svg"):
        (tmp_path / "input" / name).touch()
    node("load_svg", "LoadSVG").define_schema()
    assert options() == ["a.svg", "b.svg", "a.json"]


def test_load_svg_reads_strokes_in_json_and_does_with_fills_as_told(host: ModuleType, tmp_path: Path) -> None:
    load = node("load_svg", "LoadSVG")
    (tmp_path / "input" / "a.json").write_text(core("strokes_json").strokes_to_json(sketch(3)))
    (tmp_path / "input" / "a.svg").write_text(
        '<svg width="9" height="9"><path d="M1 1H5V5Z"/><path d="M1 1H5" stroke="red"/></svg>'
    )
    read = load.execute("a.json", 0)
    assert torch.equal(read.control_points, sketch(3).control_points)
    assert load.execute("a.json", 99).canvas_size == (99, 99)
    assert [load.execute("a.svg", 0, "", fills).num_strokes for fills in ("outline", "skip")] == [2, 1]
    with pytest.raises(core("errors").SvgError, match="is filled and has no stroke"):
        load.execute("a.svg", 0)


def test_export_takes_a_style_and_works_without_it(host: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    export, saved = node("export", "Export"), []
    monkeypatch.setattr(export, "hidden", None, raising=False)
    monkeypatch.setattr(host, "host_metadata", lambda hidden: {})
    monkeypatch.setattr(host, "to_svg_type", list)
    monkeypatch.setattr(host, "save_files", lambda files, prefix, ending: saved.extend(files) or [{"filename": "a"}])
    older = ("svg", "a", "t", "a6", False, 10.0, "center", "", 0.8, "none", "", "drawn", 0.0, False, 0.0, 64, False)
    export.execute(sketch(3), *older, "none", "hp7475a")
    export.execute(sketch(3), *older, "none", "hp7475a", "brush", 0, " red ", "", -1.0, 0)
    assert [page.count(b"clipasso:line=") for page in saved] == [0, 3]
    assert b'fill="#ff0000"' in saved[1]
    assert export.validate_inputs(ink="red", paper="") is True
    assert "paper must be an opaque colour" in export.validate_inputs(paper="none")
    assert "Cannot read" in export.validate_inputs(profile="gone.toml")


def test_export_says_before_the_run_that_there_is_no_such_plotter(host: ModuleType) -> None:
    pytest.importorskip("vpype", reason="needs vpype: pip install vpype")
    export = node("export", "Export")
    assert "plotter must be one of" in export.validate_inputs(format="hpgl", plotter="axidraw")
    assert export.validate_inputs(format="svg", plotter="axidraw") is True
    assert export.validate_inputs(format="hpgl", plotter=None) is True
