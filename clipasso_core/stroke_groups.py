"""Stroke groups: which object of a scene each stroke draws, as an index into names.

A stroke is of one group or of none (``NO_GROUP``). ``Strokes.group`` and ``Strokes.group_names`` hold them for a batch
of sketches; this file says which names and indices there may be, and translates indices where names differ.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import torch
from torch import Tensor

from .errors import ConfigError, ShapeError

NO_GROUP = -1
"""The index of strokes that are of no group."""

LONGEST_NAME = 128
"""Most characters of a group's name."""


def check_group_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names of groups as they were given, or raise ConfigError: one is no name, or stands there twice.

    A name has 1 to 128 printable characters (no control characters, no line breaks), and no space at its ends.

    >>> check_group_names(["object-1", "background"])
    ('object-1', 'background')
    >>> check_group_names(["tree", "tree"])
    Traceback (most recent call last):
    clipasso_core.errors.ConfigError: Two groups are named 'tree'. Give each a name of its own.
    """
    for name in names:
        if not (0 < len(name) <= LONGEST_NAME and name.isprintable() and name.strip() == name):
            raise ConfigError(
                f"A group's name must have 1 to {LONGEST_NAME} printable characters and no space at its ends, "
                f"got {name[:LONGEST_NAME]!r}. Name it such as 'object-1'."
            )
    for name, count in Counter(names).items():
        if count > 1:
            raise ConfigError(f"Two groups are named {name!r}. Give each a name of its own.")
    return tuple(names)


def check_group(group: Tensor, num_groups: int) -> Tensor:
    """Return the indices of strokes' groups as int64, or raise ShapeError: they are no such indices.

    Args:
        group: [...] whole numbers, ``NO_GROUP`` to ``num_groups - 1``.
        num_groups: how many names there are.

    >>> check_group(torch.tensor([[0, 2]]), 2)
    Traceback (most recent call last):
    clipasso_core.errors.ShapeError: group must hold indices from -1 (no group) to 1, for 2 names, got 2.
    """
    if group.is_floating_point() or group.is_complex() or group.dtype == torch.bool:
        raise ShapeError(f"group must hold whole numbers, indices into the names, got {group.dtype}.")
    wrong = group[(group < NO_GROUP) | (group >= num_groups)]
    if wrong.numel():
        raise ShapeError(
            f"group must hold indices from {NO_GROUP} (no group) to {num_groups - 1}, for {num_groups} names, "
            f"got {int(wrong[0])}."
        )
    return group.to(torch.int64)


def number_names(names: Sequence[Sequence[str | None]]) -> tuple[Tensor, tuple[str, ...]]:
    """Return what ``Strokes.with_groups`` takes for strokes whose groups are known by name.

    Args:
        names: of the group of each of N strokes of B sketches; None for those of no group.

    Returns:
        Indices [B, N], and the names in the order in which they first come.

    >>> number_names([["sky", None, "tree"], ["tree", "tree", "sky"]])
    (tensor([[ 0, -1,  1],
            [ 1,  1,  0]]), ('sky', 'tree'))
    """
    known = tuple(dict.fromkeys(name for row in names for name in row if name is not None))
    places: dict[str | None, int] = {name: place for place, name in enumerate(known)}
    return torch.tensor([[places.get(name, NO_GROUP) for name in row] for row in names]), known


def renumber(group: Tensor, names: Sequence[str], among: Sequence[str]) -> Tensor:
    """Return indices [...] into some names as indices into others, among which they all are.

    >>> renumber(torch.tensor([0, 1, NO_GROUP]), ("tree", "house"), ("house", "sky", "tree")).tolist()
    [2, 0, -1]
    """
    places = {name: place for place, name in enumerate(among)}
    renumbered = torch.tensor([*(places[name] for name in names), NO_GROUP], device=group.device)
    return renumbered[group]  # NO_GROUP is the last one
