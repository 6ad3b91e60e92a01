"""Groups of strokes on pages: a layer for each, and kept within other layers, in every style."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import torch

from clipasso_core.export import Grid, SheetConfig, encode_sheet, is_our_export, lay_out
from clipasso_core.export.page_svg import sheet_to_svg
from clipasso_core.export.styles import LineStyle
from clipasso_core.strokes import Strokes
from clipasso_core.strokes_json import strokes_from_json
from clipasso_core.svg import from_svg

CAT = 'cat & "dog"'


@pytest.fixture
def scene(sketch: Strokes) -> Strokes:
    """32 strokes: 16 of a cat, 8 of the background and 8 of neither, by turns."""
    return sketch.with_groups(torch.tensor([[0, 1, -1, 0]]).repeat(1, 8), [CAT, "background"])


def test_each_group_has_a_layer_in_the_order_of_their_first_strokes(scene: Strokes) -> None:
    sheet = lay_out([scene], SheetConfig(layers="group"))
    assert [(layer.name, len(layer.paths)) for layer in sheet.layers] == [(CAT, 16), ("background", 8), ("no group", 8)]
    assert [path.rank for path in sheet.layers[0].paths][:4] == [0, 3, 4, 7]


@pytest.mark.parametrize("rule", ["none", "color", "group", "level"])
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"order": "pen", "join": 4.0, "pen_width": 0.5},
        {"one_path": True},
        {"style": LineStyle("brush", "pencil", jitter=0.5), "pen_width": 0.8},
        {"style": LineStyle("pen", jitter=0.5), "pen_width": 0.8, "one_path": True},
        {"style": LineStyle(dashes=(4, 2))},
    ],
    ids=str,
)
def test_a_page_that_is_read_has_its_groups_and_is_written_again(
    scene: Strokes, rule: str, more: dict[str, object]
) -> None:
    config = SheetConfig(layers=rule, **more)  # type: ignore[arg-type]
    sheet = lay_out([scene], config)
    page = sheet_to_svg(sheet)
    read = from_svg(page)
    if not more.get("one_path"):
        assert read.names_of(0) == [path.group for path in sheet.paths] == sheet.to_strokes().names_of(0)
    elif rule == "group":
        assert read.names_of(0) == [CAT] * 16 + ["background"] * 8 + [None] * 8
    if rule != "level" or not more:  # levels count strokes, which joining has made fewer
        assert sheet_to_svg(lay_out([read], config)) == page
    ids = re.findall(r' id="([^"]*)"', page)
    assert len(set(ids)) == len(ids)
    assert is_our_export(page.encode())


def test_json_of_a_page_has_groups_and_a_group_named_like_a_filter_has_another_id(scene: Strokes) -> None:
    named = replace(scene, group_names=("pencil", "background"))
    config = SheetConfig(style=LineStyle(texture="pencil", jitter=0.5))
    sheet = lay_out([named], config)
    exported = encode_sheet(sheet, ".json")
    assert not [note for note in exported.notes if "groups" in note]
    read = strokes_from_json(exported.data)
    assert (read.names_of(0), read.group_names) == (from_svg(sheet_to_svg(sheet)).names_of(0), ("pencil", "background"))
    assert '<g id="pencil.2" data-clipasso-group="pencil">' in sheet_to_svg(sheet)
    assert sheet_to_svg(lay_out([read], config)) == sheet_to_svg(sheet)


def test_dashes_are_of_their_lines_groups(scene: Strokes) -> None:
    sheet = lay_out([scene], SheetConfig(layers="group", style=LineStyle(dashes=(4.0, 2.0), jitter=0.5)))
    dashes = sheet.in_dashes()
    assert len(dashes.paths) > 2 * 32
    assert [{path.group for path in layer.paths} for layer in dashes.layers] == [{CAT}, {"background"}, {None}]


def test_formats_say_what_they_lose_of_groups_and_of_styles(scene: Strokes) -> None:
    sheet = lay_out([scene], SheetConfig(pen_width=0.8, style=LineStyle.named("pencil", ink="red")))
    assert encode_sheet(sheet, ".gcode").notes == (
        ".gcode holds no width: the pen decides it.",
        ".gcode holds no opacity: 6 paths are drawn opaque.",
        ".gcode holds groups only as layers: export layers by group to keep them.",
        ".gcode holds no change of width: lines are even.",
        ".gcode holds no texture: lines are solid.",
    )
    assert encode_sheet(sheet, ".pdf").notes == (
        ".pdf holds groups only as layers: export layers by group to keep them.",
        ".pdf holds no texture: lines are solid.",
    )
    assert encode_sheet(sheet, ".svg").notes == ()


def test_formats_have_groups_as_layers_or_say_so(scene: Strokes) -> None:
    lost = "holds groups only as layers: export layers by group to keep them."
    mixed, sorted_out = (lay_out([scene], SheetConfig(layers=rule)) for rule in ("none", "group"))  # type: ignore[arg-type]
    for ending in (".pdf", ".gcode"):
        assert f"{ending} {lost}" in encode_sheet(mixed, ending).notes
        assert not [note for note in encode_sheet(sorted_out, ending).notes if "groups" in note]
    assert encode_sheet(mixed, ".svg").notes == encode_sheet(mixed, ".png").notes == ()
    assert "; layer 1 cat &" in encode_sheet(sorted_out, ".gcode").data.decode()


def test_groups_of_one_name_share_a_layer_across_drawings(scene: Strokes) -> None:
    other = replace(scene, group=1 - scene.group.clamp(min=0), group_names=("background", "tree"))
    sheet = lay_out([scene, other], SheetConfig(layers="group", grid=Grid(1, 2)))
    assert [layer.name for layer in sheet.layers] == [CAT, "background", "no group", "tree"]
