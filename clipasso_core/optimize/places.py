"""Places: which parts of photos count in a run, and where their sketches should have no ink."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from ..errors import ShapeError
from ..pixels import fit_each


@dataclass(frozen=True, eq=False)
class Places:
    """Maps of P photos, square ones of any size.

    Args:
        count: one each, [S, S] in 0-1, how much each place counts in the comparison of maps.
        off_limits: one each, [S, S] in 0-1, 1 where ink costs (``losses.trespass_loss``).
    """

    count: Sequence[Tensor]
    off_limits: Sequence[Tensor]

    def fitted(self, photos: Tensor, weights: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return both at the size of photos [P, 3, H, W]: [P, H, W] each, the first 1 on average.

        Args:
            photos: whose size, number and device count.
            weights: [P, H, W] by which the first is multiplied.

        Raises:
            ShapeError: not one map a photo, or one of another aspect.

        >>> import torch
        >>> places = Places([torch.tensor([[1.0, 0.0], [1.0, 0.0]])], [torch.zeros(2, 2)])
        >>> places.fitted(torch.zeros(1, 3, 2, 2))[0].tolist()
        [[[2.0, 0.0], [2.0, 0.0]]]
        """
        count, off_limits = (_fitted(maps, photos) for maps in (self.count, self.off_limits))
        count = count if weights is None else count * weights
        mean = count.cpu().double().mean(dim=(1, 2), keepdim=True).clamp_min(1e-6)
        return count / mean.to(count), off_limits


def _fitted(maps: Sequence[Tensor], photos: Tensor) -> Tensor:
    if len(maps) != len(photos):
        raise ShapeError(f"{len(maps)} maps do not fit {len(photos)} photos; give one each.")
    return fit_each(maps, photos, "map")
