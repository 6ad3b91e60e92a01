"""Drawings from files of any format that is read: SVG, DXF and our strokes in JSON."""

from __future__ import annotations

from pathlib import Path

from .errors import check_ending
from .files import read_bytes
from .strokes import Strokes
from .strokes_json import strokes_from_json
from .svg import ReadReport, read_svg
from .svg.document import MAX_BYTES
from .svg.elements import Fills
from .transform import fit_to_canvas

DRAWINGS = (".svg", ".dxf", ".json")
"""The endings of files that ``read_drawing`` reads."""


def read_drawing(
    path: str | Path, canvas_size: tuple[int, int] | None = None, *, fills: Fills = "refuse"
) -> tuple[Strokes, ReadReport]:
    """Read the strokes of a drawing in a file.

    Args:
        path: an .svg, a .dxf, or a .json of "clipasso-strokes".
        canvas_size: (height, width) px to fit the drawing into, whole and centred; None for its own size.
        fills: what becomes of filled shapes without a stroke, as in ``read_svg``.

    Returns:
        One sketch (B = 1; of a .json as many as it holds), and what of the file is not in it.

    Raises:
        ConfigError: another ending, or an option out of range.
        ImageFileError: the file cannot be read, or has over 32 MB.
        SvgError, DxfError, JsonError: it is no drawing of strokes.
        DependencyError: a .dxf, and ezdxf is not installed.

    >>> Path("line.svg").write_text('<svg width="9" height="5"><line x2="4" stroke="red"/></svg>') > 0
    True
    >>> strokes, report = read_drawing("line.svg")
    >>> strokes.num_strokes, report.sentences()
    (1, [])
    """
    check_ending(path, DRAWINGS)
    ending = Path(path).suffix.lower()
    data = read_bytes(path, MAX_BYTES)
    if ending == ".dxf":
        from .read_dxf import read_dxf

        return read_dxf(data, canvas_size)
    if ending == ".json":
        strokes = strokes_from_json(data)
        return (fit_to_canvas(strokes, canvas_size) if canvas_size else strokes), ReadReport()
    return read_svg(data, canvas_size, fills=fills)
