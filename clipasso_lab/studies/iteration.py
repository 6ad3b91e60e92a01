"""Time one iteration of the optimiser with CLIP's architectures at random weights, beside the plain recipe.

    python -m clipasso_lab.studies.iteration [RN101 ...] [--threads 1] [--views 4] [--device cpu] [--runs 5]

Prints JSON, a row an encoder, each measured in a process of its own (memory is a process's). "plain" is one iteration
of the paper's recipe (``plain_recipe.py``) with the same encoder: weights' gradients computed, photo looked at anew.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from typing import Any

import torch

from clipasso_core.optimize import OptimizeConfig
from clipasso_lab.bench import iteration
from clipasso_lab.bench.clock import cpu_threads, median_ms, peak_memory_mb
from clipasso_lab.bench.raster import drawn_strokes
from clipasso_lab.bench.stand_in import stand_in_photo
from clipasso_lab.studies.encoders import random_encoder
from clipasso_lab.studies.plain_recipe import PlainRecipe


def ours(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """Measure ours."""
    config = OptimizeConfig(num_views=options.views, bank_size=options.bank)
    encoder = random_encoder(name).to(options.device)
    return iteration.run(encoder, config, options.device, options.threads, runs=options.runs)


def plain(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """Measure the plain recipe."""
    encoder = random_encoder(name).to(options.device)
    with cpu_threads(options.threads):
        recipe = PlainRecipe(
            stand_in_photo().to(options.device), drawn_strokes(16, 224, device=options.device), encoder
        )
        return {"ms": median_ms(recipe.step, options.runs, options.device), "peak_memory_mb": peak_memory_mb()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Time one iteration.")
    parser.add_argument("names", nargs="*", default=["RN101"])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--views", type=int, default=4)
    parser.add_argument("--bank", type=int, default=32, help="views in the bank (as the standard preset)")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--alone", choices=("ours", "plain"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        torch.manual_seed(0)
        measure = ours if options.alone == "ours" else plain
        sys.stdout.write(json.dumps(measure(options.names[0], options)))
        return
    rows = [{"name": name, "ours": alone(name, "ours"), "plain": alone(name, "plain")} for name in options.names]
    sys.stdout.write(json.dumps(rows, indent=1) + "\n")


def alone(name: str, which: str) -> Any:
    """Measure in a process of its own; its other options are this one's."""
    rest = [argument for argument in sys.argv[1:] if argument != name]
    done = subprocess.run([sys.executable, __file__, name, *rest, "--alone", which], stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


if __name__ == "__main__":
    main()
