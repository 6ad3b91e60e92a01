"""Textures: filters of SVG that leave of a line what the grain of paper does.

Their noise is a function of the place on the page (feTurbulence), in mm, so that it is as fine on every screen.
Browsers, resvg and Inkscape draw them; programs that know no filters (CairoSVG, those of plotters) draw the solid line.
"""

from __future__ import annotations

from ..svg.write import attributes

_PARTS: dict[str, tuple[tuple[str, dict[str, str]], ...]] = {
    "pencil": (
        ("feTurbulence", {"type": "fractalNoise", "baseFrequency": "1.6", "numOctaves": "3", "seed": "3"}),
        ("feColorMatrix", {"type": "matrix", "values": "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 -5 3.3"}),
        ("feComposite", {"in": "SourceGraphic", "operator": "in"}),
    ),
    "chalk": (
        ("feTurbulence", {"type": "fractalNoise", "baseFrequency": "0.9", "numOctaves": "4", "seed": "8"}),
        ("feColorMatrix", {"type": "matrix", "values": "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 -12 7.2"}),
        ("feComposite", {"in": "SourceGraphic", "operator": "in"}),
    ),
}
"""The primitives of each: noise; how much paint stays, from the noise's alpha; the line, as much of it as stays."""


def filter_lines(name: str, width: str, height: str) -> list[str]:
    """Return the lines of an SVG that define a texture for a page.

    Args:
        name: one of ``TEXTURES`` but "none"; the filter's id.
        width: of the page, in user units.
        height: of the page.

    >>> filter_lines("pencil", "210", "297")[0]
    '  <defs>'
    """
    region = {"filterUnits": "userSpaceOnUse", "x": "0", "y": "0", "width": width, "height": height}
    whole = {"id": name, **region, "color-interpolation-filters": "sRGB"}
    parts = [f"      <{element} {attributes(values)}/>" for element, values in _PARTS[name]]
    return ["  <defs>", f"    <filter {attributes(whole)}>", *parts, "    </filter>", "  </defs>"]
