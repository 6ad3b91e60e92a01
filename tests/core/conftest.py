"""The embedded encoder at the size of most canvases in the tests of the core."""

from __future__ import annotations

import pytest

from clipasso_core.encoders import ImageEncoder
from clipasso_core.encoders.embedded import EfficientNetEncoder, embedded_weights


@pytest.fixture(scope="session")
def encoder() -> ImageEncoder:
    """The embedded encoder looking at 64 px, so that canvases of 64 px are not enlarged for it."""
    return EfficientNetEncoder(embedded_weights(), resolution=64)
