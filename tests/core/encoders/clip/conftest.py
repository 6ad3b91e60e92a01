"""CLIPs with random weights, at real shapes and at tiny ones, and a writer for OpenAI's file format."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

open_clip = pytest.importorskip("open_clip", reason="needs open_clip (pip install open_clip_torch)")

TEXT = {"context_length": 77, "vocab_size": 49408, "width": 64, "heads": 1, "layers": 1}
TINY_RESNET = {"layers": [1, 2, 1, 1], "width": 16, "image_size": 64}
TINY_VIT = {"layers": 4, "width": 128, "patch_size": 16, "image_size": 64}


def randomize(model: torch.nn.Module) -> torch.nn.Module:
    """Give batch norms statistics that folding can go wrong on, and every residual branch some weight."""
    generator = torch.Generator().manual_seed(7)
    for name, buffer in model.named_buffers():
        if name.endswith("running_mean"):
            buffer.copy_(0.1 * torch.randn(buffer.shape, generator=generator))
        if name.endswith("running_var"):
            buffer.copy_(0.5 + torch.rand(buffer.shape, generator=generator))
    for name, parameter in model.named_parameters():
        if ".bn" in name or "ln_" in name or name.endswith("bias"):
            parameter.data += 0.2 * torch.randn(parameter.shape, generator=generator)
    return model.eval().requires_grad_(False)


def _build(vision: dict[str, object], embed: int = 32, quick: bool = True, text: dict[str, int] = TEXT):
    torch.manual_seed(3)
    return randomize(open_clip.model.CLIP(embed, dict(vision), dict(text), quick_gelu=quick))


@pytest.fixture(scope="session")
def tiny_resnet() -> torch.nn.Module:
    return _build(TINY_RESNET)


@pytest.fixture(scope="session")
def tiny_vit() -> torch.nn.Module:
    return _build(TINY_VIT)


@pytest.fixture(scope="session")
def rn101() -> torch.nn.Module:
    """RN101 at its real shape, with a small text tower."""
    return _build({"layers": [3, 4, 23, 3], "width": 64, "image_size": 224}, embed=512)


@pytest.fixture(scope="session")
def vit_b_32() -> torch.nn.Module:
    """ViT-B/32 at its real shape, with a small text tower."""
    return _build({"layers": 12, "width": 768, "patch_size": 32, "image_size": 224}, embed=512)


@pytest.fixture(scope="session")
def normalized() -> Callable[[torch.Tensor], torch.Tensor]:
    """Normalise pixels as open_clip's transform does."""
    mean = torch.tensor(open_clip.OPENAI_DATASET_MEAN).reshape(1, 3, 1, 1)
    std = torch.tensor(open_clip.OPENAI_DATASET_STD).reshape(1, 3, 1, 1)
    return lambda images: (images - mean) / std


@pytest.fixture(scope="session")
def write_torchscript() -> Callable[[torch.nn.Module, Path], None]:
    """Write a model as OpenAI does: a traced TorchScript archive in half precision."""

    def write(model: torch.nn.Module, path: Path) -> None:
        size = model.visual.image_size
        side = size if isinstance(size, int) else size[0]
        tokens = torch.zeros(1, 77, dtype=torch.long)
        inputs = (torch.rand(1, 3, side, side), tokens)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # tracing warns of constants, and that TorchScript is old
            traced = torch.jit.trace(copy.deepcopy(model), inputs, check_trace=False).half()
            torch.jit.save(traced, str(path))

    return write


@pytest.fixture
def transformers(monkeypatch: pytest.MonkeyPatch):
    """Return transformers, whose file formats are read here; it must not trip over a torchaudio that is broken."""
    found = pytest.importorskip("transformers", reason="needs transformers, whose files these are")
    monkeypatch.setattr(found.utils.import_utils, "is_torchaudio_available", lambda: False)
    monkeypatch.setattr(found.utils, "is_torchaudio_available", lambda: False)
    return found
