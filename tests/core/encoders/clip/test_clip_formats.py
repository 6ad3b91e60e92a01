"""Every file format that users have, at random weights: recognised, loaded, and equal to its library's own forward."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from clipasso_core.encoders.checkpoint import checkpoint_of, load_checkpoint, load_text_tower
from clipasso_core.encoders.clip import ClipEncoder
from clipasso_core.errors import ConfigError, WeightsError

NETWORKS = ("rn101", "vit_b_32")
SIDE = 224


@pytest.fixture(params=NETWORKS)
def model(request: pytest.FixtureRequest) -> torch.nn.Module:
    return request.getfixturevalue(request.param)


@pytest.fixture
def images() -> torch.Tensor:
    return torch.rand(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))


def tensors_of(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.contiguous().clone() for name, value in model.state_dict().items()}


def assert_same(
    encoder: ClipEncoder, model, pixels: torch.Tensor, images: torch.Tensor, tolerance: float = 1e-5
) -> None:
    """Compare the embedding and the maps of all layers with open_clip's forward_intermediates."""
    with torch.no_grad():
        expected = model.visual.forward_intermediates(pixels)
        found = encoder.encode(images, layers=encoder.layer_names)
    torch.testing.assert_close(found.embedding, expected["image_features"], atol=1e-5, rtol=1e-5)
    for name, target in zip(encoder.layer_names, expected["image_intermediates"], strict=True):
        torch.testing.assert_close(found.maps[name], target, atol=1e-5, rtol=1e-4)


def test_open_clip_safetensors(model, images, normalized, tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    save_file(tensors_of(model), path)
    assert_same(ClipEncoder.from_file(path), model, normalized(images), images)


@pytest.mark.parametrize("legacy", [False, True])
def test_training_checkpoint(legacy: bool, tiny_vit, normalized, tmp_path: Path) -> None:
    path = tmp_path / "epoch_7.pt"
    state = {f"module.{name}": value for name, value in tensors_of(tiny_vit).items()}
    content = {"epoch": 7, "name": "run", "state_dict": state}
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    images = torch.rand(2, 3, 64, 64)
    assert_same(ClipEncoder.from_file(path), tiny_vit, normalized(images), images)


def test_openai_torchscript(model, images, normalized, tmp_path: Path, write_torchscript) -> None:
    path = tmp_path / "openai.pt"
    write_torchscript(model, path)
    checkpoint = load_checkpoint(path)
    assert (checkpoint.training.source, checkpoint.training.quick_gelu) == ("OpenAI's archive", True)
    assert set(checkpoint.visual) == set(model.visual.state_dict())
    half = {name: value.half().float() for name, value in model.visual.state_dict().items() if value.ndim}
    for name, value in half.items():
        torch.testing.assert_close(checkpoint.visual[name], value, rtol=0, atol=0)
    assert load_text_tower(path)["token_embedding.weight"].shape == (49408, 64)
    with torch.no_grad():
        expected = model.visual(normalized(images))
        found = ClipEncoder(checkpoint).encode(images).embedding
    assert torch.cosine_similarity(found, expected).item() > 0.999


def test_bare_image_tower(tiny_vit, normalized, tmp_path: Path) -> None:
    path = tmp_path / "visual.safetensors"
    save_file(tensors_of(tiny_vit.visual), path)
    images = torch.rand(2, 3, 64, 64)
    assert_same(ClipEncoder.from_file(path), tiny_vit, normalized(images), images)


def huggingface_clip(transformers, tmp_path: Path, activation: str, vision_only: bool = False, depth: int = 12):
    torch.manual_seed(5)
    vision = {"hidden_act": activation, "projection_dim": 512, "num_hidden_layers": depth}
    text = {"num_hidden_layers": 1, "hidden_size": 64, "num_attention_heads": 1, "intermediate_size": 256}
    if vision_only:
        model = transformers.CLIPVisionModelWithProjection(transformers.CLIPVisionConfig(**vision))
    else:
        text |= {"hidden_act": activation, "projection_dim": 512, "eos_token_id": 49407}
        config = transformers.CLIPConfig(vision_config=vision, text_config=text, projection_dim=512)
        model = transformers.CLIPModel(config)
    model.eval().save_pretrained(tmp_path)
    return model, tmp_path / "model.safetensors"


@pytest.mark.parametrize(("activation", "depth"), [("quick_gelu", 12), ("gelu", 2)])
def test_transformers_clip(activation: str, depth: int, transformers, images, normalized, tmp_path: Path) -> None:
    model, path = huggingface_clip(transformers, tmp_path, activation, depth=depth)
    encoder = ClipEncoder.from_file(path)  # the activation is read from config.json beside it
    with torch.no_grad():
        output = model.vision_model(normalized(images), output_hidden_states=True)
        expected = model.visual_projection(output.pooler_output)
        found = encoder.encode(images, layers=encoder.layer_names)
    torch.testing.assert_close(found.embedding, expected, atol=1e-5, rtol=1e-4)
    grid = output.hidden_states[-1][:, 1:].transpose(1, 2).reshape(1, 768, 7, 7)
    torch.testing.assert_close(found.maps[f"block{depth - 1}"], grid, atol=2e-5, rtol=1e-4)
    assert encoder.encode_text("a horse").shape == (512,)


def test_comfyui_clip_vision(transformers, images, normalized, tmp_path: Path) -> None:
    """Half precision, no text tower, no configuration: the activation is assumed, as ComfyUI assumes it."""
    model, path = huggingface_clip(transformers, tmp_path, "quick_gelu", vision_only=True, depth=2)
    comfy = tmp_path / "clip_vision" / "some_vision.safetensors"
    comfy.parent.mkdir()
    save_file({name: value.half() for name, value in load_file(path).items()}, comfy)
    encoder = ClipEncoder.from_file(comfy)
    model = model.half().float()
    with torch.no_grad():
        expected = model(normalized(images)).image_embeds
        found = encoder.encode(images).embedding
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)
    assert "assumed" in encoder.description


def test_transformers_siglip(transformers, tmp_path: Path) -> None:
    torch.manual_seed(6)
    config = transformers.SiglipVisionConfig(image_size=256, patch_size=32)
    model = transformers.SiglipVisionModel(config).eval()
    model.save_pretrained(tmp_path)
    encoder = ClipEncoder.from_file(tmp_path / "model.safetensors")
    images = torch.rand(1, 3, 256, 256)
    with torch.no_grad():
        output = model(2 * images - 1, output_hidden_states=True)
        found = encoder.encode(images, layers=("block0", "block11"))
    torch.testing.assert_close(found.embedding, output.pooler_output, atol=1e-5, rtol=1e-4)
    for name, hidden in (("block0", output.hidden_states[1]), ("block11", output.hidden_states[-1])):
        grid = hidden.transpose(1, 2).reshape(1, 768, 8, 8)
        torch.testing.assert_close(found.maps[name], grid, atol=2e-5, rtol=1e-4)
    attention = encoder.attention_map(images)
    assert attention.shape == (1, 256, 256)
    assert attention.isfinite().all()


# --- what another program has loaded -----------------------------------------------------------------------------


def test_tensors_in_memory_are_what_a_file_of_them_is(transformers, images, tmp_path: Path) -> None:
    """As ComfyUI holds them: half precision, and made under inference mode."""
    _, path = huggingface_clip(transformers, tmp_path, "quick_gelu", vision_only=True, depth=2)
    with torch.inference_mode():
        held = {name: value.half() for name, value in load_file(path).items()}
        encoder = ClipEncoder.from_tensors(held)
        looked = encoder.encode(images).embedding
        for value in held.values():
            value.zero_()  # what its owner does with it is no business of ours
    assert looked.is_inference()
    seen = images.clone().requires_grad_()
    found = encoder.encode(seen)
    found.embedding.sum().backward()
    assert float(seen.grad.abs().sum()) > 0
    save_file({name: value.half() for name, value in load_file(path).items()}, tmp_path / "half.safetensors")
    expected = ClipEncoder.from_file(tmp_path / "half.safetensors").encode(images).embedding
    torch.testing.assert_close(found.embedding.detach(), expected, rtol=0, atol=0)
    assert (encoder.name, encoder.network["visual"].conv1.weight.dtype) == ("ViT-B-32", torch.float32)
    assert encoder.description == "CLIP ViT-B-32 (224 px, from memory); activation QuickGELU (assumed)"


def test_tensors_are_told_apart_by_their_values(tiny_vit) -> None:
    tensors = tensors_of(tiny_vit.visual)
    same, moved = (checkpoint_of({name: value + by for name, value in tensors.items()}) for by in (0, 0.1))
    assert same.sha256 == checkpoint_of(tensors).sha256 != moved.sha256


def test_a_network_in_memory_knows_no_words(tiny_vit) -> None:
    with pytest.raises(ConfigError, match="no text tower"):
        ClipEncoder.from_tensors(tensors_of(tiny_vit)).encode_text("a horse")


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["vision_model.embeddings.patch_embedding.weight"], "this SigLIP lacks its pooling"),
        (["embeddings.cls_token", "encoder.layer.0.layer_scale1.lambda1"], "an image network that is neither CLIP"),
    ],
)
def test_what_is_no_clip_is_refused(names: list[str], says: str) -> None:
    """As ComfyUI names SigLIP, whose head it does not load, and DINOv2."""
    tensors = dict.fromkeys(names, torch.ones(8, 3, 4, 4))
    common = ["vision_model.embeddings.position_embedding", "vision_model.post_layernorm"]
    tensors |= {f"{name}.{part}": torch.ones(8) for name in common for part in ("weight", "bias")}
    tensors["vision_model.embeddings.patch_embedding.bias"] = torch.ones(8)
    with pytest.raises(WeightsError, match=f"^cannot use this network as an encoder, which must be a CLIP: .*{says}"):
        ClipEncoder.from_tensors(tensors)
