"""Sheets as SVG: a page in mm, whose layers Inkscape, vpype and plotters' programs know."""

from __future__ import annotations

import re

from ..svg.group_elements import FORM as GROUP_FORM
from ..svg.group_elements import in_group_elements
from ..svg.numerals import format_number
from ..svg.write import NOT_XML, attributes, describe, shared_style, stroke_style
from .layers import Layer
from .paths import DECIMALS, PenPath
from .sheet import Sheet

_INKSCAPE = "http://www.inkscape.org/namespaces/inkscape"

_STYLE = r"""(?: stroke="#[0-9a-f]{6}")?(?: stroke-width="[0-9.]+")?(?: stroke-opacity="[0-9.]+")?"""
_PATH = rf"""    <path{_STYLE} d="M [-0-9.MC ]+"/>\n"""
_FORM = re.compile(
    rf"""<svg xmlns="http://www\.w3\.org/2000/svg" xmlns:inkscape="{re.escape(_INKSCAPE)}" width="[0-9.]+mm" """
    r"""height="[0-9.]+mm" viewBox="0 0 [0-9.]+ [0-9.]+">\n"""
    r"""  <title>(?:[^<>&]|&(?:lt|gt|amp);)*</title>\n"""
    r"""(?:  <metadata><!\[CDATA\[\{[^<>]*\}\]\]></metadata>\n)?"""
    r"""(?:  <g id="layer[0-9]+" inkscape:groupmode="layer" inkscape:label="(?:[^<>&"]|&(?:lt|gt|amp|quot);)*" """
    rf"""fill="none" stroke-linecap="round" stroke-linejoin="round"{_STYLE}>\n"""
    rf"""(?:{_PATH}|    {GROUP_FORM}\n(?:{_PATH})+    </g>\n)+"""
    r"""  </g>\n)+"""
    r"""</svg>\n"""
)
"""The form of all pages that sheet_to_svg has written; a change of the writer adds to it and takes nothing away."""


def sheet_to_svg(sheet: Sheet) -> str:
    """Write a page as an SVG document whose user unit is the mm, with one numbered Inkscape layer for each layer.

    In a layer, neighbouring paths of one group stand in a ``<g>`` of its name, as ``to_svg`` writes them.

    Read by ``from_svg`` and laid out with the same page and layers, it is written again with the same bytes.

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
    root = {
        "xmlns": "http://www.w3.org/2000/svg",
        "xmlns:inkscape": _INKSCAPE,
        "width": f"{width}mm",
        "height": f"{height}mm",
        "viewBox": f"0 0 {width} {height}",
    }
    lines = [f"<svg {attributes(root)}>", *describe(sheet.title, sheet.metadata)]
    ids = {f"layer{number}" for number in range(1, len(sheet.layers) + 1)}
    for number, layer in enumerate(sheet.layers, start=1):
        lines += _layer(number, layer, sheet.one_path, ids)
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


def _layer(number: int, layer: Layer, one_path: bool, ids: set[str]) -> list[str]:
    styles = [stroke_style(path.color, path.width, DECIMALS) for path in layer.paths]
    data = [_path_data(path) for path in layer.paths]
    groups = [path.group for path in layer.paths]
    if one_path:
        styles, data = styles[:1], [" ".join(data)]
        groups = [groups[0] if len(set(groups)) == 1 else None]
    shared = shared_style(styles)
    of_layer = {"id": f"layer{number}", "inkscape:groupmode": "layer", "inkscape:label": f"{number} {layer.name}"}
    paths = []
    for style, one in zip(styles, data, strict=True):
        own = {name: value for name, value in style.items() if name not in shared}
        paths.append(f"    <path {attributes({**own, 'd': one})}/>")
    return [f"  <g {attributes({**of_layer, **shared})}>", *in_group_elements(paths, groups, ids), "  </g>"]


def _path_data(path: PenPath) -> str:
    pairs = [" ".join(format_number(value, DECIMALS) for value in point) for point in path.points.tolist()]
    return f"M {pairs[0]} C {' '.join(pairs[1:])}"
