"""Sketches for the next tool: pages in mm, layers, the order of a pen, and the formats of plotters, cutters and CAD."""

from .formats import FORMATS, Exported, FormatOptions, check_format, encode_sheet, is_our_export
from .gcode import GcodeProfile
from .page import Grid, Page, place
from .sheet import Sheet, SheetConfig, lay_out
from .styles import STYLES, LineStyle

__all__ = [
    "FORMATS",
    "STYLES",
    "Exported",
    "FormatOptions",
    "GcodeProfile",
    "Grid",
    "LineStyle",
    "Page",
    "Sheet",
    "SheetConfig",
    "check_format",
    "encode_sheet",
    "is_our_export",
    "lay_out",
    "place",
]
