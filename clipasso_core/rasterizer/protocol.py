"""What a rasterizer is, and which there are."""

from __future__ import annotations

from typing import Protocol, cast

from torch import Tensor

from ..errors import ConfigError
from ..strokes import Strokes
from . import analytic, reference

RASTERIZERS = ("analytic", "reference", "diffvg")
"""Ours (the default), the slow oracle, and diffvg where it is installed."""


class Rasterizer(Protocol):
    """Draw strokes, differentiably."""

    def render(self, strokes: Strokes, size: tuple[int, int] | None = None, *, softness: float = 0.0) -> Tensor:
        """Draw premultiplied RGBA [B, 4, H, W] on nothing, later strokes over earlier ones."""


def get_rasterizer(name: str = "analytic") -> Rasterizer:
    """Return the rasterizer called ``name``.

    Raises:
        ConfigError: there is none of that name.
        DependencyError: diffvg is asked for and not installed.
    """
    if name == "analytic":
        return cast(Rasterizer, analytic)
    if name == "reference":
        return cast(Rasterizer, reference)
    if name == "diffvg":
        from .diffvg import DiffvgRasterizer

        return DiffvgRasterizer()
    raise ConfigError(f"Unknown rasterizer {name!r}; choose one of {', '.join(RASTERIZERS)}.")
