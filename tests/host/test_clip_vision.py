"""What ComfyUI's own Load CLIP Vision holds, as an encoder: every network that it knows, and a sketch with one."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from clipasso_core.encoders.checkpoint import checkpoint_of, recognise_architecture
from clipasso_core.encoders.checkpoint_convert import to_open_clip
from clipasso_core.errors import WeightsError

from . import clip_files, outputs
from .client import ExecutionError, Json
from .comfy_tree import host_python
from .graphs import sketch_graph
from .server import ComfyServer

pytestmark = pytest.mark.host

CLIPS = {
    "clip_vision_config_vitl": "ViT-L-14",
    "clip_vision_config_vitl_336": "ViT-L-14-336",
    "clip_vision_config_vitl_336_llava": "ViT-L-14-336",
    "clip_vision_config_h": "ViT-H-14",
    "clip_vision_config_g": "ViT-bigG-14",
}
REFUSED = {"siglip": "this SigLIP lacks its pooling", "dino": "an image network that is neither CLIP nor SigLIP"}
SHAPES = """
import json, pathlib, sys
tree = pathlib.Path(sys.argv[1])
sys.path.insert(0, str(tree))
sys.argv = ["main.py", "--cpu"]
import comfy.options
comfy.options.enable_args_parsing()
import torch, comfy.clip_vision, comfy.ops
found = {}
for path in sorted([*(tree / "comfy").glob("clip_vision_*.json"), *(tree / "comfy/image_encoders").glob("*.json")]):
    config = json.loads(path.read_text())
    kind = comfy.clip_vision.IMAGE_ENCODERS[config["model_type"]]
    model = kind(config, torch.float16, torch.device("meta"), comfy.ops.manual_cast)
    shapes = {name: list(value.shape) for name, value in model.state_dict().items()}
    found[path.stem] = {"quick_gelu": config.get("hidden_act") == "quick_gelu", "shapes": shapes}
print("SHAPES" + json.dumps(found))
"""


@pytest.fixture(scope="module")
def networks(tree: Path) -> Json:
    """The tensors' shapes of every network that core's loader knows, by its configuration's name."""
    command = [host_python(), "-c", SHAPES, str(tree)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    read: Json = json.loads(done.stdout.rpartition("SHAPES")[2])
    return read


def hollow(network: Json) -> dict[str, torch.Tensor]:
    return {name: torch.empty(shape, device="meta") for name, shape in network["shapes"].items()}


@pytest.mark.parametrize("config", CLIPS)
def test_every_clip_of_core_is_recognised(networks: Json, config: str) -> None:
    visual, _ = to_open_clip(hollow(networks[config]))
    architecture = recognise_architecture(visual)
    assert architecture.name == CLIPS[config]
    assert architecture.projection
    assert (architecture.width < 1280) == networks[config]["quick_gelu"], "core's activation is the one assumed"


def test_all_else_of_core_is_refused_in_one_sentence(networks: Json) -> None:
    others = networks.keys() - CLIPS.keys()
    assert {kind for kind in REFUSED if any(kind in name for name in others)} == REFUSED.keys()
    for name in others:
        says = next(text for kind, text in REFUSED.items() if kind in name)
        with pytest.raises(WeightsError, match=says):
            checkpoint_of(hollow(networks[name]))


# --- in a host ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def vit_l(host: ComfyServer) -> Iterator[str]:
    """The name of a ViT-L/14 with random weights in models/clip_vision, of the real shape: core takes no other."""
    pytest.importorskip("open_clip", reason="needs open_clip (pip install open_clip_torch)")
    path = host.base / "models" / "clip_vision" / "vit_l_14.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    clip_files.write_clip_vision(path, layers=24, width=1024, patch=14, embed=768)
    yield path.name
    host.client.forget()
    path.unlink()


def test_a_sketch_by_what_core_has_loaded(host: ComfyServer, info: Json, vit_l: str) -> None:
    """Core goes on using its model, and words are refused."""
    graph = sketch_graph(info, strokes=4, iterations=1)
    loaded = graph.add("CLIPVisionLoader", clip_name=vit_l)
    encoder = graph.add("CLIPassoEncoderFromCLIPVision", clip_vision=loaded)
    graph.set("CLIPassoOptimize", encoder=encoder)
    seen = graph.add("CLIPVisionEncode", clip_vision=loaded, image=graph.output("LoadImage"), crop="center")
    graph.add("PreviewAny", source=seen)
    (svg,) = outputs.svgs(host.client, host.client.run(graph.built(), timeout=900))
    facts = json.loads(outputs.parse(svg).findtext(f"{outputs.SVG}metadata") or "")["clipasso"]
    assert facts["encoder"] == "ViT-L-14"
    assert len(facts["encoder_sha256"]) == 64
    assert len(outputs.paths(svg)) == 4

    graph.set("CLIPassoSaliency", encoder=encoder, look_for="the horse")
    with pytest.raises(ExecutionError, match="no text tower") as caught:
        host.client.run(graph.built())
    assert caught.value.node_type == "CLIPassoSaliency"
