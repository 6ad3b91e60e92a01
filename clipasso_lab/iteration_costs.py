"""What an iteration costs with each encoder, at random weights: time and memory do not depend on them. Prints JSON.

    python -m clipasso_lab.iteration_costs [NAME ...] [--what ours unkept plain memory] [--threads 1]

Names are open_clip's architectures, or "embedded". Each measurement is a process of its own:

- ours: an iteration of the optimiser, and its parts (``bench_iteration``)
- unkept: the same without ``keeping_freed_memory``
- plain: one of the paper's recipe (``plain_recipe.py``): weights' gradients computed, photo looked at anew
- memory: what the process holds during a long run

Mistrust rows whose calibration differs: something else was running.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch

from clipasso_core.encoders import EMBEDDED, ImageEncoder, get_encoder
from clipasso_core.encoders.clip import ClipEncoder
from clipasso_core.errors import DependencyError
from clipasso_core.optimize import OptimizeConfig, SketchRun

from .bench import bench_iteration
from .measure import (
    cpu_threads,
    in_own_process,
    median_ms,
    peak_memory_mb,
    print_json,
    resident_memory_mb,
    timing_facts,
)
from .photos import ball_photo, random_strokes
from .plain_recipe import PlainRecipe

ARCHITECTURES = (
    *("RN50", "RN101", "RN50x4", "RN50x16"),
    *("ViT-B-32-quickgelu", "ViT-B-32", "ViT-B-16-quickgelu", "ViT-L-14-quickgelu", "ViT-H-14"),
    *("ViT-B-32-SigLIP2-256", "ViT-B-16-SigLIP2"),
)


def random_encoder(architecture: str) -> ImageEncoder:
    """Build an encoder of open_clip's name with random weights (the embedded one has its own).

    Raises:
        DependencyError: open_clip is missing.
    """
    if architecture == EMBEDDED:
        return get_encoder()
    try:
        import open_clip
    except ImportError as error:
        raise DependencyError("CLIP needs open_clip: pip install open_clip_torch") from error
    config = open_clip.get_model_config(architecture)
    quick = bool(config.get("quick_gelu", False))
    torch.manual_seed(0)
    tower = open_clip.model._build_vision_tower(config["embed_dim"], config["vision_cfg"], quick)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{architecture}.pt"
        torch.save({f"visual.{name}": tensor for name, tensor in tower.state_dict().items()}, file)
        del tower  # its memory is not to be measured
        return ClipEncoder.from_file(file, quick_gelu=quick, name=architecture)


def our_cost(encoder: ImageEncoder, options: argparse.Namespace, keep_memory: bool = True) -> dict[str, Any]:
    """Time an iteration of ours."""
    config = OptimizeConfig(num_views=options.views, bank_size=options.bank)
    return bench_iteration(encoder, config, options.device, options.threads, options.runs, keep_memory)


def plain_cost(encoder: ImageEncoder, options: argparse.Namespace) -> dict[str, Any]:
    """Time an iteration of the plain recipe."""
    strokes = random_strokes(16, device=options.device)
    recipe = PlainRecipe(ball_photo().to(options.device), strokes, encoder)
    return {"ms": {"iteration": median_ms(recipe.step, options.runs, options.device)}}


def memory_growth(encoder: ImageEncoder, options: argparse.Namespace) -> dict[str, Any]:
    """Watch what the process holds over a long run."""
    config = OptimizeConfig(options.iterations, 6.0, num_views=1, bank_size=16)
    run = SketchRun(ball_photo().to(options.device), random_strokes(16, device=options.device), encoder, config)
    every = max(1, options.iterations // 10)
    return {"resident_mb": {step.iteration: resident_memory_mb() for step in run if step.iteration % every == 0}}


MEASURES: dict[str, Callable[..., dict[str, Any]]] = {
    "ours": our_cost,
    "unkept": partial(our_cost, keep_memory=False),
    "plain": plain_cost,
    "memory": memory_growth,
}


def measure_here(name: str, what: str, options: argparse.Namespace) -> dict[str, Any]:
    """Measure one thing of one encoder in this process."""
    encoder = random_encoder(name).to(options.device)
    with cpu_threads(options.threads):
        facts = timing_facts(options.device)
        row = {**facts, **MEASURES[what](encoder, options), "encoder": name, "what": what}
    row["peak_memory_mb"] = peak_memory_mb()
    if options.device.startswith("cuda"):
        row["peak_gpu_mb"] = round(torch.cuda.max_memory_allocated() / 2**20)
    return row


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help=f"some of: {EMBEDDED}, {', '.join(ARCHITECTURES)}")
    parser.add_argument("--what", nargs="+", choices=MEASURES, default=["ours"], help="default: ours")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--views", type=int, default=4, help="of an iteration, besides the identity")
    parser.add_argument("--bank", type=int, default=32, help="views in the bank (as the standard preset)")
    parser.add_argument("--iterations", type=int, default=2000, help="of the long run")
    parser.add_argument("--here", nargs=2, metavar=("NAME", "WHAT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        print_json(measure_here(options.here[0], options.here[1], options))
        return
    names = options.names or (EMBEDDED, *ARCHITECTURES)
    pairs = [[name, what] for name in names for what in options.what]
    print_json([in_own_process("clipasso_lab.iteration_costs", [*sys.argv[1:], "--here", *pair]) for pair in pairs])


if __name__ == "__main__":
    main()
