"""Backdrop: what lies behind the objects of a photo, made up where they hide it."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def fill_hidden(image: Tensor, known: Tensor) -> Tensor:
    """Fill what is not known of an image from around it, smoothly, so that no rim of a hole shows.

    Args:
        image: [3, H, W] in 0-1; what it holds where nothing is known does not matter.
        known: [H, W] of zeros and ones.

    Returns:
        [3, H, W]; the image itself where it is known, and white where nothing is.

    Source: the push-pull pyramid of Gortler et al., "The Lumigraph" (1996), section 3.6.2.

    >>> image, known = torch.full((3, 8, 8), 0.25), torch.ones(8, 8)
    >>> image[:, 2:6, 2:6], known[2:6, 2:6] = 0.9, 0
    >>> fill_hidden(image, known).unique().tolist()
    [0.25]
    """
    if bool((known > 0).all()):
        return image
    if not bool((known > 0).any()):
        return torch.ones_like(image)
    share = _halved(known[None])
    coarse = _halved(image * known) / share.clamp_min(1e-6)
    filled = fill_hidden(coarse, (share[0] > 0).to(known))
    size = (image.shape[-2], image.shape[-1])
    smooth = F.interpolate(filled[None], size=size, mode="bilinear", align_corners=False)[0]
    return torch.where(known > 0, image, smooth)


def _halved(maps: Tensor) -> Tensor:
    """Return maps [C, H, W] averaged over squares of 2 px; an odd last row or column stands alone."""
    return F.avg_pool2d(maps[None], 2, ceil_mode=True, count_include_pad=False)[0]
