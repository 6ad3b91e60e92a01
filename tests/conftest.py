"""Real photos, small ones, and the embedded encoder, shared by the tests of the core."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache

import pytest
import torch
from hypothesis import settings
from torch import Tensor

from clipasso_core.encoders import ImageEncoder, get_encoder
from clipasso_core.pixels import resize

# In CI the same examples every time: a new one that fails is found at a desk, not in somebody else's change.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")


@lru_cache(maxsize=8)
def _photo(name: str) -> Tensor:
    from skimage import data

    return torch.from_numpy(getattr(data, name)()).permute(2, 0, 1)[None].float() / 255


@pytest.fixture(scope="session")
def photo() -> Callable[[str], Tensor]:
    """Return a photo of skimage.data by name as [1, 3, H, W] in 0-1, at its own size."""
    return lambda name: _photo(name).clone()


@pytest.fixture(scope="session")
def cup() -> Tensor:
    """The coffee cup and its saucer, cut by hand from the photo: [1, 3, 64, 64]."""
    return resize(_photo("coffee")[:, :, 20:380, 120:480], (64, 64))


@pytest.fixture(scope="session")
def cat() -> Tensor:
    """The cat's head: [1, 3, 64, 64]."""
    return resize(_photo("chelsea")[:, :, :300, 80:380], (64, 64))


@pytest.fixture(scope="session")
def encoder() -> ImageEncoder:
    return get_encoder()
