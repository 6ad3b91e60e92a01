"""to_svg: what the text holds, and what it refuses."""

import json
import re
import time
from dataclasses import replace
from xml.etree import ElementTree

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from clipasso_core.errors import ConfigError, SvgError
from clipasso_core.strokes import Strokes
from clipasso_core.svg import from_svg, to_svg
from clipasso_core.svg.numerals import format_number

NS = "{http://www.w3.org/2000/svg}"
LINE = Strokes.black(torch.tensor([[[[1.0, 2], [3, 4], [5, 6], [7, 8]]]]), (10, 20))


def paths_of(text: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(text).iter(NS + "path"))


def test_page_and_group_carry_size_title_and_shared_look(wave: Strokes) -> None:
    root = ElementTree.fromstring(to_svg(wave))
    assert root.attrib == {"width": "80", "height": "60", "viewBox": "0 0 80 60"}
    assert [child.tag for child in root] == [NS + "title", NS + "g"]
    assert root[0].text == "CLIPasso sketch"
    assert root[1].attrib == {
        "fill": "none",
        "stroke-linecap": "round",
        "stroke-linejoin": "round",
        "stroke": "#000000",
        "stroke-width": "2.5",
    }
    assert [set(path.attrib) for path in root[1]] == [{"d"}] * 3


def test_path_joins_its_segments(wave: Strokes) -> None:
    assert paths_of(to_svg(wave))[0].get("d") == "M 5 10 C 15 0.123 25 20 35 10 45 0 55 20.5 75 10"
    assert paths_of(to_svg(wave, 1))[0].get("d", "").startswith("M 5 34 C 15 24.123")


def test_own_looks_stay_at_the_paths() -> None:
    strokes = Strokes.black(torch.rand(1, 3, 4, 2), (8, 8))
    color = torch.tensor([[[1.0, 0, 0, 1], [0, 0.5, 1, 0.25], [0, 0, 0, 1]]])
    text = to_svg(replace(strokes, color=color, stroke_width=torch.tensor([[1.0, 2.0, 0.0004]])))
    looks = [(p.get("stroke"), p.get("stroke-width"), p.get("stroke-opacity")) for p in paths_of(text)]
    assert looks == [("#ff0000", "1", None), ("#0080ff", "2", "0.25"), ("#000000", "0", None)]
    group = ElementTree.fromstring(text).find(NS + "g")
    assert group is not None
    assert not {"stroke", "stroke-width", "stroke-opacity"} & set(group.attrib)


def test_shared_opacity_is_hoisted() -> None:
    strokes = Strokes.black(torch.rand(1, 2, 4, 2), (8, 8))
    text = to_svg(replace(strokes, color=torch.tensor([0.0, 0, 0, 0.5]).expand(1, 2, 4)))
    assert text.count('stroke-opacity="0.5"') == 1


def test_dead_strokes_are_left_out_even_when_not_finite(wave: Strokes) -> None:
    points = wave.control_points.clone()
    points[0, 1] = float("nan")
    alive = torch.tensor([[True, False, True]] * 2)
    assert len(paths_of(to_svg(replace(wave, control_points=points, alive=alive)))) == 2
    assert not paths_of(to_svg(replace(wave, alive=torch.zeros(2, 3, dtype=torch.bool))))


def test_padding_is_left_out_but_for_the_longest_stroke() -> None:
    long = torch.tensor([[0.0, 0], [1, 1], [2, 2], [3, 3], [4, 4], [5, 5], [6, 6]])
    short = torch.cat([long[:4], long[3:4].expand(3, 2)])
    both = Strokes.black(torch.stack([short, long])[None], (8, 8))
    assert [path.get("d") for path in paths_of(to_svg(both))] == [
        "M 0 0 C 1 1 2 2 3 3",
        "M 0 0 C 1 1 2 2 3 3 4 4 5 5 6 6",
    ]
    alone = Strokes.black(short[None, None], (8, 8))
    assert paths_of(to_svg(alone))[0].get("d") == "M 0 0 C 1 1 2 2 3 3 3 3 3 3 3 3"


def test_long_padding_takes_no_long_time() -> None:
    long = torch.arange(60_001.0)[:, None].expand(-1, 2)
    started = time.process_time()
    text = to_svg(Strokes.black(torch.stack([long.clamp(max=3), long])[None], (8, 8)))
    assert time.process_time() - started < 3
    assert paths_of(text)[0].get("d") == "M 0 0 C 1 1 2 2 3 3"


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (0.0, 3, "0"),
        (-0.0, 3, "0"),
        (-0.0004, 3, "0"),
        (1.5, 3, "1.5"),
        (100.0, 0, "100"),
        (-12.3456, 2, "-12.35"),
        (1e20, 1, "100000000000000000000"),
        (1e-7, 8, "0.0000001"),
    ],
)
def test_numbers_have_one_form(value: float, decimals: int, text: str) -> None:
    assert format_number(value, decimals) == text


def test_coarse_coordinates_keep_fine_widths() -> None:
    thin = replace(LINE, stroke_width=torch.tensor([[0.4]]))
    assert 'stroke-width="0.4"' in to_svg(thin, decimals=0)


def test_bytes_are_the_same_each_time(wave: Strokes) -> None:
    assert to_svg(wave) == to_svg(wave.detach()) == to_svg(wave.to(dtype=torch.float64).to(dtype=torch.float32))


@settings(max_examples=30, deadline=None)
@given(st.text())
def test_any_title_gives_valid_xml_with_one_svg_tag(title: str) -> None:
    for text in (title, f"<svg {title} ]]><!--", "a\x00b\ud800"):
        written = to_svg(LINE, title=text)
        assert written.encode("utf-8").count(b"<svg") == 1
        assert len(paths_of(written)) == 1


def test_metadata_comes_back_and_cannot_break_out() -> None:
    metadata = {"prompt": {"1": "]]></metadata><svg onload='x'>"}, "workflow": ["é", 1, None, 0.5]}
    text = to_svg(LINE, metadata=metadata)
    assert text.count("<svg") == 1
    assert text.count("]]>") == 1
    found = ElementTree.fromstring(text).find(NS + "metadata")
    assert found is not None
    assert json.loads(found.text or "") == metadata


def test_metadata_that_comfyui_inserts_leaves_the_file_whole() -> None:
    text = to_svg(LINE, title="<svg >", metadata={"a": "<svg a='>'>"}, background="white")
    inserted = re.sub(r"(<svg[^>]*>)", r'\1<metadata><![CDATA[{"prompt": {}}]]></metadata>', text)
    assert inserted.count('{"prompt": {}}') == 1
    assert len(paths_of(inserted)) == 1
    assert torch.equal(from_svg(inserted).control_points, LINE.control_points)


def test_background_is_a_style_and_no_shape() -> None:
    root = ElementTree.fromstring(to_svg(LINE, background="white"))
    assert root.attrib["style"] == "background: #ffffff"
    assert [part.tag for part in root.iter() if part.tag.endswith("rect")] == []


@pytest.mark.parametrize("index", [-1, 1])
def test_index_out_of_range_is_refused(index: int) -> None:
    with pytest.raises(ConfigError, match=f"index must be 0 to 0 for 1 sketches, got {index}"):
        to_svg(LINE, index)


@pytest.mark.parametrize("decimals", [-1, 9])
def test_decimals_out_of_range_are_refused(decimals: int) -> None:
    with pytest.raises(ConfigError, match="decimals must be 0 to 8"):
        to_svg(LINE, decimals=decimals)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["control_points", "stroke_width", "color"])
def test_numbers_that_are_not_finite_are_refused(name: str, value: float) -> None:
    broken = replace(LINE, **{name: torch.full_like(getattr(LINE, name), value)})
    with pytest.raises(SvgError, match="NaN or infinite"):
        to_svg(broken)


def test_negative_width_is_refused() -> None:
    with pytest.raises(SvgError, match="stroke_width must be 0 px or more"):
        to_svg(replace(LINE, stroke_width=torch.tensor([[-1.0]])))


def test_metadata_numbers_that_are_not_finite_become_null() -> None:
    nan, inf = float("nan"), float("inf")
    text = to_svg(LINE, metadata={"prompt": {"9": {"is_changed": [nan]}}, "pair": (inf, {"low": -inf}), "text": "NaN"})
    found = ElementTree.fromstring(text).find(NS + "metadata")
    assert found is not None
    assert found.text == '{"prompt": {"9": {"is_changed": [null]}}, "pair": [null, {"low": null}], "text": "NaN"}'


def test_metadata_that_holds_itself_is_refused() -> None:
    circle: dict[str, object] = {}
    circle["again"] = circle
    with pytest.raises(SvgError, match="metadata must be plain JSON"):
        to_svg(LINE, metadata=circle)


@pytest.mark.parametrize("metadata", [{"a": object()}, {(1, 2): "a"}])
def test_metadata_that_is_not_json_is_refused(metadata: dict[str, object]) -> None:
    with pytest.raises(SvgError, match="metadata must be plain JSON"):
        to_svg(LINE, metadata=metadata)


@pytest.mark.parametrize("background", ["no-colour", 'red"/><svg', "none", "#ffffff80"])
def test_background_that_is_no_opaque_colour_is_refused(background: str) -> None:
    with pytest.raises(SvgError, match="background"):
        to_svg(LINE, background=background)
