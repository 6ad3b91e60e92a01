"""The SVG that draws itself: the still one, and nothing more than an animation that leaves nothing behind."""

from __future__ import annotations

import logging
import re
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from clipasso_core.animation import Timeline
from clipasso_core.errors import ConfigError
from clipasso_core.strokes import Strokes
from clipasso_core.svg import from_svg, is_ours, to_svg
from clipasso_core.svg.self_drawing import STYLE

ANIMATION = re.compile(r"animation: clipasso-draw ([0-9.]+)s linear ([0-9.]+)s backwards")


def self_drawing(strokes: Strokes, seconds: float = 4.0) -> str:
    times = Timeline.of(strokes).pen_times(seconds)
    return to_svg(strokes, metadata={"seed": 1}, background="white", pen_times=times)


def test_without_its_motion_it_is_the_still_one(wave: Strokes) -> None:
    text = self_drawing(wave)
    still = re.sub(r' pathLength="1" style="animation: [^"]+"', "", text.replace(f"{STYLE}\n", ""))
    assert still == to_svg(wave, metadata={"seed": 1}, background="white")


def test_every_path_is_drawn_after_the_one_before(wave: Strokes) -> None:
    paths = list(ElementTree.fromstring(self_drawing(wave)).iter("{http://www.w3.org/2000/svg}path"))
    found = [ANIMATION.fullmatch(path.attrib["style"]) for path in paths]
    lasts, begins = zip(*((float(one[1]), float(one[2])) for one in found if one), strict=True)
    assert len(begins) == len(paths) == 3
    assert begins[0] == 0
    assert begins[1:] == pytest.approx([a + b for a, b in zip(begins[:-1], lasts[:-1], strict=True)], abs=0.002)
    assert begins[-1] + lasts[-1] == pytest.approx(4.0, abs=0.002)
    assert {path.attrib["pathLength"] for path in paths} == {"1"}


def test_it_selects_nothing_on_a_page_that_holds_it() -> None:
    """Programs that read no nested rules, and pages with other drawings, must not meet a rule for their elements."""
    heads = [head.split()[0] for head in re.findall(r"([^{};]+)\{", re.sub(r"<.?style>", "", STYLE))]
    assert heads == ["@media", "@keyframes", "from", "to"]


def test_it_is_read_as_the_still_one_without_a_warning(wave: Strokes, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        read = from_svg(self_drawing(wave))
    assert caplog.records == []
    still = from_svg(to_svg(wave))
    assert torch.equal(read.control_points, still.control_points)
    assert torch.equal(read.stroke_width, still.stroke_width)
    assert torch.equal(read.color, still.color)


def test_it_is_ours_until_somebody_changes_it(wave: Strokes) -> None:
    text = self_drawing(replace(wave, color=wave.color * torch.tensor([1, 1, 1, 0.5])))
    assert is_ours(text.encode())
    for ours, changed in (
        ("linear", "ease"),
        ('pathLength="1"', 'pathLength="2"'),
        ("clipasso-draw {", "mine {"),
        ("1 2", "3"),
    ):
        assert not is_ours(text.replace(ours, changed).encode())


@pytest.mark.parametrize("times", [[], [(0.0, 1.0)] * 2])
def test_every_stroke_needs_its_time(wave: Strokes, times: list[tuple[float, float]]) -> None:
    with pytest.raises(ConfigError, match=rf"one pair for each of 3 strokes, got {len(times)}"):
        to_svg(wave, pen_times=times)


@pytest.mark.parametrize(
    "motion",
    [
        "@keyframes a { from { stroke: blue } to { stroke: lime } }",
        "@-webkit-keyframes a{0%{stroke:blue}50%{stroke:lime}}",
        "@media (prefers-reduced-motion: reduce) { line { stroke: blue } }",
        "@media(prefers-reduced-motion:no-preference){line{stroke:blue}@keyframes a{from{stroke:lime}}}",
        "line{stroke-width:3} @keyframes a{}",
    ],
)
def test_motion_never_counts_in_a_still_picture(svg: Callable[..., str], motion: str) -> None:
    read = from_svg(svg(f"<style>{motion} line {{ stroke: red }}</style><line x2='9'/>"))
    assert read.color[0, 0].tolist() == [1, 0, 0, 1]


@pytest.mark.parametrize("motion", ["@keyframes a {", "@keyframes a }", "@keyframes a{from{"])
def test_motion_that_breaks_off_is_dropped(svg: Callable[..., str], motion: str) -> None:
    assert from_svg(svg(f"<style>{motion}</style><line x2='9'/>")).num_strokes == 1


def test_very_much_motion_takes_little_time(svg: Callable[..., str]) -> None:
    began = time.perf_counter()
    from_svg(svg(f"<style>{'@keyframes a{from{x:1}}' * 50_000}{'@keyframes ' * 50_000}</style><line x2='9'/>"))
    assert time.perf_counter() - began < 2
