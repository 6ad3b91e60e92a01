"""The oracle: slow, obvious, dense. Every stroke meets every small square; autograd gives the gradient."""

from __future__ import annotations

import torch
from torch import Tensor

from ..bezier import curve_points, segments_of
from ..strokes import Strokes


def render(strokes: Strokes, size: tuple[int, int] | None = None, *, squares: int = 8, lines: int = 128) -> Tensor:
    """Draw premultiplied RGBA [B, 4, H, W], one small square after another, one stroke over another.

    Args:
        strokes: the drawing; float64 for an oracle.
        size: (height, width) px, or None for the canvas's own.
        squares: squares per side of a pixel.
        lines: straight lines per curve.
    """
    scaled = strokes if size is None else strokes.scaled_to(size)
    sketches = [_sketch(scaled, b, squares, lines) for b in range(scaled.batch_size)]
    return torch.stack(sketches)


def _sketch(strokes: Strokes, sketch: int, squares: int, lines: int) -> Tensor:
    """Paint sketch number ``sketch`` as [4, H, W]."""
    height, width = strokes.canvas_size
    canvas = strokes.control_points.new_zeros(4, height * squares, width * squares)
    for i in range(strokes.num_strokes):
        if not strokes.alive[sketch, i] or strokes.stroke_width[sketch, i] <= 0:
            continue
        radius = strokes.stroke_width[sketch, i] / 2
        cover = _cover(strokes.control_points[sketch, i], radius, (height, width), squares, lines)
        color = strokes.color[sketch, i]
        paint = torch.cat([color[:3], torch.ones_like(color[:1])])[:, None, None]
        canvas = canvas + color[3] * cover * (paint - canvas)
    return canvas.reshape(4, height, squares, width, squares).mean((2, 4))


def _cover(control: Tensor, radius: Tensor, size: tuple[int, int], squares: int, lines: int) -> Tensor:
    """Return the coverage of every square [H * squares, W * squares] by one stroke.

    A square is as covered as a distance that fades over its width says: right on average.
    """
    t = torch.linspace(0, 1, lines + 1, dtype=control.dtype, device=control.device)
    points = curve_points(segments_of(control), t)
    start, end = points[:, :-1].reshape(-1, 2), points[:, 1:].reshape(-1, 2)
    y, x = ((torch.arange(side * squares).to(control) + 0.5) / squares for side in size)
    place = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1)
    distance = _distance(place, start, end)
    near = ((radius - distance) * squares + 0.5).clamp(0, 1)
    far = ((-radius - distance) * squares + 0.5).clamp(0, 1)
    return near - far


def _distance(place: Tensor, start: Tensor, end: Tensor) -> Tensor:
    """Return the distance [...] px from places [..., 2] to the nearest of the lines [L, 2] to [L, 2]."""
    with torch.no_grad():
        best = torch.full(place.shape[:-1], torch.inf, dtype=place.dtype, device=place.device)
        which = torch.zeros(place.shape[:-1], dtype=torch.long, device=place.device)
        for i in range(start.shape[0]):
            distance = _to_line(place, start[i], end[i])
            which = torch.where(distance < best, i, which)
            best = torch.minimum(best, distance)
    return _to_line(place, start[which], end[which])


def _to_line(place: Tensor, start: Tensor, end: Tensor) -> Tensor:
    """Return the distance [...] px from places [..., 2] to lines [..., 2] to [..., 2]."""
    step, offset = end - start, place - start
    along = (offset * step).sum(-1) / step.square().sum(-1).clamp(min=1e-20)
    rest = offset - along.clamp(0, 1)[..., None] * step
    return rest.square().sum(-1).clamp(min=1e-20).sqrt()
