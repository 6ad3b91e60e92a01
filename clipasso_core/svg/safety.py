"""Safety: whether an SVG may be shown to somebody, or drawn by another program.

Nothing in it may run, and nothing may be fetched: it must be whole in itself. What is only read as strokes needs no
such check, for the reader runs and fetches nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote
from xml.etree import ElementTree

from ..errors import SvgError
from .document import MAX_ELEMENTS, elements_by_id, parse_document
from .numerals import shorten

XHTML = "{http://www.w3.org/1999/xhtml}"

ACTIVE = ("script", "foreignobject", "iframe", "object", "embed", "audio", "video", "handler", "listener")
"""Elements, in small letters and in whatever namespace, that run or hold something that can."""

LINKS = ("href", "src", "base")
"""Attributes whose value is an address, without namespace (``xml:base`` is ``base``)."""

_INSIDE = re.compile(
    r"#|data:(?:image/(?:png|jpe?g|gif|webp|avif)|font/|application/(?:x-)?font-)[\w.+-]*[;,]", re.IGNORECASE
)
"""How an address begins that leads to the same document, or to pixels or letters that it holds."""

_CSS_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})\s?|(.))", re.DOTALL)
_CSS_ADDRESS = re.compile(r"""\b(?:url|src)\(\s*["']?\s*(?P<address>[^)"']*)""", re.IGNORECASE)
_CSS_FETCHES = re.compile(r"@import|\bimage(?:-set)?\(|\bexpression\(|-moz-binding|\bbehavior\s*:", re.IGNORECASE)


def check_safe(data: str | bytes) -> ElementTree.Element:
    """Return the root of an SVG that may be shown: it runs nothing and refers to nothing outside of itself.

    Args:
        data: the text, or the bytes of the file.

    Raises:
        SvgError: a script or another active element, an event handler, an address outside the document (href, url(),
            @import, a style sheet), an address that an animation sets, clones that make a huge drawing of a small file;
            or the document is none that is read (too large, damaged, compressed, with entities).

    >>> check_safe('<svg width="9" height="9"><path d="M 1 1 L 8 8" fill="url(#f)"/></svg>').tag
    'svg'
    >>> check_safe('<svg onload="alert(1)"/>')
    Traceback (most recent call last):
    clipasso_core.errors.SvgError: The SVG is not shown: it holds the event handler 'onload', which ...
    """
    root = parse_document(data, _check_instruction)
    for element in root.iter():
        _check_element(element)
    _check_clones(root)
    return root


def _refusal(holds: str, could: str) -> SvgError:
    return SvgError(f"The SVG is not shown: it holds {holds}, which could {could}. Save it as plain SVG without it.")


def _check_instruction(target: str, _value: str) -> None:
    """Refuse ``<?xml-stylesheet href="..."?>``."""
    if target.lower().startswith("xml-stylesheet"):
        raise _refusal(f"the instruction {shorten(target)!r}", "load other files")


def _check_element(element: ElementTree.Element) -> None:
    name = _local(element.tag).lower()
    if name in ACTIVE or element.tag.startswith(XHTML):
        raise _refusal(f"a <{shorten(_local(element.tag))}>", "run a program")
    for attribute, value in element.attrib.items():
        _check_attribute(_local(attribute).lower(), value)
        if not attribute.startswith("{"):  # what other programs note for themselves is no CSS
            _check_css(value)
    if name == "style":
        _check_css("".join(element.itertext()))


def _check_attribute(name: str, value: str) -> None:
    if name.startswith("on"):
        raise _refusal(f"the event handler {shorten(name)!r}", "run a program")
    if name in LINKS:
        _check_address(value)
    animated = value.strip().rpartition(":")[2].lower()
    if name == "attributename" and (animated in LINKS or animated.startswith("on")):
        raise _refusal(f"an animation of {shorten(value)!r}", "load other files or run a program")


def _check_css(text: str) -> None:
    """Refuse CSS that fetches; escapes are read as browsers read them."""
    plain = _CSS_ESCAPE.sub(_unescaped, text)
    for match in _CSS_ADDRESS.finditer(plain):
        _check_address(match["address"])
    if fetches := _CSS_FETCHES.search(plain):
        raise _refusal(f"{fetches.group()!r} in a style", "load other files")


def _unescaped(match: re.Match[str]) -> str:
    code = int(match[1], 16) if match[1] else 0
    return match[2] or (chr(code) if code < 0x110000 else "")


def _check_address(text: str) -> None:
    """Refuse an address that leads out of the document; browsers skip blanks and control characters in it."""
    address = "".join(character for character in text if character > " ")
    if address and not _INSIDE.match(address):
        raise _refusal(f"the address {shorten(address)!r}", "load other files or lead elsewhere")


def _check_clones(root: ElementTree.Element) -> None:
    """Refuse ``<use>`` of ``<use>`` of ... that makes more elements than may stand in a file, or goes round."""
    targets = elements_by_id(root)
    sizes: dict[ElementTree.Element, int] = {}
    stack: list[tuple[ElementTree.Element, bool]] = [(root, False)]
    open_now: set[ElementTree.Element] = set()
    while stack:
        element, done = stack.pop()
        if done:
            open_now.discard(element)
            sizes[element] = 1 + sum(sizes.get(one, 0) for one in _parts(element, targets))
            if sizes[element] > MAX_ELEMENTS:
                raise _refusal(f"clones of over {MAX_ELEMENTS} elements", "take all memory")
        elif element in open_now:
            raise _refusal("clones that hold themselves", "take all memory")
        elif element not in sizes:
            open_now.add(element)
            stack.append((element, True))
            stack.extend((one, False) for one in _parts(element, targets))


def _parts(element: ElementTree.Element, targets: dict[str, ElementTree.Element]) -> Iterator[ElementTree.Element]:
    """Yield what an element holds, and what it clones."""
    yield from element
    if _local(element.tag) == "use":
        for name, value in element.attrib.items():
            if _local(name) == "href":
                named = value.strip()[1:]
                yield from (targets[one] for one in {named, unquote(named)} if one in targets)


def _local(name: str) -> str:
    return name.rpartition("}")[2]
