"""From weights to a frozen image tower."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from ..errors import ConfigError
from .checkpoint_shape import Architecture
from .clip_resnet import build_resnet
from .clip_siglip import build_siglip
from .clip_tower import Tower
from .clip_vit import build_vit


def build_tower(architecture: Architecture, visual: Mapping[str, Tensor], size: int, quick_gelu: bool) -> Tower:
    """Build the image tower of that architecture, frozen and in evaluation mode.

    Args:
        architecture: what the weights belong to.
        visual: float tensors under open_clip's names; they become the network's, without a copy.
        size: side in px of the images it will see.
        quick_gelu: the activation of the training (ViT only).

    Raises:
        ConfigError: size is not a multiple of the patch.
        WeightsError: tensors are missing, too many or of other shapes.
        DependencyError: open_clip is missing.
    """
    step = architecture.patch_size
    if size < step or size % step:
        raise ConfigError(f"resolution must be a multiple of {step} px for {architecture.name}, got {size}.")
    tower: Tower
    if architecture.family == "resnet":
        tower = build_resnet(architecture, visual, size)
    elif architecture.family == "vit":
        tower = build_vit(architecture, visual, size, quick_gelu)
    else:
        tower = build_siglip(architecture, visual, size)
    tower.network.eval().requires_grad_(False)
    return tower
