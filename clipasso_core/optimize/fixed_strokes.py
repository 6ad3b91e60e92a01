"""Fixed strokes: given ones that stay as they are while the others of a sketch move."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..given import join_given, part_given
from ..strokes import Strokes
from .underlay import Underlay


@dataclass(frozen=True, eq=False)
class FixedStrokes:
    """Hold what stays of all the sketches of a run.

    Args:
        strokes: [B, G, ...] on the caller's canvas; None where nothing stays.
    """

    strokes: Strokes | None

    @classmethod
    def apart(cls, strokes: Strokes, freedom: float) -> tuple[FixedStrokes, Strokes]:
        """Take sketches' given strokes, where they have no freedom to move, apart from those that move.

        >>> from clipasso_core.given import join_given
        >>> line, new = (Strokes.black(torch.rand(1, count, 4, 2), (9, 9)) for count in (1, 5))
        >>> fixed, moving = FixedStrokes.apart(join_given(line, new), freedom=0.0)
        >>> fixed.count, moving.num_strokes
        (1, 5)
        """
        given, moving = (None, strokes) if freedom > 0 else part_given(strokes)
        return cls(given), moving

    @property
    def count(self) -> int:
        """How many a sketch has."""
        return 0 if self.strokes is None else self.strokes.num_strokes

    def detached_on(self, device: torch.device) -> FixedStrokes:
        """Return them as float32 on a device, without a gradient."""
        return FixedStrokes(self.strokes and self.strokes.detach().to(device, torch.float32))

    def with_moving(self, moving: Strokes, rows: Tensor) -> Strokes:
        """Return sketches that are ``rows`` [B'] of all with these strokes in front, on the canvas that they are on."""
        if self.strokes is None:
            return moving
        return join_given(self.strokes.scaled_to(moving.canvas_size).select(rows), moving)

    def without(self, strokes: Strokes) -> Strokes:
        """Return of sketches what ``with_moving`` was given."""
        return strokes if self.strokes is None else part_given(strokes)[1]

    def underlay(self, size: tuple[int, int]) -> Underlay | None:
        """Return them as pictures of (height, width) px."""
        return None if self.strokes is None else Underlay.of(self.strokes.scaled_to(size))
