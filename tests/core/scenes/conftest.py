"""A photo of two boxes before a striped wall."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

SIZE = (96, 128)


@pytest.fixture
def wall() -> Tensor:
    """[1, 3, 96, 128]: horizontal stripes, with a dark box on the left and a smaller, paler one on the right."""
    photo = (0.6 + 0.3 * (torch.arange(SIZE[0]) // 12 % 2)).view(1, 1, -1, 1).expand(1, 3, *SIZE).clone()
    photo[..., 30:80, 16:60] = 0.1
    photo[..., 50:80, 84:112] = 0.35
    return photo


@pytest.fixture
def boxes() -> Tensor:
    """[2, 96, 128]: the masks of both boxes."""
    masks = torch.zeros(2, *SIZE)
    masks[0, 30:80, 16:60] = 1
    masks[1, 50:80, 84:112] = 1
    return masks
