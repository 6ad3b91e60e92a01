"""Stroke shares: how many of a scene's strokes each of its regions gets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..errors import ConfigError
from ..line_drawing import line_drawing
from ..pixels import resize
from ..strokes import CANVAS
from .regions import BACKDROP, Regions, side_of

FEWEST_EACH = 3
"""Strokes that a region has at least: with fewer nothing is recognised."""

PATCH = 8.0
"""Squares of the pen's width: the area of a region for each of its strokes. Thin and small objects of more strokes are
filled with ink."""

BEHIND = 0.5
"""How much the lines of what lies behind count, beside those of objects."""


def parse_shares(text: str) -> dict[str, int]:
    """Read strokes by region from a text.

    Raises:
        ConfigError: it is not of the form REGION=N REGION=N.

    >>> parse_shares("object-1=10 background=6")
    {'object-1': 10, 'background': 6}
    """
    shares = {}
    for part in text.replace(",", " ").split():
        name, _, number = part.rpartition("=")
        if not name or not number.isdecimal():
            raise ConfigError(f"A share is REGION=N, such as object-1=10, got {part!r}.")
        shares[name] = int(number)
    return shares


def share_strokes(
    total: int,
    names: Sequence[str],
    busyness: Sequence[float],
    asked: Mapping[str, int],
    room: Sequence[int] | None = None,
) -> list[int]:
    """Share strokes among regions: by the root of how busy they are, and at least ``FEWEST_EACH`` each.

    By the root, since the first strokes of a region say the most. A region gets no more than it has room for, unless
    none has room left.

    Args:
        total: strokes of the scene, 1 to 4096.
        names: of the R regions.
        busyness: of each, px² of ink of its line drawing.
        asked: strokes of some regions, by name; the others share what is left.
        room: how many strokes each region has room for; None for no bound.

    Returns:
        [R], whose sum is ``total``, or less where all regions were asked for.

    Raises:
        ConfigError: there are too few strokes for so many regions, or a name of ``asked`` is none of the regions.

    >>> share_strokes(32, ["object-1", "object-2", "background"], [900.0, 100.0, 400.0], {})
    [16, 6, 10]
    >>> share_strokes(32, ["object-1", "object-2", "background"], [900.0, 100.0, 400.0], {"background": 20})
    [9, 3, 20]
    """
    _check_asked(asked, names, total)
    free = [index for index, name in enumerate(names) if name not in asked]
    left = total - sum(asked.values())
    if left < FEWEST_EACH * len(free):
        raise ConfigError(
            f"{total} strokes are too few for {len(names)} regions: {left} are left for {len(free)} of them, which "
            f"need at least {FEWEST_EACH} each. Take more strokes, or fewer objects."
        )
    shares = [asked.get(name, FEWEST_EACH) for name in names]
    for _ in range(left - FEWEST_EACH * len(free) if free else 0):
        roomy = [index for index in free if room is None or shares[index] < room[index]]
        neediest = max(roomy or free, key=lambda index: (max(busyness[index], 1.0) ** 0.5 / shares[index], -index))
        shares[neediest] += 1
    return shares


def room_for_strokes(regions: Regions, stroke_width: float) -> list[int]:
    """Return how many strokes each region has room for: one for each ``PATCH`` squares of the pen's width of its area.

    >>> import torch
    >>> from clipasso_core.scenes import make_regions
    >>> mask = torch.zeros(1, 112, 112)
    >>> mask[:, 16:48, 16:48] = 1
    >>> room_for_strokes(make_regions(torch.rand(1, 3, 112, 112), mask), 2.0)  # its canvas shows 38 px, the pen is 0.34
    [1111]
    """
    patch = PATCH * regions.pen(stroke_width) ** 2
    return [int(float(mask.sum()) / patch) for mask in regions.masks]


def how_busy(regions: Regions) -> list[float]:
    """Return the ink of each region's line drawing, px² of a 224 px canvas of the whole scene; less for what is behind.

    Args:
        regions: of one photo.

    >>> import torch
    >>> from clipasso_core.scenes import make_regions
    >>> mask = torch.zeros(1, 64, 64)
    >>> mask[:, 16:48, 16:48] = 1
    >>> photo = torch.full((1, 3, 64, 64), 0.5)
    >>> [of_rim] = how_busy(make_regions(photo, mask))
    >>> of_rim > 0
    True
    """
    inks, whole = [], side_of(regions.frame)
    for index, name in enumerate(regions.names):
        drawn = line_drawing(resize(regions.images[index][None], CANVAS), regions.canvas_masks[index][None])
        length = float((1 - drawn).sum()) * side_of(regions.frames[index]) / whole
        inks.append(length * (BEHIND**2 if name == BACKDROP else 1))
    return inks


def _check_asked(asked: Mapping[str, int], names: Sequence[str], total: int) -> None:
    for name, number in asked.items():
        if name not in names:
            raise ConfigError(f"The scene has no region {name!r}. It has {', '.join(names)}.")
        if number < 1:
            raise ConfigError(f"The share of {name} must be at least 1 stroke, got {number}.")
    if sum(asked.values()) > total:
        raise ConfigError(
            f"The shares add up to {sum(asked.values())} strokes, but the scene has {total}. Ask for fewer."
        )
