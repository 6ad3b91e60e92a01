"""U²-Net: find the salient object of a photo (the embedded small network, by onnxruntime)."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from .errors import DependencyError, MaskError
from .pixels import check_images, min_max, resize, resize_map
from .weights.shipped import read_shipped

if TYPE_CHECKING:
    import onnxruntime

WEIGHTS = Path(__file__).parent / "data" / "u2netp.onnx"
WEIGHTS_SHA256 = "309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8"
INPUT_SIZE = 320
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
LEAST_CONFIDENCE = 0.3
"""Highest probability below which a photo has no object: one flat colour stays far below, photos lie above 0.9."""


def salient_object(images: Tensor) -> Tensor:
    """Return how much each pixel belongs to the photo's most salient object.

    Args:
        images: [B, 3, H, W] in 0-1.

    Returns:
        [B, H, W] in 0-1, float32 on the CPU, stretched so that each photo's minimum is 0 and its maximum 1.

    Raises:
        MaskError: no object in some photo (the network is sure of nothing).
        DependencyError: onnxruntime is missing.
        WeightsError: the network's file is damaged.

    Source: Qin et al., "U²-Net" (Pattern Recognition 2020); its small variant u2netp, 320 px.

    >>> photo = torch.ones(1, 3, 64, 64)
    >>> photo[:, :, 16:48, 16:48] = 0.1
    >>> found = salient_object(photo)
    >>> bool(found[0, 32, 32] > 0.5), bool(found[0, 2, 2] > 0.5)
    (True, False)
    """
    images = check_images(images).cpu()
    session = _session()
    maps = []
    for index, image in enumerate(images):
        small = resize(image[None], (INPUT_SIZE, INPUT_SIZE))
        small = small / small.max().clamp_min(1e-6)
        normal = (small - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)
        (probability, *_) = session.run(None, {session.get_inputs()[0].name: normal.numpy().astype(np.float32)})
        found = torch.from_numpy(np.asarray(probability))[:, 0]
        if float(found.max()) < LEAST_CONFIDENCE:
            raise MaskError(
                f"No object found in image {index} (the network's best guess is {float(found.max()):.0%} sure). "
                "Give a mask of your own, or use mask source 'none' to sketch the whole photo."
            )
        maps.append(resize_map(min_max(found), (image.shape[-2], image.shape[-1])))
    return torch.cat(maps).clamp(0, 1)


@lru_cache(maxsize=1)
def _session() -> onnxruntime.InferenceSession:
    try:
        import onnxruntime
    except ImportError as error:
        raise DependencyError("Finding the object needs onnxruntime: pip install onnxruntime") from error
    data = read_shipped(WEIGHTS, WEIGHTS_SHA256)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
