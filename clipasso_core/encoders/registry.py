"""The encoders by name."""

from __future__ import annotations

import torch

from ..errors import ConfigError
from .base import ImageEncoder
from .embedded import embedded_encoder

EMBEDDED = "embedded"


def encoder_names() -> tuple[str, ...]:
    """Return the names that ``get_encoder`` knows."""
    return (EMBEDDED,)


def get_encoder(name: str = EMBEDDED, device: torch.device | str = "cpu") -> ImageEncoder:
    """Return an encoder by name, on a device.

    Raises:
        ConfigError: no encoder of this name; the message lists those there are.
    """
    if name == EMBEDDED:
        return embedded_encoder().to(device)
    raise ConfigError(f"Unknown encoder {name!r}. Known: {', '.join(encoder_names())}.")
