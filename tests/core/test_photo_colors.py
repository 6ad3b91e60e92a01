"""Colours from the photo: the mean under a stroke's ink, inside the object."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from clipasso_core.photo_colors import with_photo_colors
from clipasso_core.strokes import Strokes


def across(y: float, left: float = 8.0, right: float = 56.0) -> Tensor:
    """A horizontal line [4, 2] px."""
    return torch.stack([torch.linspace(left, right, 4), torch.full((4,), y)], dim=1)


@pytest.fixture
def photo() -> Tensor:
    """Red above, blue below, white on the right of 32 px."""
    image = torch.zeros(1, 3, 64, 64)
    image[:, 0, :32], image[:, 2, 32:] = 0.8, 0.6
    image[..., 32:] = 1.0
    return image


@pytest.fixture
def mask() -> Tensor:
    left = torch.zeros(1, 64, 64)
    left[..., :32] = 1
    return left


def test_each_stroke_has_the_colour_under_it(photo: Tensor, mask: Tensor) -> None:
    lines = torch.stack([across(16, right=28), across(48, right=28), across(32, right=28)])
    first = Strokes.black(lines[None], (64, 64), stroke_width=4)
    strokes = replace(first, color=torch.tensor([[[0, 0, 0, 1.0], [0, 0, 0, 0.3], [1.0, 1.0, 1.0, 1.0]]]))
    colors = with_photo_colors(strokes, photo, mask).color[0]
    torch.testing.assert_close(colors[0], torch.tensor([0.8, 0, 0, 1.0]))
    torch.testing.assert_close(colors[1], torch.tensor([0, 0, 0.6, 0.3]))
    torch.testing.assert_close(colors[2], torch.tensor([0.4, 0, 0.3, 1.0]), atol=1e-3, rtol=0)  # half on each


def test_what_lies_outside_the_object_does_not_count(photo: Tensor, mask: Tensor) -> None:
    strokes = Strokes.black(torch.stack([across(16), across(16, left=40)])[None], (64, 64))
    colors = with_photo_colors(strokes, photo, mask).color[0]
    torch.testing.assert_close(colors[0, :3], torch.tensor([0.8, 0, 0]))
    assert colors[1].tolist() == [0, 0, 0, 1]  # touches no object
    everywhere = with_photo_colors(strokes, photo, torch.ones_like(mask)).color[0]
    assert float(everywhere[0, 1]) > 0.3
    assert everywhere[1, :3].tolist() == pytest.approx([1, 1, 1])


def test_photos_of_another_size_and_dead_strokes(photo: Tensor, mask: Tensor) -> None:
    alive = torch.tensor([[True, False], [True, True]])
    points = torch.stack([across(16, right=28), across(48, right=28)]).expand(2, -1, -1, -1)
    strokes = Strokes.black(points, (64, 64), alive=alive).scaled_to((128, 128))
    both = torch.cat([photo, photo.flip(2)])
    colors = with_photo_colors(strokes, both, mask.expand(2, -1, -1)).color
    torch.testing.assert_close(colors[0, 0, :3], torch.tensor([0.8, 0, 0]), atol=0.02, rtol=0)
    assert colors[0, 1].tolist() == [0, 0, 0, 1]
    torch.testing.assert_close(colors[1, 0, :3], torch.tensor([0, 0, 0.6]), atol=0.02, rtol=0)
