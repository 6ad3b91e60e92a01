"""clipasso bench: measure this machine."""

from __future__ import annotations

import argparse
import json

from .output import write_line


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("bench", help="measure the rasterizer on this machine")
    parser.add_argument("what", choices=("raster",), help="raster: forward and backward of the rasterizer")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    from ..rasterizer import bench

    found = bench.run()
    lines = [f"{name}: {json.dumps(value)}" for name, value in found.items()]
    write_line(json.dumps(found) if arguments.json else "\n".join(lines))
    return 0
