"""Read the strokes of an SVG: what ``elements`` finds in it becomes ``Strokes``, and a report says what did not."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.etree import ElementTree

import numpy as np
import torch

from ..errors import ClipassoError, SvgError, check_choice
from ..stroke_groups import number_names
from ..strokes import MAX_STROKES, Strokes
from .css import StyleSheet
from .document import local_name, parse_document
from .elements import FILLS, ElementReader, Fills, ReadStroke
from .path_pen import MAX_SEGMENTS
from .viewport import root_viewport

MAX_COORDINATE = 1e6
"""Largest coordinate or width in canvas px."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReadReport:
    """Say what of a drawing is not in its strokes, or in them in another form.

    Args:
        left_out: what strokes cannot hold, by the names of SVG ("fill" of shapes that have a stroke too, "mask", ...)
            or of DXF ("TEXT", "HATCH", ...).
        outlined: filled shapes without a stroke whose outlines became strokes.
        skipped: filled shapes without a stroke that were left out.
        facts: what clipasso wrote of how the strokes came to be into the metadata of an SVG.
    """

    left_out: tuple[str, ...] = ()
    outlined: int = 0
    skipped: int = 0
    facts: Mapping[str, object] = field(default_factory=dict)

    def sentences(self) -> list[str]:
        """Return what there is to tell, a sentence each.

        >>> ReadReport(("fill", "mask"), skipped=2).sentences()[0]
        'Left out of the drawing, for strokes cannot hold it: fill, mask.'
        """
        told = {
            f"Left out of the drawing, for strokes cannot hold it: {', '.join(self.left_out)}.": self.left_out,
            f"Filled shapes without a stroke, drawn as their outlines: {self.outlined}.": self.outlined,
            f"Filled shapes without a stroke, left out: {self.skipped}.": self.skipped,
        }
        return [sentence for sentence, fact in told.items() if fact]

    def warn(self) -> None:
        """Tell it in the log."""
        for sentence in self.sentences():
            log.warning(sentence)


def from_svg(data: str | bytes, canvas_size: tuple[int, int] | None = None, *, fills: Fills = "refuse") -> Strokes:
    """Read an SVG's stroked shapes as strokes: paths, lines, polylines, polygons, rectangles, circles and ellipses.

    Everything becomes joined cubics; shorter strokes are padded at their end with segments of no length.
    Widths grow by the geometric mean of both axes' scales. Caps and joins become round. The fill of shapes
    that are stroked too, dashes, clips, masks, filters and markers are left out, with a warning in the log.
    Clones (``<use>``) are drawn where they stand. Nothing outside the file is ever asked for.

    Args:
        data: the text or the bytes of an SVG.
        canvas_size: (height, width) px to fit the drawing into, whole and centred; None for the SVG's own
            size, rounded up.
        fills: filled shapes without a stroke are no strokes: "refuse" the file, draw their "outline" (of the
            fill's colour, as wide as a stroke there would be), or "skip" them. A rectangle that covers the
            page is a background, and passed over.

    Returns:
        One sketch (B = 1), all strokes alive, float32. A path of one piece that the page shows as it is, without a
        transform, has a ``PathText``. Strokes are of the groups that ``to_svg`` wrote; the groups of other programs
        are none.

    Raises:
        ConfigError: canvas_size out of range, or no such rule for fills.
        SvgError: not a whole SVG, no strokes or over 4096, filled outlines, shapes that cannot be read,
            entity declarations, malformed or too large numbers, no size.

    >>> drawing = '<svg width="9" height="5"><line x1="1" x2="4" stroke="red" stroke-width="2"/></svg>'
    >>> strokes = from_svg(drawing)
    >>> strokes.canvas_size, strokes.control_points[0, 0, :, 0].tolist(), strokes.stroke_width.item()
    ((5, 9), [1.0, 2.0, 3.0, 4.0], 2.0)
    """
    strokes, report = read_svg(data, canvas_size, fills=fills)
    report.warn()
    return strokes


def facts_in_svg(data: str | bytes) -> Mapping[str, object]:
    """Return what clipasso wrote into an SVG's metadata, or nothing.

    Raises:
        SvgError: no SVG.

    >>> facts_in_svg('<svg><metadata>{"clipasso": {"seed": 7}}</metadata></svg>')
    {'seed': 7}
    """
    return _facts(parse_document(data))


def read_svg(
    data: str | bytes, canvas_size: tuple[int, int] | None = None, *, fills: Fills = "refuse"
) -> tuple[Strokes, ReadReport]:
    """Read as ``from_svg`` does, and return what is not in the strokes instead of logging it.

    >>> drawing = '<svg width="9" height="5"><rect width="4" height="4"/><path d="M0 0H9" stroke="red"/></svg>'
    >>> strokes, report = read_svg(drawing, fills="skip")
    >>> strokes.num_strokes, report.left_out, report.skipped
    (1, ('fill',), 1)
    """
    check_choice("fills", fills, FILLS)
    root = parse_document(data)
    viewport, canvas_size = root_viewport(root.attrib, canvas_size)
    texts = ["".join(element.itertext()) for element in root.iter() if local_name(element) == "style"]
    reader = ElementReader(root, StyleSheet(texts), viewport, fills)
    strokes = gather(reader.strokes(), SvgError, "SVG")
    report = ReadReport(tuple(sorted(reader.left_out)), reader.outlined, reader.skipped, _facts(root))
    if not strokes:
        skipped = f" ({reader.skipped} filled shapes were skipped)" if reader.skipped else ""
        raise SvgError(f"The SVG holds no strokes: no shape with a stroke colour is visible{skipped}.")
    return assemble(strokes, canvas_size), report


def _facts(root: ElementTree.Element) -> Mapping[str, object]:
    for element in root.iter():
        if local_name(element) == "metadata":
            try:
                facts = json.loads("".join(element.itertext()))["clipasso"]
            except (ValueError, LookupError, TypeError, RecursionError):
                continue
            if isinstance(facts, dict):
                return facts
    return {}


def gather(strokes: Iterator[ReadStroke], error: type[ClipassoError], kind: str) -> list[ReadStroke]:
    """Return the strokes of a drawing as a list, or stop as soon as they are too much.

    Args:
        strokes: of the drawing.
        error: what is raised then.
        kind: of the file, for the message.

    >>> gather(iter([]), SvgError, "SVG")
    []
    """
    gathered: list[ReadStroke] = []
    longest = 0
    for stroke in strokes:
        gathered.append(stroke)
        longest = max(longest, len(stroke.points) // 3)
        if len(gathered) > MAX_STROKES:
            raise error(f"The {kind} has over {MAX_STROKES} strokes; a sketch has at most that many. Simplify it.")
        if len(gathered) * longest > MAX_SEGMENTS:
            raise error(
                f"The strokes have over {MAX_SEGMENTS} segments when all are padded to the longest, of {longest}. "
                "Break up the longest path, or simplify the drawing."
            )
    return gathered


def assemble(strokes: list[ReadStroke], canvas_size: tuple[int, int]) -> Strokes:
    """Pad the strokes to one length and make one sketch of them.

    Args:
        strokes: at least one, px of the canvas.
        canvas_size: (height, width) px.

    Raises:
        SvgError: a coordinate or width is over 1e6 px, or no number.

    >>> upright = ReadStroke(np.array([0j, 1j, 2j, 3j]), 2.0, (0, 0, 0, 1), None)
    >>> assemble([upright], (9, 9)).control_points[0, 0, -1].tolist()
    [0.0, 3.0]
    """
    longest = max(len(stroke.points) for stroke in strokes)
    padded = np.stack([np.pad(stroke.points, (0, longest - len(stroke.points)), mode="edge") for stroke in strokes])
    points = padded.view(np.float64).reshape(*padded.shape, 2)
    width = np.array([stroke.width for stroke in strokes])
    if not (np.all(np.abs(points) <= MAX_COORDINATE) and np.all(width <= MAX_COORDINATE)):
        raise SvgError(
            f"The SVG has coordinates or widths over {MAX_COORDINATE:g} px, or that are no numbers. Scale it down."
        )
    color = np.array([stroke.rgba for stroke in strokes])
    tensors = [torch.from_numpy(values).to(torch.float32)[None] for values in (points, width, color)]
    alive = torch.ones(1, len(strokes), dtype=torch.bool)
    texts = tuple(stroke.text for stroke in strokes)
    read = Strokes(tensors[0], tensors[1], tensors[2], alive, canvas_size, path_texts=texts)
    return read.with_groups(*number_names([[stroke.group for stroke in strokes]]))
