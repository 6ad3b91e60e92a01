"""Read the strokes of a DXF, by ezdxf: lines, polylines, arcs, circles, ellipses and splines.

What writes DXF is in ``export``.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np

from .errors import DependencyError, DxfError, first_line
from .strokes import Strokes
from .svg.document import MAX_BYTES
from .svg.elements import ReadStroke
from .svg.numerals import PX_PER_UNIT
from .svg.path_pen import Pen, Subpath
from .svg.read import ReadReport, assemble, gather
from .svg.viewport import MAX_CANVAS, Box, Matrix, check_canvas_size, fit

READABLE = ("LINE", "LWPOLYLINE", "POLYLINE", "ARC", "CIRCLE", "ELLIPSE", "SPLINE")
"""Entities that become strokes; those in blocks, too."""

SILENT = ("POINT", "VIEWPORT", "ATTDEF", "ATTRIB", "SEQEND")
"""Entities of which nothing is seen on paper, or nothing that is missed."""

DEFAULT_WEIGHT = 0.25
"""mm, the width of a line that says none."""

BY_BLOCK, BY_LAYER, AS_DEFAULT = 0, 256, -1
MM = PX_PER_UNIT["mm"]

_DAMAGED = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError)
"""What ezdxf lets through, besides errors of its own, where a file is damaged."""


def read_dxf(data: bytes, canvas_size: tuple[int, int] | None = None) -> tuple[Strokes, ReadReport]:
    """Read the lines of a DXF's model space as strokes.

    Layers that are off or frozen are passed over. A DXF has no page: the canvas is as large as the drawing and a
    line's width around it, at 96 px an inch; where the file says no unit, one is a millimetre. Black and white, which
    DXF has as one colour, is black.

    Args:
        data: the bytes of an ASCII DXF of any release.
        canvas_size: (height, width) px to fit the drawing into, whole and centred; None for its own size.

    Returns:
        One sketch (B = 1), all strokes alive, float32; and the entities that are not in it.

    Raises:
        ConfigError: canvas_size out of range.
        DependencyError: ezdxf is not installed.
        DxfError: no DXF, damaged, no lines or over 4096, or over 8192 px large.
    """
    ezdxf = load_ezdxf()
    if canvas_size is not None:
        check_canvas_size(canvas_size)
    if len(data) > MAX_BYTES:
        raise DxfError(
            f"The DXF has {len(data) / 2**20:.1f} MB; at most {MAX_BYTES // 2**20} MB are read. Simplify it."
        )
    if not data.rstrip().endswith(b"EOF"):
        raise DxfError("This is no whole DXF file: it does not end with EOF. Save it anew as ASCII DXF.")
    try:
        document, _ = ezdxf.recover.read(io.BytesIO(data))
        scale = ezdxf.units.conversion_factor(document.units or ezdxf.units.MM, ezdxf.units.MM) * MM
        left_out: set[str] = set()
        strokes = gather(_strokes(ezdxf, document, scale, left_out), DxfError, "DXF")
    except (ezdxf.DXFError, *_DAMAGED) as error:
        if isinstance(error, DxfError):
            raise
        raise DxfError(f"This is no whole DXF file ({first_line(error)}). Save it anew as ASCII DXF.") from error
    if not strokes:
        raise DxfError(f"The DXF holds no lines that are seen: none of {', '.join(READABLE)} in its model space.")
    return _placed(strokes, canvas_size), ReadReport(tuple(sorted(left_out)))


def load_ezdxf() -> Any:
    """Return the package ``ezdxf`` with the parts of it that are used, or raise DependencyError."""
    try:
        import ezdxf
        from ezdxf import bbox, colors, disassemble, path, recover, units  # noqa: F401
    except ImportError as error:
        raise DependencyError("DXF takes ezdxf: pip install ezdxf") from error
    return ezdxf


def _strokes(ezdxf: Any, document: Any, scale: float, left_out: set[str]) -> Iterator[ReadStroke]:
    """Yield the strokes in px, y up, from the drawing's own origin."""
    hidden = {layer.dxf.name.lower() for layer in document.layers if layer.is_off() or layer.is_frozen()}
    for entity in ezdxf.disassemble.recursive_decompose(document.modelspace()):
        kind = entity.dxftype()
        if entity.dxf.layer.lower() in hidden or entity.dxf.get("invisible", 0) or kind in SILENT:
            continue
        flat = kind != "POLYLINE" or entity.is_2d_polyline or entity.is_3d_polyline
        if kind not in READABLE or not flat:
            left_out.add(kind)
            continue
        width, rgba = _look(ezdxf, document, entity)
        for points in _subpaths(ezdxf.path.make_path(entity)):
            yield ReadStroke(np.array(points, dtype=np.complex128) * scale, width * MM, rgba, None)


def _subpaths(path: Any) -> Iterator[Subpath]:
    """Yield the curves of one of ezdxf's paths, seen from above."""
    for part in path.sub_paths():
        pen = Pen()
        pen.move(_flat(part.start))
        for command in part.commands():
            if command.type.name == "CURVE3_TO":
                pen.quadratic(_flat(command.ctrl), _flat(command.end))
            elif command.type.name == "CURVE4_TO":
                pen.cubic(_flat(command.ctrl1), _flat(command.ctrl2), _flat(command.end))
            else:
                pen.line(_flat(command.end))
        if points := pen.take():
            yield points


def _flat(point: Any) -> complex:
    return complex(point.x, point.y)


def _look(ezdxf: Any, document: Any, entity: Any) -> tuple[float, tuple[float, float, float, float]]:
    """Return an entity's width in mm and its colour; what it leaves to its layer is looked up there."""
    layer = document.layers.get(entity.dxf.layer) if entity.dxf.layer in document.layers else None
    weights = [
        entity.dxf.get("lineweight", AS_DEFAULT),
        layer.dxf.get("lineweight", AS_DEFAULT) if layer else AS_DEFAULT,
    ]
    weight = next((weight / 100 for weight in weights if weight >= 0), DEFAULT_WEIGHT) or DEFAULT_WEIGHT
    holder = (
        layer if layer and entity.rgb is None and entity.dxf.get("color", BY_LAYER) in (BY_LAYER, BY_BLOCK) else entity
    )
    rgb = holder.rgb
    if rgb is None:
        index = holder.dxf.get("color", 7)
        rgb = (0, 0, 0) if index in (7, BY_LAYER, BY_BLOCK) else ezdxf.colors.aci2rgb(abs(index))
    red, green, blue = (channel / 255 for channel in rgb)
    return weight, (red, green, blue, 1.0 - float(entity.transparency))


def _placed(strokes: list[ReadStroke], canvas_size: tuple[int, int] | None) -> Strokes:
    """Turn y down and put the drawing onto its canvas."""
    points = np.concatenate([stroke.points for stroke in strokes])
    around = max(stroke.width for stroke in strokes)
    low, high = (complex(*(extreme(part) for part in (points.real, points.imag))) for extreme in (np.min, np.max))
    size = high - low + complex(2 * around, 2 * around)
    if not np.isfinite(points).all() or (canvas_size is None and max(size.real, size.imag) > MAX_CANVAS):
        raise DxfError(
            f"The DXF is {size.real:.4g} x {size.imag:.4g} px at 96 px an inch; at most {MAX_CANVAS} px per side can "
            "be drawn. Give a canvas_size (height, width), or scale the drawing down."
        )
    onto = Matrix(1, 0, 0, -1, around - low.real, around + high.imag)
    canvas = (int(np.ceil(size.imag)), int(np.ceil(size.real)))
    if canvas_size is not None:
        page = Box(0, 0, float(canvas_size[1]), float(canvas_size[0]))
        onto, canvas = fit(Box(0, 0, size.real, size.imag), page) @ onto, canvas_size
    placed = [
        stroke._replace(points=onto.apply_all(stroke.points), width=stroke.width * onto.scale) for stroke in strokes
    ]
    return assemble(placed, canvas)
