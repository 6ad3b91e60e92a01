"""What a rasterizer is, and which there are."""

from __future__ import annotations

from typing import Protocol, cast

from torch import Tensor

from ..errors import ConfigError, DependencyError
from ..strokes import Strokes
from . import analytic, fused, reference

RASTERIZERS = ("analytic", "reference", "diffvg", "triton")
"""Ours (the default), the slow oracle, diffvg where it is installed, and ours as fused kernels for a GPU."""


class Rasterizer(Protocol):
    """Draw strokes, differentiably."""

    def render(self, strokes: Strokes, size: tuple[int, int] | None = None) -> Tensor:
        """Draw premultiplied RGBA [B, 4, H, W] on nothing, later strokes over earlier ones."""


def get_rasterizer(name: str = "analytic") -> Rasterizer:
    """Return the rasterizer called ``name``.

    Raises:
        ConfigError: there is none of that name.
        DependencyError: diffvg or triton is asked for and not installed.
    """
    if name == "analytic":
        return cast(Rasterizer, analytic)
    if name == "reference":
        return cast(Rasterizer, reference)
    if name == "diffvg":
        from .diffvg import DiffvgRasterizer

        return DiffvgRasterizer()
    if name == "triton":
        if not fused.installed():
            raise DependencyError(f"{fused.INSTALL}. Or use rasterizer='analytic', which needs nothing.")
        return cast(Rasterizer, fused)
    raise ConfigError(f"Unknown rasterizer {name!r}; choose one of {', '.join(RASTERIZERS)}.")
