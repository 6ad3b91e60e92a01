"""Grad-CAM for the embedded encoder: where a classifier looks for its best guesses."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ..pixels import min_max
from .efficientnet_lite import EfficientNetLite

BEST_GUESSES = 5
LAYERS = ("stage4", "stage6")


def grad_cam(network: EfficientNetLite, normalized: Tensor, size: tuple[int, int]) -> Tensor:
    """Return where the network looks.

    Each map's channels are weighted by the mean gradient of the log-likelihood of the best guesses, summed,
    and cut at zero; the maps of both scales are averaged.

    Args:
        network: the frozen network.
        normalized: [B, 3, H, W] images, normalised as the network wants them.
        size: (height, width) px of the result.

    Returns:
        [B, height, width] in 0-1.

    Source: Selvaraju et al., "Grad-CAM" (ICCV 2017).
    """
    with torch.inference_mode(False), torch.enable_grad():
        images = normalized.clone().requires_grad_(True)
        maps = dict(network.stages(images))
        logits = network.classifier(network.embed(maps["stage6"]))
        score = logits.topk(BEST_GUESSES, dim=-1).values.logsumexp(dim=-1).sum()
        gradients = torch.autograd.grad(score, [maps[name] for name in LAYERS])
    total = torch.zeros(images.shape[0], *size, device=images.device)
    for name, gradient in zip(LAYERS, gradients, strict=True):
        heat = (gradient.mean(dim=(-2, -1), keepdim=True) * maps[name].detach()).sum(dim=1).clamp_min(0)
        total += min_max(F.interpolate(heat[:, None], size=size, mode="bicubic", align_corners=False)[:, 0])
    return min_max(total.clamp_min(0))
