"""What is written comes back."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from clipasso_core.strokes import Strokes
from clipasso_core.svg import from_svg, to_svg


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
