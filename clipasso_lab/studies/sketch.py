"""Sketch photos of scikit-image with every preset; print loss, seconds and memory as JSON.

Usage: python -m clipasso_lab.studies.sketch [--presets draft standard] [--threads 2]
Each sketch is a process of its own, as `clipasso sketch` is;
seconds are of the whole process, imports and U²-Net included. Needs scikit-image.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

from clipasso_lab.studies.photos import PHOTOS, write_photos

CHILD = """
import sys
from clipasso_lab.bench.clock import peak_memory_mb
from clipasso_cli import main
status = main(sys.argv[1:])
sys.stderr.write(str(peak_memory_mb()))
sys.exit(status)
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Time whole sketches.")
    parser.add_argument("--presets", nargs="+", default=["draft", "standard"])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--out", type=Path, help="folder that keeps the sketches")
    options = parser.parse_args()
    machine = {"processor": platform.processor() or platform.machine(), "threads": options.threads}
    versions = {"torch": torch.__version__, "python": platform.python_version()}
    report = {"machine": machine, "versions": versions, "calibration_ms": calibrate(options.threads), "sketches": []}
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.out or Path(scratch)
        write_photos(folder)
        report["sketches"] = [
            measure(photo, preset, options.threads, folder) for preset in options.presets for photo in PHOTOS
        ]
    sys.stdout.write(json.dumps(report, indent=1) + "\n")


def measure(photo: str, preset: str, threads: int, folder: Path) -> dict[str, object]:
    """Sketch one photo in a process of its own."""
    file, out = folder / f"{photo}.png", folder / f"{photo}-{preset}.svg"
    command = [sys.executable, "-c", CHILD, "sketch", str(file), "-o", str(out), "--preset", preset, "--json"]
    started = time.perf_counter()
    done = subprocess.run(
        [*command, "--png", str(out.with_suffix(".png"))],
        env={**os.environ, "OMP_NUM_THREADS": str(threads)},
        capture_output=True,
        text=True,
        check=True,
    )
    seconds = time.perf_counter() - started
    facts = json.loads(done.stdout)
    peak = float(done.stderr.split()[-1]) / 1e3
    kept = {name: facts[name] for name in ("loss", "seed", "iterations", "stopped")}
    return {"photo": photo, "preset": preset, "seconds": round(seconds, 1), "peak_gb": round(peak, 2), **kept}


def calibrate(threads: int) -> float:
    """Return the median ms of conv2d of [5, 3, 224, 224] with [64, 3, 7, 7], to compare machines by."""
    torch.set_num_threads(threads)
    images, weight = torch.rand(5, 3, 224, 224), torch.rand(64, 3, 7, 7)
    times = []
    for _ in range(30):
        started = time.perf_counter()
        torch.nn.functional.conv2d(images, weight)
        times.append(time.perf_counter() - started)
    return round(sorted(times)[15] * 1e3, 2)


if __name__ == "__main__":
    main()
