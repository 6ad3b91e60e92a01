"""Self-attention without the detour of ``nn.MultiheadAttention``: the same numbers, in less time."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


class SelfAttention(nn.Module):
    """Attend among the tokens of an image, with the weights of a ``nn.MultiheadAttention``.

    That module hands the projection a transposed view, which PyTorch 2.15 multiplies in batches on the CPU: 2.4 times
    the time of this one (ViT-B/16, five images, forward and backward; clipasso_lab.studies.encoders). A test holds the
    results together.

    Args:
        original: whose parameters are taken over, under the same names.
    """

    in_proj_weight: Tensor
    in_proj_bias: Tensor

    def __init__(self, original: nn.MultiheadAttention) -> None:
        super().__init__()
        self.num_heads = original.num_heads
        self.register_parameter("in_proj_weight", original.in_proj_weight)
        self.register_parameter("in_proj_bias", original.in_proj_bias)
        self.out_proj = original.out_proj

    def forward(self, query: Tensor, *_: object, **__: object) -> tuple[Tensor, None]:
        """Return [B, T, C] and None, as open_clip's block expects; key and value are the query."""
        batch, tokens, channels = query.shape
        joint = F.linear(query, self.in_proj_weight, self.in_proj_bias)
        parts = joint.reshape(batch, tokens, 3, self.num_heads, -1).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(parts[0], parts[1], parts[2])
        return self.out_proj(mixed.transpose(1, 2).reshape(batch, tokens, channels)), None
