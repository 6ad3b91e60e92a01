"""Measure what an iteration costs with each encoder, at random weights: time and memory do not depend on them.

An iteration is what drawing does: five views forward (the recipe's maps and the embedding) and backward to the
pixels. One CPU thread, each encoder in a process of its own. Prints JSON:

    python -m clipasso_lab.studies.encoders [--repeats 3] [--device cpu] [NAME ...]

``calibration_s`` is a fixed convolution (5x3x224x224, 64 filters of 7x7, forward and backward), measured beside every
encoder: divide by it to compare machines, and mistrust rows where it differs (something else was running).
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F

from clipasso_core.encoders.base import ImageEncoder
from clipasso_core.encoders.checkpoint import Checkpoint, Training, recognise_architecture
from clipasso_core.encoders.clip import ClipEncoder
from clipasso_core.encoders.embedded import embedded_encoder

VIEWS = 5
ARCHITECTURES = (
    "RN50",
    "RN101",
    "RN50x4",
    "RN50x16",
    "ViT-B-32-quickgelu",
    "ViT-B-32",
    "ViT-B-16-quickgelu",
    "ViT-L-14-quickgelu",
    "ViT-H-14",
    "ViT-B-32-SigLIP2-256",
    "ViT-B-16-SigLIP2",
)
EMBEDDED = "embedded"


def random_encoder(architecture: str) -> ImageEncoder:
    """Build an encoder of open_clip's name with random weights (the embedded one has its own)."""
    if architecture == EMBEDDED:
        return embedded_encoder()
    import open_clip

    config = open_clip.get_model_config(architecture)
    quick = bool(config.get("quick_gelu", False))
    visual = open_clip.model._build_vision_tower(config["embed_dim"], config["vision_cfg"], quick).state_dict()
    checkpoint = Checkpoint(
        path=Path(f"{architecture}.random"),
        sha256="0" * 64,
        kind="random",
        layout="open_clip",
        architecture=recognise_architecture(visual),
        training=Training(quick),
        known=None,
        visual=visual,
    )
    return ClipEncoder(checkpoint)


def seconds(step: Callable[[], object], repeats: int, device: str) -> float:
    """Return the shortest of some runs after one to warm up: of the one thread's own time on the CPU, so that other
    work on the machine counts less, and of the clock on a GPU."""
    clock = time.process_time if device == "cpu" else time.perf_counter
    times = []
    for _ in range(repeats + 1):
        start = clock()
        step()
        if device != "cpu":
            torch.cuda.synchronize()
        times.append(clock() - start)
    return min(times[1:])


def calibration(repeats: int, device: str) -> float:
    """Time the fixed convolution."""
    weight = torch.ones(64, 3, 7, 7, device=device)
    images = torch.rand(VIEWS, 3, 224, 224, device=device, requires_grad=True)

    def step() -> None:
        torch.autograd.backward(F.conv2d(images, weight, stride=2).sum())

    return seconds(step, repeats, device)


def measure(name: str, repeats: int, device: str) -> dict[str, object]:
    """Measure one encoder in this process."""
    torch.set_num_threads(1)
    encoder = random_encoder(name).to(device)
    side = encoder.input_size
    images = torch.rand(VIEWS, 3, side, side, device=device, requires_grad=True)

    def forward() -> torch.Tensor:
        features = encoder.encode(images)
        assert features.embedding is not None
        return sum((m.square().mean() for m in features.maps.values()), features.embedding.square().mean())

    def step() -> None:
        images.grad = None
        torch.autograd.backward(forward())

    before = calibration(5, device)
    row = {
        "encoder": name,
        "input_size": side,
        "layers": list(encoder.recipe.layer_weights),
        "iteration_s": round(seconds(step, repeats, device), 4),
        "forward_s": round(seconds(forward, repeats, device), 4),
        "attention_s": round(seconds(lambda: encoder.attention_map(images[:1].detach()), 1, device), 4),
        "calibration_s": [round(before, 4), round(calibration(5, device), 4)],
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    if device != "cpu":
        row["peak_gpu_mb"] = round(torch.cuda.max_memory_allocated() / 2**20)
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help=f"some of: {EMBEDDED}, {', '.join(ARCHITECTURES)}")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        sys.stdout.write(json.dumps(measure(options.names[0], options.repeats, options.device)))
        return
    rows = []
    for name in options.names or (EMBEDDED, *ARCHITECTURES):
        sys.stderr.write(f"{name}\n")
        command = [sys.executable, __file__, "--alone", "--repeats", str(options.repeats), "--device", options.device]
        done = subprocess.run([*command, name], stdout=subprocess.PIPE, text=True, check=True)
        rows.append(json.loads(done.stdout))
    machine = {"torch": torch.__version__, "python": platform.python_version(), "processor": platform.machine()}
    sys.stdout.write(json.dumps({"machine": machine, "threads": 1, "views": VIEWS, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
