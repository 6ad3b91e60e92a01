"""Write strokes as SVG: one path per stroke, the same bytes for the same strokes."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

import torch
from torch import Tensor

from ..errors import ConfigError, SvgError
from ..levels import check_levels
from ..strokes import PathText, Strokes
from .css import parse_colour
from .group_elements import FORM as GROUP_FORM
from .group_elements import in_group_elements, quoted
from .numerals import format_number
from .path_data import PATH_DATA, parse_path
from .self_drawing import FORM, STYLE, motion

MAX_DECIMALS = 8
MIN_STYLE_DECIMALS = 3
"""Widths and opacities keep this many decimals, however coarse the coordinates: a width of 0 draws nothing."""

SAME_PX, SAME_SHARE = 1e-3, 1e-6
"""px, and share of the page's longer side, by which a given stroke may lie beside its path text and still be written
that way: what float32 loses on the way from page to canvas and back."""

_STYLE = r"""(?: stroke="#[0-9a-f]{6}")?(?: stroke-width="[0-9.]+")?(?: stroke-opacity="[0-9.]+")?"""


def _form(data: str) -> re.Pattern[str]:
    """Return the form of an SVG of ours, for one of the paths' data."""
    path = rf"""    <path{_STYLE}{FORM[1]} d="{data}"/>\n"""
    drawn = rf"""(?:{path}|    {GROUP_FORM}\n(?:{path})+    </g>\n)"""
    return re.compile(
        r"""<svg xmlns="http://www\.w3\.org/2000/svg" width="[0-9]+" height="[0-9]+" viewBox="0 0 [0-9]+ [0-9]+\""""
        r"""(?: style="background: #[0-9a-f]{6}")?>\n"""
        r"""  <title>(?:[^<>&]|&(?:lt|gt|amp);)*</title>\n"""
        rf"""(?:  <metadata><!\[CDATA\[(?P<metadata>\{{[^<>]*\}})\]\]></metadata>\n)?{FORM[0]}"""
        rf"""  <g fill="none" stroke-linecap="round" stroke-linejoin="round"{_STYLE}>\n"""
        rf"""{drawn}*"""
        rf"""(?:    <g id="level-[0-9]+">\n{drawn}+    </g>\n)*"""
        r"""  </g>\n</svg>\n"""
    )


_OUR_FORM, _GIVEN_FORM = _form("M [-0-9.C ]+"), _form(PATH_DATA)
"""The forms of all that to_svg has written since 0.1.0; a change of the writer adds to them and takes nothing away. The
second one is of sketches that hold given strokes, and say so: theirs is any path data."""

_SAYS_GIVEN = re.compile('"given": [1-9]')
"""What metadata hold then; looked for apart, for inside the form it would take the square of the time."""

NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_svg(
    strokes: Strokes,
    index: int = 0,
    *,
    title: str = "CLIPasso sketch",
    metadata: Mapping[str, object] | None = None,
    decimals: int = 3,
    background: str | None = None,
    pen_times: Sequence[tuple[float, float]] | None = None,
    levels: Sequence[int] = (),
) -> str:
    """Write one sketch as an SVG document, one ``<path>`` per living stroke, in drawing order.

    Neighbouring strokes of one group stand in a ``<g>`` of its name (see ``group_elements``); with levels, which may
    part groups, in the groups of these.

    The text holds ``<svg`` once, whatever title and metadata say: ComfyUI inserts its own metadata after
    every such tag. Segments that only pad a stroke at its end are left out where reading pads them again.

    Args:
        strokes: the batch of sketches; dead strokes are left out.
        index: which sketch of the batch.
        title: any text; characters that XML forbids become U+FFFD.
        metadata: anything that JSON can hold, kept as JSON in ``<metadata>`` (NaN and infinity as null); None for
            none.
        decimals: of coordinates in px, 0-8; widths and opacities have at least 3.
        background: a CSS colour that browsers show behind the strokes, or None for a transparent page. It is a
            style of the page and no shape, so that plotters and cutters do not draw it.
        pen_times: when each living stroke begins and how long it takes, s, from ``Timeline.pen_times``: the SVG then
            draws itself where a browser shows it (see ``self_drawing``); None for one that stands still.
        levels: numbers of strokes, rising: a group "level-N" for each holds the strokes that it adds to the level
            before it, so that a level is drawn by hiding the groups after it. What is beyond the last is left out.

    Returns:
        The SVG text, ending with a newline.

    Raises:
        ConfigError: index, decimals or levels out of range, or as many pen_times as living strokes are not given.
        SvgError: a living stroke has a coordinate, width or colour that is not finite, or a negative width;
            metadata is not JSON; background is no colour.

    >>> points = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.25, 8.0]])
    >>> text = to_svg(Strokes.black(points.reshape(1, 1, 4, 2), canvas_size=(10, 20)))
    >>> text.splitlines()[3].strip()
    '<path d="M 1 2 C 3 4 5 6 7.25 8"/>'
    """
    if not 0 <= index < strokes.batch_size:
        raise ConfigError(
            f"index must be 0 to {strokes.batch_size - 1} for {strokes.batch_size} sketches, got {index}."
        )
    if not 0 <= decimals <= MAX_DECIMALS:
        raise ConfigError(f"decimals must be 0 to {MAX_DECIMALS}, got {decimals}.")
    alive = (strokes.prefix(levels[-1]) if levels else strokes).alive[index]
    if levels and (list(check_levels(levels)) != sorted(levels) or levels[-1] > int(alive.sum())):
        raise ConfigError(f"levels must rise to at most the sketch's {int(alive.sum())} strokes, got {list(levels)}.")
    points = _finite(strokes.control_points[index][alive], "coordinates")
    width = _finite(strokes.stroke_width[index][alive], "widths")
    if bool((width < 0).any()):
        raise SvgError(f"stroke_width must be 0 px or more, got {float(width.min()):g}. Clamp it before writing.")
    color = _finite(strokes.color[index][alive], "colours").clamp(0, 1)
    styles = [
        stroke_style(*pair, max(decimals, MIN_STYLE_DECIMALS))
        for pair in zip(color.tolist(), width.tolist(), strict=True)
    ]
    if pen_times is not None and len(pen_times) != len(styles):
        raise ConfigError(f"pen_times must hold one pair for each of {len(styles)} strokes, got {len(pen_times)}.")
    motions = [{}] * len(styles) if pen_times is None else [motion(*times) for times in pen_times]
    names = [name for name, lives in zip(strokes.names_of(index), alive.tolist(), strict=True) if lives]
    paths = _paths(points.tolist(), decimals)
    for row, text in _kept_texts(strokes, alive, points, width):
        paths[row] = text.data
        styles[row]["stroke-width"] = format_number(text.width, MAX_DECIMALS)
    lines = [
        *_head(strokes.canvas_size, title, metadata, background),
        *([] if pen_times is None else [STYLE]),
        *_body(paths, styles, motions, names, levels),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def is_ours(data: bytes) -> bool:
    """Tell whether a file is one that to_svg wrote and no other program has changed since.

    A sketch without metadata carries no mark, and editors keep the metadata of what they change. So the form of
    the whole text decides: no other program writes it, and no drawing program leaves it as it was. (Numbers that
    somebody changed in a text editor are not noticed.)

    Args:
        data: the bytes of any file.

    Returns:
        True for what to_svg wrote, in every version so far; False for all else, unreadable files included.

    >>> is_ours(b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>')
    False
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return (_OUR_FORM.fullmatch(text) is not None or _is_given(text)) and NOT_XML.search(text) is None


def _is_given(text: str) -> bool:
    match = _GIVEN_FORM.fullmatch(text)
    return match is not None and _SAYS_GIVEN.search(match["metadata"] or "") is not None


def _head(
    canvas_size: tuple[int, int], title: str, metadata: Mapping[str, object] | None, background: str | None
) -> list[str]:
    height, width = canvas_size
    size = f'width="{width}" height="{height}"'
    style = "" if background is None else f' style="background: {_background(background)}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {width} {height}"{style}>'
    return [head, *describe(title, metadata)]


def describe(title: str, metadata: Mapping[str, object] | None) -> list[str]:
    """Return the lines that say what a document is; see ``to_svg``.

    >>> describe("Cats & dogs", None)
    ['  <title>Cats &amp; dogs</title>']
    """
    lines = [f"  <title>{escape(NOT_XML.sub(chr(0xFFFD), title))}</title>"]
    return lines if metadata is None else [*lines, f"  <metadata><![CDATA[{_json(metadata)}]]></metadata>"]


def _body(
    paths: list[str],
    styles: list[dict[str, str]],
    motions: list[dict[str, str]],
    names: list[str | None],
    levels: Sequence[int],
) -> list[str]:
    """Return the group of paths, with the attributes that all strokes share, and in it those of levels and names."""
    shared, lines = shared_style(styles), []
    for path, style, moves in zip(paths, styles, motions, strict=True):
        own = {name: value for name, value in style.items() if name not in shared}
        lines.append(f"    <path {attributes({**own, **moves, 'd': path})}/>")
    ids = {f"level-{level}" for level in levels}
    parts = [
        in_group_elements(lines[a:b], names[a:b], ids)
        for a, b in zip((0, *levels), levels or [len(lines)], strict=False)
    ]
    if levels:
        parts = [[f'    <g id="level-{b}">', *part, "    </g>"] for b, part in zip(levels, parts, strict=True)]
    return [f"  <g {attributes(shared)}>", *itertools.chain(*parts), "  </g>"]


def attributes(values: Mapping[str, str]) -> str:
    """Write an element's attributes.

    >>> attributes({"id": "one", "title": "cat & dog"})
    'id="one" title="cat &amp; dog"'
    """
    return " ".join(f"{name}={quoted(value)}" for name, value in values.items())


def shared_style(styles: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Return the attributes of a group of strokes: no fill, round ends, and what all of them have in common.

    >>> shared_style([{"stroke": "#000000", "stroke-width": "1"}, {"stroke": "#000000", "stroke-width": "2"}])["stroke"]
    '#000000'
    """
    shared = {"fill": "none", "stroke-linecap": "round", "stroke-linejoin": "round"}
    return {**shared, **shared_attributes(styles)}


def shared_attributes(looks: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Return the attributes that all elements have in common, with one value.

    >>> shared_attributes([{"fill": "red", "x": "1"}, {"fill": "red", "x": "2"}])
    {'fill': 'red'}
    """
    first, *others = looks or [{}]
    return {name: value for name, value in first.items() if all(one.get(name) == value for one in others)}


def stroke_style(rgba: Sequence[float], width: float, decimals: int) -> dict[str, str]:
    """Return a stroke's own attributes.

    Args:
        rgba: straight, in 0-1.
        width: of the line, in user units.
        decimals: of width and opacity.

    >>> stroke_style((0, 0, 0, 1), 2.5, 3)
    {'stroke': '#000000', 'stroke-width': '2.5'}
    """
    style = {"stroke": hex_colour(rgba), "stroke-width": format_number(width, decimals)}
    opacity = format_number(rgba[3], decimals)
    return style if opacity == "1" else {**style, "stroke-opacity": opacity}


def hex_colour(rgb: Sequence[float]) -> str:
    """Return a colour in 0-1 as #rrggbb; an opacity behind it counts for nothing.

    >>> hex_colour((1.0, 0.0, 0.2, 0.5))
    '#ff0033'
    """
    return "#" + "".join(f"{round(value * 255):02x}" for value in rgb[:3])


def _background(text: str) -> str:
    rgba = parse_colour(text, where="background")
    if rgba is None or rgba[3] < 1:
        raise SvgError(f"background must be an opaque colour such as 'white' or '#fafafa', got {text!r}; or None.")
    return hex_colour(rgba)


def _paths(points: list[list[list[float]]], decimals: int) -> list[str]:
    """Write each stroke's data; the padding at a stroke's end goes where some other stroke keeps the length."""
    pairs = [[" ".join(format_number(value, decimals) for value in point) for point in stroke] for stroke in points]
    padding = [_padding(stroke) for stroke in pairs]
    least = min(padding, default=0)
    return [
        _path(stroke[: len(stroke) - 3 * pad] if pad > least else stroke)
        for stroke, pad in zip(pairs, padding, strict=True)
    ]


def _kept_texts(strokes: Strokes, alive: Tensor, points: Tensor, width: Tensor) -> list[tuple[int, PathText]]:
    """Return the path texts that still hold, and which of the living strokes [n, K, 2] they are of."""
    texts = zip(alive[: strokes.num_given].tolist(), strokes.path_texts, strict=False)
    living = enumerate(text for lives, text in texts if lives)
    close = SAME_PX + SAME_SHARE * max(strokes.canvas_size)
    return [(row, text) for row, text in living if text and _says(text, points[row], float(width[row]), close)]


def _says(text: PathText, points: Tensor, width: float, close: float) -> bool:
    """Whether a path text has a stroke's points [K, 2] and width, within ``close`` px."""
    (said,) = parse_path(text.data)
    if len(said) > len(points) or abs(text.width - width) > close:
        return False
    padded = torch.tensor([(point.real, point.imag) for point in said + said[-1:] * (len(points) - len(said))])
    return bool((padded.to(points) - points).abs().max() <= close)


def _path(pairs: list[str]) -> str:
    curves = (" ".join(pairs[i : i + 3]) for i in range(1, len(pairs), 3))
    return f"M {pairs[0]} C " + " ".join(curves)


def _padding(pairs: list[str]) -> int:
    """Count the zero-length segments at the end of a stroke, never its first segment."""
    alike = sum(1 for _ in itertools.takewhile(pairs[-1].__eq__, reversed(pairs)))
    return min((alike - 1) // 3, (len(pairs) - 1) // 3 - 1)


def _finite(values: Tensor, name: str) -> Tensor:
    values = values.detach().to("cpu", torch.float64)
    if not bool(torch.isfinite(values).all()):
        raise SvgError(
            f"The {name} of some living stroke are NaN or infinite; an SVG can only hold finite numbers. "
            "Check what made these strokes (a learning rate too high?)."
        )
    return values


def _json(metadata: Mapping[str, object]) -> str:
    """Write JSON that holds neither a tag nor the end of a CDATA section: < and > only stand in its strings.

    JSON has no NaN or infinity, and ComfyUI's prompts hold NaN (``is_changed``): they become null.
    """
    try:
        values = json.loads(json.dumps(dict(metadata)), parse_constant=lambda _: None)
        text = json.dumps(values, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise SvgError(f"metadata must be plain JSON values (text, numbers, lists, dicts): {error}.") from error
    return text.replace("<", "\\u003c").replace(">", "\\u003e")
