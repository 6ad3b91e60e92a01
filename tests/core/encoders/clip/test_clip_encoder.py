"""The encoder's own promises: folding, early stop, gradients, resolutions, inference mode, precision."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from clipasso_core.encoders.checkpoint import Architecture, load_checkpoint
from clipasso_core.encoders.checkpoint_read import read_tensors
from clipasso_core.encoders.clip import ClipEncoder, default_recipe
from clipasso_core.encoders.clip_resnet import ResnetTower, build_resnet
from clipasso_core.encoders.clip_vit import SelfAttention
from clipasso_core.errors import ConfigError, DependencyError, ShapeError


def saved(model: torch.nn.Module, folder: Path, name: str = "model.safetensors") -> Path:
    path = folder / name
    save_file({key: value.contiguous().clone() for key, value in model.state_dict().items()}, path)
    return path


@pytest.fixture(params=["tiny_resnet", "tiny_vit"])
def encoder(request: pytest.FixtureRequest, tmp_path: Path) -> ClipEncoder:
    return ClipEncoder.from_file(saved(request.getfixturevalue(request.param), tmp_path))


@pytest.fixture
def images() -> torch.Tensor:
    return torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))


def test_folded_equals_unfolded(rn101) -> None:
    architecture = Architecture("resnet", 64, (3, 4, 23, 3), 32, 224, 32, 512)
    pixels = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    names = ("stem", "stage1", "stage2", "stage3", "stage4")
    with torch.no_grad():
        tower = build_resnet(architecture, rn101.visual.state_dict(), 224)
        folded, vector = tower.run(pixels, names, True)
        plain, expected = ResnetTower(rn101.visual).run(pixels, names, True)
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in tower.network.modules())
    torch.testing.assert_close(vector, expected, atol=1e-5, rtol=1e-5)
    for name in names:
        torch.testing.assert_close(folded[name], plain[name], atol=1e-5, rtol=1e-5)


def test_recipes() -> None:
    resnet = default_recipe(Architecture("resnet", 64, (3, 4, 23, 3), 32, 224, 32, 512))
    assert dict(resnet.layer_weights) == {"stage2": 1.0, "stage3": 1.0}
    assert (resnet.normalize_channels, resnet.semantic_weight) == (False, 0.1)
    vit = default_recipe(Architecture("vit", 768, (12,), 32, 224, 12, 512))
    assert dict(vit.layer_weights) == {"block3": 1.0, "block7": 1.0}
    assert vit.normalize_channels


def test_only_what_is_needed_runs(encoder: ClipEncoder, images: torch.Tensor) -> None:
    seen: list[str] = []
    for name, module in encoder.tower.network.named_modules():
        if name in (
            "layer1",
            "layer2",
            "layer3",
            "layer4",
            "attnpool",
            *(f"transformer.resblocks.{i}" for i in range(4)),
        ):
            module.register_forward_hook(lambda *_, name=name: seen.append(name))
    second = encoder.layer_names[1]
    found = encoder.encode(images, layers=(second,), embedding=False)
    assert found.embedding is None
    assert tuple(found.maps) == (second,)
    assert seen in (["layer1"], ["transformer.resblocks.0", "transformer.resblocks.1"])
    seen.clear()
    encoder.encode(images, layers=(), embedding=True)
    assert len(seen) in (4, 5)
    assert encoder.encode(images, layers=(), embedding=False).maps == {}


def test_gradients_reach_the_images(encoder: ClipEncoder) -> None:
    encoder.network.double()
    images = torch.rand(1, 3, 64, 64, dtype=torch.float64, requires_grad=True)
    assert not any(parameter.requires_grad for parameter in encoder.network.parameters())

    def loss(pixels: torch.Tensor) -> torch.Tensor:
        features = encoder.tower.run(encoder._prepared(pixels), encoder.layer_names[1:3], True)
        return sum(value.square().mean() for value in features[0].values()) + features[1].square().sum()

    (gradient,) = torch.autograd.grad(loss(images), images)
    direction = torch.randn_like(images)
    with torch.no_grad():
        step = 1e-6 * direction
        numeric = (loss(images + step) - loss(images - step)) / 2e-6
    torch.testing.assert_close((gradient * direction).sum(), numeric, rtol=1e-4, atol=1e-8)


def test_survives_inference_mode(encoder: ClipEncoder, images: torch.Tensor, tmp_path: Path) -> None:
    expected = encoder.encode(images).embedding
    with torch.inference_mode():  # another node offloads the network
        for module in encoder.network.modules():
            module._apply(lambda tensor: tensor.clone(), recurse=False)
    assert any(parameter.is_inference() for parameter in encoder.network.parameters())
    pixels = images.clone().requires_grad_(True)
    found = encoder.encode(pixels)
    found.embedding.sum().backward()
    assert pixels.grad is not None
    torch.testing.assert_close(found.embedding, expected)


def test_built_inside_inference_mode(tiny_resnet, tmp_path: Path, images: torch.Tensor) -> None:
    path = saved(tiny_resnet, tmp_path)
    with torch.inference_mode():
        encoder = ClipEncoder.from_file(path).to("cpu")
        assert not any(parameter.is_inference() for parameter in encoder.network.parameters())
        encoder.attention_map(torch.rand(1, 3, 64, 64))
    pixels = images.clone().requires_grad_(True)
    encoder.encode(pixels).embedding.sum().backward()
    assert pixels.grad is not None


def test_images_of_another_size_are_resized(encoder: ClipEncoder) -> None:
    images = torch.rand(1, 3, 90, 120)
    resized = F.interpolate(images, (64, 64), mode="bicubic", antialias=True)
    torch.testing.assert_close(encoder.encode(images).embedding, encoder.encode(resized).embedding)


def test_resolution(tiny_vit, tiny_resnet, tmp_path: Path) -> None:
    """At 128 px the grid doubles; the position embeddings are those open_clip would interpolate."""
    open_clip = pytest.importorskip("open_clip")
    encoder = ClipEncoder.from_file(saved(tiny_vit, tmp_path), resolution=128)
    assert encoder.input_size == 128
    assert encoder.encode(torch.rand(1, 3, 128, 128)).maps["block0"].shape == (1, 128, 8, 8)
    state = {"visual.positional_embedding": tiny_vit.visual.positional_embedding}
    open_clip.model.resize_pos_embed(state, torch.nn.ModuleDict({"visual": encoder.tower.network}))
    torch.testing.assert_close(
        encoder.tower.network.positional_embedding.data, state["visual.positional_embedding"].data
    )
    resnet = ClipEncoder.from_file(saved(tiny_resnet, tmp_path), resolution=96).encode(torch.rand(1, 3, 96, 96))
    assert resnet.embedding.shape == (1, 32)
    with pytest.raises(ConfigError, match="multiple of 16"):
        ClipEncoder.from_file(saved(tiny_vit, tmp_path), resolution=100)


def test_half_precision_agrees(encoder: ClipEncoder, images: torch.Tensor) -> None:
    expected = encoder.encode(images).embedding
    found = encoder.to("cpu", torch.bfloat16).encode(images)
    assert found.embedding.dtype == torch.float32
    assert F.cosine_similarity(found.embedding, expected).min() > 0.99


def test_channels_last(tiny_resnet, tmp_path: Path, images: torch.Tensor) -> None:
    encoder = ClipEncoder.from_file(saved(tiny_resnet, tmp_path))
    assert encoder.encode(images).maps["stage2"].is_contiguous(memory_format=torch.channels_last)


def test_fingerprint_and_name(tiny_vit, tmp_path: Path) -> None:
    import hashlib

    path = saved(tiny_vit, tmp_path, "clip-vit-b-32-laion2b.safetensors")
    encoder = ClipEncoder.from_file(path)
    assert encoder.fingerprint == hashlib.sha256(path.read_bytes()).hexdigest()
    assert encoder.name == "clip-vit-b-32-laion2b"
    assert "activation GELU (known" in encoder.description
    named = ClipEncoder.from_file(saved(tiny_vit, tmp_path, "ViT-openai.safetensors"))
    assert "QuickGELU (the file's name)" in named.description
    assert "GELU (stated)" in ClipEncoder.from_file(path, quick_gelu=True).description


def test_text(tiny_vit, tmp_path: Path) -> None:
    open_clip = pytest.importorskip("open_clip")
    encoder = ClipEncoder.from_file(saved(tiny_vit, tmp_path))
    with torch.no_grad():
        expected = F.normalize(tiny_vit.encode_text(open_clip.tokenize(["a horse"])), dim=-1)[0]
    torch.testing.assert_close(encoder.encode_text("a horse"), expected, atol=1e-6, rtol=1e-5)
    with pytest.raises(ConfigError, match="text is empty"):
        encoder.encode_text("  ")
    path = tmp_path / "visual.safetensors"
    save_file({f"visual.{k}": v.clone() for k, v in tiny_vit.visual.state_dict().items()}, path)
    with pytest.raises(ConfigError, match="no text tower"):
        ClipEncoder.from_file(path).encode_text("a horse")


def test_many_texts_cost_one_reading(tiny_vit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []

    def counted(path: Path) -> object:
        read.append(path)
        return read_tensors(path)

    encoder = ClipEncoder.from_file(saved(tiny_vit, tmp_path))
    monkeypatch.setattr("clipasso_core.encoders.checkpoint.read_tensors", counted)
    monkeypatch.setattr("clipasso_core.encoders.checkpoint.file_sha256", None)
    together = encoder.encode_texts(["a horse", "a sketch of a cat."])
    assert read == [tmp_path / "model.safetensors"]
    torch.testing.assert_close(together[0], encoder.encode_text("a horse"))
    torch.testing.assert_close(together[1], encoder.encode_text("a sketch of a cat."))
    for texts in ([], ["a horse", " "]):
        with pytest.raises(ConfigError, match="text is empty"):
            encoder.encode_texts(texts)


def test_device(encoder: ClipEncoder) -> None:
    assert encoder.device == torch.device("cpu")
    assert encoder.to("meta").device == torch.device("meta")


def test_refusals(encoder: ClipEncoder) -> None:
    with pytest.raises(ConfigError, match="has no layer nowhere; it has"):
        encoder.encode(torch.rand(1, 3, 64, 64), layers=("nowhere",))
    with pytest.raises(ShapeError, match=r"\[B, 3, H, W\]"):
        encoder.encode(torch.rand(1, 64, 64, 3))
    with pytest.raises(ShapeError, match="floats"):
        encoder.encode(torch.zeros(1, 3, 64, 64, dtype=torch.uint8))


def test_without_open_clip(tiny_vit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint = load_checkpoint(saved(tiny_vit, tmp_path))
    monkeypatch.setitem(sys.modules, "open_clip", None)
    with pytest.raises(DependencyError, match="pip install open_clip_torch"):
        ClipEncoder(checkpoint)


def test_self_attention_equals_multihead_attention() -> None:
    """Values and gradients, in float64."""
    torch.manual_seed(0)
    original = torch.nn.MultiheadAttention(24, 3, batch_first=True).double().eval()
    torch.nn.init.normal_(original.in_proj_bias)
    tokens = torch.randn(2, 7, 24, dtype=torch.float64, requires_grad=True)
    results = [attend(tokens, tokens, tokens, need_weights=False)[0] for attend in (original, SelfAttention(original))]
    gradients = [torch.autograd.grad(result.square().sum(), tokens)[0] for result in results]
    torch.testing.assert_close(results[0], results[1])
    torch.testing.assert_close(gradients[0], gradients[1])
