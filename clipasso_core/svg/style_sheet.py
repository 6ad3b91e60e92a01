"""The small part of CSS that drawing programs write into ``<style>``: plain selectors and declarations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from ..errors import SvgError
from .numerals import shorten

_SELECTOR = re.compile(r"(?P<tag>[\w-]+|\*)?(?P<rest>(?:[.#][\w-]+)*)")
_PART = re.compile(r"[.#][\w-]+")
_HARMLESS = ("@charset", "@font-face", "@namespace", "@import")


class _Rule(NamedTuple):
    weight: tuple[int, int, int, int]
    tag: str
    parts: frozenset[str]
    declarations: Mapping[str, str]


def parse_declarations(text: str) -> dict[str, str]:
    """Return the ``name: value`` pairs of a ``style`` attribute or a rule; ``!important`` is dropped."""
    result = {}
    for declaration in text.split(";"):
        name, colon, value = declaration.partition(":")
        if colon:
            result[name.strip().lower()] = value.partition("!")[0].strip()
    return result


class StyleSheet:
    """Hold the rules of a document's ``<style>`` elements.

    Args:
        texts: what stands in each ``<style>``, in the document's order.

    Raises:
        SvgError: a rule that cannot be read (@media, selectors of more than one element).
    """

    def __init__(self, texts: list[str]) -> None:
        self._rules: dict[str, list[_Rule]] = {}
        for block in "}".join(_without_comments(text) for text in texts).split("}"):
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
        for selector in (text.strip() for text in selectors.split(",")):
            if ":" in selector and not selector.startswith("@"):
                continue  # :hover and the like never hold in a still picture
            match = _SELECTOR.fullmatch(selector)
            if match is None or not selector:
                raise SvgError(
                    f"The style sheet holds {shorten(selector)!r}; only single elements, .classes and #ids "
                    "can be read. Save the drawing as plain SVG with presentation attributes."
                )
            parts = _PART.findall(match["rest"])
            tag = match["tag"] or "*"
            ids = sum(part.startswith("#") for part in parts)
            order = sum(map(len, self._rules.values()))
            weight = (ids, len(parts) - ids, int(tag != "*"), order)
            self._rules.setdefault(parts[-1] if parts else tag, []).append(
                _Rule(weight, tag, frozenset(parts), declarations)
            )


def _without_comments(text: str) -> str:
    first, *others = text.split("/*")
    return first + "".join(other.partition("*/")[2] for other in others)


def _without_statements(head: str) -> str:
    """Drop one-line rules (``@charset "utf-8";``) that stand before a selector."""
    return head.rpartition(";")[2].strip()
