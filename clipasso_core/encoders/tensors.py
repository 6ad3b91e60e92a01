"""Keep a frozen network usable for gradients, whatever another node did to it."""

from __future__ import annotations

import torch
from torch import nn


def ensure_normal_tensors(module: nn.Module) -> None:
    """Replace every inference tensor among a module's weights by a normal copy.

    Under ComfyUI another node may move our network while inference mode is on; its weights are then
    inference tensors, and autograd refuses them. Nothing happens where all is well.
    """
    with torch.inference_mode(False), torch.no_grad():
        for part in module.modules():
            for name, parameter in part.named_parameters(recurse=False):
                if parameter.is_inference():
                    part.register_parameter(name, nn.Parameter(parameter.clone(), requires_grad=False))
            for name, buffer in part.named_buffers(recurse=False):
                if buffer.is_inference():
                    part.register_buffer(name, buffer.clone(), persistent=name in part.state_dict())
