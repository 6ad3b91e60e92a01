"""Fade: the less a place stands out, the whiter it is and the less it counts."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from clipasso_core.encoders import get_encoder
from clipasso_core.errors import MaskError
from clipasso_core.scenes import SceneConfig, places_of
from clipasso_core.scenes.fade import fade_background
from clipasso_core.strokes import Strokes


def test_a_soft_mask_fades_and_weighs_without_a_rim(wall: Tensor, boxes: Tensor) -> None:
    soft = boxes[:1] * 0.5 + 0.25
    faded = fade_background(wall, soft, get_encoder(), SceneConfig("ignore"))
    assert faded.frame.photo_size == (96, 128)
    left, top, *_ = faded.frame.box
    canvas = faded.images[0]
    assert torch.allclose(canvas[:, 50 - top, 30 - left], 1 - (1 - wall[0, :, 50, 30]) * 0.75)
    assert bool((faded.canvas_masks[0] == 1).all())
    places = places_of(faded, Strokes.black(torch.zeros(1, 3, 4, 2), (224, 224)))
    assert float(places.count[0][50 - top, 30 - left]) == 0.75
    assert float(places.count[0].min()) >= 0.1 - 1e-6
    assert not bool(places.off_limits[0].any())
    assert bool(faded.allowed(3.0).all())


def test_where_nothing_stands_out_the_encoders_attention_says_what_does() -> None:
    stripes = (torch.arange(96) // 2 % 2).float().view(1, 1, 1, -1).expand(1, 3, 96, -1)
    faded = fade_background(stripes, None, get_encoder(), SceneConfig("ignore"))
    assert faded.facts["mask"]["objects"] == "faded"  # type: ignore[index]
    assert 0 <= float(faded.masks.min()) < float(faded.masks.max()) <= 1


def test_masks_that_mark_nothing_are_refused(wall: Tensor, boxes: Tensor) -> None:
    with pytest.raises(MaskError, match="mask 0 is empty"):
        fade_background(wall, 0 * boxes, get_encoder(), SceneConfig("ignore"))
