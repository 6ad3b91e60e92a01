"""What the moving strokes are drawn over: given strokes, which stay, as a picture that is made once."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..rasterizer import render
from ..strokes import Strokes


@dataclass(frozen=True, eq=False)
class Underlay:
    """Hold given strokes of B sketches as pictures.

    Args:
        dark: [B, C, H, W] 1 minus their picture on white; C is 1 where all of them are opaque black, else 3.
        opacity: [B, H, W] in 0-1.
    """

    dark: Tensor
    opacity: Tensor

    @classmethod
    def of(cls, given: Strokes) -> Underlay:
        """Draw given strokes at the size of their canvas, each sketch for itself.

        >>> line = torch.tensor([[[[2.0, 8.0], [6, 8], [10, 8], [14, 8]]]])
        >>> Underlay.of(Strokes.black(line, (16, 16), stroke_width=2)).dark[0, 0, [2, 8], 8].round().tolist()
        [0.0, 1.0]
        """
        with torch.no_grad():
            painted = torch.cat([render(given.select([index])) for index in range(given.batch_size)])
        opacity = painted[:, 3]
        dark = opacity[:, None] if given.is_opaque_black() else painted[:, 3:] - painted[:, :3]
        return cls(dark, opacity)

    @property
    def is_black(self) -> bool:
        """Whether one channel is enough."""
        return self.dark.shape[1] == 1

    def select(self, rows: Tensor | slice) -> Underlay:
        """Return that of some sketches [B']."""
        return Underlay(self.dark[rows], self.opacity[rows])

    def beneath(self, picture: Tensor, opacity: Tensor) -> tuple[Tensor, Tensor]:
        """Lay the given strokes under others.

        Args:
            picture: [B, C, H, W] the others, on white.
            opacity: [B, H, W] theirs.

        Returns:
            The picture of both [B, C, H, W], and how much of the others' opacity [B, H, W] lies beside given ink: what
            they add, so that ink on given ink counts as hidden.
        """
        return picture - (1 - opacity)[:, None] * self.dark, opacity * (1 - self.opacity)
