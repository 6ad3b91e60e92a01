"""Safety: what could run or fetch is refused in one sentence; what real drawings hold is not."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import torch

from clipasso_core.errors import SvgError
from clipasso_core.strokes import Strokes
from clipasso_core.svg import to_svg
from clipasso_core.svg.safety import check_safe

HEAD = (
    'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9" height="9" '
    'xmlns:h="http://www.w3.org/1999/xhtml"'
)


def document(inside: str, head: str = "") -> str:
    return f"<svg {HEAD} {head}>{inside}</svg>"


@pytest.mark.parametrize(
    ("inside", "says"),
    [
        ("<script>alert(1)</script>", "a <script>"),
        ('<x:script xmlns:x="http://www.w3.org/2000/svg"/>', "a <script>"),
        ("<h:script>alert(1)</h:script>", "a <script>"),
        ('<h:img src="x.png"/>', "a <img>"),
        ('<foreignObject><h:p onclick="x()"/></foreignObject>', "a <foreignObject>"),
        ('<g><path d="M0 0" onclick="alert(1)"/></g>', "the event handler 'onclick'"),
        ('<g ONLOAD="alert(1)"/>', "the event handler 'onload'"),
        ('<image href="https://example.org/a.png"/>', "the address 'https://example.org/a.png'"),
        ('<image xlink:href="a.png"/>', "the address 'a.png'"),
        ('<image href="//example.org/a.png"/>', "the address"),
        ('<image href="data:image/svg+xml;base64,AAAA"/>', "the address"),
        ('<image href="data:text/html,x"/>', "the address"),
        ('<a href="javascript:alert(1)"/>', "the address 'javascript:alert"),
        ('<a href=" java&#10;script:alert(1)"/>', "the address 'javascript:alert"),
        ('<use href="other.svg#a"/>', "the address"),
        ('<g xml:base="https://example.org/"/>', "the address"),
        ('<set attributeName="href" to="javascript:alert(1)"/>', "an animation of 'href'"),
        ('<animate attributeName="xlink:href" values="a;b"/>', "an animation of"),
        ('<set attributeName="onclick" to="alert(1)"/>', "an animation of"),
        ('<path fill="url(https://example.org/a.svg#b)"/>', "the address"),
        ('<path style="fill: url( &quot;a.svg#b&quot; )"/>', "the address 'a.svg#b'"),
        ("<style>path { fill: URL(a.svg) }</style>", "the address 'a.svg'"),
        ("<style>path { fill: \\75 rl(a.svg) }</style>", "the address 'a.svg'"),
        ("<style><![CDATA[@import 'a.css';]]></style>", "'@import' in a style"),
        ("<style>@\\69mport 'a.css';</style>", "'@import' in a style"),
        ('<path style="mask: image-set(&quot;a.png&quot; 1x)"/>', "'image-set\\(' in a style"),
        ("<style>@font-face { src: url(//example.org/a.woff) }</style>", "the address"),
    ],
)
def test_what_runs_or_fetches_is_refused(inside: str, says: str) -> None:
    with pytest.raises(SvgError, match=f"^The SVG is not shown: it holds {says}") as refused:
        check_safe(document(inside))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (document("", 'onload="alert(1)"'), "the event handler 'onload'"),
        ('<?xml-stylesheet href="a.css"?>' + document(""), "the instruction 'xml-stylesheet'"),
        ('<!DOCTYPE svg [<!ENTITY a "b">]>' + document("&a;"), "declares the entity 'a'"),
        ("<svg", "no whole SVG file"),
        ("<html/>", "must be <svg>"),
        (document("<g>" * 300 + "</g>" * 300), "nested over 200 deep"),
        (document("<!--" + " " * 34_000_000 + "-->"), "at most 32 MB are read"),
    ],
)
def test_a_document_that_is_hostile_as_a_whole_is_refused(text: str, says: str) -> None:
    with pytest.raises(SvgError, match=says):
        check_safe(text)
    with pytest.raises(SvgError, match=says):
        check_safe(text.encode())


@pytest.mark.parametrize(
    "inside",
    [
        '<linearGradient id="f"/><path d="M0 0L9 9" fill="url(#f)" style="stroke: url(\'#f\')"/>',
        '<g id="a"><path d="M0 0L9 9"/></g><use href="#a"/><use xlink:href="#a"/><use href="#"/><use/>',
        '<image href="data:image/png;base64,iVBORw0KGgo="/>',
        "<style>@font-face { src: url(data:font/woff2;base64,AAAA) } .a:hover { fill: red }</style>",
        '<animate attributeName="opacity" values="0;1" dur="1s"/>',
        '<metadata><r:RDF xmlns:r="urn:r"><r:li r:resource="http://purl.org/dc"/></r:RDF><?xpacket?></metadata>',
        '<g xmlns:i="urn:i" i:label="url(note) behavior: x" i:export-filename="C:\\a.png"/>',
        '<text font-family="Online">once &lt;script&gt;</text><title>image (1)</title>',
        "<!-- <script>alert(1)</script> -->",
    ],
)
def test_what_real_drawings_hold_is_shown(inside: str) -> None:
    assert check_safe(document(inside)).tag.endswith("svg")


def test_files_with_the_usual_doctype_and_of_our_own_are_shown() -> None:
    public = '"-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd"'
    check_safe(f'<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE svg PUBLIC {public}>' + document(""))
    for path in (Path(__file__).parent / "golden").glob("*.svg"):
        check_safe(path.read_bytes())


def test_a_title_that_looks_hostile_is_only_a_title() -> None:
    strokes = Strokes.black(torch.rand(1, 1, 4, 2), (9, 9))
    check_safe(to_svg(strokes, title="<script>alert(1)</script>", metadata={"a": "<script>url(http://x)</script>"}))


def test_clones_of_clones_are_counted_before_they_are_drawn() -> None:
    clones = ["".join(f'<use href="#l{n + 1}"/>' for _ in range(10)) for n in range(12)]
    levels = [f'<g id="l{n}">{inside}</g>' for n, inside in enumerate(clones)]
    start = time.monotonic()
    with pytest.raises(SvgError, match="clones of over 500000 elements"):
        check_safe(document("".join(levels) + '<path id="l12"/>'))
    assert time.monotonic() - start < 1
    with pytest.raises(SvgError, match="clones that hold themselves"):
        check_safe(document('<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g>'))


@pytest.mark.parametrize(("href", "after"), [("#l%31", ""), ("#l1", '<g id="l1"/>')])
def test_clones_are_found_by_escaped_names_and_by_the_first_of_equal_ones(href: str, after: str) -> None:
    bomb = document(f'<g id="l1"><use href="#l2"/></g><g id="l2"><use href="{href}"/></g>{after}')
    with pytest.raises(SvgError, match="clones that hold themselves"):
        check_safe(bomb)
