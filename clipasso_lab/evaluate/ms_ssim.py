"""MS-SSIM: how alike two grey pictures are in structure, over five scales."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from clipasso_core.errors import ShapeError

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Of the scales, finest first. Source: Wang et al. (2003), section 3.2."""

WINDOW, SIGMA = 11, 1.5
C1, C2 = 0.01**2, 0.03**2
SMALLEST = WINDOW * 2 ** (len(WEIGHTS) - 1)
"""px; below it the window does not fit into the coarsest scale."""


def ms_ssim(first: Tensor, second: Tensor) -> Tensor:
    """Compare grey pictures.

    Args:
        first: [B, H, W] in 0-1, at least 176 px a side.
        second: [B, H, W] likewise.

    Returns:
        [B] in 0-1; 1 for equal pictures.

    Raises:
        ShapeError: of different shapes, or too small.

    Source: Wang, Simoncelli, Bovik, "Multiscale structural similarity for image quality assessment" (Asilomar 2003),
    equation 7: luminance at the coarsest scale, contrast and structure at all. Differs: a scale whose mean is
    negative counts as 0, because a negative number has no such root.
    """
    if first.shape != second.shape or first.ndim != 3 or min(first.shape[-2:]) < SMALLEST:
        raise ShapeError(
            f"MS-SSIM compares two [B, H, W] of at least {SMALLEST} px a side, "
            f"got {list(first.shape)} and {list(second.shape)}."
        )
    a, b = first.double()[:, None], second.double()[:, None]
    product = a.new_ones(a.shape[0])
    for scale, weight in enumerate(WEIGHTS):
        if scale:
            a, b = F.avg_pool2d(a, 2), F.avg_pool2d(b, 2)
        luminance, contrast = ssim_terms(a, b)
        term = contrast * luminance if scale == len(WEIGHTS) - 1 else contrast
        product = product * term.mean(dim=(1, 2, 3)).clamp_min(0) ** weight
    return product


def ssim_terms(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Return luminance, and contrast times structure, of pictures [B, 1, H, W] at every whole window."""
    mean_a, mean_b = _blur(a), _blur(b)
    variance_a, variance_b = _blur(a * a) - mean_a**2, _blur(b * b) - mean_b**2
    covariance = _blur(a * b) - mean_a * mean_b
    luminance = (2 * mean_a * mean_b + C1) / (mean_a**2 + mean_b**2 + C1)
    return luminance, (2 * covariance + C2) / (variance_a + variance_b + C2)


def _blur(images: Tensor) -> Tensor:
    """Weigh with a Gaussian of 11 px and sigma 1.5; without padding: [B, 1, H - 10, W - 10]."""
    offset = torch.arange(WINDOW, dtype=images.dtype, device=images.device) - WINDOW // 2
    line = torch.exp(-(offset**2) / (2 * SIGMA**2))
    line = line / line.sum()
    return F.conv2d(F.conv2d(images, line.view(1, 1, 1, -1)), line.view(1, 1, -1, 1))
