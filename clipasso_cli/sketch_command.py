"""clipasso sketch PHOTO: one photo becomes an SVG."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clipasso_core.framing import FITS
from clipasso_core.optimize import PRESETS
from clipasso_core.saliency import EDGE_METHODS
from clipasso_core.stroke_init import StrokeInitConfig

from .terminal import EXIT_ERROR, EXIT_INTERRUPTED, EXIT_OK, write_line

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from clipasso_core.encoders import ImageEncoder
    from clipasso_core.pipeline import Sketch, SketchConfig
    from clipasso_core.strokes import Strokes

PNG_SIDE = 1024


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("sketch", help="sketch a photo", description="Turn the photo of an object into SVG.")
    init = StrokeInitConfig()
    parser.add_argument("photo", metavar="PHOTO", type=Path, help="an image file")
    parser.add_argument("-o", "--output", metavar="OUT.svg", type=Path, help="default: the photo's name with .svg")
    parser.add_argument("--png", metavar="OUT.png", type=Path, help="also write a PNG, 1024 px")
    parser.add_argument("--strokes", type=int, metavar="N", help=f"how many (default: {init.num_strokes})")
    parser.add_argument("--width", type=float, metavar="PX", help=f"at 224 px (default: {init.stroke_width})")
    parser.add_argument("--seed", type=int, default=init.seed, help="of the random numbers (default: %(default)s)")
    parser.add_argument("--sketches", type=int, metavar="N", help=f"the best one wins (default: {init.num_sketches})")
    parser.add_argument("--iterations", type=int, help="default: as the preset says")
    text = "paper does as published, with CLIP if its files are there, and takes long (default: %(default)s)"
    parser.add_argument("--preset", choices=PRESETS, default="standard", help=text)
    text = "0-1, how much strokes keep off each other (default: as the preset says)"
    parser.add_argument("--tidy", type=float, metavar="SHARE", help=text)
    text = "0-1, how much the photo's line drawing counts instead of the photo (default: as the preset says)"
    parser.add_argument("--simplify", type=float, metavar="SHARE", help=text)
    text = "how the lines are found that strokes start on (default: as the preset says)"
    parser.add_argument("--edges", choices=EDGE_METHODS, help=text)
    parser.add_argument("--encoder", metavar="NAME", help="the network that compares (default: embedded)")
    parser.add_argument("--saliency-encoder", metavar="NAME", help="another one for where strokes start")
    parser.add_argument("--look-for", default="", metavar="WORDS", help="what is salient, for a CLIP that reads")
    parser.add_argument("--mask", default="auto", metavar="auto|none|FILE", help="the object (default: %(default)s)")
    text = "go on from these strokes, drawn over the photo or by clipasso; --strokes counts them, too"
    parser.add_argument("--continue", dest="given", metavar="MINE.svg", type=Path, help=text)
    text = "0-1, how far those may move, as a share of the others' steps (default: 0, not at all)"
    parser.add_argument("--given-freedom", type=float, metavar="SHARE", help=text)
    text = "an image of the photo's size: more where it is lighter than grey, less where it is darker"
    parser.add_argument("--detail-map", metavar="FILE", type=Path, help=text)
    parser.add_argument("--fit", choices=FITS, help="photo to square canvas (default: crop; preset paper: squash)")
    text = "size of the SVG's page (default: canvas; with --continue the one that it was drawn on)"
    parser.add_argument("--page", choices=("canvas", "photo"), help=text)
    parser.add_argument("--force", action="store_true", help="replace files that clipasso did not write")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Sketch the photo and write the files; when an error ends the sketch, write the best until then, and say so."""
    from clipasso_core.files import load_detail, load_photo
    from clipasso_core.pipeline import SketchError, choose_device, sketch

    from .terminal import SketchProgress

    started = time.perf_counter()
    output: Path = arguments.output or arguments.photo.parent / f"{arguments.photo.stem or 'sketch'}.svg"
    _check_outputs(arguments, output)
    photo = load_photo(arguments.photo)
    given, detail = _given_strokes(arguments), load_detail(arguments.detail_map) if arguments.detail_map else None
    config, device = _config(arguments), choose_device(arguments.device)
    encoder, looking, lacking = _encoders(arguments, device)
    with SketchProgress(config.optimize.num_iterations, quiet=arguments.json) as progress:
        try:
            made = sketch(
                photo.image,
                config,
                mask=_mask(arguments),
                given=given,
                detail=detail,
                encoder=encoder,
                saliency_encoder=looking,
                on_step=progress.update,
            )
        except SketchError as error:
            sys.stderr.write(f"clipasso: {error} The best until then goes to {output}\n")
            made = error.sketch
    _write(arguments, made, output, given)
    facts = _facts(arguments, made, output, time.perf_counter() - started)
    write_line(json.dumps(facts) if arguments.json else _last_line(facts, encoder.description + lacking))
    return {"interrupted": EXIT_INTERRUPTED, "failed": EXIT_ERROR}.get(made.result.stopped, EXIT_OK)


def _check_outputs(arguments: argparse.Namespace, output: Path) -> None:
    """Raise ImageFileError when a file cannot be written, or when one would be lost that nobody can make again."""
    from clipasso_core.errors import ImageFileError
    from clipasso_core.files import check_writable

    used = {os.path.realpath(arguments.photo): "the photo itself"}
    for path in filter(None, (arguments.given, arguments.detail_map)):
        used[os.path.realpath(path)] = "what the sketch is to be made from"
    for path in filter(None, (output, arguments.png)):
        check_writable(path)
        real = os.path.realpath(path)
        if real in used:
            raise ImageFileError(f"{str(path)!r} is {used[real]}. Choose another name for the result.")
        if path.exists() and not arguments.force and not _is_ours(path):
            raise ImageFileError(
                f"{str(path)!r} exists, and clipasso did not write it. Choose another name, or replace it with --force."
            )
        used[real] = "another result of this command"


def _is_ours(path: Path) -> bool:
    from clipasso_core.files import is_our_png
    from clipasso_core.svg import is_ours

    try:
        data = path.read_bytes()
    except OSError:  # what cannot be read is not known to be ours
        return False
    return is_ours(data) or is_our_png(data)


def _config(arguments: argparse.Namespace) -> SketchConfig:
    """Return the preset's config with what the user says otherwise."""
    from clipasso_core.presets import sketch_preset

    config = sketch_preset(arguments.preset)
    source = "none" if arguments.mask == "none" else None
    init = {"num_strokes": arguments.strokes, "num_sketches": arguments.sketches, "stroke_width": arguments.width}
    optimize = {"num_iterations": arguments.iterations, "tidy": arguments.tidy, "simplify": arguments.simplify}
    optimize["given_freedom"] = arguments.given_freedom
    return replace(
        config,
        mask=replace(config.mask, **_given(source=source, fit=arguments.fit)),
        attention=replace(config.attention, text=arguments.look_for),
        init=replace(config.init, seed=arguments.seed, **_given(**init)),
        optimize=replace(config.optimize, seed=arguments.seed, **_given(**optimize)),
        **_given(edges=arguments.edges),
    )


def _given(**options: Any) -> dict[str, Any]:
    """Return the options that the user gave."""
    return {name: value for name, value in options.items() if value is not None}


def _encoders(arguments: argparse.Namespace, device: torch.device) -> tuple[ImageEncoder, ImageEncoder, str]:
    """Return what compares and what says where strokes start, and what to add when the preset's own are not there."""
    from clipasso_core.encoders import EMBEDDED, get_encoder
    from clipasso_core.presets import PAPER_ENCODERS, preset_encoders

    lacking, named, other = "", arguments.encoder, arguments.saliency_encoder
    if named is None and other is None:
        named, other = preset_encoders(arguments.preset)
        if arguments.preset == "paper" and (named, other) != PAPER_ENCODERS:
            lacking = f"; the paper's encoders ({' and '.join(PAPER_ENCODERS)}) are not both here"
    encoder = get_encoder(named or EMBEDDED, device)
    looking = encoder if other in (None, named) else get_encoder(other, device)
    return encoder, looking, lacking


def _mask(arguments: argparse.Namespace) -> Tensor | None:
    from clipasso_core.files import load_mask

    return None if arguments.mask in ("auto", "none") else load_mask(Path(arguments.mask))


def _given_strokes(arguments: argparse.Namespace) -> Strokes | None:
    from clipasso_core.svg import from_svg
    from clipasso_lab.sketch_files import read_bytes

    return from_svg(read_bytes(arguments.given)) if arguments.given else None


def _page(arguments: argparse.Namespace, made: Sketch, given: Strokes | None) -> str:
    """Return what the page of the SVG shows: where given strokes keep their bytes, unless the user says otherwise."""
    from clipasso_core.given import is_over_photo

    if arguments.page or given is None:
        return arguments.page or "canvas"
    over = is_over_photo(given.canvas_size, made.frames[0].photo_size, made.result.strokes.canvas_size)
    return "photo" if over else "canvas"


def _write(arguments: argparse.Namespace, made: Sketch, output: Path, given: Strokes | None) -> None:
    from clipasso_core.files import save_png, write_atomically
    from clipasso_core.framing import to_photos
    from clipasso_core.rasterizer import rasterize
    from clipasso_core.svg import to_svg

    strokes = made.result.strokes.to("cpu")
    placed = to_photos(strokes, made.frames) if _page(arguments, made, given) == "photo" else strokes
    title = f"{arguments.photo.stem} in {strokes.num_strokes} strokes"
    metadata = {"clipasso": dict(placed.provenance)}
    write_atomically(output, to_svg(placed, title=title, metadata=metadata, background="white"))
    if arguments.png:
        save_png(rasterize(placed, placed.size_for(PNG_SIDE))[0], arguments.png)


def _facts(arguments: argparse.Namespace, made: Sketch, output: Path, seconds: float) -> dict[str, object]:
    result = made.result
    return {
        "svg": str(output),
        "png": str(arguments.png) if arguments.png else None,
        "strokes": result.strokes.num_strokes,
        "encoder": result.strokes.provenance["encoder"],
        "loss": result.loss[0],
        "seed": result.winning_seeds()[0],
        "iterations": result.num_iterations,
        "stopped": result.stopped,
        "seconds": round(seconds, 2),
    }


def _last_line(facts: dict[str, object], encoder: str) -> str:
    return (
        f"{facts['svg']}: {facts['strokes']} strokes, loss {facts['loss']:.4f}, seed {facts['seed']}, "
        f"{facts['iterations']} iterations ({facts['stopped']}), {facts['seconds']} s, {encoder}"
    )
