"""The table of known networks agrees with open_clip's, and recognition by hash, name and configuration works."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from clipasso_core.encoders.checkpoint import Architecture, recognise_architecture, training_of
from clipasso_core.errors import ConfigError, WeightsError
from clipasso_core.weights.known import KNOWN, find_known, recognise

VIT_L = Architecture("vit", 1024, (24,), 14, 224, 16, 768)
VIT_H = Architecture("vit", 1280, (32,), 14, 224, 16, 1024)


@pytest.mark.parametrize("network", KNOWN, ids=lambda network: network.name)
def test_agrees_with_open_clip(network) -> None:
    pretrained = pytest.importorskip("open_clip.pretrained", reason="needs open_clip")
    config = pretrained.get_pretrained_cfg(network.architecture, network.tag)
    assert config, f"open_clip has no {network.architecture} {network.tag}"
    assert (network.mean, network.std) == (config["mean"], config["std"])
    assert network.quick_gelu == config.get("quick_gelu", False)
    if network.has_text:
        assert config["hf_hub"] == f"{network.repo}/"
    if network.original_sha256:
        assert network.original_sha256 in config["url"]


def test_names_are_unique_and_found() -> None:
    assert len({network.name for network in KNOWN}) == len(KNOWN)
    assert find_known("CLIP-RN101-OpenAI").architecture == "RN101"
    with pytest.raises(ConfigError, match="clip-rn101-openai"):
        find_known("clip")


def test_recognised_by_hash_before_name() -> None:
    rn50 = find_known("clip-rn50-openai")
    assert recognise("clip-rn101-openai", rn50.original_sha256) is rn50
    assert recognise("clip-rn101-openai", "0" * 64) is find_known("clip-rn101-openai")
    assert recognise("CLIP-ViT-L-14-laion2B-s32B-b82K") is find_known("clip-vit-l-14-laion2b")
    assert recognise("mine") is None
    assert recognise("IP-Adapter") is None


@pytest.mark.parametrize(
    ("stem", "kind", "architecture", "quick"),
    [
        ("anything", "torchscript", VIT_L, True),
        ("CLIP-ViT-L-14-laion2B", "safetensors", VIT_L, False),
        ("clip_l", "safetensors", VIT_L, True),
        ("unnamed", "safetensors", VIT_L, True),
        ("unnamed", "safetensors", VIT_H, False),
        ("DFN5B-CLIP-ViT-H-14", "safetensors", VIT_H, True),
        ("clip_vision_l", "safetensors", VIT_H, True),
        ("clip_laion2b_vit_b32", "safetensors", VIT_L, False),
        ("clip_large_laion", "safetensors", VIT_L, False),
        ("clip_l_laion400m", "safetensors", VIT_L, False),
        ("CLIP-ViT-L-14-DataComp.XL-s13B", "safetensors", VIT_L, False),
        ("clip_lucid", "safetensors", VIT_H, False),
        ("clip-vit-large-patch14-336", "safetensors", VIT_H, True),
        ("ViT-B-32-quickgelu-laion400m", "safetensors", VIT_L, True),
    ],
)
def test_activation(stem: str, kind: str, architecture: Architecture, quick: bool, tmp_path: Path) -> None:
    assert training_of(tmp_path / f"{stem}.safetensors", kind, architecture, None).quick_gelu is quick


def test_configuration_beside_the_file(tmp_path: Path) -> None:
    config = {"model_cfg": {"quick_gelu": True}, "preprocess_cfg": {"mean": [0.5] * 3, "std": [0.25] * 3}}
    (tmp_path / "open_clip_config.json").write_text(json.dumps(config))
    found = training_of(tmp_path / "laion.safetensors", "safetensors", VIT_H, None)
    assert (found.quick_gelu, found.mean, found.std) == (True, (0.5,) * 3, (0.25,) * 3)
    (tmp_path / "open_clip_config.json").write_text("{")
    assert not training_of(tmp_path / "laion.safetensors", "safetensors", VIT_H, None).quick_gelu


@pytest.mark.parametrize(
    ("open_clip_name", "name"),
    [
        ("RN50", "RN50"),
        ("RN50x4", "RN50x4"),
        ("RN50x16", "RN50x16"),
        ("ViT-B-16", "ViT-B-16"),
        ("ViT-L-14-336", "ViT-L-14-336"),
        ("ViT-H-14", "ViT-H-14"),
        ("ViT-bigG-14", "ViT-bigG-14"),
        ("ViT-SO400M-14-SigLIP-378", "SigLIP so400m patch 14"),
        ("ViT-B-16-SigLIP2", "SigLIP base patch 16"),
    ],
)
def test_every_known_architecture_is_deduced_from_shapes(open_clip_name: str, name: str) -> None:
    """The real shapes, without the memory: networks on the meta device, rebuilt from what was deduced."""
    model = pytest.importorskip("open_clip.model", reason="needs open_clip")
    config = __import__("open_clip").get_model_config(open_clip_name)
    with torch.device("meta"):
        visual = model._build_vision_tower(config["embed_dim"], config["vision_cfg"]).state_dict()
    found = recognise_architecture(visual)
    assert found.name == name
    assert found.image_size == config["vision_cfg"]["image_size"]
    assert found.embed_dim == config["embed_dim"]
    if found.family == "vit":
        assert found.heads == config["vision_cfg"]["width"] // config["vision_cfg"].get("head_width", 64)


def test_unknown_towers_are_refused() -> None:
    with pytest.raises(WeightsError, match="not supported"):
        recognise_architecture({"trunk.stem.0.weight": torch.zeros(1)})
    with pytest.raises(WeightsError, match="incomplete"):
        recognise_architecture({"class_embedding": torch.zeros(4)})
