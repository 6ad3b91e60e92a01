"""What images and masks are let in, and what is said of the others."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from clipasso_core.errors import MaskError, ShapeError
from clipasso_core.pixels import (
    check_images,
    check_mask,
    check_same_aspect,
    enlarge_map,
    fit_map,
    min_max,
    require_object,
    resize,
    resize_map,
)

GREY = torch.full((2, 3, 20, 30), 0.5)


def with_value(tensor: Tensor, value: float) -> Tensor:
    changed = tensor.clone()
    changed.view(-1)[7] = value
    return changed


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_any_floating_type_becomes_float32(dtype: torch.dtype) -> None:
    checked = check_images(GREY.to(dtype))
    assert checked.dtype == torch.float32
    assert torch.equal(checked, GREY)


def test_values_slightly_outside_are_clamped() -> None:
    checked = check_images(with_value(with_value(GREY, 1.01), -0.01))
    assert float(checked.min()) == 0
    assert float(check_images(with_value(GREY, 1.01)).max()) == 1


@pytest.mark.parametrize(
    ("images", "said"),
    [
        (torch.zeros(3, 20, 30), r"must be \[B, 3, H, W\].*got \[3, 20, 30\]"),
        (torch.zeros(1, 1, 20, 30), r"got \[1, 1, 20, 30\]. Convert grey or RGBA"),
        (torch.zeros(1, 4, 20, 30), r"got \[1, 4, 20, 30\]. Convert grey or RGBA"),
        (torch.zeros(1, 20, 30, 3), r"got \[1, 20, 30, 3\]"),
        (torch.zeros(0, 3, 20, 30), "empty batch"),
        (torch.zeros(1, 3, 15, 30), "30 x 15 px; at least 16 px"),
        (torch.zeros(1, 3, 30, 15), "15 x 30 px; at least 16 px"),
        (with_value(GREY, float("nan")), "NaN or infinite"),
        (with_value(GREY, float("inf")), "NaN or infinite"),
        (with_value(GREY, float("-inf")).half(), "NaN or infinite"),
    ],
)
def test_bad_images(images: Tensor, said: str) -> None:
    with pytest.raises(ShapeError, match=f"^image.*{said}"):
        check_images(images)


def test_the_smallest_image_is_let_in() -> None:
    assert check_images(torch.zeros(1, 3, 16, 16)).shape == (1, 3, 16, 16)


@pytest.mark.parametrize(
    ("mask", "said"),
    [
        (torch.ones(20, 30), r"must be \[B, H, W\], got \[20, 30\]"),
        (torch.ones(1, 1, 20, 30), r"must be \[B, H, W\]"),
        (torch.zeros(1, 64, 64), "64 x 64 px but the image is 30 x 20 px"),
        (torch.ones(1, 30, 20), "20 x 30 px but the image is 30 x 20 px"),
        (torch.ones(3, 20, 30), "batch of 3 for 2 images"),
        (torch.ones(0, 20, 30), "batch of 0 for 2 images"),
        (with_value(torch.ones(2, 20, 30), float("nan")), "NaN or infinite"),
    ],
)
def test_bad_masks(mask: Tensor, said: str) -> None:
    with pytest.raises(ShapeError, match=said):
        check_mask(mask, GREY)


def test_one_mask_serves_a_batch() -> None:
    mask = torch.zeros(1, 20, 30)
    mask[0, 3, 4] = 2.0
    checked = check_mask(mask.half(), GREY)
    assert checked.shape == (2, 20, 30)
    assert checked.dtype == torch.float32
    assert checked[:, 3, 4].tolist() == [1.0, 1.0]
    assert float(checked.sum()) == 2


def test_require_object_names_the_empty_one() -> None:
    masks = torch.zeros(3, 4, 4)
    masks[0, 0, 0] = masks[2, 1, 1] = 0.5
    with pytest.raises(MaskError, match=r"^mask 1 is empty"):
        require_object(masks)
    require_object(masks[[0, 2]])


@pytest.mark.parametrize("canvas", [(64, 64), (100, 100), (101, 100)])
def test_a_square_fits_every_square_canvas(canvas: tuple[int, int]) -> None:
    check_same_aspect(torch.zeros(1, 3, 40, 40), canvas)


@pytest.mark.parametrize(("image", "canvas"), [((40, 60), (64, 64)), ((60, 40), (64, 64)), ((40, 40), (40, 42))])
def test_what_would_be_distorted_is_refused(image: tuple[int, int], canvas: tuple[int, int]) -> None:
    said = f"saliency is {image[1]} x {image[0]} px but the canvas is {canvas[1]} x {canvas[0]}"
    with pytest.raises(ShapeError, match=said):
        check_same_aspect(torch.zeros(1, *image), canvas, "saliency")


def test_min_max_stretches_each_map_apart() -> None:
    maps = torch.tensor([[[2.0, 4.0], [3.0, 2.5]], [[-1.0, 1.0], [0.0, 0.5]]])
    assert min_max(maps).tolist() == [[[0, 1], [0.5, 0.25]], [[0, 1], [0.5, 0.75]]]


@pytest.mark.parametrize("value", [0.0, 0.3, 1e6])
def test_min_max_of_a_flat_map_is_zero(value: float) -> None:
    maps = torch.stack([torch.full((3, 3), value), torch.arange(9.0).view(3, 3)])
    stretched = min_max(maps)
    assert not stretched[0].any()
    assert float(stretched[1].max()) == 1


def test_resize_keeps_means_and_range() -> None:
    images = torch.zeros(1, 3, 40, 40)
    images[..., 20:] = 1
    small = resize(images, (10, 20))
    assert small.shape == (1, 3, 10, 20)
    assert 0 <= float(small.min()) <= float(small.max()) <= 1
    assert float(small.mean()) == pytest.approx(0.5, abs=1e-3)
    assert resize(images, (40, 40)) is images


def test_resize_map_halves_by_averaging() -> None:
    ramp = torch.arange(8.0).expand(1, 8, 8) / 7
    half = resize_map(ramp, (4, 4))
    assert half.shape == (1, 4, 4)
    torch.testing.assert_close(half[0, 1, 1:3], (ramp[0, 0, 2:6:2] + ramp[0, 0, 3:7:2]) / 2)
    assert resize_map(ramp, (8, 8)) is ramp


@pytest.mark.parametrize("side", [224, 225, 300, 333, 447, 448, 449, 500, 777, 1024, 2000])
def test_an_enlarged_map_is_found_again_to_the_bit(side: int) -> None:
    lines = torch.rand(1, 224, 224, generator=torch.Generator().manual_seed(side))
    large = enlarge_map(lines, (side, side))
    assert large.shape == (1, side, side)
    assert torch.equal(fit_map(large, (224, 224)), lines)


def test_a_map_that_was_painted_on_is_resampled() -> None:
    large = enlarge_map(torch.zeros(1, 224, 224), (1000, 1000))
    large[:, 500, :] = 1  # a line thinner than a pixel of the canvas
    found = fit_map(large, (224, 224))
    assert torch.equal(found, resize_map(large, (224, 224)))
    assert bool((found > 0).any())


def test_a_larger_map_is_not_reduced_by_enlarging() -> None:
    maps = torch.rand(1, 224, 224)
    assert enlarge_map(maps, (100, 100)) is maps
