"""from_svg: every input that it refuses, and the sentence it gives."""

import gc
import gzip
import re
import time
from collections.abc import Callable
from xml.etree import ElementTree

import pytest

from clipasso_core.errors import ClipassoError, SvgError
from clipasso_core.strokes import MAX_STROKES
from clipasso_core.svg import document, elements, from_svg, path_data, read

Wrap = Callable[..., str]
GOOD = '<svg width="9" height="9"><path d="M0 0L9 9" stroke="red" fill="none"/></svg>'
PSEUDO = (":not(:hover)", ":first-child", ":link", ":root", ":hovering")
LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("", "no whole SVG file"),
        ("not xml", "no whole SVG file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "no whole SVG file"),
        (GOOD[:-10], "no whole SVG file"),
        (GOOD + GOOD, "no whole SVG file"),
        (GOOD.replace("red", "&red;"), "no whole SVG file"),
        ("\ud800" + GOOD, "no whole SVG file"),
        (b'<?xml version="1.0" encoding="klingon"?>' + GOOD.encode(), "no whole SVG file"),
        (gzip.compress(GOOD.encode()), "compressed"),
        ("<html><body/></html>", "must be <svg>, got <html>"),
        ('<x:svg xmlns:x="urn:other"/>', "must be <svg>"),
        (f'<!DOCTYPE svg [<!ENTITY l0 "ha">{LAUGHS}]>{GOOD.replace("red", "&l9;")}', "declares the entity 'l0'"),
        (f'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>{GOOD}', "declares the entity 'x'"),
        (f'<!DOCTYPE svg [<!ENTITY % x "<!ENTITY y 1>">%x;]>{GOOD}', "declares the entity 'x'"),
        ('<svg width="9" height="9">' + "<g>" * 300 + "</g>" * 300 + "</svg>", "nested over 200 deep"),
        ('<svg width="9" height="9"/>', "holds no strokes"),
        ('<svg width="9" height="9" display="none">' + GOOD + "</svg>", "holds no strokes"),
    ],
)
def test_file_that_is_no_drawing_is_refused(data: str | bytes, said: str) -> None:
    with pytest.raises(SvgError, match=said):
        from_svg(data)


@pytest.mark.parametrize(
    ("tag", "remedy"),
    [
        ("text", "Object to Path"),
        ("image", "Trace Bitmap"),
        ("foreignObject", "plain SVG"),
    ],
)
def test_element_that_cannot_be_read_is_named_with_its_remedy(svg: Wrap, tag: str, remedy: str) -> None:
    with pytest.raises(SvgError, match=f"holds a <{tag}>.*{remedy}"):
        from_svg(svg(f'<path d="M0 0L9 9"/><{tag} width="3" height="3"/>'))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('<path fill="black" stroke="none" d="M0 0L9 9"/>', "<path> is filled and has no stroke: it is an outline"),
        ('<polygon fill="url(#g)" stroke="none" points="0 0 1 1"/>', "<polygon> is filled"),
        ('<path fill="red" stroke-width="0" d="M0 0L9 9"/>', "is filled"),
        ('<rect fill="red" stroke="none" width="50" height="50"/>', "A <rect> is filled and has no stroke"),
        ('<rect fill="red" stroke="none" width="500" height="500" transform="rotate(9)"/>', "A <rect> is filled"),
        ('<rect width="-5" height="5"/>', "<rect> width is -5; it must be 0 or more"),
        ('<circle r="-1"/>', "<circle> r is -1"),
        ('<ellipse rx="a" ry="5"/>', "<ellipse> rx"),
        ('<use href="other.svg#a"/>', "names 'other.svg#a', which is outside this file"),
        ('<use href="data:image/svg+xml,x#a"/>', "outside this file"),
        ('<g id="a"><use href="#a"/></g>', "The <use> of '#a' draws itself"),
        ('<use id="a" href="#a"/>', "draws itself"),
        ('<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g>', "draws itself"),
        ('<path stroke="url(#g)" d="M0 0L9 9"/>', "a gradient or pattern"),
        ('<path stroke="blurple" d="M0 0L9 9"/>', "no colour that can be read"),
        ('<path stroke="#12" d="M0 0L9 9"/>', "no colour that can be read"),
        ('<path stroke="rgb(1, 2)" d="M0 0L9 9"/>', "takes 3 numbers"),
        ('<path stroke-width="-1" d="M0 0L9 9"/>', "stroke-width -1; it must be 0 or more"),
        ('<path stroke-width="thick" d="M0 0L9 9"/>', "stroke-width is 'thick'"),
        ('<path stroke-opacity="nan" d="M0 0L9 9"/>', "stroke-opacity must be a number"),
        ('<path d="M0 0L9 nan"/>', "a number at character 8"),
        ('<path d="M0 0L9 1e400"/>', "at most 1e"),
        ('<path d="M0 0L9 2e6"/>', "over 1e"),
        ('<path transform="scale(1e9)" d="M0 0L9 9"/>', "over 1e"),
        ('<polyline points="1 2 3"/>', "pairs of x and y, got 3 numbers"),
        ('<polyline points="1 2 a b"/>', "list of numbers"),
        ('<line x1="a" />', "<line> x1"),
        ('<path transform="spin(3)" d="M0 0L9 9"/>', "known are matrix"),
        ('<path transform="scale(3)" style="transform-origin: center" d="M0 0L9 9"/>', "transform-origin"),
        (f'<path stroke="{"url(#a) " * 3000}" d="M0 0L9 9"/>', "a gradient or pattern"),
        ('<path d="M0 0\u017f1 1 2 2"/>', "a number at character 5"),
        ('<svg width="-5"><path d="M0 0L9 9"/></svg>', "inner <svg>'s width is '-5'"),
        ("<style>g path{stroke:red}</style>", "'g path'"),
        *((f"<style>path{name}{{stroke:red}}</style>", f"holds 'path{re.escape(name)}'") for name in PSEUDO),
        ("<style>@media print{.a{stroke:red}}</style>", "@media"),
    ],
)
def test_drawing_that_cannot_be_read_is_refused(svg: Wrap, body: str, said: str) -> None:
    with pytest.raises(SvgError, match=said):
        from_svg(svg(body))


def test_deep_scaling_never_gives_infinite_strokes(svg: Wrap) -> None:
    group = '<g transform="scale(1e9)">'
    with pytest.raises(SvgError, match="no numbers"):
        from_svg(svg(group * 100 + '<path d="M0 0L9 9"/>' + "</g>" * 100))


def test_too_many_strokes_are_refused(svg: Wrap) -> None:
    assert from_svg(svg(f'<path d="{"M0 0h1" * MAX_STROKES}"/>')).num_strokes == MAX_STROKES
    with pytest.raises(SvgError, match="over 4096 strokes"):
        from_svg(svg(f'<path d="{"M0 0h1" * (MAX_STROKES + 1)}"/>'))


def test_padding_that_would_fill_the_memory_is_refused_at_once(svg: Wrap, monkeypatch: pytest.MonkeyPatch) -> None:
    body = f'<path d="M0 0{"h1" * 50}"/>' + '<path d="M0 0h1"/>' * 50
    from_svg(svg(body))
    monkeypatch.setattr(read, "MAX_SEGMENTS", 1000)
    with pytest.raises(SvgError, match="over 1000 segments when all are padded to the longest, of 50"):
        from_svg(svg(body + '<path d="never read"/>'))


@pytest.mark.parametrize(
    "body",
    [
        "<style>" + ".a," * 100_000 + ".b{stroke:red}</style>" + '<path class="a" d="M0 0"/>' * 1000,
        "<style>" + "/*" * 100_000 + "</style>",
        f'<path class="{"a " * 60_000}" d="M0 0L9 9"/>',
        f'<path transform="{"scale(1)" * 12_000}" d="M0 0L9 9"/>',
        f'<path d="M0 0{"h1v1" * 200_000}"/>',
        f'<path d="M0 0{"h1" * 1_000_001}"/>',
        f'<polyline points="{"1 2 " * 1_000_002}"/>',
        f'<path stroke-width="{"1" * 200_000}x1" d="M0 0L9 9"/>',
        f'<path opacity="{"1" * 200_000}x" d="M0 0L9 9"/>',
        "<style>" + "".join(f".a{i}{{stroke:red}}" for i in range(50_000)) + "</style>",
    ],
    ids=[
        "selectors",
        "comments",
        "classes",
        "transforms",
        "commands",
        "segments",
        "points",
        "width",
        "opacity",
        "style sheet",
    ],
)
def test_time_grows_with_the_length_of_a_file_and_no_faster(svg: Wrap, body: str) -> None:
    started = time.process_time()
    with pytest.raises(SvgError):
        from_svg(svg(body))
    assert time.process_time() - started < 3


def test_clones_of_clones_end_before_they_fill_the_memory(svg: Wrap) -> None:
    """A billion laughs made of <use>."""
    doubled = "".join(f'<g id="g{i}">' + f'<use href="#g{i - 1}"/>' * 10 + "</g>" for i in range(1, 12))
    body = f'<defs><g id="g0"><path d="M0 0"/></g>{doubled}</defs><use href="#g11"/>'
    started = time.process_time()
    with pytest.raises(SvgError, match="draws over 20000 elements, clones counted"):
        from_svg(svg(body))
    assert time.process_time() - started < 3


@pytest.mark.parametrize(
    ("clone", "said"),
    [
        (f'<path id="a" d="M0 0{"h1" * 1000}"/>', "over 100 commands"),
        (f'<polyline id="a" points="{"1 2 " * 1000}"/>', "over 100 commands"),
        (f'<path id="a" style="{";" * 10_000}" d="M0 0h1"/>', "over 100 commands"),
        (f'<path id="a" class="{"b " * 5000}" d="M0 0h1"/>', "over 100 commands"),
        (f'<g id="a">{"<title/>" * 5}<path d="M0 0h1"/></g>', "over 50 elements, clones counted"),
        (f'<switch id="a">{"<x:g/>" * 5}<path d="M0 0h1"/></switch>', "over 50 elements, clones counted"),
    ],
    ids=["row", "points", "style", "classes", "unknown", "switch"],
)
def test_clones_count_all_that_they_read(svg: Wrap, clone: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(path_data, "MAX_COMMANDS", 100)
    monkeypatch.setattr(elements, "MAX_VISITED", 50)
    page = 'width="100" height="100" xmlns:x="urn:x"'
    assert from_svg(svg(f'<defs>{clone}</defs><use href="#a"/>', page)).num_strokes == 1
    with pytest.raises(SvgError, match=said):
        from_svg(svg(f"<defs>{clone}</defs>" + '<use href="#a"/>' * 20, page))


def test_a_long_chain_of_clones_is_refused(svg: Wrap) -> None:
    chain = "".join(f'<g id="g{i}"><use href="#g{i - 1}"/></g>' for i in range(1, 300))
    with pytest.raises(SvgError, match="nested over 200 deep"):
        from_svg(svg(f'<defs><path id="g0" d="M0 0H9"/>{chain}</defs><use href="#g299"/>'))


def test_large_files_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SvgError, match="at most 32 MB"):
        from_svg(GOOD + " " * document.MAX_BYTES)
    monkeypatch.setattr(document, "MAX_ELEMENTS", 1)
    with pytest.raises(SvgError, match="over 1 elements"):
        from_svg(GOOD)


def test_every_truncation_is_refused_as_our_own_error() -> None:
    for length in range(len(GOOD)):
        with pytest.raises(ClipassoError):
            from_svg(GOOD[:length])


@pytest.mark.parametrize("on", [True, False])
def test_the_garbage_collector_is_left_as_it_was_found(on: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Making 500 000 elements keeps it still, for it would take half of the time."""
    during = []

    def broken(*_: object) -> None:
        during.append(gc.isenabled())
        raise ElementTree.ParseError("broken")

    monkeypatch.setattr(ElementTree, "fromstring", broken)
    was_on = gc.isenabled()
    try:
        (gc.enable if on else gc.disable)()
        with pytest.raises(SvgError, match="broken"):
            from_svg(GOOD)
        assert (during, gc.isenabled()) == ([False], on)
    finally:
        (gc.enable if was_on else gc.disable)()
