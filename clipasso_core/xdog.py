"""XDoG: the lines of a photo as a binary map."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from .pixels import LUMA

SIGMA, RATIO, GAMMA, EPSILON, PHI = 0.8, 10.0, 0.98, -0.1, 200.0


def xdog(images: Tensor) -> Tensor:
    """Return where lines are, 1 on a line and 0 elsewhere.

    Args:
        images: [B, 3, H, W] in 0-1. The sigmas are px, made for about 224 px.

    Returns:
        [B, H, W] of zeros and ones; a flat photo has no lines.

    >>> photo = torch.ones(1, 3, 64, 64)
    >>> photo[..., 24:40, 24:40] = 0.2  # a dark square
    >>> lines = xdog(photo)
    >>> lines[0, 32, 24].item(), lines[0, 5, 5].item()  # on its edge, and far from it
    (1.0, 0.0)

    Source: Winnemöller et al., "XDoG" (2012), with the paper's parameters; Otsu's threshold makes it binary.
    Differs: a flat image gives no lines instead of an error.
    """
    grey = (images.detach().cpu().double() * torch.tensor(LUMA, dtype=torch.float64).view(3, 1, 1)).sum(dim=1)
    lines = [torch.from_numpy(_lines(one.numpy())) for one in grey]
    return torch.stack(lines).to(images)


def otsu_threshold(values: NDArray[np.float64]) -> float:
    """Return the value that splits a histogram into the two classes furthest apart (Otsu, 1979).

    All-equal values have no such split; their own value is returned.

    >>> 1 < otsu_threshold(np.array([0.0, 1.0, 9.0, 10.0])) < 9
    True
    """
    if np.ptp(values) == 0:
        return float(values.flat[0])
    counts, edges = np.histogram(values, bins=256)
    centers = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = values.size - below
    sums = np.cumsum(counts * centers)
    with np.errstate(divide="ignore", invalid="ignore"):
        gap = sums / below - (sums[-1] - sums) / above
        between = below.astype(float) * above * gap**2
    return float(edges[1:][np.nanargmax(between)])


def _lines(grey: NDArray[np.float64]) -> NDArray[np.float32]:
    difference = ndimage.gaussian_filter(grey, SIGMA) - GAMMA * ndimage.gaussian_filter(grey, SIGMA * RATIO)
    soft = np.where(difference >= EPSILON, 1.0, 1.0 + np.tanh(PHI * (difference - EPSILON)))
    if np.ptp(soft) < 1e-9:
        return np.zeros(grey.shape, dtype=np.float32)
    return (soft < otsu_threshold(soft)).astype(np.float32)
