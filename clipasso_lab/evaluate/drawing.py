"""A sketch from its SVG, on the canvas, with what its metadata says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from clipasso_core.errors import ImageFileError, SvgError
from clipasso_core.framing import Frame
from clipasso_core.strokes import Strokes
from clipasso_core.svg import from_svg
from clipasso_core.svg.read import local_name, parse_document

from .photo import CANVAS

SAME_ASPECT = 0.01


@dataclass(frozen=True, eq=False)
class Drawing:
    """A sketch ready to be compared.

    Args:
        strokes: one sketch (B = 1) on the canvas.
        facts: how it came to be, as clipasso wrote it into the SVG; empty where it did not.
    """

    strokes: Strokes
    facts: Mapping[str, object]


def read_drawing(path: Path, frame: Frame) -> Drawing:
    """Read a sketch; one that has the photo's page is brought back to the canvas.

    Args:
        path: the SVG.
        frame: of its photo.

    Raises:
        ImageFileError: the file cannot be read.
        SvgError: no strokes, or a page that is neither square nor of the photo's shape.
    """
    data = read_bytes(path)
    facts = read_facts(data)
    return Drawing(_on_canvas(from_svg(data), frame, facts), facts)


def read_bytes(path: Path) -> bytes:
    """Return a file's bytes.

    Raises:
        ImageFileError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise ImageFileError(f"Cannot read {str(path)!r}: {error.strerror or error}.") from error


def read_facts(data: bytes) -> dict[str, object]:
    """Return what clipasso wrote into an SVG's metadata, or nothing.

    Raises:
        SvgError: no SVG.
    """
    for element in parse_document(data).iter():
        if local_name(element) == "metadata":
            try:
                facts = json.loads("".join(element.itertext()))["clipasso"]
            except (ValueError, LookupError, TypeError, RecursionError):
                continue
            if isinstance(facts, dict):
                return facts
    return {}


def _on_canvas(strokes: Strokes, frame: Frame, facts: Mapping[str, object]) -> Strokes:
    page, photo = strokes.canvas_size, frame.photo_size
    if _same_aspect(page, (1, 1)) and (page != photo or page[0] == _canvas_side(facts)):
        return strokes.scaled_to(CANVAS)
    if _same_aspect(page, photo):
        return frame.to_canvas(strokes.scaled_to(photo), CANVAS)
    raise SvgError(
        f"The SVG's page is {page[1]} x {page[0]} px: neither square, as the canvas, nor of the photo's shape "
        f"({photo[1]} x {photo[0]} px). Save it with one of these pages."
    )


def _canvas_side(facts: Mapping[str, object]) -> object:
    """Return the side of the canvas on which a sketch was made: where the photo is square, its page may be either."""
    init = facts.get("stroke_init")
    return init.get("canvas_size") if isinstance(init, dict) else CANVAS[0]


def _same_aspect(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return abs(one[1] * other[0] / (one[0] * other[1]) - 1) < SAME_ASPECT
