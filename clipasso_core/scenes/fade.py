"""Fade: what stands out of a photo, before white, without a cut: for masks that are not to be trusted."""

from __future__ import annotations

from dataclasses import asdict

import torch
from torch import Tensor

from ..determinism import same_kernels
from ..encoders import AttentionConfig, ImageEncoder
from ..framing import cut_map, frame_photo
from ..mask import POSSIBLE, MaskConfig, certainty, soft_mask
from ..pixels import check_mask, min_max, require_object, resize, resize_map
from ..strokes import CANVAS
from .regions import Regions, SceneConfig


def fade_background(
    image: Tensor,
    masks: Tensor | None,
    encoder: ImageEncoder,
    scene: SceneConfig,
    config: MaskConfig | None = None,
    attention: AttentionConfig | None = None,
) -> Regions:
    """Make one region of a photo, in which everything fades to white the less it stands out.

    How much a place stands out is what the mask network says. The less certain that is, the more what the encoder looks
    at takes its place. The rim of such a mask is no line of the drawing.

    Args:
        image: [1, 3, H, W] in 0-1.
        masks: [K, H, W] in 0-1, which are taken together; None to find what stands out.
        encoder: whose attention steps in.
        scene: what was asked for.
        config: where masks come from, and the margin.
        attention: how the encoder is asked.

    Raises:
        ShapeError, MaskError: as ``mask.soft_mask``; the masks mark nothing.

    >>> from clipasso_core.encoders import get_encoder
    >>> photo, masks = torch.zeros(1, 3, 40, 60), torch.zeros(1, 40, 60)
    >>> masks[:, 10:30, 20:40] = 1
    >>> faded = fade_background(photo, masks, get_encoder(), SceneConfig("ignore"))
    >>> faded.names, faded.images[0].shape, round(faded.images[0].mean().item(), 1)
    (('object-1',), torch.Size([3, 24, 24]), 0.3)
    """
    config = config or MaskConfig()
    stands_out, facts = _stands_out(image, masks, encoder, config, attention or AttentionConfig())
    shown = stands_out >= POSSIBLE
    frame = frame_photo((shown if bool(shown.any()) else torch.ones_like(shown)).float(), config.fit, config.margin)
    faded = 1 - (1 - image[0]) * stands_out
    canvas = torch.stack([cut_map(channel, frame, 1.0) for channel in faded])
    everywhere = torch.ones_like(canvas[0])
    found = {"mask": {**asdict(config), **facts}}
    return Regions(("object-1",), stands_out[None], (canvas,), (everywhere,), (frame,), frame, scene, found)


def _stands_out(
    image: Tensor, masks: Tensor | None, encoder: ImageEncoder, config: MaskConfig, attention: AttentionConfig
) -> tuple[Tensor, dict[str, object]]:
    """Return how much each place stands out [H, W], 0-1, and how that was found."""
    if masks is not None:
        together = check_mask(masks.to(image), image.expand(len(masks), -1, -1, -1)).amax(dim=0)
        require_object(together[None])
        return together, {"objects": "given"}
    (soft,), whole = soft_mask(image, None, config)
    sure = 0.0 if whole else certainty(soft)
    text = encoder.encode_text(attention.text) if attention.text.strip() else None
    with same_kernels():
        looked_at = encoder.attention_map(resize(image.to(encoder.device), CANVAS), attention.method, text).to(image)
    looked_at = resize_map(min_max(looked_at), (image.shape[-2], image.shape[-1]))[0].clamp(0, 1)
    seen = looked_at if whole else torch.maximum(soft, (1 - sure) * looked_at)
    return seen, {"objects": "faded", "certainty": round(sure, 2)}
