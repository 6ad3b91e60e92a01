"""Strokes as JSON: everything that they hold but their path texts, in a form that other programs read and write.

The form is version 1 of "clipasso-strokes"; docs/strokes.schema.json says the same as a JSON Schema:

* ``canvas_size``: [height, width] px.
* ``sketches``: one object a sketch; its ``strokes`` lie in drawing order, the first one undermost.
* a stroke: ``points``, 3 * segments + 1 pairs [x, y] px (x right, y down) of joined cubic Béziers; ``width``, px, the
  full width; ``color``, straight RGBA in 0-1, opaque black if left out; ``alive``, whether it is drawn, true if left
  out; ``group``, the index of its group in ``groups``, of no group if left out.
* ``groups``: the names of the groups of all sketches; [] if left out.
* ``num_given``: the first so many strokes were given by a person; 0 if left out.
* ``num_wanted``: so many strokes of each sketch are wanted in the end, the optimiser drops the others; all if left out.
* ``provenance``: how the strokes came to be, any JSON; {} if left out.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from .errors import ConfigError, JsonError
from .json_values import (
    MAX_CHARACTERS,
    MAX_NUMBER,
    Points,
    as_color,
    as_list,
    as_number,
    as_object,
    as_points,
    as_size,
    as_text,
    as_whole,
    check_head,
    parse_json,
    plain_numbers,
)
from .stroke_groups import NO_GROUP, check_group_names
from .strokes import MAX_STROKES, Strokes

FORMAT, VERSION = "clipasso-strokes", 1
BLACK = [0, 0, 0, 1]
"""The colour of a stroke that names none."""

MAX_SKETCHES = 65_536

MAX_SEGMENTS = MAX_CHARACTERS // 16
"""Most segments of a batch, padding counted: more than any text that ``strokes_to_json`` writes can hold, as it writes
the padding, too."""


def strokes_to_json(strokes: Strokes, decimals: int | None = None) -> str:
    """Write strokes as JSON: the same text for the same strokes.

    Args:
        strokes: a batch of sketches.
        decimals: of coordinates and widths in px and of colours; None for as many as float32 needs, so that
            ``strokes_from_json`` gives the very same numbers.

    Raises:
        JsonError: there is no sketch, a living stroke has a number that is not finite, or provenance is not JSON.

    >>> line = torch.tensor([[[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.25, 8.0]]]])
    >>> strokes_to_json(Strokes.black(line, (10, 20))).partition('"sketches":')[2]
    '[{"strokes":[{"points":[[1,2],[3,4],[5,6],[7.25,8]],"width":3}]}]}'
    """
    try:
        return json.dumps(strokes_document(strokes, decimals), separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        if isinstance(error, JsonError):
            raise
        raise JsonError(f"provenance must be plain JSON values (text, numbers, lists, dicts): {error}.") from error


def strokes_document(strokes: Strokes, decimals: int | None = None) -> dict[str, object]:
    """Return what ``strokes_to_json`` writes as JSON values: dicts, lists and numbers.

    >>> document = strokes_document(Strokes.black(torch.zeros(2, 3, 4, 2), (32, 32)))
    >>> document["canvas_size"], len(document["sketches"])
    ([32, 32], 2)
    """
    if strokes.batch_size == 0:
        raise JsonError("An empty batch of sketches cannot be written as JSON. Give at least one sketch.")
    points = _numbers(strokes.control_points, strokes.alive, decimals)
    widths = _numbers(strokes.stroke_width, strokes.alive, decimals)
    colors = _numbers(strokes.color, strokes.alive, decimals)
    alive = strokes.alive.cpu().numpy()
    group = torch.full(alive.shape, NO_GROUP) if strokes.group is None else strokes.group
    return {
        "format": FORMAT,
        "version": VERSION,
        "canvas_size": list(strokes.canvas_size),
        **({"num_given": strokes.num_given} if strokes.num_given else {}),
        **({} if strokes.num_wanted is None else {"num_wanted": strokes.num_wanted}),
        **({"provenance": dict(strokes.provenance)} if strokes.provenance else {}),
        **({"groups": list(strokes.group_names)} if strokes.group_names else {}),
        "sketches": [
            {"strokes": [_stroke(*one) for one in zip(*sketch, strict=True)]}
            for sketch in zip(points, widths, colors, alive, group.tolist(), strict=True)
        ],
    }


def strokes_from_json(text: str | bytes) -> Strokes:
    """Read strokes from JSON, as float32 on the CPU.

    Shorter strokes are padded at their end with segments of no length, sketches of fewer strokes with dead ones.

    Args:
        text: as ``strokes_to_json`` or another program writes it.

    Raises:
        JsonError: it is no JSON, of another format or version, a value is missing or out of its range, or the strokes
            would fill the memory when all are padded.

    >>> read = strokes_from_json(strokes_to_json(Strokes.black(torch.full((1, 1, 4, 2), 0.1), (32, 32))))
    >>> read.control_points[0, 0, 0].equal(torch.tensor([0.1, 0.1])), read.canvas_size
    (True, (32, 32))
    """
    values = parse_json(text, "strokes")
    check_head(values, FORMAT, VERSION)
    names = _read_names(values.get("groups", []))
    sketches = [
        _read_sketch(sketch, f"sketches[{index}]", len(names))
        for index, sketch in enumerate(as_list(values.get("sketches"), "sketches", MAX_SKETCHES))
    ]
    if not sketches:
        raise JsonError("sketches is empty; at least one sketch is needed. Write the file anew.")
    count = max(len(sketch) for sketch in sketches)
    longest = max((len(stroke.points) for sketch in sketches for stroke in sketch), default=4)
    if len(sketches) * count * (longest // 3) > MAX_SEGMENTS:
        raise JsonError(
            f"The strokes have over {MAX_SEGMENTS} segments when {len(sketches)} sketches are padded to {count} "
            f"strokes of {longest // 3} segments each. Write the sketches to several files."
        )
    missing = _Stroke([(0.0, 0.0)], 0.0, (0.0,) * 4, False, NO_GROUP)
    rows = [sketch + [missing] * (count - len(sketch)) for sketch in sketches]
    flat = [stroke for row in rows for stroke in row]
    shape = (len(rows), count)
    read = Strokes(
        torch.tensor([_padded(stroke.points, longest) for stroke in flat]).view(*shape, longest, 2),
        torch.tensor([stroke.width for stroke in flat]).view(shape),
        torch.tensor([stroke.color for stroke in flat]).view(*shape, 4),
        torch.tensor([stroke.alive for stroke in flat], dtype=torch.bool).view(shape),
        as_size(values.get("canvas_size"), "canvas_size"),
        as_object(values.get("provenance", {}), "provenance"),
        as_whole(values.get("num_given", 0), "num_given", 0, count),
        num_wanted=as_whole(values["num_wanted"], "num_wanted", 1, int(MAX_NUMBER)) if "num_wanted" in values else None,
    )
    return read.with_groups(torch.tensor([stroke.group for stroke in flat], dtype=torch.long).view(shape), names)


class _Stroke(NamedTuple):
    points: Points
    width: float
    color: tuple[float, ...]
    alive: bool
    group: int


def _stroke(
    points: list[list[float]], width: float, color: Sequence[float], alive: bool, group: int
) -> dict[str, object]:
    """Return one stroke as JSON values; what most strokes have in common is left out."""
    rgba = plain_numbers(color)
    return {
        "points": [plain_numbers(point) for point in points],
        "width": plain_numbers([width])[0],
        **({} if rgba == BLACK else {"color": rgba}),
        **({} if alive else {"alive": False}),
        **({} if group == NO_GROUP else {"group": group}),
    }


def _numbers(values: Tensor, alive: Tensor, decimals: int | None) -> list[list]:  # type: ignore[type-arg]
    """Return numbers [B, N, ...] as nested lists: the shortest decimals that are the same float32, or rounded ones."""
    single = values.detach().to("cpu", torch.float32)
    if not bool(single[alive.cpu()].isfinite().all()):
        raise JsonError(
            "Some living stroke has a coordinate, width or colour that is NaN or infinite, which JSON cannot hold. "
            "Check what made these strokes (a learning rate too high?)."
        )
    finite = single.nan_to_num(0, 0, 0).numpy()
    exact = finite.astype(str).astype(np.float64) if decimals is None else finite.astype(np.float64).round(decimals)
    nested: list[list] = exact.tolist()  # type: ignore[type-arg]
    return nested


def _read_names(value: object) -> tuple[str, ...]:
    """Return the names of groups."""
    names = [as_text(name, f"groups[{index}]") for index, name in enumerate(as_list(value, "groups", MAX_STROKES))]
    try:
        return check_group_names(names)
    except ConfigError as error:
        raise JsonError(f"groups holds what is no name. {error}") from error


def _read_sketch(value: object, where: str, num_groups: int) -> list[_Stroke]:
    listed = as_list(as_object(value, where).get("strokes"), f"{where}.strokes", MAX_STROKES)
    return [_read_stroke(one, f"{where}.strokes[{index}]", num_groups) for index, one in enumerate(listed)]


def _read_stroke(value: object, where: str, num_groups: int) -> _Stroke:
    stroke = as_object(value, where)
    alive = stroke.get("alive", True)
    if not isinstance(alive, bool):
        raise JsonError(f"{where}.alive must be true or false.")
    if "group" in stroke and not num_groups:
        raise JsonError(f"{where}.group is an index into groups, and the file has none. Name the groups there.")
    return _Stroke(
        as_points(stroke.get("points"), f"{where}.points"),
        as_number(stroke.get("width"), f"{where}.width", low=0),
        as_color(stroke.get("color", BLACK), f"{where}.color"),
        alive,
        as_whole(stroke["group"], f"{where}.group", 0, num_groups - 1) if "group" in stroke else NO_GROUP,
    )


def _padded(points: Points, count: int) -> Points:
    return points + points[-1:] * (count - len(points))
