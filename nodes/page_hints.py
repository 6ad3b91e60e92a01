"""What a node tells the page about itself beyond its schema: words it is found by, and widgets that are rarely needed.

ComfyUI took these up one by one, each at another version. A host that does not know one ignores it here, and says
nothing: such a host shows all widgets, and finds nodes by their names.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import wraps
from typing import Any

from .api import io

Define = Callable[[Any], io.Schema]
ESSENTIAL = "Image Tools"
"""The folder of the page's tab Essentials that holds the nodes of the plain way from photo to sketch."""


def page_hints(
    search_aliases: Collection[str],
    rare: Collection[str] = (),
    essentials_category: str | None = None,
    hidden: Collection[str] = (),
) -> Callable[[Define], Define]:
    """Decorate ``define_schema``.

    Args:
        search_aliases: words that people may look for, other than those of the node's name (hosts since 2026).
        rare: ids of the inputs that the page folds away until "Show advanced" is chosen. The mark goes the way of
            ``extra_dict``: as an argument, ``advanced``, ComfyUI 0.3.75 does not know it.
        essentials_category: where the tab Essentials lists the node, if it does (hosts since 2026).
        hidden: ids of the inputs that a panel of ours fills and the page never shows; goes the same way.
    """

    def decorate(define: Define) -> Define:
        @wraps(define)
        def defined(cls: Any) -> io.Schema:
            schema = define(cls)
            for port in schema.inputs:
                marks = {"advanced": port.id in rare, "hidden": port.id in hidden}
                port.extra_dict = {**port.extra_dict, **{mark: True for mark, is_set in marks.items() if is_set}}
            hints = {"search_aliases": list(search_aliases), "essentials_category": essentials_category}
            for name, hint in hints.items():
                if hasattr(schema, name):
                    setattr(schema, name, hint)
            return schema

        return defined

    return decorate
