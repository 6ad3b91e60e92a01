"""The embedded network against an obvious one: batch norms not folded, TensorFlow's padding by F.pad."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from clipasso_core.encoders.embedded import EfficientNetEncoder, embedded_encoder, embedded_weights

# kernel, stride, expansion and channels of every block of EfficientNet-Lite0, written out
BLOCKS = [
    (3, 1, 1, 16),
    *[(3, 2, 6, 24), (3, 1, 6, 24)],
    *[(5, 2, 6, 40), (5, 1, 6, 40)],
    *[(3, 2, 6, 80), (3, 1, 6, 80), (3, 1, 6, 80)],
    *[(5, 1, 6, 112), (5, 1, 6, 112), (5, 1, 6, 112)],
    *[(5, 2, 6, 192), (5, 1, 6, 192), (5, 1, 6, 192), (5, 1, 6, 192)],
    (3, 1, 6, 320),
]
LAST_BLOCK = {"stage0": 0, "stage1": 2, "stage2": 4, "stage3": 7, "stage4": 10, "stage5": 14, "stage6": 15}


@lru_cache(maxsize=1)
def checkpoint() -> dict[str, Tensor]:
    return torch.load(embedded_weights(), map_location="cpu", weights_only=True)


def conv_norm(x: Tensor, conv: str, norm: str, stride: int = 1, groups: int = 1) -> Tensor:
    """Pad as TensorFlow does ("same"), convolve, normalise."""
    state = checkpoint()
    weight = state[f"{conv}.weight"]
    pads = []
    for size in (x.shape[-1], x.shape[-2]):
        total = max((-(-size // stride) - 1) * stride + weight.shape[-1] - size, 0)
        pads += [total // 2, total - total // 2]
    x = F.conv2d(F.pad(x, pads), weight, stride=stride, groups=groups)
    mean, variance = state[f"{norm}.running_mean"], state[f"{norm}.running_var"]
    return F.batch_norm(x, mean, variance, state[f"{norm}.weight"], state[f"{norm}.bias"], eps=1e-3)


def naive(images: Tensor) -> tuple[dict[str, Tensor], Tensor, Tensor]:
    """Return the maps, the embedding and the class scores of images in 0-1."""
    x = F.relu6(conv_norm((images * 255 - 127) / 128, "_conv_stem", "_bn0", stride=2))
    outputs = []
    for index, (_, stride, expansion, _) in enumerate(BLOCKS):
        block, start = f"_blocks.{index}.", x
        if expansion > 1:
            x = F.relu6(conv_norm(x, block + "_expand_conv", block + "_bn0"))
        x = F.relu6(conv_norm(x, block + "_depthwise_conv", block + "_bn1", stride, groups=x.shape[1]))
        x = conv_norm(x, block + "_project_conv", block + "_bn2")
        x = x + start if x.shape == start.shape and stride == 1 else x
        outputs.append(x)
    embedding = F.relu6(conv_norm(x, "_conv_head", "_bn1")).mean(dim=(2, 3))
    scores = F.linear(embedding, checkpoint()["_fc.weight"], checkpoint()["_fc.bias"])
    return {name: outputs[index] for name, index in LAST_BLOCK.items()}, embedding, scores


def network(size: tuple[int, int]) -> EfficientNetEncoder:
    """The embedded encoder, at a size at which it takes images as they are."""
    return EfficientNetEncoder(embedded_weights(), resolution=max(size))


@pytest.mark.parametrize("size", [(64, 64), (63, 65), (66, 50), (37, 96)])
def test_every_map_is_that_of_the_obvious_network(size: tuple[int, int]) -> None:
    images = torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(0))
    maps, embedding, _ = naive(images)
    encoder = network(size)
    features = encoder.encode(images, encoder.layer_names)
    assert set(features.maps) == set(maps)
    for name, expected in maps.items():
        assert features.maps[name].shape[1] == BLOCKS[LAST_BLOCK[name]][3]
        torch.testing.assert_close(features.maps[name], expected, atol=2e-4, rtol=1e-3)
    torch.testing.assert_close(features.embedding, embedding, atol=2e-4, rtol=1e-3)


def test_gradients_are_those_of_the_obvious_network() -> None:
    images = torch.rand(1, 3, 48, 47, generator=torch.Generator().manual_seed(0))
    first, second = (images.clone().requires_grad_() for _ in range(2))
    naive(first)[1].sum().backward()
    seen = network((48, 47)).encode(second).embedding
    assert seen is not None
    seen.sum().backward()
    assert first.grad is not None
    torch.testing.assert_close(second.grad, first.grad, atol=1e-4 * float(first.grad.abs().max()), rtol=1e-2)


@pytest.mark.parametrize(("name", "classes"), [("chelsea", range(281, 286)), ("coffee", [967])])
def test_it_knows_a_cat_and_an_espresso(photo: Callable[[str], Tensor], name: str, classes: list[int]) -> None:
    encoder = embedded_encoder()
    image = F.interpolate(photo(name), (224, 224), mode="bilinear", antialias=True)
    embedding = encoder.encode(image, ()).embedding
    assert embedding is not None
    scores = encoder.network["visual"].classifier(embedding)
    assert int(scores.argmax()) in classes
    torch.testing.assert_close(scores, naive(image)[2], atol=1e-2, rtol=1e-3)
