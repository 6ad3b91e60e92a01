"""EfficientNet-Lite: the network inside the embedded encoder, batch norm folded, for inference only.

Source: Tan & Le, "EfficientNet" (ICML 2019), and its Lite variants by Liu (2020): no squeeze-and-excite,
ReLU6, stem and head not widened, first and last stage not deepened. TensorFlow's "same" padding.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from ..errors import WeightsError

BATCH_NORM_EPS = 1e-3
STAGES = (  # repeats, kernel, stride, expansion, channels
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


@dataclass(frozen=True)
class LiteConfig:
    """Scale of the network; Lite0 is 1.0 and 1.0, Lite2 1.1 and 1.2.

    Args:
        width: factor on the channels, rounded to multiples of 8.
        depth: factor on the repeats, rounded up.
        input_size: side in px of the images it was trained on.
    """

    width: float = 1.0
    depth: float = 1.0
    input_size: int = 224


LITE0 = LiteConfig()
LITE2 = LiteConfig(width=1.1, depth=1.2, input_size=260)


class SameConv(nn.Module):
    """Convolve with TensorFlow's "same" padding and a bias (the folded batch norm); ReLU6 after it if asked.

    At stride 2 and an even size that padding has one row more at the end than at the start. A kernel with a
    row of zeros in front does the same under symmetric padding, without a padded copy of the input.
    """

    def __init__(
        self, cin: int, cout: int, kernel: int = 1, stride: int = 1, groups: int = 1, activate: bool = True
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(cout, cin // groups, kernel, kernel), requires_grad=False)
        self.bias = nn.Parameter(torch.empty(cout), requires_grad=False)
        self.stride, self.groups, self.activate = stride, groups, activate

    def forward(self, x: Tensor) -> Tensor:
        kernel = self.weight.shape[-1]
        if kernel == 1:  # a matrix product: faster than conv2d on a CPU, and keeps no input for the backward
            y = F.linear(x.permute(0, 2, 3, 1), self.weight[:, :, 0, 0], self.bias)
            return self._activated(y).permute(0, 3, 1, 2)
        weight: Tensor = self.weight
        if self.stride == 2 and x.shape[-1] % 2 == 0:
            weight = F.pad(weight, (1, 0))
        if self.stride == 2 and x.shape[-2] % 2 == 0:
            weight = F.pad(weight, (0, 0, 1, 0))
        return self._activated(F.conv2d(x, weight, self.bias, self.stride, kernel // 2, groups=self.groups))

    def _activated(self, y: Tensor) -> Tensor:
        return F.relu6(y, inplace=True) if self.activate else y


class InvertedResidual(nn.Module):
    """Expand, filter each channel apart, project back; add the input where shapes allow."""

    def __init__(self, cin: int, cout: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = cin * expansion
        self.expand = SameConv(cin, hidden) if expansion > 1 else None
        self.depthwise = SameConv(hidden, hidden, kernel, stride, groups=hidden)
        self.project = SameConv(hidden, cout, activate=False)
        self.skip = stride == 1 and cin == cout

    def forward(self, x: Tensor) -> Tensor:
        y = x if self.expand is None else self.expand(x)
        y = cast(Tensor, self.project(self.depthwise(y)))
        return x + y if self.skip else y


class EfficientNetLite(nn.Module):
    """Run the network stage by stage.

    ``stages(x)`` yields ("stage0", map) ... ("stage6", map), lazily: what the caller does not draw is not run.
    """

    def __init__(self, config: LiteConfig = LITE0) -> None:
        super().__init__()
        self.stem = SameConv(3, 32, 3, 2)
        stages, cin = [], 32
        for index, (repeats, kernel, stride, expansion, channels) in enumerate(STAGES):
            cout = _round_channels(channels * config.width)
            fixed = index in (0, len(STAGES) - 1)
            count = repeats if fixed else math.ceil(repeats * config.depth)
            blocks = []
            for i in range(count):
                blocks.append(InvertedResidual(cin, cout, kernel, stride if i == 0 else 1, expansion))
                cin = cout
            stages.append(nn.Sequential(*blocks))
        self.blocks = nn.ModuleList(stages)
        self.head = SameConv(cin, 1280)
        self.classifier = nn.Linear(1280, 1000).requires_grad_(False)

    def stages(self, x: Tensor) -> Iterator[tuple[str, Tensor]]:
        """Yield (name, feature map) of each stage for normalised images x [B, 3, H, W]."""
        x = self.stem(x)
        for index, stage in enumerate(self.blocks):
            x = stage(x)
            yield f"stage{index}", x

    def embed(self, last_stage: Tensor) -> Tensor:
        """Pool the last stage's map [B, C, h, w] into embeddings [B, 1280]."""
        return cast(Tensor, self.head(last_stage)).mean(dim=(-2, -1))

    def load_unfolded(self, state: Mapping[str, Tensor]) -> None:
        """Fill the weights from a checkpoint of the published naming, folding every batch norm.

        Raises:
            WeightsError: a tensor is missing or has another shape: the file is of another network.
        """
        try:
            _fill(self.stem, state, "_conv_stem", "_bn0")
            for index, block in enumerate(m for m in self.modules() if isinstance(m, InvertedResidual)):
                prefix = f"_blocks.{index}."
                if block.expand is not None:
                    _fill(block.expand, state, prefix + "_expand_conv", prefix + "_bn0")
                _fill(block.depthwise, state, prefix + "_depthwise_conv", prefix + "_bn1")
                _fill(block.project, state, prefix + "_project_conv", prefix + "_bn2")
            _fill(self.head, state, "_conv_head", "_bn1")
            self.classifier.weight.copy_(state["_fc.weight"])
            self.classifier.bias.copy_(state["_fc.bias"])
        except (KeyError, RuntimeError) as error:
            raise WeightsError(
                f"These are not EfficientNet-Lite weights of this size ({error}). "
                "Reinstall the package that holds them."
            ) from error


def _fill(conv: SameConv, state: Mapping[str, Tensor], name: str, norm: str) -> None:
    weight, bias = fuse_conv_bn_weights(
        state[f"{name}.weight"],
        None,
        state[f"{norm}.running_mean"],
        state[f"{norm}.running_var"],
        BATCH_NORM_EPS,
        state[f"{norm}.weight"],
        state[f"{norm}.bias"],
    )
    conv.weight.copy_(weight)
    conv.bias.copy_(bias)


def _round_channels(channels: float) -> int:
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels else rounded
