"""The project's own rasterizer: exact coverage near edges, work and memory in proportion to the ink."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..errors import ShapeError
from ..strokes import Strokes
from .cells import sort_cells
from .compose import let_through, paint
from .coverage import cover
from .scene import make_scene


def render(strokes: Strokes, size: tuple[int, int] | None = None) -> Tensor:
    """Draw premultiplied RGBA [B, 4, H, W] on nothing; arguments and errors as for ``choose.render``."""
    strokes = _ready(strokes, size)
    if _order_free(strokes):
        dark = 1 - _light(strokes)[:, None]
        return torch.cat([dark.new_zeros(dark.shape).expand(-1, 3, -1, -1), dark], 1)
    return _paint(strokes)


def rasterize(strokes: Strokes, size: tuple[int, int] | None = None) -> Tensor:
    """Draw [B, 3, H, W] on white."""
    strokes = _ready(strokes, size)
    if _order_free(strokes):
        return _light(strokes)[:, None].expand(-1, 3, -1, -1).contiguous()
    image = _paint(strokes)
    return image[:, :3] + (1 - image[:, 3:])


def ink(strokes: Strokes, size: tuple[int, int] | None = None) -> Tensor:
    """Return the opacity [B, H, W], 1 - prod(1 - alpha * coverage)."""
    strokes = _ready(strokes, size)
    if _order_free(strokes):
        return 1 - _light(strokes)
    return _paint(strokes)[:, 3]


def _order_free(strokes: Strokes) -> bool:
    return not strokes.color.requires_grad and strokes.is_opaque_black()


def _ready(strokes: Strokes, size: tuple[int, int] | None) -> Strokes:
    """Scale to size, check, and compute bfloat16 in float32."""
    if strokes.control_points.device.type == "cpu":
        for name in ("control_points", "stroke_width", "color"):
            if not _finite(getattr(strokes, name)):
                raise ShapeError(f"{name} must be finite, and holds NaN or infinity; look at the step that made it.")
    if strokes.control_points.dtype not in (torch.float32, torch.float64):
        strokes = strokes.to(dtype=torch.float32)
    return strokes if size is None else strokes.scaled_to(size)


def _finite(numbers: Tensor) -> bool:
    """Whether no number is NaN (which is both least and largest) or infinite."""
    return numbers.numel() == 0 or all(math.isfinite(float(n)) for n in torch.aminmax(numbers.detach()))


def _light(strokes: Strokes) -> Tensor:
    """Return the light [B, H, W] that opaque strokes let through."""
    scene = make_scene(strokes)
    light = scene.radius.new_ones(_pixels(strokes))
    with torch.inference_mode():
        cells = sort_cells(scene, light, opaque=True)
    coarse, fine = cover(scene, cells)
    return let_through(cells, coarse, fine, light).view(-1, *scene.size)


def _paint(strokes: Strokes) -> Tensor:
    """Return premultiplied RGBA [B, 4, H, W] in painter's order."""
    scene = make_scene(strokes)
    with torch.inference_mode():
        cells = sort_cells(scene, scene.radius.new_ones(_pixels(strokes)), opaque=False)
    coarse, fine = cover(scene, cells)
    return paint(cells, coarse, fine, scene.color).reshape(4, -1, *scene.size).transpose(0, 1)


def _pixels(strokes: Strokes) -> int:
    """Return how many pixels all sketches have."""
    height, width = strokes.canvas_size
    return strokes.control_points.shape[0] * height * width
