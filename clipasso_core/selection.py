"""Selection: some strokes of a sketch, by their numbers, their group, where they lie, and their length."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from .bezier import arc_length, curve_points, segments_of
from .errors import ConfigError, ShapeError, check_range
from .pixels import check_same_aspect
from .strokes import MAX_STROKES, Strokes

CHORDS = 32
"""Pieces of a cubic that are looked up in a mask, each at its middle."""

_RANGE = re.compile(r"(-?[0-9]{1,9})(?:\s*(-)\s*(-?[0-9]{1,9})?)?")


class StrokeRange(NamedTuple):
    """Numbers of living strokes in drawing order, both ends included: 1 is the first stroke, -1 the last."""

    first: int
    last: int


def parse_ranges(text: str) -> tuple[StrokeRange, ...]:
    """Read numbers of strokes: "1-4, 7" the first four and the seventh, "-1" the last, "5-" from the fifth, "-3-" the
    last three.

    Args:
        text: numbers and ranges with commas or spaces between; nothing stands for none.

    Raises:
        ConfigError: something else stands there, or a number is 0 or over 4096.

    >>> parse_ranges("1-4, 7, -3-")
    (StrokeRange(first=1, last=4), StrokeRange(first=7, last=7), StrokeRange(first=-3, last=-1))
    """
    words = [word for word in re.split(r"[\s,;，、]+", re.sub(r"(?<=[0-9])\s*-\s*(?=[0-9])", "-", text)) if word]
    return tuple(_range(word, text) for word in words)


def in_ranges(strokes: Strokes, ranges: Sequence[StrokeRange]) -> Tensor:
    """Return which strokes have one of the numbers, [B, N] bool; each sketch counts its own living strokes.

    Raises:
        ConfigError: a sketch has no stroke of some number, or a range ends before it begins.

    >>> five = Strokes.black(torch.zeros(1, 5, 4, 2), (32, 32))
    >>> in_ranges(five, parse_ranges("2, -2-")).tolist()
    [[False, True, False, True, True]]
    """
    number = strokes.alive.long().cumsum(dim=1)
    chosen = torch.zeros_like(strokes.alive)
    for index, count in enumerate(strokes.alive.sum(dim=1).tolist()):
        for one in ranges:
            first, last = _ends(one, count)
            chosen[index] |= (number[index] >= first) & (number[index] <= last)
    return chosen & strokes.alive


def inside(strokes: Strokes, masks: Tensor, least_share: float = 0.5) -> Tensor:
    """Return which strokes lie inside masks, [B, N] bool.

    Args:
        strokes: B sketches.
        masks: [B or 1, H, W] in 0-1, over the canvas and of its aspect, at any size; inside is where it is 0.5 or more.
        least_share: of a stroke's length, 0-1, that must lie inside; 0 chooses all that touch it.

    Raises:
        ConfigError: least_share out of range.
        ShapeError: masks of another aspect or number, or with NaN.

    >>> points = torch.tensor([[[[2.0, 8], [4, 8], [6, 8], [8, 8]], [[2.0, 8], [12, 8], [20, 8], [30, 8]]]])
    >>> left = torch.zeros(1, 16, 16)
    >>> left[..., :8] = 1
    >>> inside(Strokes.black(points, (32, 32)), left, 0.6).tolist()
    [[True, False]]
    """
    check_range("least_share", least_share, 0, 1)
    share = _share_inside(strokes, _checked(masks, strokes))
    return (share >= least_share if least_share > 0 else share > 0) & strokes.alive


def as_long_as(strokes: Strokes, length: float) -> Tensor:
    """Return which strokes are at least so many px long, [B, N] bool.

    >>> points = torch.tensor([[[[0.0, 0], [1, 0], [2, 0], [3, 0]], [[0.0, 0], [2, 0], [4, 0], [6, 0]]]])
    >>> as_long_as(Strokes.black(points, (32, 32)), 5).tolist()
    [[False, True]]
    """
    return (arc_length(strokes.control_points.detach()) >= length) & strokes.alive


def parse_group_names(text: str, known: Sequence[str]) -> tuple[str, ...]:
    """Read the names of groups: "object-1, background".

    Args:
        text: names with commas or semicolons between; nothing stands for none.
        known: the names that there are; one that holds a comma itself is read where it stands alone.

    Raises:
        ConfigError: there is no such group.

    >>> parse_group_names("object-1, sky", ["sky", "object-1"]), parse_group_names("cat, dog", ["cat, dog"])
    (('object-1', 'sky'), ('cat, dog',))
    """
    words = [text.strip()] if text.strip() in known else [word.strip() for word in re.split("[,;，；、]", text)]
    names = tuple(word for word in words if word)
    for name in names:
        if name not in known:
            there = (
                f"they are of {', '.join(known)}. Ask for one of these" if known else "they are of none. Leave it out"
            )
            raise ConfigError(f"group asks for strokes of {name!r}, and {there}.")
    return names


def in_groups(strokes: Strokes, names: Sequence[str]) -> Tensor:
    """Return which living strokes are of one of some groups, [B, N] bool.

    Args:
        strokes: B sketches.
        names: of the groups; names that no group has choose nothing.

    >>> scene = Strokes.black(torch.zeros(1, 3, 4, 2), (32, 32)).with_groups(torch.tensor([[0, 1, -1]]), ["sky", "sea"])
    >>> in_groups(scene, ["sea"]).tolist()
    [[False, True, False]]
    """
    chosen = [strokes.group_names.index(name) for name in names if name in strokes.group_names]
    if strokes.group is None or not chosen:
        return torch.zeros_like(strokes.alive)
    return torch.isin(strokes.group, torch.tensor(chosen, device=strokes.group.device)) & strokes.alive


def chosen_strokes(
    strokes: Strokes,
    ranges: Sequence[StrokeRange] = (),
    masks: Tensor | None = None,
    least_share: float = 0.5,
    min_length: float = 0.0,
    invert: bool = False,
    groups: Sequence[str] = (),
) -> Tensor:
    """Return which strokes are living and all that is asked for, [B, N] bool.

    Args:
        strokes: B sketches.
        ranges: numbers of strokes; () for any.
        masks: as for ``inside``; None for anywhere.
        least_share: as for ``inside``.
        min_length: px.
        invert: choose the other living strokes instead.
        groups: names of groups; () for any, and for strokes of no group.

    Raises:
        ConfigError, ShapeError: as ``in_ranges`` and ``inside``.

    >>> chosen_strokes(Strokes.black(torch.zeros(1, 3, 4, 2), (32, 32)), parse_ranges("1"), invert=True).tolist()
    [[False, True, True]]
    """
    chosen = in_ranges(strokes, ranges) if ranges else strokes.alive
    if groups:
        chosen = chosen & in_groups(strokes, groups)
    if masks is not None:
        chosen = chosen & inside(strokes, masks, least_share)
    if min_length > 0:
        chosen = chosen & as_long_as(strokes, min_length)
    return strokes.alive & ~chosen if invert else chosen


def only(strokes: Strokes, chosen: Tensor) -> Strokes:
    """Return sketches of only some of their strokes; slots that no sketch of the batch needs are gone.

    Where nothing is left, one dead slot stays: a drawing of no stroke.

    Args:
        strokes: B sketches.
        chosen: [B, N] bool.

    >>> three = Strokes.black(torch.rand(1, 3, 4, 2), (32, 32))
    >>> only(three, torch.tensor([[True, False, True]])).num_strokes
    2
    """
    alive = strokes.alive & chosen
    needed = alive.any(dim=0)
    needed[0] |= ~needed.any()
    return replace(strokes, alive=alive).slots(needed.nonzero().flatten().tolist())


def select(strokes: Strokes, chosen: Tensor) -> tuple[Strokes, Strokes]:
    """Part sketches into their chosen strokes and all others.

    Args:
        strokes: B sketches.
        chosen: [B, N] bool.

    Raises:
        ConfigError: nothing is chosen in any sketch.

    >>> first, others = select(Strokes.black(torch.rand(1, 3, 4, 2), (32, 32)), torch.tensor([[True, False, False]]))
    >>> first.num_strokes, others.num_strokes
    (1, 2)
    """
    if not bool((strokes.alive & chosen).any()):
        raise ConfigError("No stroke is selected. Name other numbers, paint a larger mask, or ask for less length.")
    return only(strokes, chosen), only(strokes, ~chosen)


def _range(word: str, text: str) -> StrokeRange:
    match = _RANGE.fullmatch(word)
    if match is None:
        raise ConfigError(f"numbers must be such as '1-4, 7, -1' or '5-', got {text!r}.")
    first = int(match[1])
    last = first if match[2] is None else int(match[3] or -1)
    for number in (first, last):
        if not 1 <= abs(number) <= MAX_STROKES:
            raise ConfigError(f"numbers must lie between 1 and {MAX_STROKES} (-1 is the last), got {number}.")
    return StrokeRange(first, last)


def _ends(one: StrokeRange, count: int) -> tuple[int, int]:
    """Return the first and the last number of a range in a sketch of ``count`` living strokes."""
    first, last = (number if number > 0 else count + 1 + number for number in one)
    named = f"{one.first}" if one.first == one.last else f"{one.first} to {one.last}"
    if not (1 <= first <= count and 1 <= last <= count):
        raise ConfigError(f"numbers asks for stroke {named}, and a sketch has {count}. Ask for strokes that it has.")
    if first > last:
        raise ConfigError(
            f"numbers asks for strokes {named}, which in a sketch of {count} ends before it begins. Swap them."
        )
    return first, last


def _checked(masks: Tensor, strokes: Strokes) -> Tensor:
    """Return masks as [B, H, W] bool that fit the sketches."""
    if masks.ndim != 3 or masks.shape[0] not in (1, strokes.batch_size):
        raise ShapeError(
            f"mask must be [{strokes.batch_size} or 1, H, W] to fit the sketches, got {list(masks.shape)}."
        )
    check_same_aspect(masks, strokes.canvas_size, "mask")
    if not bool(torch.isfinite(masks).all()):
        raise ShapeError("mask contains NaN or infinite values; check the node that made it.")
    return (masks >= 0.5).expand(strokes.batch_size, -1, -1)


def _share_inside(strokes: Strokes, masks: Tensor) -> Tensor:
    """Return how much of each stroke's length lies inside masks [B, H, W] bool, [B, N]."""
    points = strokes.control_points.detach()
    t = torch.linspace(0, 1, 2 * CHORDS + 1, device=points.device)
    on_it = curve_points(segments_of(points), t)  # [B, N, S, 65, 2]
    length = on_it[..., ::2, :].diff(dim=-2).norm(dim=-1).clamp(min=1e-6).flatten(2)
    height, width = masks.shape[-2:]
    scale = points.new_tensor([width / strokes.canvas_size[1], height / strokes.canvas_size[0]])
    x, y = (on_it[..., 1::2, :] * scale).floor().long().flatten(2, 3).unbind(-1)
    seen = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    rows = torch.arange(len(masks), device=masks.device)[:, None, None]
    hit = seen & masks[rows, y.clamp(0, height - 1), x.clamp(0, width - 1)]
    share: Tensor = (length * hit).sum(dim=2) / length.sum(dim=2)
    return share
