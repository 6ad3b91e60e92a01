"""diffvg (Li et al. 2020) behind the same protocol, for comparison. Optional."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from ..errors import DependencyError
from ..strokes import Strokes

INSTALL_DIFFVG = (
    "diffvg is not installed. It has no package that installs everywhere; build it from source: "
    "git clone --recursive https://github.com/BachiLi/diffvg && cd diffvg && pip install . "
    "(needs CMake and a C++ compiler). Or use get_rasterizer('analytic'), which needs nothing."
)

SAMPLES, SEED = 2, 0
"""Samples per pixel, in x and in y, and the seed of their places."""


class DiffvgRasterizer:
    """Draw with diffvg: 2 x 2 samples per pixel, always from the same seed.

    Raises:
        DependencyError: pydiffvg cannot be imported.
    """

    def __init__(self) -> None:
        self._diffvg = _load()

    def render(self, strokes: Strokes, size: tuple[int, int] | None = None) -> Tensor:
        """Draw premultiplied RGBA [B, 4, H, W]."""
        scaled = (strokes if size is None else strokes.scaled_to(size)).to(dtype=torch.float32)
        return torch.stack([self._sketch(scaled, b) for b in range(scaled.batch_size)])

    def _sketch(self, strokes: Strokes, sketch: int) -> Tensor:
        """Draw sketch number ``sketch`` as [4, H, W]."""
        height, width = strokes.canvas_size
        shapes, groups = [], []
        for i in strokes.alive[sketch].nonzero().flatten().tolist():
            shapes.append(self._path(strokes, sketch, i))
            groups.append(self._group(len(shapes) - 1, strokes.color[sketch, i]))
        if not shapes:
            return strokes.control_points.new_zeros(4, height, width)
        function = self._diffvg.RenderFunction
        scene = function.serialize_scene(width, height, shapes, groups)
        image: Tensor = function.apply(width, height, SAMPLES, SAMPLES, SEED, None, *scene)
        alpha = image[..., 3:]
        return torch.cat([image[..., :3] * alpha, alpha], -1).permute(2, 0, 1).to(strokes.control_points)

    def _path(self, strokes: Strokes, sketch: int, index: int) -> Any:
        """Make diffvg's path; its stroke_width is the half width."""
        return self._diffvg.Path(
            num_control_points=torch.full((strokes.num_segments,), 2, dtype=torch.int32),
            points=strokes.control_points[sketch, index],
            is_closed=False,
            stroke_width=strokes.stroke_width[sketch, index] / 2,
        )

    def _group(self, shape: int, color: Tensor) -> Any:
        return self._diffvg.ShapeGroup(shape_ids=torch.tensor([shape]), fill_color=None, stroke_color=color)


def _load() -> ModuleType:
    try:
        import pydiffvg
    except ImportError as error:
        raise DependencyError(INSTALL_DIFFVG) from error
    module: ModuleType = pydiffvg
    return module
