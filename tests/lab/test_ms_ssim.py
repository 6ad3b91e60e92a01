"""MS-SSIM: known properties, and two computations that share no code with ours."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import ndimage, signal
from torch import Tensor

from clipasso_core.errors import ShapeError
from clipasso_core.pixels import resize
from clipasso_lab.evaluate.ms_ssim import ms_ssim, ssim_terms


@pytest.fixture(scope="module")
def grey(photo: Callable[[str], Tensor]) -> Tensor:
    """Two photos, [2, 224, 224]."""
    return torch.cat([resize(photo(name)[:, :, :300, :300], (224, 224)).mean(dim=1) for name in ("chelsea", "coffee")])


def noisy(images: Tensor, strength: float) -> Tensor:
    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(0))
    return (images + strength * noise).clamp(0, 1)


def test_equal_pictures_are_one(grey: Tensor) -> None:
    torch.testing.assert_close(ms_ssim(grey, grey), torch.ones(2, dtype=torch.float64))


def test_it_falls_with_noise_and_does_not_mind_the_order(grey: Tensor) -> None:
    values = [ms_ssim(grey, noisy(grey, strength)) for strength in (0.02, 0.1, 0.5)]
    assert bool((values[0] > values[1]).all() and (values[1] > values[2]).all())
    torch.testing.assert_close(values[1], ms_ssim(noisy(grey, 0.1), grey))


def test_each_picture_of_a_batch_stands_alone(grey: Tensor) -> None:
    other = noisy(grey, 0.1)
    torch.testing.assert_close(ms_ssim(grey, other)[1:], ms_ssim(grey[1:], other[1:]))


def test_a_picture_and_its_negative_are_nothing_alike(grey: Tensor) -> None:
    assert bool((ms_ssim(grey, 1 - grey) == 0).all())


def test_one_scale_agrees_with_scikit_image(grey: Tensor) -> None:
    from skimage.metrics import structural_similarity

    first, second = grey[0].double(), noisy(grey, 0.1)[0].double()
    luminance, contrast = ssim_terms(first[None, None], second[None, None])
    settings = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 1.0}
    assert float((luminance * contrast).mean()) == pytest.approx(
        structural_similarity(first.numpy(), second.numpy(), **settings), abs=1e-9
    )


def plain(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Wang's published steps, with scipy: a 2-D window, and a low-pass filter before taking every second pixel."""
    y, x = np.mgrid[-5:6, -5:6]
    window = np.exp(-(x**2 + y**2) / 4.5)
    window /= window.sum()

    def see(image: NDArray[np.float64]) -> NDArray[np.float64]:
        return signal.convolve2d(image, window, mode="valid")

    result = 1.0
    for scale, weight in enumerate((0.0448, 0.2856, 0.3001, 0.2363, 0.1333)):
        mu, nu, both = see(a), see(b), see(a * b)
        contrast = (2 * (both - mu * nu) + 9e-4) / (see(a * a) - mu**2 + see(b * b) - nu**2 + 9e-4)
        light = (2 * mu * nu + 1e-4) / (mu**2 + nu**2 + 1e-4)
        result *= (contrast * light if scale == 4 else contrast).mean() ** weight
        a, b = (ndimage.uniform_filter(image, 2, origin=-1)[::2, ::2] for image in (a, b))
    return float(result)


@pytest.mark.parametrize("strength", [0.05, 0.3])
def test_all_scales_agree_with_the_published_steps(grey: Tensor, strength: float) -> None:
    other = noisy(grey, strength)
    wanted = [plain(a, b) for a, b in zip(grey.double().numpy(), other.double().numpy(), strict=True)]
    assert ms_ssim(grey, other).tolist() == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize("shape", [(1, 175, 224), (224, 224), (2, 224, 224)])
def test_wrong_shapes(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match="at least 176 px"):
        ms_ssim(torch.zeros(shape), torch.zeros(1, 224, 224) if shape[0] != 1 else torch.zeros(shape))
