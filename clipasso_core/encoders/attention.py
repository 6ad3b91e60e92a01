"""Where a network looks: the paper's mean attention, attention rollout, and Grad-CAM."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import ConfigError, ShapeError
from ..pixels import min_max
from .clip_tower import TokenAttention, Tower
from .efficientnet_lite import EfficientNetLite

BEST_GUESSES = 5
GUESS_LAYERS = ("stage4", "stage6")
"""How many classes of a classifier count for its Grad-CAM, and at which of its maps (strides 16 and 32)."""


def attention_grid(tower: Tower, pixels: Tensor, method: str, text: Tensor | None) -> Tensor:
    """Return where the network looks, [B, h, w], not normalised.

    Args:
        tower: the image tower.
        pixels: [B, 3, S, S] normalised.
        method: "auto" (the tower's default, or Grad-CAM where a text is given) or one of the tower's.
        text: [D] or [B, D] embedding that Grad-CAM looks for; None: the image's own.

    Raises:
        ConfigError: the tower does not offer the method, or a text is given to one that cannot use it.
        ShapeError: the text embedding is of another length.
    """
    if method == "auto":
        method = tower.methods[0] if text is None else "grad-cam"
    if method not in tower.methods:
        raise ConfigError(f"this network offers the attention methods {', '.join(tower.methods)}, not {method!r}.")
    if text is not None and method != "grad-cam":
        raise ConfigError(f"only grad-cam can look for a text, not {method!r}; choose grad-cam or leave the text out.")
    if method == "grad-cam":
        return grad_cam(tower, pixels, text)
    with torch.no_grad():
        attention = tower.attention(pixels)
        return mean_attention(attention) if method == "mean" else rollout(attention)


def mean_attention(attention: TokenAttention) -> Tensor:
    """Average what the embedding takes from every patch, [B, h, w].

    With a class token: its attention to the patches, mean over heads and over all blocks. Source: paper, section 3.3,
    after Chefer et al. Without one (SigLIP) the pooling's query stands in for it, mean over heads.
    """
    if attention.pooling is not None:
        return _patches(attention.pooling.mean(dim=1), attention.grid)
    rows = torch.stack([layer[:, :, 0].mean(dim=1) for layer in attention.layers])
    return _patches(rows.mean(dim=0), attention.grid)


def rollout(attention: TokenAttention) -> Tensor:
    """Follow the attention through all blocks, half of every token passing by the residual, [B, h, w].

    Source: Abnar and Zuidema, "Quantifying Attention Flow in Transformers" (ACL 2020).
    """
    tokens = attention.layers[0].shape[-1]
    identity = torch.eye(tokens, dtype=attention.layers[0].dtype, device=attention.layers[0].device)
    flow = identity.expand(attention.layers[0].shape[0], -1, -1)
    for layer in attention.layers:
        flow = (0.5 * layer.mean(dim=1) + 0.5 * identity) @ flow
    if attention.pooling is None:
        return _patches(flow[:, 0], attention.grid)
    return _patches((attention.pooling.mean(dim=1).unsqueeze(1) @ flow)[:, 0], attention.grid)


def grad_cam(tower: Tower, pixels: Tensor, text: Tensor | None = None) -> Tensor:
    """Weight the last maps' channels by the mean gradient of a score and keep what raises it, [B, h, w].

    The score is the cosine with ``text``; without one, half the squared length of the image's own embedding, that is,
    what makes the image more of what it is. Works where the caller has switched gradients off.

    Source: Selvaraju et al., "Grad-CAM" (ICCV 2017). Differs: the paper of CLIPasso says Grad-CAM for ResNets without
    naming a target.
    """
    with torch.inference_mode(False):
        with torch.no_grad():
            maps, head = tower.split(pixels.clone())
        with torch.enable_grad():
            maps = maps.detach().requires_grad_(True)
            (gradient,) = torch.autograd.grad(_score(head(maps), text).sum(), maps)
        return _raising(maps.detach().float(), gradient.float())


def best_guess_cam(network: EfficientNetLite, pixels: Tensor, size: tuple[int, int]) -> Tensor:
    """Return where a classifier looks for its best guesses: Grad-CAM of their log-likelihood at two scales, averaged.

    Args:
        network: the frozen classifier.
        pixels: [B, 3, h, w] normalised.
        size: (height, width) px of the result.

    Returns:
        [B, height, width] in 0-1.

    Source: Selvaraju et al., "Grad-CAM" (ICCV 2017).
    """
    with torch.inference_mode(False), torch.enable_grad():
        images = pixels.clone().requires_grad_(True)
        maps = dict(network.stages(images))
        logits = network.classifier(network.embed(maps["stage6"]))
        score = logits.topk(BEST_GUESSES, dim=-1).values.logsumexp(dim=-1).sum()
        gradients = torch.autograd.grad(score, [maps[name] for name in GUESS_LAYERS])
    total = torch.zeros(images.shape[0], *size, device=images.device)
    for name, gradient in zip(GUESS_LAYERS, gradients, strict=True):
        heat = _raising(maps[name].detach(), gradient)
        total += min_max(F.interpolate(heat[:, None], size=size, mode="bicubic", align_corners=False)[:, 0])
    return min_max(total.clamp_min(0))


def _raising(maps: Tensor, gradient: Tensor) -> Tensor:
    """Sum the channels [B, C, h, w], each weighted by its mean gradient, and keep what raises the score, [B, h, w]."""
    return (gradient.mean(dim=(-2, -1), keepdim=True) * maps).sum(dim=1).clamp_min(0)


def _score(embedding: Tensor, text: Tensor | None) -> Tensor:
    """Return what Grad-CAM looks for, [B]."""
    if text is None:
        return 0.5 * embedding.float().square().sum(dim=-1)
    if text.ndim not in (1, 2) or text.shape[-1] != embedding.shape[-1]:
        raise ShapeError(
            f"the text embedding must be [{embedding.shape[-1]}] or [B, {embedding.shape[-1]}], got "
            f"{list(text.shape)}; make it with encode_text of the same file."
        )
    return F.cosine_similarity(embedding.float(), text.clone().to(embedding.device, torch.float32), dim=-1)


def _patches(tokens: Tensor, grid: tuple[int, int]) -> Tensor:
    """Lay the last rows * columns of [B, T] out as [B, rows, columns]."""
    return tokens[:, -grid[0] * grid[1] :].reshape(-1, *grid)


def to_image_size(grid: Tensor, size: tuple[int, int]) -> Tensor:
    """Enlarge maps [B, h, w] to [B, H, W], bicubic, each from 0 to 1; a flat map becomes zeros.

    >>> to_image_size(torch.full((1, 2, 2), 0.3), (4, 4)).max()
    tensor(0.)
    """
    grid = min_max(grid.float())  # before enlarging: bicubic rounding must not turn a flat map into noise
    return min_max(F.interpolate(grid.unsqueeze(1), size, mode="bicubic", align_corners=False)[:, 0])
