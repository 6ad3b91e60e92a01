"""The part of CSS that strokes need: properties and what is inherited, style sheets, colours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from PIL import ImageColor

from ..errors import SvgError
from .numerals import shorten, to_fraction, to_length, to_number

Rgba = tuple[float, float, float, float]

BLACK: Rgba = (0.0, 0.0, 0.0, 1.0)

_INITIAL = {
    "stroke": "none",
    "stroke-width": "1",
    "stroke-opacity": "1",
    "stroke-dasharray": "none",
    "fill": "black",
    "fill-opacity": "1",
    "color": "black",
    "visibility": "visible",
    "marker-start": "none",
    "marker-mid": "none",
    "marker-end": "none",
}
"""The inherited properties that count here, and their first values (SVG 1.1, chapter 11)."""

_EFFECTS = ("clip-path", "mask", "filter")
_MARKERS = ("marker-start", "marker-mid", "marker-end")

_OWN = ("opacity", "display", "transform", "transform-origin", "vector-effect", "clip-path", "mask", "filter")

_READ = frozenset((*_INITIAL, *_OWN))

MAX_SELECTORS = 2000
"""Most selectors in a drawing's style sheets."""

_SELECTOR = re.compile(r"(?P<tag>[\w-]+|\*)?(?P<rest>(?:[.#][\w-]+)*)")
_PART = re.compile(r"[.#][\w-]+")
_HARMLESS = ("@charset", "@font-face", "@namespace", "@import")
_MOTION = re.compile(r"@(?:-[a-z]+-)?(?:keyframes\b|media\s*\(\s*prefers-reduced-motion\b)[^{}]*", re.IGNORECASE)
"""The head of a block that only says how things move."""
_BRACKET = re.compile("[{}]")
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)|<!--|-->", re.DOTALL)
"""Comments, and the signs around a style sheet that hide it from very old browsers."""
_UNSEEN = re.compile(
    r":(?:hover|active|focus[\w-]*|visited|target|before|after|first-line|first-letter)(?![\w-])", re.IGNORECASE
)
"""What never holds in a still picture, or selects no element."""
_RGB = re.compile(r"rgba?\(([^()]*)\)", re.IGNORECASE)
_HEX = re.compile(r"#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})", re.IGNORECASE)


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
        declared = {name: value for name, value in attributes.items() if name in _READ}
        declared.update(sheet.declarations(tag, attributes))
        if "style" in attributes:
            declared.update(parse_declarations(_without_comments(attributes["style"])))
        if not declared:
            return replace(self, own={}) if self.own else self
        declared = {name: value.strip() for name, value in declared.items() if value.strip() not in ("", "inherit")}
        if "marker" in declared:
            declared = {**dict.fromkeys(_MARKERS, declared["marker"]), **declared}
        inherited = {**self.inherited, **{name: declared[name] for name in declared if name in _INITIAL}}
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
    def is_painted(self) -> bool:
        """Whether a shape has a stroke or a fill at all, of whatever colour."""
        return not self.inherited["stroke"] == self.inherited["fill"] == "none"

    def fill(self) -> Rgba | None:
        """Return the fill's colour, opacity included, or None when none is seen; black for a gradient or pattern."""
        rgba = self.fill_even_if_unseen()
        return None if rgba is None or rgba[3] <= 0 else rgba

    def fill_even_if_unseen(self) -> Rgba | None:
        """Return the fill's colour as ``fill`` does, without opacity too; None when there is no fill."""
        paint = self.inherited["fill"]
        rgba = BLACK if paint.lower().startswith("url(") else self._colour("fill")
        alpha = to_fraction(self.inherited["fill-opacity"], "fill-opacity") * self.opacity
        return None if rgba is None else (rgba[0], rgba[1], rgba[2], rgba[3] * alpha)

    def stroke(self) -> Rgba | None:
        """Return the stroke's colour, opacity included, or None when there is no stroke."""
        rgba = self._colour("stroke")
        if rgba is None:
            return None
        alpha = rgba[3] * to_fraction(self.inherited["stroke-opacity"], "stroke-opacity") * self.opacity
        return rgba[0], rgba[1], rgba[2], alpha

    def stroke_width(self, percent_of: float) -> float:
        """Return the stroke's width in user units; percent_of: what 100 % stands for."""
        return to_length(self.inherited["stroke-width"], percent_of, "stroke-width")

    def unread(self) -> list[str]:
        """Name the properties at this element that change the drawing and that strokes cannot hold."""
        names = [name for name in _EFFECTS if self.own.get(name, "none") != "none"] if self.own else []
        names += ["markers"] * any(self.inherited[name] != "none" for name in _MARKERS)
        return names + ["stroke-dasharray"] * (self.inherited["stroke-dasharray"] not in ("none", "0"))

    def _colour(self, name: str) -> Rgba | None:
        text, current = self.inherited[name], BLACK
        if "currentcolor" in text.lower():
            current = parse_colour(self.inherited["color"], BLACK, "color") or (0.0, 0.0, 0.0, 0.0)
        return parse_colour(text, current, name)


class StyleSheet:
    """Hold the rules of a document's ``<style>`` elements.

    Args:
        texts: what stands in each ``<style>``, in the document's order.

    Raises:
        SvgError: a rule that cannot be read (@media, selectors of more than one element).
    """

    def __init__(self, texts: list[str]) -> None:
        self._rules: dict[str, list[_Rule]] = {}
        self._known: set[str] = set()
        self._found: dict[tuple[str, frozenset[str]], dict[str, str]] = {}
        self._count = 0
        for block in "}".join(_without_motion(_without_comments(text)) for text in texts).split("}"):
            head, bracket, body = block.partition("{")
            head = _without_statements(head)
            if bracket and not head.startswith(_HARMLESS):
                self._add(head, parse_declarations(body))

    def declarations(self, tag: str, attributes: Mapping[str, str]) -> dict[str, str]:
        """Return what the rules say about an element, the most particular rule last."""
        if not self._rules:
            return {}
        names = {"." + name for name in attributes.get("class", "").split()}
        names.add("#" + attributes.get("id", ""))
        known = frozenset(names & self._known)
        if (tag, known) not in self._found:
            self._found[tag, known] = self._look_up(tag, known)
        return self._found[tag, known]

    def _look_up(self, tag: str, names: frozenset[str]) -> dict[str, str]:
        found = [
            rule
            for key in ("*", tag, *names)
            for rule in self._rules.get(key, ())
            if rule.tag in ("*", tag) and rule.parts <= names
        ]
        result: dict[str, str] = {}
        for rule in sorted(found, key=lambda rule: rule.weight):
            result.update(rule.declarations)
        return result

    def _add(self, selectors: str, declarations: dict[str, str]) -> None:
        for selector in (text.strip() for text in selectors.split(",", MAX_SELECTORS)):
            if _is_unseen(selector):
                continue
            match = _SELECTOR.fullmatch("svg" if selector.lower() in (":root", "svg:root") else selector)
            if match is None or not selector:
                raise SvgError(
                    f"The style sheet holds {shorten(selector)!r}; only single elements, .classes and #ids "
                    "can be read. Save the drawing as plain SVG with presentation attributes."
                )
            parts = _PART.findall(match["rest"])
            tag = match["tag"] or "*"
            ids = sum(part.startswith("#") for part in parts)
            self._count += 1
            if self._count > MAX_SELECTORS:
                raise SvgError(f"The style sheet has over {MAX_SELECTORS} rules; save the drawing as plain SVG.")
            self._known.update(parts)
            weight = (ids, len(parts) - ids, int(tag != "*"), self._count)
            self._rules.setdefault(parts[-1] if parts else tag, []).append(
                _Rule(weight, tag, frozenset(parts), declarations)
            )


def _is_unseen(selector: str) -> bool:
    """Whether a selector is of pseudo-elements or of a pointer that a still picture has not; not :not(:hover)."""
    return selector[:1] != "@" and ("::" in selector or ("(" not in selector and bool(_UNSEEN.search(selector))))


class _Rule(NamedTuple):
    weight: tuple[int, int, int, int]
    tag: str
    parts: frozenset[str]
    declarations: Mapping[str, str]


def parse_declarations(text: str) -> dict[str, str]:
    """Return the ``name: value`` pairs of a ``style`` attribute or a rule; ``!important`` is dropped.

    >>> parse_declarations("fill: none; stroke: black !important")
    {'fill': 'none', 'stroke': 'black'}
    """
    result = {}
    for declaration in text.split(";"):
        name, colon, value = declaration.partition(":")
        if colon:
            result[name.strip().lower()] = value.partition("!")[0].strip()
    return result


def _without_comments(text: str) -> str:
    return _COMMENT.sub("", text)


def _without_motion(text: str) -> str:
    """Drop the blocks, and what they hold, that never count in a still picture."""
    kept, at = [], 0
    while match := _MOTION.search(text, at):
        kept.append(text[at : match.start()])
        at = _end_of_block(text, match.end())
    return "".join(kept) + text[at:]


def _end_of_block(text: str, at: int) -> int:
    """Return where the block that opens at ``at`` is over, or the text's end."""
    depth = 0
    for bracket in _BRACKET.finditer(text, at):
        depth += 1 if bracket.group() == "{" else -1
        if depth <= 0:
            return bracket.end()
    return len(text)


def _without_statements(head: str) -> str:
    """Drop one-line rules (``@charset "utf-8";``) that stand before a selector."""
    return head.rpartition(";")[2].strip()


def parse_colour(text: str, current: Rgba = BLACK, where: str = "stroke") -> Rgba | None:
    """Return the colour that a paint stands for.

    Args:
        text: a CSS name, #rgb, #rgba, #rrggbb, #rrggbbaa, rgb(), rgba(), hsl(), currentColor, or none.
        current: what currentColor stands for.
        where: the property, for the message.

    Returns:
        RGBA in 0-1, or None for ``none`` and ``transparent``.

    Raises:
        SvgError: a gradient or pattern, or no colour at all.

    >>> parse_colour("red"), parse_colour("#0000ff80")[3] == 128 / 255, parse_colour("none")
    ((1.0, 0.0, 0.0, 1.0), True, None)
    """
    text = text.strip()
    if text.lower().startswith("url("):
        return _fallback(text, current, where)
    if text.lower() in ("none", "transparent"):
        return None
    if text.lower() == "currentcolor":
        return current
    if match := _RGB.fullmatch(text):
        return _functional(match.group(1), where)
    try:
        if text.startswith("#") and not _HEX.fullmatch(text):
            raise ValueError(text)
        red, green, blue, *alpha = (min(max(channel / 255, 0.0), 1.0) for channel in ImageColor.getrgb(text))
    except ValueError as error:
        raise SvgError(
            f"{where} is {shorten(text)!r}, no colour that can be read; write #rrggbb, rgb(r, g, b) or a CSS name."
        ) from error
    return red, green, blue, alpha[0] if alpha else 1.0


def _functional(inside: str, where: str) -> Rgba:
    """Read the arguments of rgb() or rgba(), split by commas, blanks or a slash."""
    parts = inside.replace(",", " ").replace("/", " ").split()
    if len(parts) not in (3, 4):
        raise SvgError(f"{where} is rgb({shorten(inside)}); rgb() takes 3 numbers, and an opacity if wanted.")
    channels = [_channel(part, where) for part in parts[:3]]
    alpha = to_fraction(parts[3], where) if len(parts) == 4 else 1.0
    return channels[0], channels[1], channels[2], alpha


def _channel(text: str, where: str) -> float:
    if text.endswith("%"):
        return to_fraction(text, where)
    return min(max(to_number(text, where) / 255, 0.0), 1.0)


def _fallback(text: str, current: Rgba, where: str) -> Rgba | None:
    """Return the plain colour that may follow a reference to a gradient or pattern."""
    fallback = text.partition(")")[2].strip()
    if not fallback or fallback.lower().startswith("url("):
        raise SvgError(
            f"{where} is {shorten(text)!r}, a gradient or pattern; strokes have one plain colour. "
            "Choose a flat colour in the editor."
        )
    return parse_colour(fallback, current, where)
