"""Read what a run made: files named in the history, and what is inside the SVG files."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

from .client import ComfyClient, Json

SVG = "{http://www.w3.org/2000/svg}"


def files(entry: Json, suffix: str) -> list[Json]:
    """List the files with a suffix that nodes showed in the page, in the order of the nodes' ids."""
    nodes = sorted(entry["outputs"].items(), key=lambda one: int(one[0]))
    shown = [image for _, out in nodes for image in out.get("images", [])]
    return [image for image in shown if image["filename"].endswith(suffix)]


def svgs(client: ComfyClient, entry: Json) -> list[bytes]:
    """Fetch the SVG files that a run saved; those that it only showed are temporary."""
    return [client.view(file) for file in files(entry, ".svg") if file["type"] == "output"]


def parse(svg: bytes) -> ElementTree.Element:
    """Parse an SVG file; return its root."""
    root = ElementTree.fromstring(svg)
    assert root.tag == f"{SVG}svg", f"root is {root.tag}"
    return root


def paths(svg: bytes) -> list[ElementTree.Element]:
    """List the <path> elements, however deep."""
    return list(parse(svg).iter(f"{SVG}path"))


def half_written(folder: Path) -> list[Path]:
    """List files in a folder tree that look like the half of something: temporary names, or nothing in them."""
    found = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in found if path.stat().st_size == 0 or path.suffix in (".partial", ".tmp", ".part")]
