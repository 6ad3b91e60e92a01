"""Strokes and documents that the SVG tests share."""

from collections.abc import Callable

import pytest
import torch

from clipasso_core.strokes import Strokes


@pytest.fixture
def wave() -> Strokes:
    """Two sketches of three strokes of two segments, all with one look, on a canvas of 60 x 80 px."""
    points = torch.tensor([[5.0, 10], [15, 0.1234], [25, 20], [35, 10], [45, 0], [55, 20.5], [75, 10]])
    offsets = torch.arange(6.0).reshape(2, 3, 1, 1) * torch.tensor([0.0, 8.0])
    return Strokes.black(points + offsets, (60, 80), stroke_width=2.5)


@pytest.fixture
def svg() -> Callable[..., str]:
    """Wrap elements into an SVG of 100 x 100 px with black strokes and no fill."""

    def wrap(body: str, attributes: str = 'width="100" height="100"', group: str = 'stroke="black" fill="none"') -> str:
        return f'<svg xmlns="http://www.w3.org/2000/svg" {attributes}><g {group}>{body}</g></svg>'

    return wrap
