"""Fold batch norms into the convolutions before them: the same numbers from fewer steps."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn


@torch.no_grad()
def fold_batch_norms(network: nn.Module) -> int:
    """Replace every (Conv2d, BatchNorm2d) pair of neighbours by one convolution, in place.

    Neighbours are two children in a row of the same module. That order is the order of computation in open_clip's
    ResNet, the only network this is used on; a test compares folded with unfolded.

    Args:
        network: in evaluation mode, whose batch norms have running statistics.

    Returns:
        How many pairs were folded.
    """
    folded = 0
    for module in network.modules():
        children = list(module.named_children())
        for (conv_name, conv), (norm_name, norm) in pairwise(children):
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                setattr(module, conv_name, _fold_pair(conv, norm))
                setattr(module, norm_name, nn.Identity())
                folded += 1
    return folded


def _fold_pair(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Conv2d:
    """Return one convolution that does what the two did, computed in float64."""
    weight, bias = folded_weights(conv.weight, conv.bias, norm)
    merged = nn.Conv2d(
        conv.in_channels,
        conv.out_channels,
        (conv.kernel_size[0], conv.kernel_size[1]),
        (conv.stride[0], conv.stride[1]),
        conv.padding if isinstance(conv.padding, str) else (conv.padding[0], conv.padding[1]),
        (conv.dilation[0], conv.dilation[1]),
        conv.groups,
        bias=True,
        device="meta",
    )
    merged.weight = nn.Parameter(weight.to(conv.weight), requires_grad=False)
    merged.bias = nn.Parameter(bias.to(conv.weight), requires_grad=False)
    return merged.train(conv.training)


def folded_weights(weight: Tensor, bias: Tensor | None, norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Return weight [out, in, kh, kw] and bias [out] of the merged convolution, float64."""
    if norm.running_mean is None or norm.running_var is None:
        raise ValueError("a batch norm without running statistics cannot be folded; load the weights first.")
    mean, variance = norm.running_mean.double(), norm.running_var.double()
    scale = torch.rsqrt(variance + norm.eps) * (norm.weight.double() if norm.affine else 1.0)
    shift = norm.bias.double() if norm.affine else torch.zeros_like(mean)
    start = torch.zeros_like(mean) if bias is None else bias.double()
    return weight.double() * scale.reshape(-1, 1, 1, 1), (start - mean) * scale + shift
