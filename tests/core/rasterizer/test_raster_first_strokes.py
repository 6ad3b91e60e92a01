"""The paper's first strokes: tiny, and starting exactly at a pixel's centre."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from clipasso_core.rasterizer import rasterize
from clipasso_core.stroke_init import StrokeInitConfig, init_strokes
from clipasso_core.strokes import Strokes

SIDE = 32
"""px; the corner of the canvas that holds the strokes, and is drawn."""


def first_strokes(radius: float, width: float, dtype: torch.dtype) -> Strokes:
    """Start strokes near (15, 17) px; ``radius`` is a fraction of the corner's side."""
    y, x = torch.meshgrid(torch.arange(224), torch.arange(224), indexing="ij")
    saliency = ((x - 15.0).square() + (y - 17.0).square() < 81).float()[None]
    config = StrokeInitConfig(num_strokes=4, num_sketches=1, radius=radius, stroke_width=width, seed=3, follow=0.0)
    strokes = init_strokes(saliency, config)
    start = strokes.control_points[:, :, :1]
    points = start + (strokes.control_points - start) * (SIDE / 224)
    return replace(strokes, control_points=points, canvas_size=(SIDE, SIDE)).to(dtype=dtype)


def weighted(strokes: Strokes, control: Tensor) -> Tensor:
    y, x = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    weights = torch.sin(x * 0.37 + 1) * torch.cos(y * 0.29) + 0.3
    return (rasterize(strokes.with_points(control))[:, 0] * weights).sum()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("radius", [0.001, 0.05, 0.3])
@pytest.mark.parametrize("width", [0.5, 1.0, 3.0])
def test_their_gradient_is_finite_and_small(radius: float, width: float, dtype: torch.dtype) -> None:
    strokes = first_strokes(radius, width, dtype)
    control = strokes.control_points.requires_grad_()
    (grad,) = torch.autograd.grad(weighted(strokes, control), control)
    assert bool((control.detach()[:, :, 0] % 1 == 0.5).all())
    assert bool(torch.isfinite(grad).all())
    assert 0 < float(grad.abs().max()) < 50


@pytest.mark.parametrize(("radius", "width"), [(0.05, 1.5), (0.05, 3.0), (0.1, 3.0), (0.3, 3.0)])
def test_their_gradient_agrees_with_finite_differences(radius: float, width: float) -> None:
    strokes = first_strokes(radius, width, torch.float64)
    control = strokes.control_points.requires_grad_()
    (grad,) = torch.autograd.grad(weighted(strokes, control), control)
    step = 1e-3
    moved = torch.zeros_like(grad)
    with torch.no_grad():
        for i in range(control.numel()):
            shift = torch.zeros(control.numel(), dtype=torch.float64)
            shift[i] = step
            shift = shift.view_as(control)
            higher, lower = (weighted(strokes, control + sign * shift) for sign in (1, -1))
            moved.view(-1)[i] = (higher - lower) / (2 * step)
    alignment = float((grad * moved).sum() / (grad.norm() * moved.norm()))
    assert alignment > 0.999
    assert float(grad.norm() / moved.norm()) == pytest.approx(1, abs=0.02)
