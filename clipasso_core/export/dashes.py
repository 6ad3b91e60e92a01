"""Dashes: a path cut into pieces, for formats that know no dashed lines."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch

from ..bezier import parts_between, segments_of
from ..errors import ConfigError, check_range
from .paths import DECIMALS, STEPS, PenPath, Points, walked

LEAST, MOST = 0.1, 1000.0
"""mm of a dash or a gap."""

MOST_PIECES = 20_000
"""Of one path."""


def check_dashes(dashes: Sequence[float]) -> None:
    """Raise ConfigError unless lengths of dashes and gaps, in mm and in turn, make a pattern.

    >>> check_dashes((4.0, 2.0))
    >>> check_dashes((4.0,))
    Traceback (most recent call last):
    clipasso_core.errors.ConfigError: dashes must be lengths of dash and gap in turn, such as 4 2, got 4.
    """
    if len(dashes) % 2:
        told = " ".join(f"{length:g}" for length in dashes)
        raise ConfigError(f"dashes must be lengths of dash and gap in turn, such as 4 2, got {told}.")
    for length in dashes:
        check_range("A dash or gap in mm", length, LEAST, MOST)


def cut_into_dashes(path: PenPath, dashes: Sequence[float]) -> list[PenPath]:
    """Return the dashes of a path, each a path of its own; () leaves it whole. It begins with a whole dash.

    Args:
        path: whose rank and look its dashes have.
        dashes: mm of dash and gap in turn.

    Raises:
        ConfigError: there would be over 20000 dashes.

    >>> line = PenPath(np.array([[0.0, 0], [4, 0], [8, 0], [12, 0]]), 0.5)
    >>> [dash.ends[:, 0].tolist() for dash in cut_into_dashes(line, (5.0, 2.0))]
    [[0.0, 5.0], [7.0, 12.0]]
    """
    if not dashes:
        return [path]
    cubics = segments_of(torch.from_numpy(path.points))
    lengths = walked(path.points)
    steps = np.concatenate([[0.0], lengths[:, 1:].ravel()])
    if len(spans := list(_spans(float(steps[-1]), dashes))) > MOST_PIECES:
        raise ConfigError(f"A path of {steps[-1]:.0f} mm has {len(spans)} dashes. Make them longer.")
    places = [np.interp(span, steps, np.arange(len(steps)) / STEPS) for span in spans]
    return [replace(path, points=_part(cubics, *place.tolist())) for place in places]


def _spans(length: float, dashes: Sequence[float]) -> Iterator[tuple[float, float]]:
    """Yield where dashes begin and end, in mm along the path."""
    at = 0.0
    for number, step in enumerate(itertools.cycle(dashes)):
        if number % 2 == 0:
            yield at, min(at + step, length)
        at += step
        if at >= length:
            return


def _part(cubics: torch.Tensor, start: float, end: float) -> Points:
    """Return a path's part between two places, each the number of a cubic and the share of it that is passed."""
    first, last = min(int(start), len(cubics) - 1), min(int(np.ceil(end)), len(cubics)) - 1
    pieces = []
    for number in range(first, max(first, last) + 1):
        cuts = torch.tensor([start - number, end - number], dtype=torch.float64).clamp(0, 1)
        pieces.append(parts_between(cubics[number], cuts)[0].numpy())
    joined: Points = np.concatenate([pieces[0][:1], *(piece[1:] for piece in pieces)])
    return np.round(joined, DECIMALS) + 0.0
