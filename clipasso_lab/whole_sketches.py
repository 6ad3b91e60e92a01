"""Sketch photos of scikit-image with every preset; print loss, seconds and memory as JSON.

    python -m clipasso_lab.whole_sketches [--presets draft standard] [--threads 2] [--out FOLDER]

Each sketch is a process of its own, `clipasso sketch`; seconds are of the whole process, imports and U²-Net included.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

from clipasso_core.optimize import PRESETS

from .measure import cpu_threads, print_json, timing_facts
from .photos import PHOTOS, write_photos

CHILD = """
import sys
from clipasso_cli import main
status = main(sys.argv[1:])
from clipasso_lab.measure import peak_memory_mb
sys.stderr.write(str(peak_memory_mb()))
sys.exit(status)
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Time whole sketches.")
    parser.add_argument("--presets", nargs="+", choices=PRESETS, default=["draft", "standard"])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--out", type=Path, help="folder that keeps the sketches")
    options = parser.parse_args()
    with cpu_threads(options.threads):
        facts = timing_facts("cpu")
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.out or Path(scratch)
        write_photos(folder)
        rows = [
            sketch_in_own_process(photo, preset, options.threads, folder)
            for preset in options.presets
            for photo in PHOTOS
        ]
    print_json({**facts, "sketches": rows})


def sketch_in_own_process(photo: str, preset: str, threads: int, folder: Path) -> dict[str, object]:
    """Sketch FOLDER/photo.png with `clipasso sketch`; the SVG and a PNG go beside it."""
    file, out = folder / f"{photo}.png", folder / f"{photo}-{preset}.svg"
    files = [str(file), "-o", str(out), "--png", str(out.with_suffix(".png"))]
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", CHILD, "sketch", *files, "--preset", preset, "--json"],
        env={**os.environ, "OMP_NUM_THREADS": str(threads)},
        capture_output=True,
        text=True,
        check=True,
    )
    seconds, facts = time.perf_counter() - started, json.loads(done.stdout)
    peak_gb = round(float(done.stderr.split()[-1]) / 1e3, 2)
    kept = {name: facts[name] for name in ("loss", "seed", "iterations", "stopped")}
    return {"photo": photo, "preset": preset, "seconds": round(seconds, 1), "peak_gb": peak_gb, **kept}


if __name__ == "__main__":
    main()
