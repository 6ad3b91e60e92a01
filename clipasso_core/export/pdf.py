"""Sheets as PDF: one page of cubic curves in mm, whose layers a reader can show and hide.

The few operators that curves take are written here, so that no library is needed and the same sheet gives the same
bytes: a PDF library writes dates and identifiers.
"""

from __future__ import annotations

import codecs
from collections.abc import Sequence

from ..svg.numerals import format_number
from .layers import Layer
from .paths import DECIMALS, PenPath, Points
from .sheet import Sheet
from .width_profile import outline

MARK = b"%PDF-1.7\n%clipasso\n"
"""How a PDF of ours begins."""

_PT_PER_MM = 72 / 25.4
_PLACES = 5
"""Decimals of numbers that are not in mm."""


def sheet_to_pdf(sheet: Sheet) -> bytes:
    """Write a page as PDF 1.7: strokes with round ends, their widths, colours and opacities, layers by number and name.

    Args:
        sheet: the page.

    Source: ISO 32000-1:2008, 8.4 to 8.5 (graphics state, paths) and 8.11 (optional content).

    >>> import torch
    >>> from clipasso_core.strokes import Strokes
    >>> from clipasso_core.export import lay_out
    >>> sheet_to_pdf(lay_out([Strokes.black(torch.rand(1, 2, 4, 2), (9, 9))]))[-6:]
    b'%%EOF\\n'
    """
    opacities = sorted({path.color[3] for path in sheet.paths})
    first = 5 + len(opacities)  # 1 catalog, 2 pages, 3 page, 4 content, 5... opacities, then layers, then the title
    layers = [f"{first + index} 0 R" for index in range(len(sheet.layers))]
    states = " ".join(f"/A{index} {5 + index} 0 R" for index in range(len(opacities)))
    marked = " ".join(f"/L{index} {layer}" for index, layer in enumerate(layers))
    width, height = (format_number(side * _PT_PER_MM, _PLACES) for side in sheet.page.size)
    shown = " ".join(layers)
    names = [_text(f"{number} {layer.name}") for number, layer in enumerate(sheet.layers, start=1)]
    content = _content(sheet, opacities)
    of = "CA" if sheet.style.width_profile == "even" else "ca"  # of strokes, or of what is filled
    objects = [
        "<< /Type /Catalog /Pages 2 0 R "
        f"/OCProperties << /OCGs [{shown}] /D << /ON [{shown}] /Order [{shown}] >> >> >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width} {height}] /Contents 4 0 R "
        f"/Resources << /ExtGState << {states} >> /Properties << {marked} >> >> >>",
        f"<< /Length {len(content)} >>\nstream\n{content}endstream",
        *(f"<< /Type /ExtGState /{of} {format_number(opacity, DECIMALS)} >>" for opacity in opacities),
        *(f"<< /Type /OCG /Name {name} >>" for name in names),
        f"<< /Title {_text(sheet.title)} /Producer (clipasso) >>",
    ]
    return _file(objects)


def _content(sheet: Sheet, opacities: Sequence[float]) -> str:
    """Return the operators that draw the page; all is ASCII, so that characters are bytes."""
    scale, height = (format_number(value, _PLACES) for value in (_PT_PER_MM, sheet.page.height * _PT_PER_MM))
    lines = ["1 J 1 j", f"{scale} 0 0 -{scale} 0 {height} cm", *_paper_and_dashes(sheet)]
    for index, layer in enumerate(sheet.layers):
        lines += [f"/OC /L{index} BDC", *_drawn(layer, opacities, sheet), "EMC"]
    return "\n".join(lines) + "\n"


def _paper_and_dashes(sheet: Sheet) -> list[str]:
    lines = []
    if sheet.style.paper_rgb is not None:
        width, height = (format_number(side, DECIMALS) for side in sheet.page.size)
        lines.append(f"{_color(sheet.style.paper_rgb)} rg 0 0 {width} {height} re f")
    if sheet.style.dashes:
        lines.append(f"[{' '.join(format_number(length, DECIMALS) for length in sheet.style.dashes)}] 0 d")
    return lines


def _drawn(layer: Layer, opacities: Sequence[float], sheet: Sheet) -> list[str]:
    """Return what draws a layer: its lines, or the shapes that they fill where their width changes."""
    profile, paths = sheet.style.width_profile, (layer.in_one_look() if sheet.one_path else layer).paths
    look, paint = (_look, "S") if profile == "even" else (_filled_look, "f")
    shapes = [[path.points] if profile == "even" else outline(path.points, path.width, profile) for path in paths]
    pieces = [[line for shape in one for line in _curves(shape)] for one in shapes]
    if sheet.one_path:
        return [look(paths[0], opacities), *(line for one in pieces for line in one), paint]
    return [line for path, one in zip(paths, pieces, strict=True) for line in (look(path, opacities), *one, paint)]


def _look(path: PenPath, opacities: Sequence[float]) -> str:
    width = format_number(path.width, DECIMALS)
    return f"{_color(path.color)} RG {width} w /A{opacities.index(path.color[3])} gs"


def _filled_look(path: PenPath, opacities: Sequence[float]) -> str:
    return f"{_color(path.color)} rg /A{opacities.index(path.color[3])} gs"


def _color(color: Sequence[float]) -> str:
    return " ".join(format_number(value, _PLACES) for value in color[:3])


def _curves(points: Points) -> list[str]:
    pairs = [" ".join(format_number(value, DECIMALS) for value in point) for point in points.tolist()]
    return [f"{pairs[0]} m", *(" ".join([*pairs[i : i + 3], "c"]) for i in range(1, len(pairs), 3))]


def _text(text: str) -> str:
    """Return a text string object: UTF-16, in hexadecimal digits."""
    return f"<{(codecs.BOM_UTF16_BE + text.encode('utf-16-be', 'replace')).hex()}>"


def _file(objects: Sequence[str]) -> bytes:
    """Put objects into a file, with the table that says where each begins; the last one is the document's info."""
    data, starts = MARK, []
    for number, content in enumerate(objects, start=1):
        starts.append(len(data))
        data += f"{number} 0 obj\n{content}\nendobj\n".encode("ascii")
    table = "".join(f"{start:010} 00000 n \n" for start in starts)
    trailer = f"<< /Size {len(objects) + 1} /Root 1 0 R /Info {len(objects)} 0 R >>"
    end = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer\n{trailer}\nstartxref\n{len(data)}\n%%EOF\n"
    return data + end.encode("ascii")
