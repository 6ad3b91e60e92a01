"""XDoG: lines are found where they are, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist

import numpy as np
import pytest
import torch
from skimage.filters import threshold_otsu
from torch import Tensor

from clipasso_core.xdog import otsu_threshold, xdog


def step_edge(at: int, left: float, right: float, side: int = 96) -> Tensor:
    image = torch.full((1, 3, side, side), right)
    image[..., :at] = left
    return image


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_a_flat_photo_has_no_lines(value: float) -> None:
    lines = xdog(torch.full((2, 3, 32, 32), value))
    assert lines.shape == (2, 32, 32)
    assert not lines.any()


def test_a_step_is_found_at_the_step_on_its_dark_side() -> None:
    """The blurred step is a normal distribution's integral, so the line's columns can be computed."""
    phi, dark = NormalDist().cdf, []
    for column in range(96):
        distance = column + 0.5 - 48
        if phi(distance / 0.8) - 0.98 * phi(distance / 8) < -0.1:
            dark.append(column)
    lines = xdog(step_edge(48, 0.0, 1.0))[0]
    # (the far dark side of a step to black is left out: both blurs are 0 there)
    assert dark == list(range(dark[0], 48))
    assert lines.any(0).nonzero().flatten().tolist() == dark
    assert torch.equal(lines[0].expand(96, 96), lines)


def test_the_step_may_lie_anywhere() -> None:
    row = xdog(step_edge(48, 0.0, 1.0))[0, 0]
    assert torch.equal(xdog(step_edge(48, 1.0, 0.0))[0, 0], row.flip(0))
    assert torch.equal(xdog(step_edge(30, 0.0, 1.0))[0, 0, 10:40], row[28:58])
    assert torch.equal(xdog(step_edge(48, 0.0, 1.0).transpose(-1, -2))[0, :, 0], row)


def test_colours_count_as_their_luma() -> None:
    image = step_edge(48, 0.0, 1.0)
    grey = image * 0.587
    green = torch.zeros_like(image)
    green[:, 1] = image[:, 1]
    assert torch.equal(xdog(green), xdog(grey))
    assert bool(xdog(green).any())


def test_each_photo_of_a_batch_alone(cup: Tensor, cat: Tensor) -> None:
    both = xdog(torch.cat([cup, cat]))
    assert torch.equal(both[1:], xdog(cat))
    assert set(both.unique().tolist()) == {0.0, 1.0}


@pytest.mark.parametrize("name", ["coffee", "chelsea", "rocket"])
def test_otsu_agrees_with_skimage(photo: Callable[[str], Tensor], name: str) -> None:
    grey = photo(name).mean(dim=1).numpy().astype(np.float64)
    width = np.ptp(grey) / 256
    assert otsu_threshold(grey) == pytest.approx(threshold_otsu(grey), abs=width * 1.01)


def test_otsu_parts_two_clusters() -> None:
    generator = np.random.default_rng(0)
    values = np.concatenate([generator.normal(0.2, 0.02, 3000), generator.normal(0.8, 0.02, 1000)])
    assert (values < otsu_threshold(values)).sum() == 3000


@pytest.mark.filterwarnings("ignore:All-NaN")
def test_otsu_of_equal_values_is_their_own() -> None:
    assert otsu_threshold(np.full(50, 0.3)) == pytest.approx(0.3)


@pytest.mark.filterwarnings("error")
def test_otsu_of_equal_values_is_silent() -> None:
    otsu_threshold(np.full(50, 0.3))
