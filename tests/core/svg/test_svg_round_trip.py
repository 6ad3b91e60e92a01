"""What is written comes back."""

import gzip
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from clipasso_core.strokes import Strokes
from clipasso_core.svg import from_svg, is_ours, to_svg


@st.composite
def sketches(draw: st.DrawFn) -> Strokes:
    """Draw random sketches: 1-5 strokes of 1-3 segments, some points on one spot."""
    count, segments = draw(st.integers(1, 5)), draw(st.integers(1, 3))
    size = (draw(st.integers(1, 300)), draw(st.integers(1, 300)))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    points = torch.rand(1, count, 3 * segments + 1, 2, generator=generator) * 400 - 50
    if draw(st.booleans()):
        points = points.mul(draw(st.sampled_from([0.0, 1e-3, 1e-2]))).round(decimals=3)
    color = torch.randint(0, 256, (1, count, 4), generator=generator) / 255
    width = torch.rand(1, count, generator=generator) * 10 + 0.01
    return replace(Strokes.black(points, size), color=color, stroke_width=width)


@settings(max_examples=40, deadline=None)
@given(sketches(), st.integers(0, 6), st.sampled_from([None, "white"]))
def test_strokes_come_back_to_the_written_decimals(strokes: Strokes, decimals: int, background: str | None) -> None:
    back = from_svg(to_svg(strokes, decimals=decimals, background=background))
    half = 0.5 * 10**-decimals + 5e-5
    assert back.canvas_size == strokes.canvas_size
    assert bool(back.alive.all())
    torch.testing.assert_close(back.control_points, strokes.control_points, rtol=0, atol=half)
    torch.testing.assert_close(back.stroke_width, strokes.stroke_width, rtol=0, atol=6e-4)
    torch.testing.assert_close(back.color[..., :3], strokes.color[..., :3])
    torch.testing.assert_close(back.color[..., 3], strokes.color[..., 3], rtol=0, atol=6e-4)


@settings(max_examples=20, deadline=None)
@given(sketches())
def test_writing_what_was_read_gives_the_same_bytes(strokes: Strokes) -> None:
    once = to_svg(strokes)
    assert to_svg(from_svg(once)) == once
    assert to_svg(from_svg(once.encode())) == once


@settings(max_examples=40, deadline=None)
@given(
    sketches(),
    st.text(),
    st.none() | st.dictionaries(st.text(), st.text() | st.floats()),
    st.integers(0, 8),
    st.sampled_from([None, "white"]),
)
def test_everything_that_is_written_is_known_as_ours(
    strokes: Strokes, title: str, metadata: dict[str, object] | None, decimals: int, background: str | None
) -> None:
    text = to_svg(strokes, title=title, metadata=metadata, decimals=decimals, background=background)
    assert is_ours(text.encode())
    dead = replace(strokes, alive=torch.zeros_like(strokes.alive))
    assert is_ours(to_svg(dead, title=title, metadata=metadata, background=background).encode())


OF_0_1_0 = """\
<svg xmlns="http://www.w3.org/2000/svg" width="224" height="224" viewBox="0 0 224 224" style="background: #ffffff">
  <title>astronaut in 16 strokes</title>
  <metadata><![CDATA[{"clipasso": {"device": "cpu", "versions": {"clipasso": "0.1.0"}}}]]></metadata>
  <g fill="none" stroke-linecap="round" stroke-linejoin="round" stroke="#000000" stroke-width="3">
    <path d="M 123.773 177.245 C 95.869 187.764 102.021 201.371 26.74 198.764"/>
    <path d="M 180.109 149.859 C 160.596 133.104 111.251 155.109 123.735 197.385"/>
  </g>
</svg>
"""


def test_file_of_an_earlier_version_is_ours() -> None:
    assert is_ours(OF_0_1_0.encode())


@pytest.mark.parametrize("name", ["plain", "looks", "full", "self_drawing", "groups"])
def test_stored_file_is_ours(name: str) -> None:
    assert is_ours((Path(__file__).parent / "golden" / f"{name}.svg").read_bytes())


@pytest.mark.parametrize(
    ("ours", "changed"),
    [
        ("<svg", '<?xml version="1.0" encoding="UTF-8"?>\n<svg'),
        ("<svg", "\ufeff<svg"),
        ("\n", "\r\n"),
        ("</svg>\n", "</svg>"),
        ("</svg>\n", "</svg>\n<!-- mine -->\n"),
        ('width="224"', 'width="210mm"'),
        (' stroke-width="3"', ' stroke-width="3" id="layer1"'),
        ("<path d=", '<path style="stroke:red" d='),
        (" C 95.869", " L 95.869"),
        ("  </g>", '    <circle r="3"/>\n  </g>'),
        ("  <title>", "  <metadata><![CDATA[{}]]></metadata>\n  <title>"),
        ("astronaut", "astronaut & I"),
        ("astronaut", "astro\x00naut"),
    ],
)
def test_file_that_somebody_changed_is_not_ours(ours: str, changed: str) -> None:
    assert not is_ours(OF_0_1_0.replace(ours, changed).encode())


def test_what_cannot_be_read_is_not_ours() -> None:
    raw = OF_0_1_0.encode()
    for data in (b"", b"<svg/>", gzip.compress(raw), raw.replace(b"astronaut", b"\xff"), OF_0_1_0.encode("utf-16")):
        assert not is_ours(data)
    for length in range(len(raw)):
        assert not is_ours(raw[:length])


def test_metadata_title_and_background_do_not_hinder_reading(wave: Strokes) -> None:
    text = to_svg(wave, title="<&>", metadata={"a": "]]>"}, background="#fafafa")
    assert from_svg(text).num_strokes == 3


@pytest.mark.parametrize("size", [(120, 160), (60, 400), (300, 80)])
def test_reading_onto_another_canvas_fits_and_centres(wave: Strokes, size: tuple[int, int]) -> None:
    back = from_svg(to_svg(wave, background="white"), canvas_size=size)
    factor = min(size[0] / 60, size[1] / 80)
    shift = torch.tensor([(size[1] - 80 * factor) / 2, (size[0] - 60 * factor) / 2])
    wanted = wave.control_points[:1] * factor + shift
    torch.testing.assert_close(back.control_points, wanted, rtol=0, atol=1e-2)
    torch.testing.assert_close(back.stroke_width, wave.stroke_width[:1] * factor)
    assert back.canvas_size == size
