"""Weights into a network that was built empty."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..errors import WeightsError


def fill(network: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Put the tensors into a network built on the meta device.

    Raises:
        WeightsError: names or shapes do not fit; the message names some.
    """
    wanted = network.state_dict()
    missing = [name for name in wanted if name not in tensors]
    wrong = [name for name in wanted if name in tensors and tensors[name].shape != wanted[name].shape]
    if missing or wrong:
        what = f"lacks {len(missing)} tensors" if missing else f"has {len(wrong)} tensors of other shapes"
        raise WeightsError(
            f"the image tower {what} (such as {(missing or wrong)[0]!r}): the file is incomplete or of a network "
            "that is not supported; fetch it anew."
        )
    with torch.no_grad():
        network.load_state_dict({name: tensors[name] for name in wanted}, assign=True)


def resize_positions(positions: Tensor, old: int, new: int) -> Tensor:
    """Interpolate position embeddings to another grid, bicubic and antialiased as open_clip does.

    Args:
        positions: [1 + old * old, C], the class token's first.
        old: side of the grid.
        new: side of the wanted grid.

    Returns:
        [1 + new * new, C]; the same tensor where old equals new.
    """
    if old == new:
        return positions
    grid = positions[1:].T.reshape(1, -1, old, old)
    grid = F.interpolate(grid, (new, new), mode="bicubic", antialias=True, align_corners=False)
    return torch.cat([positions[:1], grid.flatten(2)[0].T])
