"""XDoG: lines are found where they are, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist

import numpy as np
import pytest
import torch
from skimage.color import rgb2gray
from skimage.filters import gaussian, threshold_otsu
from torch import Tensor

from clipasso_core.errors import ConfigError
from clipasso_core.weights.known import CLIP_MEAN, CLIP_STD
from clipasso_core.xdog import XDOG_METHODS, XdogMethod, otsu_threshold, xdog


def step_edge(at: int, left: float, right: float, side: int = 96) -> Tensor:
    image = torch.full((1, 3, side, side), right)
    image[..., :at] = left
    return image


def pale_disc(radius: float, side: int = 224) -> Tensor:
    y, x = torch.meshgrid(torch.arange(side) + 0.5, torch.arange(side) + 0.5, indexing="ij")
    inside = (x - side / 2).square() + (y - side / 2).square() < radius**2
    return torch.where(inside, 0.85, 1.0).expand(1, 3, -1, -1)


@pytest.mark.parametrize("method", XDOG_METHODS)
@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_a_flat_photo_has_no_lines(value: float, method: XdogMethod) -> None:
    lines = xdog(torch.full((2, 3, 32, 32), value), method)
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
def test_published_lines_are_those_of_their_description(photo: Callable[[str], Tensor], name: str) -> None:
    """Step by step with scikit-image; a pixel may differ where Otsu's threshold falls into another bin."""
    image = photo(name)
    pixels = (image[0].permute(1, 2, 0).numpy().astype(np.float64) - CLIP_MEAN) / CLIP_STD
    grey = rgb2gray(pixels)
    difference = gaussian(grey, 0.8, mode="reflect") - 0.98 * gaussian(grey, 8.0, mode="reflect")
    value = 1 + np.tanh(200 * difference)
    value[difference < -0.1] = 1
    value = (value - value.min()) / (value.max() - value.min())
    expected = value <= threshold_otsu(value)
    assert 0.05 < expected.mean() < 0.95
    assert (xdog(image, "published")[0].numpy() == expected).mean() > 0.999


@pytest.mark.parametrize("radius", [40, 60])
def test_only_published_lines_surround_a_pale_object_on_white(radius: float) -> None:
    disc = pale_disc(radius)
    assert not xdog(disc).any()
    lines = xdog(disc, "published")[0]
    assert 2444 <= float(lines.sum()) <= 5040
    row = lines[112, 112:]  # from the centre to the right: nothing, then the disc's rim
    assert not row[: radius - 20].any()
    assert bool(row[radius - 3 : radius].all())
    assert not row[radius + 20 :].any()


def test_published_lines_cover_what_is_dark() -> None:
    lines = xdog(step_edge(48, 0.1, 1.0, 96), "published")[0]
    assert bool(lines[:, :20].all())
    assert not lines[:, 76:].any()
    assert not xdog(step_edge(48, 0.1, 1.0, 96))[0, :, :20].any()


def test_an_unknown_method_is_told_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="edges must be one of textbook, published, got 'sobel'"):
        xdog(torch.rand(1, 3, 32, 32), "sobel")  # type: ignore[arg-type]


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
