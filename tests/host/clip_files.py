"""CLIPs with random weights in the formats that users have, a sketch with them, and files that only look like one."""

from __future__ import annotations

import pickle
import warnings
import zipfile
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from .client import Json
from .graphs import Graph, sketch_graph

TEXT = {"context_length": 77, "vocab_size": 49408, "width": 64, "heads": 1, "layers": 1}
RN101_SHAPE = {"layers": [3, 4, 23, 3], "width": 64, "image_size": 224}
VIT_B_32_SHAPE = {"layers": 12, "width": 768, "patch_size": 32, "image_size": 224}

RN101, VIT, VISION = "clip-rn101-openai", "openai/ViT-B-32", "some_vision"
FILES = {
    RN101: Path("clipasso") / f"{RN101}.safetensors",
    VIT: Path("clipasso") / f"{VIT}.pt",
    VISION: Path("clip_vision") / f"{VISION}.safetensors",
}
"""One file of each format below models/, by the name that users choose."""

STROKES = 4


class Payload:
    """Make a file when unpickled."""

    def __init__(self, victim: Path) -> None:
        self.victim = victim

    def __reduce__(self) -> tuple[Any, tuple[Path]]:
        return Path.touch, (self.victim,)


def build(vision: dict[str, Any]) -> torch.nn.Module:
    """Build an image tower of these shapes (and a small text tower) whose every branch has weight."""
    import open_clip

    with torch.random.fork_rng():
        torch.manual_seed(3)
        model: torch.nn.Module = open_clip.model.CLIP(512, dict(vision), dict(TEXT), quick_gelu=True)
        for name, parameter in model.named_parameters():
            if ".bn" in name or "ln_" in name or name.endswith("bias"):
                parameter.data += 0.2 * torch.randn(parameter.shape)
    return model.eval().requires_grad_(False)


def write_open_clip(path: Path, vision: dict[str, Any]) -> None:
    """Write safetensors as open_clip and timm publish them: single precision, open_clip's names."""
    save_file({name: value.contiguous() for name, value in build(vision).state_dict().items()}, path)


def write_openai(path: Path, vision: dict[str, Any]) -> None:
    """Write OpenAI's format: a traced TorchScript archive in half precision."""
    model, side = build(vision), vision["image_size"]
    inputs = (torch.rand(1, 3, side, side), torch.zeros(1, 77, dtype=torch.long))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tracing warns of constants, and that TorchScript is old
        traced: Any = torch.jit.trace(model, inputs, check_trace=False)  # type: ignore[no-untyped-call]
        torch.jit.save(traced.half(), str(path))


def write_clip_vision(
    path: Path, layers: int, width: int = 768, patch: int = 32, side: int = 224, embed: int = 512
) -> None:
    """Write what lies in ComfyUI's models/clip_vision: transformers' names, half precision, no text tower."""
    generator = torch.Generator().manual_seed(5)

    def some(*shape: int, scale: float = 0.02, around: float = 0.0) -> torch.Tensor:
        return (around + scale * torch.randn(shape, generator=generator)).half()

    def norm(name: str) -> dict[str, torch.Tensor]:
        return {f"{name}.weight": some(width, scale=0.2, around=1), f"{name}.bias": some(width)}

    def linear(name: str, inputs: int, outputs: int) -> dict[str, torch.Tensor]:
        return {f"{name}.weight": some(outputs, inputs), f"{name}.bias": some(outputs)}

    tokens, root = (side // patch) ** 2 + 1, "vision_model"
    tensors = {
        f"{root}.embeddings.class_embedding": some(width),
        f"{root}.embeddings.patch_embedding.weight": some(width, 3, patch, patch),
        f"{root}.embeddings.position_embedding.weight": some(tokens, width),
        f"{root}.embeddings.position_ids": torch.arange(tokens)[None],
        **norm(f"{root}.pre_layrnorm"),
        **norm(f"{root}.post_layernorm"),
        "visual_projection.weight": some(embed, width),
    }
    for index in range(layers):
        block = f"{root}.encoder.layers.{index}"
        for name in ("q", "k", "v", "out"):
            tensors |= linear(f"{block}.self_attn.{name}_proj", width, width)
        tensors |= norm(f"{block}.layer_norm1") | norm(f"{block}.layer_norm2")
        tensors |= linear(f"{block}.mlp.fc1", width, 4 * width) | linear(f"{block}.mlp.fc2", 4 * width, width)
    save_file(tensors, path)


def write_all(models: Path) -> None:
    """Write ``FILES``."""
    for file in FILES.values():
        (models / file).parent.mkdir(parents=True, exist_ok=True)
    write_open_clip(models / FILES[RN101], RN101_SHAPE)
    write_openai(models / FILES[VIT], VIT_B_32_SHAPE)
    write_clip_vision(models / FILES[VISION], layers=4)


def sketch_with(info: Json, saliency: str, optimize: str | None = None) -> Graph:
    """Wire a whole short sketch: one encoder for both, or another one for Optimize."""
    graph = sketch_graph(info, strokes=STROKES, iterations=2)
    looking = graph.add("CLIPassoLoadEncoder", encoder_name=saliency)
    comparing = graph.add("CLIPassoLoadEncoder", encoder_name=optimize) if optimize else looking
    graph.set("CLIPassoSaliency", encoder=looking)
    graph.set("CLIPassoOptimize", encoder=comparing)
    return graph


def write_evil(path: Path, victim: Path, kind: str) -> None:
    """Write a pickle that makes ``victim`` when run: bare, inside a checkpoint, or as TorchScript's program data."""
    if kind == "pickle":
        path.write_bytes(pickle.dumps(Payload(victim)))
    elif kind == "checkpoint":
        torch.save({"state_dict": {"visual.conv1.weight": Payload(victim)}}, path)
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("model/constants.pkl", pickle.dumps(()))
            archive.writestr("model/data.pkl", pickle.dumps(Payload(victim)))


def spring(path: Path, kind: str) -> None:
    """Unpickle what ``write_evil`` wrote, as a careless program would."""
    if kind == "pickle":
        pickle.loads(path.read_bytes())
    elif kind == "checkpoint":
        torch.load(path, weights_only=False)
    else:
        with zipfile.ZipFile(path) as archive:
            pickle.loads(archive.read("model/data.pkl"))
