"""Simplify drawings after the fact: short strokes, duplicates, ends that nearly meet, needless segments, long numbers.

Each step is a pure function on strokes, and ``simplify`` takes them in their order. Lengths are px of the strokes' own
canvas. Given strokes stay as they are. A stroke that is taken away keeps its place and is not alive.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from torch import Tensor

from .bezier import arc_length, curve_points, last_points, segments_of
from .errors import ConfigError, check_range
from .fitting import THIRDS, fit_cubics
from .strokes import Strokes

Points = NDArray[np.float64]

ALONG = 32
"""Points, at equal ways along a stroke, by which two strokes are compared."""

SAME_COLOR = 1.5 / 255
"""By which the colours of duplicates may differ: what rounding to 8 bits does."""

MOST_STEPS = 64
"""Most points that are looked at of a cubic which is fitted anew."""

CLOSES = 3.0
"""How many times the distance a stroke must be long before its own two ends are snapped to each other."""


@dataclass(frozen=True)
class SimplifyConfig:
    """Say what is simplified; 0 and None leave a step out.

    Args:
        min_length: px; shorter strokes are taken away.
        merge: px; of strokes of one colour that nowhere lie farther apart, either way round, the first stays.
        snap: px; ends of strokes that lie this near to each other meet in their middle.
        tolerance: px; strokes are drawn by as few cubics as stay this near to them.
        decimals: of the coordinates in px, 0-8.

    Raises:
        ConfigError: a value is out of range.
    """

    min_length: float = 0.0
    merge: float = 0.0
    snap: float = 0.0
    tolerance: float = 0.0
    decimals: int | None = None

    def __post_init__(self) -> None:
        for name in ("min_length", "merge", "snap", "tolerance"):
            check_range(name, getattr(self, name), 0, 1e6)
        if self.decimals is not None:
            check_range("decimals", self.decimals, 0, 8)


@dataclass(frozen=True, eq=False)
class Simplified:
    """Hold simplified strokes and what was done.

    Args:
        strokes: as many as before; those taken away are not alive.
        removed: strokes that were too short.
        merged: strokes that were duplicates.
        snapped: ends that were moved.
        segments: cubics of the living strokes before and after.
    """

    strokes: Strokes
    removed: int
    merged: int
    snapped: int
    segments: tuple[int, int]

    def sentences(self) -> list[str]:
        """Return what was done, a sentence each.

        >>> Simplified(Strokes.black(torch.zeros(1, 2, 4, 2), (9, 9)), 3, 0, 1, (40, 12)).sentences()[0]
        'Taken away: 3 short strokes, 0 duplicates; 2 strokes are left.'
        """
        left = int(self.strokes.alive.sum())
        return [
            f"Taken away: {self.removed} short strokes, {self.merged} duplicates; {left} strokes are left.",
            f"Ends that were moved onto others: {self.snapped}.",
            f"Segments: {self.segments[0]} before, {self.segments[1]} now.",
        ]


def simplify(strokes: Strokes, config: SimplifyConfig) -> Simplified:
    """Simplify a drawing: take away what is short or double, snap ends, fit anew, round.

    Args:
        strokes: [B, N, K, 2].
        config: what is done, in this order.

    Raises:
        ConfigError: no stroke would be left.

    >>> twice = torch.tensor([[[[0.0, 0], [10, 0], [20, 0], [30, 0]], [[30, 0], [20, 0], [10, 0], [0, 0]]]])
    >>> simplify(Strokes.black(twice, (50, 50)), SimplifyConfig(merge=0.5)).strokes.alive.tolist()
    [[True, False]]
    """
    long = remove_short(strokes, config.min_length) if config.min_length else strokes
    if bool(strokes.alive.any()) and not bool(long.alive.any()):
        longest = float(arc_length(strokes.control_points.detach())[strokes.alive].max())
        raise ConfigError(
            f"min_length is {config.min_length:g} px, and the longest stroke has {longest:.4g} px. Lower it."
        )
    once = merge_duplicates(long, config.merge) if config.merge else long
    met = snap_ends(once, config.snap) if config.snap else once
    fewer = refit(met, config.tolerance) if config.tolerance else met
    done = fewer if config.decimals is None else round_points(fewer, config.decimals)
    removed, merged = int((strokes.alive & ~long.alive).sum()), int((long.alive & ~once.alive).sum())
    snapped = int((_ends(once) != _ends(met)).any(dim=-1).sum())
    segments = (count_segments(strokes), count_segments(done))
    facts = {**asdict(config), "removed": removed, "merged": merged, "snapped": snapped}
    return Simplified(done.with_provenance(simplify=facts), removed, merged, snapped, segments)


def count_segments(strokes: Strokes) -> int:
    """Return how many cubics the living strokes have, the padding at their ends not counted.

    >>> count_segments(Strokes.black(torch.zeros(1, 2, 7, 2), (9, 9)))
    2
    """
    return int(last_points(strokes.control_points)[strokes.alive].sum()) // 3


def remove_short(strokes: Strokes, min_length: float) -> Strokes:
    """Take away the strokes that are shorter than ``min_length`` px.

    >>> lines = torch.tensor([[[[0.0, 0], [1, 0], [2, 0], [3, 0]], [[0, 0], [3, 0], [6, 0], [9, 0]]]])
    >>> remove_short(Strokes.black(lines, (9, 9)), 5).alive.tolist()
    [[False, True]]
    """
    keeps = arc_length(strokes.control_points.detach()) >= min_length
    return replace(strokes, alive=strokes.alive & (keeps | strokes.is_given))


def merge_duplicates(strokes: Strokes, distance: float) -> Strokes:
    """Take away strokes that draw what an earlier one of their colour draws.

    Two strokes are the same when points at equal ways along them lie within the distance, either way round. The one
    that stays is as wide as the wider one. Strokes that only share a part stay, and so do closed ones that start at
    different points.

    Args:
        strokes: [B, N, K, 2].
        distance: px, over 0.
    """
    alive, width = strokes.alive.clone(), strokes.stroke_width.detach().clone()
    for b in range(strokes.batch_size):
        rows = alive[b].nonzero()[:, 0].tolist()
        chains = _chains(strokes.control_points[b, rows])
        free = np.array(rows) >= strokes.num_given
        found = _same_as(chains, free, strokes.color[b, rows].detach().cpu().numpy(), distance)
        for row, kept in ((rows[j], rows[i]) for j, i in enumerate(found) if i >= 0):
            alive[b, row] = False
            if kept >= strokes.num_given:
                width[b, kept] = torch.maximum(width[b, kept], width[b, row])
    return replace(strokes, alive=alive, stroke_width=width)


def snap_ends(strokes: Strokes, distance: float) -> Strokes:
    """Move ends of strokes that lie near to each other onto one point: their middle, or the end of a given stroke.

    Handles move with their ends, and straight lines stay straight. An end joins the nearest earlier one within reach;
    a stroke's own two ends meet only when it is three times as long as the distance.

    Args:
        strokes: [B, N, K, 2].
        distance: px, over 0.

    >>> lines = torch.tensor([[[[0.0, 0], [1, 0], [2, 0], [3, 0]], [[4, 0], [4, 3], [4, 6], [4, 9]]]])
    >>> snap_ends(Strokes.black(lines, (9, 9)), 1.5).control_points[0, :, [0, -1]].tolist()
    [[[0.0, 0.0], [3.5, 0.0]], [[3.5, 0.0], [4.0, 9.0]]]
    """

    def snap(rows: list[int], chains: list[Points]) -> list[Points]:
        free = [row >= strokes.num_given for row in rows]
        places = _meeting_places(chains, free, distance)
        return [_moved(chain, *ends) for chain, ends in zip(chains, places, strict=True)]

    return _changed(strokes, snap, strokes.num_segments)


def refit(strokes: Strokes, tolerance: float) -> Strokes:
    """Draw strokes by fewer cubics, wherever the tolerance allows; corners and ends stay where they are.

    Args:
        strokes: [B, N, K, 2].
        tolerance: px, how far the new curve may lie from the old one; over 0.

    Returns:
        The same strokes with K as small as the longest one needs.

    Source: ``fitting.fit_cubics`` (Schneider 1990).

    >>> line = torch.linspace(0, 9, 10)[:, None] * torch.tensor([1.0, 2.0])  # a straight line of three cubics
    >>> refit(Strokes.black(line[None, None], (9, 9)), 0.1).num_segments
    1
    """

    def fit(rows: list[int], chains: list[Points]) -> list[Points]:
        pairs = zip(rows, chains, strict=True)
        return [chain if row < strokes.num_given else _fitted(chain, tolerance) for row, chain in pairs]

    return _changed(strokes, fit, 1)


def round_points(strokes: Strokes, decimals: int) -> Strokes:
    """Round the coordinates to some decimals of a px.

    >>> round_points(Strokes.black(torch.full((1, 1, 4, 2), 1.26), (9, 9)), 1).control_points[0, 0, 0].tolist()
    [1.2999999523162842, 1.2999999523162842]
    """
    points = strokes.control_points
    rounded = points.detach().cpu().double().round(decimals=decimals).to(points)
    return strokes.with_points(torch.where(strokes.is_given[:, None, None], points, rounded))


def _changed(strokes: Strokes, change: Callable[[list[int], list[Points]], list[Points]], least: int) -> Strokes:
    """Return strokes whose living chains were changed, all sketches padded to one length of at least some segments."""
    found: list[tuple[int, int, Points]] = []
    for b in range(strokes.batch_size):
        rows = strokes.alive[b].nonzero()[:, 0].tolist()
        chains = change(rows, _chains(strokes.control_points[b, rows]))
        found += [(b, row, chain) for row, chain in zip(rows, chains, strict=True)]
    longest = max([3 * least + 1, *(len(chain) for _, _, chain in found)])
    points = strokes.control_points.detach()
    points = points[:, :, :longest].clone() if longest <= points.shape[2] else points.clone()
    for b, row, chain in found:
        padded = np.concatenate([chain, chain[-1:].repeat(longest - len(chain), axis=0)])
        points[b, row] = torch.from_numpy(padded).to(points)
    return strokes.with_points(points)


def _chains(control_points: Tensor) -> list[Points]:
    """Return strokes [N, K, 2] one by one, without the segments that only pad them."""
    points: Points = control_points.detach().cpu().double().numpy()
    ends = last_points(control_points[None])[0].tolist()
    return [one[: end + 1] for one, end in zip(points, ends, strict=True)]


def _ends(strokes: Strokes) -> Tensor:
    """Return first and last points [B, N, 2, 2] px; where a stroke is not alive, zeros."""
    return strokes.control_points[:, :, [0, -1]].detach() * strokes.alive[..., None, None]


def _segments(chain: Points) -> Tensor:
    return segments_of(torch.from_numpy(chain))


def _fitted(chain: Points, tolerance: float) -> Points:
    """Return a chain of fewer cubics, or the same where there are none."""
    if len(chain) == 4:
        return chain
    segments = _segments(chain)
    length = segments.diff(dim=-2).norm(dim=-1).sum(dim=-1)
    steps = (length / (2 * tolerance)).ceil().clamp(4, MOST_STEPS).long().tolist()
    pieces = [curve_points(cubic, torch.arange(n) / n).numpy() for cubic, n in zip(segments, steps, strict=True)]
    again = fit_cubics(np.concatenate([*pieces, chain[-1:]]), tolerance)
    return again if len(again) < len(chain) else chain


def _along(chain: Points) -> Points:
    """Return ALONG points at equal ways along a chain."""
    steps = max(4, 2 * ALONG // (len(chain) // 3))
    line = curve_points(_segments(chain), torch.arange(steps) / steps).flatten(0, 1).numpy()
    line = np.concatenate([line, chain[-1:]])
    walked = np.r_[0, np.sqrt(np.square(np.diff(line, axis=0)).sum(axis=1)).cumsum()]
    at = np.linspace(0, walked[-1], ALONG)
    return np.stack([np.interp(at, walked, line[:, axis]) for axis in (0, 1)], axis=1)


def _same_as(
    chains: list[Points], free: NDArray[np.bool_], color: NDArray[np.float32], distance: float
) -> NDArray[np.int64]:
    """Return for each chain the first one that draws the same, or -1; chains that are not free are nobody's."""
    found = np.full(len(chains), -1)
    lines = np.array([_along(chain) for chain in chains]).reshape(-1, ALONG, 2)
    centres = lines.mean(axis=1)
    tree = cKDTree(centres)
    for i, line in enumerate(lines):
        if found[i] >= 0:
            continue
        near = np.array(sorted(tree.query_ball_point(centres[i], distance * (1 + 1e-9))))
        near = near[(near > i) & free[near] & (found[near] < 0)]
        near = near[(np.abs(color[near] - color[i]) <= SAME_COLOR).all(axis=1)]
        apart = [np.square(lines[near] - way).sum(axis=2).max(axis=1, initial=0) for way in (line, line[::-1])]
        found[near[np.minimum(*apart) <= distance**2]] = i
    return found


def _meeting_places(chains: list[Points], free: list[bool], distance: float) -> Points:
    """Return where the first and the last point of each of L chains go, [L, 2, 2]."""
    spots = np.array([[chain[0], chain[-1]] for chain in chains]).reshape(-1, 2)
    short = [float(arc_length(torch.from_numpy(chain))) < CLOSES * distance for chain in chains]
    anchors, group = np.empty_like(spots), np.zeros(len(spots), dtype=np.int64)
    held: list[bool] = []
    for index, spot in enumerate(spots):
        row, own = index // 2, group[index - 1]
        away = np.square(anchors[: len(held)] - spot).sum(axis=1)
        if index % 2 and short[row] and away[own] > 0:
            away[own] = np.inf
        nearest = int(away.argmin()) if held else 0
        if not (held and free[row] and away[nearest] <= distance**2):
            nearest = len(held)
            anchors[nearest] = spot
            held.append(not free[row])
        group[index] = nearest
    counts = np.bincount(group, minlength=1)[:, None]
    sums = np.zeros((len(counts), 2))
    np.add.at(sums, group, spots)
    goals = np.where(np.array(held, dtype=bool)[group, None], anchors[group], (sums / counts)[group])
    pairs: Points = goals.reshape(-1, 2, 2)
    return pairs


def _moved(chain: Points, start: Points, end: Points) -> Points:
    """Return a chain whose ends were moved to other points."""
    turned = _with_last(chain, end)[::-1]
    return _with_last(turned, start)[::-1]


def _with_last(chain: Points, to: Points) -> Points:
    """Return a chain that ends elsewhere: the last handle moves along, or a straight last segment stays straight."""
    if np.abs(to - chain[-1]).max() <= 1e-9:
        return chain
    moved: Points = chain.copy()
    last = chain[-4:]
    straight = last[0] + THIRDS * (last[3] - last[0])
    if np.abs(last - straight).max() <= 1e-3:
        moved[-4:] = last[0] + THIRDS * (to - last[0])
    else:
        moved[-2:] += to - chain[-1]
    return moved
