"""Textures: masks of SVG that leave of a line what the grain of paper does.

The grain is a filter's noise (feTurbulence), a function of the place on the page. Chromium draws noise half a user unit
from where the standard has it: the filter's units are hundredths of a mm, so that this is nothing. Browsers, resvg and
Inkscape draw the grain. Programs that know no filters (CairoSVG, those of plotters) draw the solid line: to them the
mask is white all over.
"""

from __future__ import annotations

from ..svg.numerals import format_number
from ..svg.write import attributes
from .paths import DECIMALS

UNITS = 100
"""Of the filter, in a mm of the page."""

_GRAIN = {
    "pencil": (1.2, {"numOctaves": "3", "seed": "3"}, "-5 3.3"),
    "chalk": (0.9, {"numOctaves": "4", "seed": "8"}, "-12 7.2"),
}
"""Of each: the noise's waves in a mm; its other attributes; how much paint stays: a times its alpha, plus b."""


def texture_lines(name: str, size: tuple[float, float]) -> list[str]:
    """Return the lines of an SVG that define a texture for a page: a mask of the texture's name.

    Args:
        name: one of ``TEXTURES`` but "none".
        size: (width, height) of the page in mm, which are the user units.

    >>> [line.split()[0] for line in texture_lines("pencil", (210, 297))]
    ['<defs>', '<filter', '<feTurbulence', '<feColorMatrix', '</filter>', '<mask', '<rect', '</mask>', '</defs>']
    >>> sorted(texture_ids("pencil"))
    ['pencil', 'pencil-grain']
    """
    x, y = size
    whole, page = ({"x": "0", "y": "0", **_sides((x * by, y * by))} for by in (UNITS, 1))
    frequency, noise, kept = _GRAIN[name]
    grain = {"id": f"{name}-grain", "filterUnits": "userSpaceOnUse", **whole, "color-interpolation-filters": "sRGB"}
    noise = {"type": "fractalNoise", "baseFrequency": format_number(frequency / UNITS, 6), **noise}
    matrix = {"type": "matrix", "values": f"0 0 0 0 1 0 0 0 0 1 0 0 0 0 1 0 0 0 {kept}"}
    sheet = {**_sides((x * UNITS, y * UNITS)), "transform": f"scale({format_number(1 / UNITS, 6)})", "fill": "#ffffff"}
    return [
        "  <defs>",
        f"    <filter {attributes(grain)}>",
        f"      <feTurbulence {attributes(noise)}/>",
        f"      <feColorMatrix {attributes(matrix)}/>",
        "    </filter>",
        f"    <mask {attributes({'id': name, 'maskUnits': 'userSpaceOnUse', **page})}>",
        f"      <rect {attributes({**sheet, 'filter': f'url(#{name}-grain)'})}/>",
        "    </mask>",
        "  </defs>",
    ]


def texture_ids(name: str) -> set[str]:
    """Return the ids that ``texture_lines`` gives."""
    return {name, f"{name}-grain"}


def _sides(size: tuple[float, float]) -> dict[str, str]:
    width, height = (format_number(side, DECIMALS) for side in size)
    return {"width": width, "height": height}
