"""Strokes to SVG and back."""

from .read import ReadReport, facts_in_svg, from_svg, read_svg
from .write import is_ours, to_svg

__all__ = ["ReadReport", "facts_in_svg", "from_svg", "is_ours", "read_svg", "to_svg"]
