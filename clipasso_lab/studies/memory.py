"""Watch the memory of a run of 2000 iterations. Prints JSON.

python -m clipasso_lab.studies.memory [--iterations 2000] [--strokes 16]
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from clipasso_core.encoders import get_encoder
from clipasso_core.optimize import OptimizeConfig, SketchRun
from clipasso_lab.bench.clock import describe_machine, peak_memory_mb
from clipasso_lab.bench.raster import drawn_strokes
from clipasso_lab.bench.stand_in import stand_in_photo


def resident_mb() -> float:
    """Return the memory in MB that this process holds now; where the system does not tell, the most it ever held."""
    status = Path("/proc/self/status")
    if not status.exists():
        return peak_memory_mb() or 0.0
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1e3


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description="Watch the memory of a long run.")
    parser.add_argument("--iterations", type=int, default=2000)
    parser.add_argument("--strokes", type=int, default=16)
    options = parser.parse_args()
    config = OptimizeConfig(options.iterations, 6.0, num_views=1, bank_size=16)
    run = SketchRun(stand_in_photo(), drawn_strokes(options.strokes, 224), get_encoder(), config)
    every = max(1, options.iterations // 10)
    held = {step.iteration: resident_mb() for step in run if step.iteration % every == 0}
    sys.stdout.write(json.dumps({"machine": describe_machine("cpu"), "resident_mb": held}, indent=1) + "\n")


if __name__ == "__main__":
    main()
