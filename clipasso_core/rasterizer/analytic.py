"""The project's own rasterizer: exact coverage near edges, work and memory in proportion to the ink."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..errors import ShapeError
from ..strokes import Strokes
from .cells import Cells
from .compose import Painter, Product, layers
from .coverage import Coverage, Distance
from .drawing import Drawing, Living, prepare
from .place import centres, place
from .sorting import FINE_SQUARES, SQUARES, Sorted, sort_cells


def render(strokes: Strokes, size: tuple[int, int] | None = None, *, softness: float = 0.0) -> Tensor:
    """Draw premultiplied RGBA on nothing, later strokes over earlier ones.

    Strokes that are not alive, or no wider than 0, draw nothing and get no gradient.

    Args:
        strokes: B sketches, in float32, float64 or bfloat16 (computed in float32).
        size: (height, width) px to draw at, the drawing scaled with it; None for the canvas's own.
        softness: px over which ink falls off beyond the edge; 0 for the exact edge.

    Returns:
        [B, 4, H, W] in float64 for float64 strokes, else in float32: bfloat16 has too few bits
        for coverage.

    Raises:
        ShapeError: a number is NaN or infinite (looked for on the CPU only: a GPU would have to wait),
            or softness is negative.
    """
    strokes = _ready(strokes, size, softness)
    if _order_free(strokes):
        dark = 1 - _light(strokes, softness)[:, None]
        return torch.cat([dark.new_zeros(dark.shape).expand(-1, 3, -1, -1), dark], 1)
    return _paint(strokes, softness)


def rasterize(strokes: Strokes, size: tuple[int, int] | None = None, *, softness: float = 0.0) -> Tensor:
    """Draw [B, 3, H, W] on white; arguments and errors as for ``render``."""
    strokes = _ready(strokes, size, softness)
    if _order_free(strokes):
        return _light(strokes, softness)[:, None].expand(-1, 3, -1, -1).contiguous()
    image = _paint(strokes, softness)
    return image[:, :3] + (1 - image[:, 3:])


def ink(strokes: Strokes, size: tuple[int, int] | None = None, *, softness: float = 0.0) -> Tensor:
    """Return the opacity [B, H, W], 1 - prod(1 - alpha * coverage); arguments and errors as for ``render``."""
    strokes = _ready(strokes, size, softness)
    if _order_free(strokes):
        return 1 - _light(strokes, softness)
    return _paint(strokes, softness)[:, 3]


def _order_free(strokes: Strokes) -> bool:
    return not strokes.color.requires_grad and strokes.is_opaque_black()


def _ready(strokes: Strokes, size: tuple[int, int] | None, softness: float) -> Strokes:
    """Scale to size, check, and compute bfloat16 in float32."""
    if not 0 <= softness < math.inf:
        raise ShapeError(f"softness must be 0 px or more, got {softness}.")
    if strokes.control_points.device.type == "cpu":
        for name in ("control_points", "stroke_width", "color"):
            if not bool(torch.isfinite(getattr(strokes, name)).all()):
                raise ShapeError(f"{name} must be finite, and holds NaN or infinity; look at the step that made it.")
    if strokes.control_points.dtype not in (torch.float32, torch.float64):
        strokes = strokes.to(dtype=torch.float32)
    return strokes if size is None else strokes.scaled_to(size)


def _cover(living: Living, drawing: Drawing, cells: Sorted) -> tuple[Tensor, Tensor]:
    """Return the coverage of the coarse cells [4, E] and of the fine ones [16, E']."""
    with torch.no_grad():
        inside, places = place(drawing, (cells.coarse, SQUARES), (cells.fine, FINE_SQUARES))
    cover = Coverage.apply(living.coefficients, living.radius, inside, places)
    cut = SQUARES**2 * cells.coarse.stroke.shape[0]
    coarse, fine = cover.split([cut, cover.shape[0] - cut])
    return coarse.view(SQUARES**2, -1), fine.view(FINE_SQUARES**2, -1)


def _soften(cover: Tensor, living: Living, drawing: Drawing, cells: Cells, softness: float) -> Tensor:
    """Add the soft rim to the coverage [E] of whole pixels: from one half at the edge, falling as a parabola."""
    with torch.no_grad():
        centre = centres(drawing, cells)
    distance = Distance.apply(living.coefficients, centre)
    radius = living.radius.index_select(0, cells.stroke)
    fall = (1 - (distance - radius).clamp(min=0) / softness).clamp(min=0).square()
    return torch.maximum(cover, radius.clamp(max=0.5) * fall)


def _light(strokes: Strokes, softness: float) -> Tensor:
    """Return the light [B, H, W] that opaque strokes let through."""
    living, drawing = prepare(strokes)
    height, width = drawing.size
    with torch.no_grad():
        cells = sort_cells(drawing, strokes.batch_size * height * width, softness, opaque=True)
    light = (~cells.covered).to(living.radius.dtype)
    squares, fine = _cover(living, drawing, cells)
    coarse = squares.mean(0)
    if softness > 0:
        coarse = _soften(coarse, living, drawing, cells.coarse, softness)
        soft = torch.cat([coarse, _soften(fine.mean(0), living, drawing, cells.fine, softness)])
        pixels = torch.cat([cells.coarse.pixel, cells.fine.pixel])
        light = light * Product.apply(soft[None], pixels, layers(pixels), light.shape[0])[0]
    else:
        pixels, through = _through(cells, fine)
        light = light.scatter(0, torch.cat([pixels, cells.coarse.pixel]), torch.cat([through, 1 - coarse]))
    return light.reshape(-1, height, width)


def _through(cells: Sorted, fine: Tensor) -> tuple[Tensor, Tensor]:
    """Return the pixels [Q'] of the fine cells and the light that all strokes let through there.

    Strokes are multiplied square by square: two edges in one pixel seldom meet in one square.
    """
    spot = cells.spot.index_select(0, cells.fine.pixel)
    own = (spot < 0).nonzero().squeeze(1)
    crowd = cells.crowd.shape[0]
    spot.scatter_(0, own, torch.arange(crowd, crowd + own.shape[0], device=own.device))
    pixels = torch.cat([cells.crowd, cells.fine.pixel.index_select(0, own)])
    return pixels, Product.apply(fine, spot, layers(spot), pixels.shape[0]).mean(0)


def _paint(strokes: Strokes, softness: float) -> Tensor:
    """Return premultiplied RGBA [B, 4, H, W] in painter's order."""
    living, drawing = prepare(strokes)
    height, width = drawing.size
    count = strokes.batch_size * height * width
    with torch.no_grad():
        cells = sort_cells(drawing, count, softness, opaque=False)
    squares, fine = _cover(living, drawing, cells)
    coarse = squares.mean(0)
    if softness > 0:
        coarse = _soften(coarse, living, drawing, cells.coarse, softness)
        fine = _soften(fine.mean(0), living, drawing, cells.fine, softness)[None]
    under = cells.spot.index_select(0, cells.inside.pixel) >= 0
    crowded = cells.spot.index_select(0, cells.fine.pixel) >= 0
    plain, buried, own, shared = (k.nonzero().squeeze(1) for k in (~under, under, ~crowded, crowded))
    one = living.radius.new_ones(1, 1)
    cover = torch.cat([coarse, fine.mean(0).index_select(0, own), one[0].expand(plain.shape[0])])[None]
    stroke = _chain("stroke", (cells.coarse, None), (cells.fine, own), (cells.inside, plain))
    pixel = _chain("pixel", (cells.coarse, None), (cells.fine, own), (cells.inside, plain))
    canvas = _over(living, cover, stroke, pixel, count)[:, 0]
    if cells.crowd.shape[0]:
        cover = torch.cat([fine.index_select(1, shared), one.expand(fine.shape[0], buried.shape[0])], 1)
        stroke = _chain("stroke", (cells.fine, shared), (cells.inside, buried))
        pixel = _chain("pixel", (cells.fine, shared), (cells.inside, buried))
        mixed = _over(living, cover, stroke, cells.spot.index_select(0, pixel), cells.crowd.shape[0])
        canvas = canvas.scatter(1, cells.crowd.expand(4, -1), mixed.mean(1))
    return canvas.reshape(4, -1, height, width).transpose(0, 1)


def _chain(name: str, *parts: tuple[Cells, Tensor | None]) -> Tensor:
    """Join one field of several sets of cells, some of them in part."""
    fields = [(getattr(cells, name), index) for cells, index in parts]
    return torch.cat([field if index is None else field.index_select(0, index) for field, index in fields])


def _over(living: Living, cover: Tensor, stroke: Tensor, place: Tensor, count: int) -> Tensor:
    """Paint coverage [K, M] of strokes [M] at places [M] of ``count``: premultiplied RGBA [4, K, count]."""
    order = torch.argsort(stroke, stable=True)
    stroke, place, cover = stroke.index_select(0, order), place.index_select(0, order), cover.index_select(1, order)
    color = living.color.t().contiguous().index_select(1, stroke)
    canvas: Tensor = Painter.apply(cover * color[3], color[:3], place, layers(place), count)
    return canvas
