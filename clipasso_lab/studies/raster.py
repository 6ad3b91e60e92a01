"""Print the rasterizer's timings as JSON.

Usage: python -m clipasso_lab.studies.raster [--device cuda] [--threads 1] [--runs 30]
Pin it to one core (taskset -c 1).
"""

from __future__ import annotations

import argparse
import json
import sys

from clipasso_lab.bench.raster import run


def main() -> None:
    """Read the options, run, print."""
    parser = argparse.ArgumentParser(description="Time the rasterizer.")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--runs", type=int, default=30)
    options = parser.parse_args()
    json.dump(run(options.device, options.threads, options.runs), sys.stdout, indent=2)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
