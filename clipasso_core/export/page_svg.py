"""Sheets as SVG: a page in mm, whose layers Inkscape, vpype and plotters' programs know."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from ..svg.group_elements import FORM as GROUP_FORM
from ..svg.group_elements import in_group_elements
from ..svg.held_line import NAMESPACE, PREFIX, holding
from ..svg.numerals import format_number
from ..svg.write import (
    NOT_XML,
    attributes,
    describe,
    hex_colour,
    shared_attributes,
    shared_style,
    stroke_style,
)
from .layers import Layer
from .paths import DECIMALS, PenPath, Points
from .sheet import Sheet
from .styles import LineStyle
from .texture import texture_ids, texture_lines
from .width_profile import WidthProfile, outline

_INKSCAPE = "http://www.inkscape.org/namespaces/inkscape"

_SODIPODI = "http://sodipodi.sourceforge.net/DTD/sodipodi-0.dtd"

_LOOK = (
    r"""(?: fill="#[0-9a-f]{6}")?(?: fill-opacity="[0-9.]+")?"""
    r"""(?: stroke="#[0-9a-f]{6}")?(?: stroke-width="[0-9.]+")?(?: stroke-opacity="[0-9.]+")?"""
)
_DATA = r"""M [-0-9.MCZ ]+"""
_PATH = (
    rf"""    <path{_LOOK} d="{_DATA}"(?: {PREFIX}:line="{_DATA}"(?: {PREFIX}:width="[0-9.]+")? """
    rf"""{PREFIX}:sum="[0-9a-f]{{8}}")?/>\n"""
)
_FORM = re.compile(
    rf"""<svg xmlns="http://www\.w3\.org/2000/svg" xmlns:inkscape="{re.escape(_INKSCAPE)}" """
    rf"""(?:xmlns:sodipodi="{re.escape(_SODIPODI)}" )?(?:xmlns:{PREFIX}="{NAMESPACE}" )?width="[0-9.]+mm" """
    r"""height="[0-9.]+mm" viewBox="0 0 [0-9.]+ [0-9.]+"(?: style="background: #[0-9a-f]{6}")?>\n"""
    r"""  <title>(?:[^<>&]|&(?:lt|gt|amp);)*</title>\n"""
    r"""(?:  <metadata><!\[CDATA\[\{[^<>]*\}\]\]></metadata>\n)?"""
    r"""(?:  <sodipodi:namedview [^<>]*/>\n)?(?:  <defs>\n"""
    r"""(?:    </?(?:f|fi[^<>]*|mask[^<>]*)>\n|      <(?:fe|rect)[^<>]*/>\n)+  </defs>\n)?"""
    r"""(?:  <g id="layer[0-9]+" inkscape:groupmode="layer" inkscape:label="(?:[^<>&"]|&(?:lt|gt|amp|quot);)*\""""
    r"""(?: (?:filter|mask)="url\(#[a-z]+\)")?"""
    r"""(?: fill="none" stroke-linecap="round" stroke-linejoin="round")?"""
    rf"""{_LOOK}(?: stroke-dasharray="[0-9. ]+")?>\n"""
    rf"""(?:{_PATH}|    {GROUP_FORM}\n(?:{_PATH})+    </g>\n)+"""
    r"""  </g>\n)+"""
    r"""</svg>\n"""
)
"""The form of all pages that sheet_to_svg has written; a change of the writer adds to it and takes nothing away."""


def sheet_to_svg(sheet: Sheet) -> str:
    """Write a page as an SVG document whose user unit is the mm, with one numbered Inkscape layer for each layer.

    In a layer, neighbouring paths of one group stand in a ``<g>`` of its name, as ``to_svg`` writes them; a layer that
    is one path has its group where all of it is of that one.

    Read by ``from_svg`` and laid out with the same page, layers and style, it is written again with the same bytes.

    Args:
        sheet: the page.

    Returns:
        The SVG text, ending with a newline. It holds ``<svg`` once.

    Raises:
        SvgError: metadata is not JSON.

    >>> import torch
    >>> from clipasso_core.strokes import Strokes
    >>> from clipasso_core.export import lay_out
    >>> page = sheet_to_svg(lay_out([Strokes.black(torch.rand(1, 2, 4, 2), (9, 9))]))
    >>> page.splitlines()[0][:5], page.splitlines()[2][:74]
    ('<svg ', '  <g id="layer1" inkscape:groupmode="layer" inkscape:label="1 drawing" fil')
    """
    width, height = (format_number(side, DECIMALS) for side in sheet.page.size)
    style = sheet.style
    paper = None if style.paper_rgb is None else hex_colour(style.paper_rgb)
    root = {
        "xmlns": "http://www.w3.org/2000/svg",
        "xmlns:inkscape": _INKSCAPE,
        **({"xmlns:sodipodi": _SODIPODI} if paper else {}),
        **({f"xmlns:{PREFIX}": NAMESPACE} if style.width_profile != "even" or style.jitter else {}),
        "width": f"{width}mm",
        "height": f"{height}mm",
        "viewBox": f"0 0 {width} {height}",
        **({"style": f"background: {paper}"} if paper else {}),
    }
    lines = [f"<svg {attributes(root)}>", *describe(sheet.title, sheet.metadata)]
    if paper:
        shown = {"pagecolor": paper, "inkscape:pageopacity": "1"}
        lines.append(f"  <sodipodi:namedview {attributes(shown)}/>")
    ids = {f"layer{number}" for number in range(1, len(sheet.layers) + 1)}
    if style.texture != "none":
        lines += texture_lines(style.texture, sheet.page.size)
        ids |= texture_ids(style.texture)
    for number, layer in enumerate(sheet.layers, start=1):
        lines += _layer(number, layer, sheet, ids)
    return "\n".join([*lines, "</svg>"]) + "\n"


def is_our_page(data: bytes) -> bool:
    """Whether a file is one that ``sheet_to_svg`` wrote and no other program has changed since; see ``is_ours``.

    >>> is_our_page(b'<svg xmlns="http://www.w3.org/2000/svg" width="9mm" height="9mm"></svg>')
    False
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return _FORM.fullmatch(text) is not None and NOT_XML.search(text) is None


def _layer(number: int, layer: Layer, sheet: Sheet, ids: set[str]) -> list[str]:
    style, paths = sheet.style, (layer.in_one_look() if sheet.one_path else layer).paths
    element = _stroke if style.width_profile == "even" else partial(_shape, profile=style.width_profile)
    elements = [element(path) for path in paths]
    groups = [path.group for path in paths]
    looks, data = [look for look, _ in elements], [held for _, held in elements]
    if sheet.one_path:
        looks, data = looks[:1], [_one(data)]
        groups = [groups[0] if len(set(groups)) == 1 else None]
    shared = shared_style(looks) if style.width_profile == "even" else shared_attributes(looks)
    beginning = attributes({**_layer_attributes(number, layer, style), **shared, **_dashes(style)})
    lines = []
    for look, one in zip(looks, data, strict=True):
        own = {name: value for name, value in look.items() if name not in shared}
        lines.append(f"    <path {attributes({**own, **one.attributes()})}/>")
    return [f"  <g {beginning}>", *in_group_elements(lines, groups, ids), "  </g>"]


class _Data(NamedTuple):
    """Path data: what is drawn, and the line that it stands for where that is another one, and its width."""

    drawn: str
    line: str | None = None
    width: str | None = None

    def attributes(self) -> dict[str, str]:
        held = {} if self.line is None else holding(self.drawn, self.line, self.width)
        return {"d": self.drawn, **held}


def _stroke(path: PenPath) -> tuple[dict[str, str], _Data]:
    line = None if path.meant is None else _path_data(path.meant)
    return stroke_style(path.color, path.width, DECIMALS), _Data(_path_data(path.points), line)


def _shape(path: PenPath, profile: WidthProfile) -> tuple[dict[str, str], _Data]:
    look, width = stroke_style(path.color, path.width, DECIMALS), format_number(path.width, DECIMALS)
    filled = {name.replace("stroke", "fill"): value for name, value in look.items() if name != "stroke-width"}
    drawn = " ".join(f"{_path_data(shape)} Z" for shape in outline(path.points, path.width, profile))
    return filled, _Data(drawn, _path_data(path.as_meant().points), width)


def _one(data: Sequence[_Data]) -> _Data:
    """Join the pieces of a layer."""
    line = " ".join(one.line for one in data if one.line is not None)
    return _Data(" ".join(one.drawn for one in data), line or None, data[0].width)


def _layer_attributes(number: int, layer: Layer, style: LineStyle) -> dict[str, str]:
    named = {"id": f"layer{number}", "inkscape:groupmode": "layer", "inkscape:label": f"{number} {layer.name}"}
    return named if style.texture == "none" else {**named, "mask": f"url(#{style.texture})"}


def _dashes(style: LineStyle) -> dict[str, str]:
    lengths = " ".join(format_number(length, DECIMALS) for length in style.dashes)
    return {"stroke-dasharray": lengths} if lengths else {}


def _path_data(points: Points) -> str:
    pairs = [" ".join(format_number(value, DECIMALS) for value in point) for point in points.tolist()]
    return f"M {pairs[0]} C {' '.join(pairs[1:])}"
