"""Strokes to pixels: ``rasterize`` on white, ``render`` with opacity, ``ink`` for the opacity alone.

``docs/rasterizer.md`` says how it works and where it differs from diffvg.
"""

from .choose import RASTERIZERS, Rasterizer, get_rasterizer, ink, rasterize, render

__all__ = ["RASTERIZERS", "Rasterizer", "get_rasterizer", "ink", "rasterize", "render"]
