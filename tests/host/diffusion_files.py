"""A Stable Diffusion 1.5 and a ControlNet with random weights, in the files that users have.

    python -m tests.host.diffusion_files FOLDER

writes both below FOLDER, as ComfyUI's models/ has them: checkpoints/ (2.1 GB) and controlnet/ (0.7 GB), half precision,
under the names that our templates ask for. Pictures made with them are noise; names, shapes and sizes are those of the
real files, because ComfyUI tells by them what a file is. Written from the published formats: latent-diffusion's names,
and transformers' for the text encoder.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import pairwise
from math import prod
from pathlib import Path

import torch
from safetensors.torch import save_file

from .comfy_tree import REPO

CHECKPOINT = Path("checkpoints") / "v1-5-pruned-emaonly-fp16.safetensors"
CONTROLNET = Path("controlnet") / "control_v11p_sd15_scribble_fp16.safetensors"
"""Below models/, as templates name them."""

UNET_CHANNELS = (320, 640, 1280, 1280)
VAE_CHANNELS = (128, 256, 512, 512)
TIME, WORDS = 1280, 768
"""Sizes of the embeddings of time and of words."""

HINT = (3, 16, 16, 32, 32, 96, 96, 256, 320)
"""Channels between the convolutions that bring a ControlNet's picture to the latent's size."""

Shapes = Iterator[tuple[str, tuple[int, ...]]]
"""Names of tensors, and their shapes."""


def _linear(name: str, inputs: int, outputs: int, bias: bool = True) -> Shapes:
    yield f"{name}.weight", (outputs, inputs)
    if bias:
        yield f"{name}.bias", (outputs,)


def _conv(name: str, inputs: int, outputs: int, side: int = 3) -> Shapes:
    yield f"{name}.weight", (outputs, inputs, side, side)
    yield f"{name}.bias", (outputs,)


def _norm(name: str, channels: int) -> Shapes:
    yield f"{name}.weight", (channels,)
    yield f"{name}.bias", (channels,)


def _unet_residual(name: str, inputs: int, outputs: int) -> Shapes:
    yield from _norm(f"{name}.in_layers.0", inputs)
    yield from _conv(f"{name}.in_layers.2", inputs, outputs)
    yield from _linear(f"{name}.emb_layers.1", TIME, outputs)
    yield from _norm(f"{name}.out_layers.0", outputs)
    yield from _conv(f"{name}.out_layers.3", outputs, outputs)
    if inputs != outputs:
        yield from _conv(f"{name}.skip_connection", inputs, outputs, side=1)


def _transformer(name: str, channels: int) -> Shapes:
    yield from _norm(f"{name}.norm", channels)
    yield from _conv(f"{name}.proj_in", channels, channels, side=1)
    block = f"{name}.transformer_blocks.0"
    for attention, read in (("attn1", channels), ("attn2", WORDS)):
        yield from _linear(f"{block}.{attention}.to_q", channels, channels, bias=False)
        yield from _linear(f"{block}.{attention}.to_k", read, channels, bias=False)
        yield from _linear(f"{block}.{attention}.to_v", read, channels, bias=False)
        yield from _linear(f"{block}.{attention}.to_out.0", channels, channels)
    yield from _linear(f"{block}.ff.net.0.proj", channels, 8 * channels)
    yield from _linear(f"{block}.ff.net.2", 4 * channels, channels)
    for number in (1, 2, 3):
        yield from _norm(f"{block}.norm{number}", channels)
    yield from _conv(f"{name}.proj_out", channels, channels, side=1)


def _skips() -> list[int]:
    """Return the channels that come out of each of the twelve input blocks."""
    channels = [UNET_CHANNELS[0]]
    for level, count in enumerate(UNET_CHANNELS):
        channels += [count] * (2 if level == 3 else 3)
    return channels


def unet_encoder(root: str) -> Shapes:
    """Yield the half of the UNet that a ControlNet copies: time, input blocks, middle."""
    yield from _linear(f"{root}.time_embed.0", UNET_CHANNELS[0], TIME)
    yield from _linear(f"{root}.time_embed.2", TIME, TIME)
    yield from _conv(f"{root}.input_blocks.0.0", 4, UNET_CHANNELS[0])
    skips = _skips()
    for index in range(1, len(skips)):
        block, level = f"{root}.input_blocks.{index}", index // 3
        if index % 3 == 0:
            yield from _conv(f"{block}.0.op", skips[index], skips[index])
            continue
        yield from _unet_residual(f"{block}.0", skips[index - 1], skips[index])
        if level < 3:
            yield from _transformer(f"{block}.1", skips[index])
    yield from _unet_residual(f"{root}.middle_block.0", UNET_CHANNELS[-1], UNET_CHANNELS[-1])
    yield from _transformer(f"{root}.middle_block.1", UNET_CHANNELS[-1])
    yield from _unet_residual(f"{root}.middle_block.2", UNET_CHANNELS[-1], UNET_CHANNELS[-1])


def unet(root: str = "model.diffusion_model") -> Shapes:
    """Yield the UNet."""
    yield from unet_encoder(root)
    skips, channels = _skips(), UNET_CHANNELS[-1]
    for index in range(12):
        block, level = f"{root}.output_blocks.{index}", 3 - index // 3
        yield from _unet_residual(f"{block}.0", channels + skips.pop(), UNET_CHANNELS[level])
        channels = UNET_CHANNELS[level]
        if level < 3:
            yield from _transformer(f"{block}.1", channels)
        if index % 3 == 2 and level > 0:
            yield from _conv(f"{block}.{1 if level == 3 else 2}.conv", channels, channels)
    yield from _norm(f"{root}.out.0", channels)
    yield from _conv(f"{root}.out.2", channels, 4)


def controlnet(root: str = "control_model") -> Shapes:
    """Yield a ControlNet: half a UNet, the way in of its picture, and a way out of each block."""
    yield from unet_encoder(root)
    for index, (inputs, outputs) in enumerate(pairwise(HINT)):
        yield from _conv(f"{root}.input_hint_block.{2 * index}", inputs, outputs)
    for index, channels in enumerate(_skips()):
        yield from _conv(f"{root}.zero_convs.{index}.0", channels, channels, side=1)
    yield from _conv(f"{root}.middle_block_out.0", UNET_CHANNELS[-1], UNET_CHANNELS[-1], side=1)


def _vae_residual(name: str, inputs: int, outputs: int) -> Shapes:
    yield from _norm(f"{name}.norm1", inputs)
    yield from _conv(f"{name}.conv1", inputs, outputs)
    yield from _norm(f"{name}.norm2", outputs)
    yield from _conv(f"{name}.conv2", outputs, outputs)
    if inputs != outputs:
        yield from _conv(f"{name}.nin_shortcut", inputs, outputs, side=1)


def _vae_middle(name: str) -> Shapes:
    channels = VAE_CHANNELS[-1]
    yield from _vae_residual(f"{name}.block_1", channels, channels)
    yield from _norm(f"{name}.attn_1.norm", channels)
    for part in ("q", "k", "v", "proj_out"):
        yield from _conv(f"{name}.attn_1.{part}", channels, channels, side=1)
    yield from _vae_residual(f"{name}.block_2", channels, channels)


def vae(root: str = "first_stage_model") -> Shapes:
    """Yield the autoencoder between pixels and latents."""
    channels = VAE_CHANNELS[0]
    yield from _conv(f"{root}.encoder.conv_in", 3, channels)
    for level, count in enumerate(VAE_CHANNELS):
        for index in range(2):
            yield from _vae_residual(f"{root}.encoder.down.{level}.block.{index}", channels, count)
            channels = count
        if level < 3:
            yield from _conv(f"{root}.encoder.down.{level}.downsample.conv", channels, channels)
    yield from _vae_middle(f"{root}.encoder.mid")
    yield from _norm(f"{root}.encoder.norm_out", channels)
    yield from _conv(f"{root}.encoder.conv_out", channels, 8)
    yield from _conv(f"{root}.quant_conv", 8, 8, side=1)
    yield from _conv(f"{root}.post_quant_conv", 4, 4, side=1)
    yield from _conv(f"{root}.decoder.conv_in", 4, channels)
    yield from _vae_middle(f"{root}.decoder.mid")
    for level in (3, 2, 1, 0):
        for index in range(3):
            yield from _vae_residual(f"{root}.decoder.up.{level}.block.{index}", channels, VAE_CHANNELS[level])
            channels = VAE_CHANNELS[level]
        if level > 0:
            yield from _conv(f"{root}.decoder.up.{level}.upsample.conv", channels, channels)
    yield from _norm(f"{root}.decoder.norm_out", channels)
    yield from _conv(f"{root}.decoder.conv_out", channels, 3)


def text_encoder(root: str = "cond_stage_model.transformer.text_model") -> Shapes:
    """Yield CLIP ViT-L/14's text tower."""
    yield f"{root}.embeddings.token_embedding.weight", (49408, WORDS)
    yield f"{root}.embeddings.position_embedding.weight", (77, WORDS)
    for index in range(12):
        layer = f"{root}.encoder.layers.{index}"
        for part in ("q", "k", "v", "out"):
            yield from _linear(f"{layer}.self_attn.{part}_proj", WORDS, WORDS)
        yield from _norm(f"{layer}.layer_norm1", WORDS)
        yield from _linear(f"{layer}.mlp.fc1", WORDS, 4 * WORDS)
        yield from _linear(f"{layer}.mlp.fc2", 4 * WORDS, WORDS)
        yield from _norm(f"{layer}.layer_norm2", WORDS)
    yield from _norm(f"{root}.final_layer_norm", WORDS)


def random_weights(shapes: Shapes) -> dict[str, torch.Tensor]:
    """Fill tensors so that values neither vanish nor overflow on their way: norms near 1, biases near 0."""
    generator = torch.Generator().manual_seed(7)
    weights = {}
    for name, shape in shapes:
        scale = prod(shape[1:]) ** -0.5 if len(shape) > 1 else 0.02
        around = 1.0 if len(shape) == 1 and name.endswith("weight") else 0.0
        weights[name] = (around + scale * torch.randn(shape, generator=generator)).half()
    return weights


def write_all(models: Path) -> None:
    """Write ``CHECKPOINT`` and ``CONTROLNET`` below a folder outside the repository; those that are there stay.

    Raises:
        ValueError: the folder lies in the repository, where gigabytes might be committed.
    """
    if models.resolve().is_relative_to(REPO):
        raise ValueError(f"{models} lies in the repository; give a folder outside it, such as /tmp/models")
    whole = {CHECKPOINT: (unet, vae, text_encoder), CONTROLNET: (controlnet,)}
    for file, parts in whole.items():
        path = models / file
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            save_file(random_weights(entry for part in parts for entry in part()), path)


if __name__ == "__main__":
    write_all(Path(sys.argv[1]))
