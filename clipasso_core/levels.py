"""The ladder: one sketch in drawing order becomes a sketch of each of several levels of abstraction."""

from __future__ import annotations

import re
from collections.abc import Sequence

import torch

from .errors import ConfigError
from .strokes import MAX_STROKES, Strokes

LEVELS = (4, 8, 16, 32)
"""Of the paper: the numbers of strokes that it shows."""

MOST_LEVELS = 64


def ladder(strokes: Strokes, levels: Sequence[int]) -> Strokes:
    """Return, of each sketch, the drawing after its first 4, 8, ... strokes.

    The strokes must lie in an order in which each prefix is a drawing: see ``OptimizeConfig.prefixes`` and ``order``.

    Args:
        strokes: B sketches.
        levels: L numbers of living strokes.

    Returns:
        B * L sketches, one sketch's levels after the other's, as ``levels`` lists them; the strokes that a level does
        not have are not alive.

    Raises:
        ConfigError: no levels, one twice or out of range, or one that has more strokes than a sketch.

    >>> eight = Strokes.black(torch.rand(2, 8, 4, 2) * 32, (32, 32))
    >>> ladder(eight, (2, 8)).alive.sum(dim=1).tolist()
    [2, 8, 2, 8]
    """
    wanted = check_levels(levels)
    fewest = int(strokes.alive.sum(dim=1).min()) if strokes.batch_size else 0
    if max(wanted) > fewest:
        raise ConfigError(
            f"Level {max(wanted)} needs as many strokes, and the sketch has {fewest}. "
            "Make a sketch of more strokes, or leave the level out."
        )
    rows = torch.arange(strokes.batch_size, device=strokes.alive.device).repeat_interleave(len(wanted))
    counts = torch.tensor(wanted, device=strokes.alive.device).repeat(strokes.batch_size)
    return strokes.select(rows).prefix(counts[:, None]).with_provenance(levels=list(wanted))


def check_levels(levels: Sequence[int]) -> tuple[int, ...]:
    """Return levels as they were given, or raise ConfigError: there are none or too many, or one is out of range.

    >>> check_levels([4, 4])
    Traceback (most recent call last):
    clipasso_core.errors.ConfigError: levels names 4 twice. Name each number of strokes once.
    """
    if not 1 <= len(levels) <= MOST_LEVELS:
        raise ConfigError(f"levels must name 1 to {MOST_LEVELS} numbers of strokes, got {len(levels)}.")
    for level in levels:
        if not 1 <= level <= MAX_STROKES:
            raise ConfigError(f"levels must lie between 1 and {MAX_STROKES} strokes, got {level}.")
        if list(levels).count(level) > 1:
            raise ConfigError(f"levels names {level} twice. Name each number of strokes once.")
    return tuple(levels)


def parse_levels(text: str) -> tuple[int, ...]:
    """Read levels from a text of numbers with commas or spaces between.

    Raises:
        ConfigError: something else stands there, or ``check_levels`` refuses them.

    >>> parse_levels("4, 8, 16, 32")
    (4, 8, 16, 32)
    """
    words = [word for word in re.split(r"[\s,;，、]+", text) if word]
    if not all(re.fullmatch("[0-9]{1,9}", word) for word in words):
        raise ConfigError(f"levels must be numbers of strokes such as '4, 8, 16, 32', got {text!r}.")
    return check_levels([int(word) for word in words])
