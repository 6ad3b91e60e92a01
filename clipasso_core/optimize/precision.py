"""In which numbers the encoder computes. Strokes, pixels and losses are float32 always."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager, nullcontext
from typing import Literal, get_args

import torch

Precision = Literal["float32", "bfloat16"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
log = logging.getLogger(__name__)
AMPERE = 8
"""First NVIDIA generation with bfloat16."""


def usable(precision: Precision, device: torch.device) -> Precision:
    """Return the precision, or float32 where the device cannot do better; the log says why.

    float16 is not offered: gradients to single pixels are too small for its range.
    """
    if precision == "float32" or device.type == "cpu":
        return precision
    if device.type != "cuda":
        log.warning("bfloat16 is untried on %s; the encoder computes in float32.", device.type)
        return "float32"
    if torch.cuda.get_device_capability(device)[0] < AMPERE:
        log.warning("This GPU has no bfloat16; the encoder computes in float32.")
        return "float32"
    return precision


def computing_in(precision: Precision, device: torch.device) -> AbstractContextManager[object]:
    """Return the context in which the encoder looks. No cache of weights: a CUDA graph must not depend on one."""
    if precision == "float32":
        return nullcontext()
    return torch.autocast(device.type, torch.bfloat16, cache_enabled=False)
