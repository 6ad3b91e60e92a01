"""clipasso bench: measure this machine."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from clipasso_core.optimize import PRESETS, preset_config

from .terminal import EXIT_OK, write_line


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("bench", help="measure this machine")
    whats = parser.add_subparsers(dest="what", required=True, metavar="raster|iteration|sketch")
    raster = whats.add_parser("raster", help="forward and backward of the rasterizer, one CPU thread")
    raster.set_defaults(run=_raster)
    iteration = whats.add_parser("iteration", help="one iteration of the optimiser and its parts")
    iteration.add_argument("--preset", choices=PRESETS, default="standard", help="default: %(default)s")
    iteration.set_defaults(run=_iteration)
    sketch = whats.add_parser("sketch", help="whole sketches")
    sketch.add_argument("photo", nargs="?", type=Path, metavar="PHOTO", help="default: a drawn one")
    sketch.add_argument("--presets", nargs="+", choices=PRESETS, default=["draft", "standard"])
    sketch.set_defaults(run=_sketch)
    for what in (iteration, sketch):
        what.add_argument("--encoder", default="embedded", help="default: %(default)s")
    for what in (raster, iteration, sketch):
        what.add_argument("--device", default="cpu", help="cpu, cuda or mps (default: %(default)s)")
        what.add_argument("--threads", type=int, default=1 if what is raster else 0, help="0: as torch chooses")
        what.add_argument("--json", action="store_true", help="print one JSON object instead of lines")


def _raster(arguments: argparse.Namespace) -> int:
    from clipasso_lab.bench import bench_raster

    return _print(bench_raster(_device(arguments), arguments.threads), arguments.json)


def _iteration(arguments: argparse.Namespace) -> int:
    from clipasso_core.encoders import get_encoder
    from clipasso_lab.bench import bench_iteration

    device = _device(arguments)
    encoder = get_encoder(arguments.encoder, device)
    return _print(bench_iteration(encoder, preset_config(arguments.preset), device, arguments.threads), arguments.json)


def _sketch(arguments: argparse.Namespace) -> int:
    from clipasso_core.encoders import get_encoder
    from clipasso_core.files import load_photo
    from clipasso_lab.bench import bench_sketch

    device = _device(arguments)
    photo = load_photo(arguments.photo).image if arguments.photo else None
    encoder = get_encoder(arguments.encoder, device)
    return _print(bench_sketch(encoder, photo, arguments.presets, device, arguments.threads), arguments.json)


def _device(arguments: argparse.Namespace) -> str:
    from clipasso_core.pipeline import choose_device

    return str(choose_device(arguments.device))


def _print(found: dict[str, Any], as_json: bool) -> int:
    lines = [f"{name}: {json.dumps(value)}" for name, value in found.items()]
    write_line(json.dumps(found) if as_json else "\n".join(lines))
    return EXIT_OK
