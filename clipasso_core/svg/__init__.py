"""Strokes to SVG and back."""

from .read import from_svg
from .write import is_ours, to_svg

__all__ = ["from_svg", "is_ours", "to_svg"]
