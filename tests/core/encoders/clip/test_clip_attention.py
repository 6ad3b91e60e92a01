"""Attention maps against naive computations."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from clipasso_core.encoders.attention import to_image_size
from clipasso_core.encoders.clip import ClipEncoder
from clipasso_core.errors import ConfigError, ShapeError


def load(model: torch.nn.Module, folder: Path) -> ClipEncoder:
    path = folder / "model.safetensors"
    save_file({key: value.contiguous().clone() for key, value in model.state_dict().items()}, path)
    return ClipEncoder.from_file(path)


@pytest.fixture
def vit(tiny_vit, tmp_path: Path) -> ClipEncoder:
    return load(tiny_vit, tmp_path)


@pytest.fixture
def resnet(tiny_resnet, tmp_path: Path) -> ClipEncoder:
    return load(tiny_resnet, tmp_path)


@pytest.fixture
def images() -> torch.Tensor:
    return torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(2))


def naive_attention(model, pixels: torch.Tensor) -> list[torch.Tensor]:
    """Let ``nn.MultiheadAttention`` itself return the weights of every block, [B, heads, T, T]."""
    visual = model.visual
    tokens, weights = visual._embeds(pixels), []
    for block in visual.transformer.resblocks:
        x = block.ln_1(tokens)
        weights.append(block.attn(x, x, x, need_weights=True, average_attn_weights=False)[1])
        tokens = block(tokens)
    return weights


def finish(grid: torch.Tensor) -> torch.Tensor:
    """Normalise, enlarge and normalise by loops."""
    out = torch.zeros(grid.shape[0], 64, 64)
    for i, one in enumerate(grid):
        one = (one - one.min()) / (one.max() - one.min())
        big = F.interpolate(one[None, None], (64, 64), mode="bicubic", align_corners=False)[0, 0]
        out[i] = (big - big.min()) / (big.max() - big.min())
    return out


def test_mean_is_the_papers_map(vit: ClipEncoder, tiny_vit, normalized, images: torch.Tensor) -> None:
    weights = naive_attention(tiny_vit, normalized(images))
    total = torch.zeros(2, 16)
    for layer in weights:
        for head in range(layer.shape[1]):
            total += layer[:, head, 0, 1:]
    expected = finish(total.reshape(2, 4, 4))
    torch.testing.assert_close(vit.attention_map(images), expected, atol=1e-4, rtol=1e-4)


def test_rollout(vit: ClipEncoder, tiny_vit, normalized, images: torch.Tensor) -> None:
    weights = naive_attention(tiny_vit, normalized(images))
    grids = []
    for image in range(2):
        flow = torch.eye(17)
        for layer in weights:
            mixed = layer[image].mean(dim=0) + torch.eye(17)
            flow = (mixed / mixed.sum(dim=-1, keepdim=True)) @ flow
        grids.append(flow[0, 1:].reshape(4, 4))
    expected = finish(torch.stack(grids))
    torch.testing.assert_close(vit.attention_map(images, "rollout"), expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("with_text", [False, True])
def test_grad_cam_of_a_resnet(with_text: bool, resnet: ClipEncoder, tiny_resnet, normalized, images) -> None:
    """One image at a time, unfolded, the gradient by hooks on open_clip's own network."""
    text = F.normalize(torch.randn(32, generator=torch.Generator().manual_seed(4)), dim=0) if with_text else None
    grids = []
    for image in images:
        kept: list[torch.Tensor] = []
        hook = tiny_resnet.visual.layer4.register_forward_hook(lambda _m, _i, out, kept=kept: kept.append(out))
        pixels = normalized(image[None]).requires_grad_(True)
        embedding = tiny_resnet.visual(pixels)[0]
        hook.remove()
        score = 0.5 * embedding @ embedding if text is None else embedding @ text / embedding.norm()
        gradient = torch.autograd.grad(score, kept[0])[0]
        grid = sum(gradient[0, c].mean() * kept[0][0, c].detach() for c in range(gradient.shape[1]))
        grids.append(grid.clamp_min(0))
    with torch.no_grad():
        found = resnet.attention_map(images, text=text)
    # folding changes the last bits, which stretching a faint map to 0-1 enlarges
    torch.testing.assert_close(found, to_image_size(torch.stack(grids), (64, 64)), atol=1e-3, rtol=0)


def test_grad_cam_of_a_vit(vit: ClipEncoder, images: torch.Tensor) -> None:
    text = F.normalize(torch.randn(2, 32, generator=torch.Generator().manual_seed(4)), dim=1)
    found = vit.attention_map(images, text=text)
    assert found.shape == (2, 64, 64)
    maps, head = vit.tower.split(vit._prepared(images))
    torch.testing.assert_close(head(maps), vit.encode(images).embedding, atol=1e-5, rtol=1e-5)
    swapped = vit.attention_map(images, text=text.flip(0))
    assert not torch.allclose(found, swapped)


@pytest.mark.parametrize("name", ["vit", "resnet"])
@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode, torch.enable_grad])
def test_works_in_every_mode(name: str, mode, images: torch.Tensor, request: pytest.FixtureRequest) -> None:
    encoder = request.getfixturevalue(name)
    expected = encoder.attention_map(images)
    with mode():
        found = encoder.attention_map(torch.rand(1, 3, 64, 64).copy_(images[:1]))
    assert not found.requires_grad
    torch.testing.assert_close(found.clone(), expected[:1], atol=1e-4, rtol=1e-4)


def test_size_range_and_flat_maps(vit: ClipEncoder) -> None:
    found = vit.attention_map(torch.rand(1, 3, 50, 80))
    assert found.shape == (1, 50, 80)
    assert (found.min(), found.max()) == (0, 1)
    assert torch.equal(to_image_size(torch.full((1, 4, 4), 0.3), (9, 9)), torch.zeros(1, 9, 9))


def test_refusals(vit: ClipEncoder, resnet: ClipEncoder, images: torch.Tensor) -> None:
    with pytest.raises(ConfigError, match="offers the attention methods grad-cam, not 'mean'"):
        resnet.attention_map(images, "mean")
    with pytest.raises(ConfigError, match="mean, rollout, grad-cam, not 'dino'"):
        vit.attention_map(images, "dino")
    with pytest.raises(ConfigError, match="only grad-cam can look for a text"):
        vit.attention_map(images, "mean", text=torch.ones(32))
    with pytest.raises(ShapeError, match="text embedding must be"):
        vit.attention_map(images, text=torch.ones(7))
