"""From the bytes of a file to a tree of elements, safely: no entities, no bombs, no files from elsewhere."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from xml.etree import ElementTree
from xml.parsers import expat

from ..errors import SvgError

MAX_BYTES = 32 * 1024 * 1024
"""Largest file that is read."""

MAX_DEPTH = 200
"""Deepest nesting of elements."""

MAX_ELEMENTS = 500_000
"""Most elements in a file."""

MAX_ATTRIBUTE = 100_000
"""Most characters of the attributes that are never long."""

SHORT = ("style", "class", "transform", "viewBox")

_NAMESPACE = "{http://www.w3.org/2000/svg}"


def parse_document(data: str | bytes, on_instruction: Callable[[str, str], None] | None = None) -> ElementTree.Element:
    """Return the root of an SVG document.

    Args:
        data: the text, or the bytes of the file.
        on_instruction: told the target and the rest of each processing instruction, which the tree does not hold; it
            may raise an SvgError.

    Raises:
        SvgError: too large, compressed, not XML, truncated, no SVG, nested too deep, or with an entity declaration.
    """
    raw, encoding = _bytes(data)
    if len(raw) > MAX_BYTES:
        raise SvgError(f"The SVG has {len(raw) / 2**20:.1f} MB; at most {MAX_BYTES // 2**20} MB are read. Simplify it.")
    if raw[:2] == b"\x1f\x8b":
        raise SvgError("The SVG is compressed (.svgz); unpack it first, or save it as plain SVG.")
    try:
        _scan(raw, encoding, on_instruction)
        with _no_collection():
            root = ElementTree.fromstring(raw, ElementTree.XMLParser(encoding=encoding))
    except SvgError:
        raise
    except (expat.ExpatError, ElementTree.ParseError, LookupError, ValueError) as error:
        raise SvgError(f"This is no whole SVG file (not XML, damaged or truncated): {error}. Save it anew.") from error
    if local_name(root) != "svg":
        raise SvgError(
            f"The SVG's first element must be <svg>, got <{root.tag.rpartition('}')[2]}>. Choose an SVG file."
        )
    return root


def elements_by_id(root: ElementTree.Element) -> dict[str, ElementTree.Element]:
    """Return the elements that have an id; of those that share one, the first.

    >>> elements_by_id(parse_document('<svg><g id="a"/><path id="a"/></svg>'))["a"].tag
    'g'
    """
    found: dict[str, ElementTree.Element] = {}
    for element in root.iter():
        if name := element.get("id"):
            found.setdefault(name, element)
    return found


def local_name(element: ElementTree.Element) -> str | None:
    """Return an element's SVG name without namespace, or None for an element that is not SVG's.

    >>> local_name(parse_document('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'))
    'svg'
    """
    return _without_namespace(element.tag)


@lru_cache(maxsize=1024)
def _without_namespace(tag: str) -> str | None:
    """Return a tag's SVG name or None; there are as many calls as elements, and few tags."""
    if tag.startswith(_NAMESPACE):
        return tag[len(_NAMESPACE) :]
    return None if tag.startswith("{") else tag


def _bytes(data: str | bytes) -> tuple[bytes, str | None]:
    """Return the bytes, and their encoding where the text itself does not decide."""
    if isinstance(data, bytes):
        return data, None
    return data.encode("utf-8", "replace"), "utf-8"


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keep the garbage collector still: of 500 000 elements none is garbage, and looking takes half of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _scan(raw: bytes, encoding: str | None, on_instruction: Callable[[str, str], None] | None) -> None:
    """Read through the file once, keeping nothing, and stop at whatever could harm."""
    parser = expat.ParserCreate(encoding)
    depth = count = 0

    def open_element(_name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, count
        for name, value in attributes.items():
            if len(value) > MAX_ATTRIBUTE and name in SHORT:
                raise SvgError(f"An element's {name} has over {MAX_ATTRIBUTE} characters. Save the drawing anew.")
        depth, count = depth + 1, count + 1
        if depth > MAX_DEPTH:
            raise SvgError(f"The SVG's elements are nested over {MAX_DEPTH} deep; ungroup the drawing.")
        if count > MAX_ELEMENTS:
            raise SvgError(f"The SVG has over {MAX_ELEMENTS} elements; simplify the drawing.")

    def close_element(_name: str) -> None:
        nonlocal depth
        depth -= 1

    def refuse_entity(name: str, *_rest: object) -> None:
        raise SvgError(
            f"The SVG declares the entity {name!r}, which could blow up or read other files; such SVGs are not read. "
            "Save it as plain SVG without a DOCTYPE."
        )

    parser.StartElementHandler = open_element
    parser.EndElementHandler = close_element
    parser.EntityDeclHandler = refuse_entity
    parser.ProcessingInstructionHandler = on_instruction
    parser.Parse(raw, True)
