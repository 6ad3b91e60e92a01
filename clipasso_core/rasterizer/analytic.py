"""The project's own rasterizer: exact coverage near edges, work and memory in proportion to the ink."""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import Tensor

from ..errors import ShapeError
from ..strokes import Strokes
from .cells import Cells
from .compose import Light, Painter, Piles
from .coverage import Coverage
from .drawing import Drawing, Living, prepare
from .place import SQUARES
from .sorting import Sorted, sort_cells
from .tiles import QUARTERS


def render(strokes: Strokes, size: tuple[int, int] | None = None) -> Tensor:
    """Draw premultiplied RGBA on nothing, later strokes over earlier ones.

    Strokes that are not alive, or no wider than 0, draw nothing and get no gradient.

    Args:
        strokes: B sketches, in float32, float64 or bfloat16 (computed in float32).
        size: (height, width) px to draw at, the drawing scaled with it; None for the canvas's own.

    Returns:
        [B, 4, H, W] in float64 for float64 strokes, else in float32: bfloat16 has too few bits
        for coverage.

    Raises:
        ShapeError: a number is NaN or infinite (looked for on the CPU only: a GPU would have to wait).
    """
    strokes = _ready(strokes, size)
    if _order_free(strokes):
        dark = 1 - _light(strokes)[:, None]
        return torch.cat([dark.new_zeros(dark.shape).expand(-1, 3, -1, -1), dark], 1)
    return _paint(strokes)


def rasterize(strokes: Strokes, size: tuple[int, int] | None = None) -> Tensor:
    """Draw [B, 3, H, W] on white; arguments and errors as for ``render``."""
    strokes = _ready(strokes, size)
    if _order_free(strokes):
        return _light(strokes)[:, None].expand(-1, 3, -1, -1).contiguous()
    image = _paint(strokes)
    return image[:, :3] + (1 - image[:, 3:])


def ink(strokes: Strokes, size: tuple[int, int] | None = None) -> Tensor:
    """Return the opacity [B, H, W], 1 - prod(1 - alpha * coverage); arguments and errors as for ``render``."""
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


def _cover(living: Living, drawing: Drawing, cells: Sorted) -> tuple[Tensor, Tensor]:
    """Return the coverage of the coarse cells [E] and of the fine ones' squares [16, E']."""
    coarse, fine = Coverage.apply(living.cubics, living.radius, drawing, cells.tiles)
    return coarse, fine.view(SQUARES**2, -1, QUARTERS).transpose(1, 2).reshape(SQUARES**2 * QUARTERS, -1)


def _light(strokes: Strokes) -> Tensor:
    """Return the light [B, H, W] that opaque strokes let through."""
    living, drawing = prepare(strokes)
    height, width = drawing.size
    light = living.radius.new_ones(strokes.batch_size * height * width)
    with torch.inference_mode():
        cells = sort_cells(drawing, light, opaque=True)
    alone, piled = _cover(living, drawing, cells)
    piles = Piles.of_places(cells.fine.pixel)
    light = cast(Tensor, Light.apply(alone, piled, cells.coarse.pixel.long(), piles, light))
    return light.view(-1, height, width)


def _paint(strokes: Strokes) -> Tensor:
    """Return premultiplied RGBA [B, 4, H, W] in painter's order."""
    living, drawing = prepare(strokes)
    height, width = drawing.size
    count = strokes.batch_size * height * width
    with torch.inference_mode():
        cells = sort_cells(drawing, drawing.radius.new_ones(count), opaque=False)
    coarse, fine = _cover(living, drawing, cells)
    (own, shared), (plain, buried) = _parted(cells, cells.fine), _parted(cells, cells.inside)
    one = living.radius.new_ones(1, 1)
    cover = torch.cat([coarse, fine.mean(0).index_select(0, own), one[0].expand(plain.shape[0])])[None]
    layers = Cells.join([cells.coarse, cells.fine.select(own), cells.inside.select(plain)])
    canvas = _over(living, cover, layers.stroke, layers.pixel.long(), count)[:, 0]
    if shared.shape[0]:
        cover = torch.cat([fine.index_select(1, shared), one.expand(fine.shape[0], buried.shape[0])], 1)
        layers = Cells.join([cells.fine.select(shared), cells.inside.select(buried)])
        piles = Piles.of_places(layers.pixel)
        mixed = _over(living, cover, layers.stroke, piles.pile, piles.place.shape[0])
        canvas = canvas.scatter(1, piles.place.expand(4, -1), mixed.mean(1))
    return canvas.reshape(4, -1, height, width).transpose(0, 1)


def _parted(cells: Sorted, some: Cells) -> tuple[Tensor, Tensor]:
    """Return which of some cells lie in pixels without several edges, and which in pixels with."""
    crowded = cells.edges.index_select(0, some.pixel) > 1
    return (~crowded).nonzero().squeeze(1), crowded.nonzero().squeeze(1)


def _over(living: Living, cover: Tensor, stroke: Tensor, place: Tensor, count: int) -> Tensor:
    """Paint coverage [K, M] of strokes [M] at places [M] of ``count``: premultiplied RGBA [4, K, count]."""
    order = torch.argsort(stroke, stable=True)
    stroke, place, cover = stroke.index_select(0, order), place.index_select(0, order), cover.index_select(1, order)
    color = living.color.t().contiguous().index_select(1, stroke)
    stack = Piles.of_places(place).layers()
    canvas: Tensor = Painter.apply(cover * color[3], color[:3], place, stack, count)
    return canvas
