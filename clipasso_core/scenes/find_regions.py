"""Find regions: what a scene is drawn of, as its config treats the background."""

from __future__ import annotations

from torch import Tensor

from ..encoders import ImageEncoder, get_encoder
from ..mask import MaskConfig
from ..pixels import check_images
from .fade import fade_background
from .objects import objects_of
from .regions import Regions, SceneConfig, check_one_photo, make_regions


def find_regions(
    image: Tensor,
    masks: Tensor | None = None,
    scene: SceneConfig | None = None,
    config: MaskConfig | None = None,
    encoder: ImageEncoder | None = None,
) -> Regions:
    """Find the objects of a photo, unless their masks are given, and frame them, and what lies behind them.

    Args:
        image: [1, 3, H, W] in 0-1.
        masks: [K, H, W] in 0-1, front to back; None to find them.
        scene: what is drawn; None for the defaults.
        config: how objects are cut out and framed; None for the defaults.
        encoder: whose attention steps in where the background is ignored and the mask is not certain; None for the
            embedded one.

    Raises:
        ShapeError, MaskError: as ``objects_of``, ``make_regions`` and ``fade_background``.

    >>> import torch
    >>> masks = torch.zeros(1, 64, 64)
    >>> masks[:, 16:48, 16:48] = 1
    >>> find_regions(torch.rand(1, 3, 64, 64), masks, SceneConfig("keep")).names
    ('object-1', 'background')
    """
    scene, config, image = scene or SceneConfig(), config or MaskConfig(), check_images(image)
    check_one_photo(image)
    if scene.background == "ignore":
        return fade_background(image, masks, encoder or get_encoder(device=image.device), scene, config)
    objects, found = objects_of(image, masks, scene.most_objects, config)
    return make_regions(image, objects, scene, config, found)
