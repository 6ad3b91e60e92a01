"""Sheets as DXF, by ezdxf: exact curves in mm for lasers and CAD programs."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..read_dxf import load_ezdxf
from .layers import Layer
from .paths import PenPath
from .sheet import Sheet

MARK = b"clipasso"
"""Stands in a comment at the beginning of a DXF of ours."""

LINEWEIGHTS = (
    *(0, 5, 9, 13, 15, 18, 20, 25, 30, 35, 40, 50, 53, 60),
    *(70, 80, 90, 100, 106, 120, 140, 158, 200, 211),
)
"""Widths that a DXF knows, in hundredths of a mm."""

_FORBIDDEN = '<>/\\":;?*|,=`'
"""Signs that a layer's name must not hold."""


def sheet_to_dxf(sheet: Sheet) -> str:
    """Write a page as DXF (R2013): each path a cubic spline that is the curve itself, y up, in mm.

    Args:
        sheet: the page.

    Raises:
        DependencyError: ezdxf is missing.
    """
    ezdxf = load_ezdxf()
    with _without_dates(ezdxf):
        document = ezdxf.new("R2013", units=ezdxf.units.MM)
        document.header["$LWDISPLAY"] = 1
        space = document.modelspace()
        for number, layer in enumerate(sheet.layers, start=1):
            name = _layer(document, number, layer)
            for path in layer.paths:
                _add(space, path, name, sheet.page.height)
        output = io.StringIO()
        document.write(output)
    return f"999\n{MARK.decode()}\n{output.getvalue()}"


def check_ezdxf() -> None:
    """Raise DependencyError where ezdxf is missing."""
    load_ezdxf()


def lineweight(width: float) -> int:
    """Return the width that a DXF knows and that is nearest to one in mm, in hundredths of a mm.

    >>> lineweight(0.52), lineweight(9.0)
    (53, 211)
    """
    return min(LINEWEIGHTS, key=lambda known: abs(known - width * 100))


def _layer(document: Any, number: int, layer: Layer) -> str:
    name = f"{number} {''.join('-' if sign in _FORBIDDEN else sign for sign in layer.name)}"
    document.layers.add(name)
    return name


def _add(space: Any, path: PenPath, layer: str, height: float) -> None:
    """Add a path as a spline: the control points of joined cubics with each inner joint three times in its knots."""
    segments = (len(path.points) - 1) // 3
    inner = [knot for knot in range(1, segments) for _ in range(3)]
    spline = space.add_spline(dxfattribs={"layer": layer, "lineweight": lineweight(path.width)})
    spline.dxf.degree = 3
    spline.control_points = [(x, height - y, 0.0) for x, y in path.points.tolist()]
    spline.knots = [0.0] * 4 + [float(knot) for knot in inner] + [float(segments)] * 4
    spline.rgb = tuple(int(value) for value in np.round(np.array(path.color[:3]) * 255))
    if path.color[3] < 1:
        spline.transparency = 1 - path.color[3]


@contextmanager
def _without_dates(ezdxf: Any) -> Iterator[None]:
    """Have ezdxf write neither dates nor random identifiers: the same sheet gives the same bytes."""
    before = ezdxf.options.write_fixed_meta_data_for_testing
    ezdxf.options.write_fixed_meta_data_for_testing = True
    try:
        yield
    finally:
        ezdxf.options.write_fixed_meta_data_for_testing = before
