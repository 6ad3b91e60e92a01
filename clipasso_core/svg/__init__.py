"""Strokes to SVG and back."""

from .read import from_svg
from .write import to_svg

__all__ = ["from_svg", "to_svg"]
