"""How an element is painted: presentation attributes, style sheets, ``style``, and what is inherited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .colour import BLACK, Rgba, parse_colour
from .numerals import to_fraction, to_length
from .style_sheet import StyleSheet, parse_declarations

_INITIAL = {
    "stroke": "none",
    "stroke-width": "1",
    "stroke-opacity": "1",
    "stroke-dasharray": "none",
    "fill": "black",
    "fill-opacity": "1",
    "color": "black",
    "visibility": "visible",
}
"""The inherited properties that count here, and their first values (SVG 1.1, chapter 11)."""

_OWN = ("opacity", "display", "transform", "transform-origin", "vector-effect", "clip-path", "mask", "filter")


@dataclass(frozen=True)
class Style:
    """Hold the properties in force at an element.

    Args:
        inherited: property -> value, for those that children take over.
        own: property -> value, for those that they do not.
        opacity: 0-1, the product of the opacities from the root down.
    """

    inherited: Mapping[str, str]
    own: Mapping[str, str]
    opacity: float = 1.0

    @classmethod
    def initial(cls) -> Style:
        """Return what is in force outside the root."""
        return cls(_INITIAL, {})

    def child(self, tag: str, attributes: Mapping[str, str], sheet: StyleSheet) -> Style:
        """Return the style of a child element.

        Args:
            tag: its name, without namespace.
            attributes: its attributes.
            sheet: the document's rules; they win over attributes, and ``style`` wins over both.
        """
        declared = {name: attributes[name] for name in (*_INITIAL, *_OWN) if name in attributes}
        declared.update(sheet.declarations(tag, attributes))
        declared.update(parse_declarations(attributes.get("style", "")))
        declared = {name: value.strip() for name, value in declared.items() if value.strip() not in ("", "inherit")}
        inherited = {name: declared.get(name, value) for name, value in self.inherited.items()}
        own = {name: declared[name] for name in _OWN if name in declared}
        return Style(inherited, own, self.opacity * to_fraction(own.get("opacity", "1"), "opacity"))

    @property
    def is_displayed(self) -> bool:
        """Whether the element and what it holds is drawn at all."""
        return self.own.get("display") != "none"

    @property
    def is_visible(self) -> bool:
        """Whether the element itself is seen (children may be, in a hidden group)."""
        return self.inherited["visibility"] == "visible"

    @property
    def is_filled(self) -> bool:
        """Whether the inside is painted."""
        paint = self.inherited["fill"]
        if paint.startswith("url("):
            return True
        opacity = to_fraction(self.inherited["fill-opacity"], "fill-opacity") * self.opacity
        rgba = parse_colour(paint, self._current, "fill")
        return rgba is not None and rgba[3] * opacity > 0

    def stroke(self) -> Rgba | None:
        """Return the stroke's colour, opacity included, or None when there is no stroke."""
        rgba = parse_colour(self.inherited["stroke"], self._current, "stroke")
        if rgba is None:
            return None
        alpha = rgba[3] * to_fraction(self.inherited["stroke-opacity"], "stroke-opacity") * self.opacity
        return rgba[0], rgba[1], rgba[2], alpha

    def stroke_width(self, percent_of: float) -> float:
        """Return the stroke's width in user units; percent_of: what 100 % stands for."""
        return to_length(self.inherited["stroke-width"], percent_of, "stroke-width")

    def unread(self) -> list[str]:
        """Name the properties at this element that change the drawing and that strokes cannot hold."""
        names = [name for name in ("clip-path", "mask", "filter") if self.own.get(name, "none") != "none"]
        return names + ["stroke-dasharray"] * (self.inherited["stroke-dasharray"] not in ("none", "0"))

    @property
    def _current(self) -> Rgba:
        return parse_colour(self.inherited["color"], BLACK, "color") or (0.0, 0.0, 0.0, 0.0)
