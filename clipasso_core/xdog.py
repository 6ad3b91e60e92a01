"""XDoG: the lines of a photo as a binary map."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from .errors import check_choice
from .pixels import grey
from .weights.known import CLIP_MEAN, CLIP_STD

XdogMethod = Literal["textbook", "published"]
XDOG_METHODS: tuple[XdogMethod, ...] = get_args(XdogMethod)

SIGMA, RATIO, GAMMA, EPSILON, PHI = 0.8, 10.0, 0.98, -0.1, 200.0
BT709 = (0.2126, 0.7152, 0.0722)
"""Shares of red, green and blue in the grey of the published edges."""

Grey = NDArray[np.float64]


def xdog(images: Tensor, method: XdogMethod = "textbook") -> Tensor:
    """Return where lines are, 1 on a line and 0 elsewhere.

    Both ways take d, the difference of a narrow and a wide blur of the grey photo, give each pixel a value by it, and
    split the values in two by Otsu's threshold; lines are the lower half.

    Args:
        images: [B, 3, H, W] in 0-1. The sigmas are px, made for about 224 px.
        method: "textbook" gives 1 where d >= -0.1, else 1 + tanh(200 (d + 0.1)): lines lie on the dark side of steps.
            "published" does as the code that was published with the paper: the photo has CLIP's mean and deviation
            taken out first, and a pixel gets 1 where d < -0.1, else 1 + tanh(200 d). That finds steps around pale
            objects too, and counts whatever is darker than CLIP's mean grey as lines.

    Returns:
        [B, H, W] of zeros and ones; a flat photo has no lines.

    Raises:
        ConfigError: there is no such method.

    >>> photo = torch.ones(1, 3, 64, 64)
    >>> photo[..., 24:40, 24:40] = 0.2  # a dark square
    >>> lines = xdog(photo)
    >>> lines[0, 32, 24].item(), lines[0, 5, 5].item()  # on its edge, and far from it
    (1.0, 0.0)

    Source: Winnemöller et al., "XDoG" (2012), with the paper's parameters; Otsu's threshold makes it binary.
    Differs: a flat image gives no lines instead of an error.
    """
    check_choice("edges", method, XDOG_METHODS)
    lines = [torch.from_numpy(_lines(one.numpy(), method)) for one in _looked_at(images, method)]
    return torch.stack(lines).to(images)


def otsu_threshold(values: Grey) -> float:
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


def _looked_at(images: Tensor, method: XdogMethod) -> Tensor:
    """Return images [B, 3, H, W] as the grey [B, H, W] in which the method looks for lines."""
    if method == "textbook":
        return grey(images)
    mean, deviation = (torch.tensor(values, dtype=torch.float64).view(3, 1, 1) for values in (CLIP_MEAN, CLIP_STD))
    return grey((images.detach().cpu().double() - mean) / deviation, BT709)


def _lines(photo: Grey, method: XdogMethod) -> NDArray[np.float32]:
    difference = ndimage.gaussian_filter(photo, SIGMA) - GAMMA * ndimage.gaussian_filter(photo, SIGMA * RATIO)
    if method == "textbook":
        soft = np.where(difference >= EPSILON, 1.0, 1.0 + np.tanh(PHI * (difference - EPSILON)))
    else:
        soft = np.where(difference < EPSILON, 1.0, 1.0 + np.tanh(PHI * difference))
    if np.ptp(soft) < 1e-9:
        return np.zeros(photo.shape, dtype=np.float32)
    return (soft < otsu_threshold(soft)).astype(np.float32)
