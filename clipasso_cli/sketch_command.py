"""clipasso sketch PHOTO: one photo becomes an SVG."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from clipasso_core.framing import FITS
from clipasso_core.optimize import PRESETS
from clipasso_core.saliency import EDGE_METHODS
from clipasso_core.stroke_init import StrokeInitConfig

from .stroke_options import add_stroke_options, levels_of, stroke_settings
from .terminal import EXIT_ERROR, EXIT_INTERRUPTED, EXIT_OK, write_line

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from clipasso_core.encoders import ImageEncoder
    from clipasso_core.pipeline import Sketch, SketchConfig

PNG_SIDE = 1024


class _Files(NamedTuple):
    """What is written of a sketch, or of a level of it: an SVG, and a PNG where that is asked for."""

    svg: Path
    png: Path | None


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("sketch", help="sketch a photo", description="Turn the photo of an object into SVG.")
    init = StrokeInitConfig()
    parser.add_argument("photo", metavar="PHOTO", type=Path, help="an image file")
    parser.add_argument("-o", "--output", metavar="OUT.svg", type=Path, help="default: the photo's name with .svg")
    parser.add_argument("--png", metavar="OUT.png", type=Path, help="also write a PNG, 1024 px")
    add_stroke_options(parser)
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
    parser.add_argument("--fit", choices=FITS, help="photo to square canvas (default: crop; preset paper: squash)")
    parser.add_argument("--page", choices=("canvas", "photo"), default="canvas", help="size of the SVG's page")
    parser.add_argument("--force", action="store_true", help="replace files that clipasso did not write")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Sketch the photo and write the files; when an error ends the sketch, write the best until then, and say so."""
    from clipasso_core.files import load_photo
    from clipasso_core.pipeline import SketchError, choose_device, sketch

    from .terminal import SketchProgress

    started = time.perf_counter()
    files = _files(arguments)
    _check_outputs(arguments, files)
    photo = load_photo(arguments.photo)
    config, device = _config(arguments), choose_device(arguments.device)
    encoder, looking, lacking = _encoders(arguments, device)
    with SketchProgress(config.optimize.num_iterations, quiet=arguments.json) as progress:
        try:
            made = sketch(
                photo.image,
                config,
                mask=_mask(arguments),
                encoder=encoder,
                saliency_encoder=looking,
                on_step=progress.update,
            )
        except SketchError as error:
            sys.stderr.write(f"clipasso: {error} The best until then goes to {_named(files)}\n")
            made = error.sketch
    _write(arguments, made, files)
    facts = _facts(arguments, made, files, time.perf_counter() - started)
    line = f"{_named(files)}: {_last_line(facts, encoder.description + lacking)}"
    write_line(json.dumps(facts) if arguments.json else line)
    return {"interrupted": EXIT_INTERRUPTED, "failed": EXIT_ERROR}.get(made.result.stopped, EXIT_OK)


def _files(arguments: argparse.Namespace) -> list[_Files]:
    """Return what will be written, one entry for each level that gets files of its own."""
    svg: Path = arguments.output or arguments.photo.parent / f"{arguments.photo.stem or 'sketch'}.svg"
    levels = levels_of(arguments)
    if not levels or arguments.levels_in_one:
        return [_Files(svg, arguments.png)]
    return [_Files(_of_level(svg, n), arguments.png and _of_level(arguments.png, n)) for n in levels]


def _of_level(path: Path, level: int) -> Path:
    return path.with_stem(f"{path.stem}-{level}")


def _named(files: list[_Files]) -> str:
    return ", ".join(str(one.svg) for one in files)


def _check_outputs(arguments: argparse.Namespace, files: list[_Files]) -> None:
    """Raise ImageFileError when a file cannot be written, or when one would be lost that nobody can make again."""
    from clipasso_core.errors import ImageFileError
    from clipasso_core.files import check_writable

    used = {os.path.realpath(arguments.photo): "the photo itself"}
    for path in (path for one in files for path in one if path):
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

    config, strokes = sketch_preset(arguments.preset), stroke_settings(arguments)
    source = "none" if arguments.mask == "none" else None
    init = {"num_sketches": arguments.sketches, "stroke_width": arguments.width}
    optimize = {"num_iterations": arguments.iterations, "tidy": arguments.tidy, "simplify": arguments.simplify}
    return replace(
        config,
        mask=replace(config.mask, **_given(source=source, fit=arguments.fit)),
        attention=replace(config.attention, text=arguments.look_for),
        init=replace(config.init, seed=arguments.seed, **strokes.init, **_given(**init)),
        optimize=replace(config.optimize, seed=arguments.seed, **strokes.optimize, **_given(**optimize)),
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


def _write(arguments: argparse.Namespace, made: Sketch, files: list[_Files]) -> None:
    from clipasso_core.files import save_png, write_atomically
    from clipasso_core.framing import to_photos
    from clipasso_core.levels import ladder
    from clipasso_core.rasterizer import rasterize
    from clipasso_core.svg import to_svg

    strokes = made.result.strokes.to("cpu")
    placed = to_photos(strokes, made.frames) if arguments.page == "photo" else strokes
    levels = levels_of(arguments)
    groups = levels if arguments.levels_in_one else ()
    placed = ladder(placed, levels) if levels and not groups else placed
    for index, one in enumerate(files):
        title = f"{arguments.photo.stem} in {int(placed.alive[index].sum())} strokes"
        about: dict[str, Any] = {"title": title, "metadata": {"clipasso": dict(placed.provenance)}}
        write_atomically(one.svg, to_svg(placed, index, background="white", levels=groups, **about))
        if one.png:
            save_png(rasterize(placed.select([index]), placed.size_for(PNG_SIDE))[0], one.png)


def _facts(arguments: argparse.Namespace, made: Sketch, files: list[_Files], seconds: float) -> dict[str, Any]:
    result, (svg, png) = made.result, files[-1]
    return {
        "svg": str(svg),
        "png": str(png) if png else None,
        **({"levels": [str(one.svg) for one in files]} if arguments.levels else {}),
        "strokes": int(result.strokes.alive.sum()),
        **({"stroke_count": result.counts[0].report()} if result.counts else {}),
        "encoder": result.strokes.provenance["encoder"],
        "loss": result.loss[0],
        "seed": result.winning_seeds()[0],
        "iterations": result.num_iterations,
        "stopped": result.stopped,
        "seconds": round(seconds, 2),
    }


def _last_line(facts: dict[str, Any], encoder: str) -> str:
    return (
        f"{facts['strokes']} strokes{_why(facts)}, loss {facts['loss']:.4f}, seed {facts['seed']}, "
        f"{facts['iterations']} iterations ({facts['stopped']}), {facts['seconds']} s, {encoder}"
    )


def _why(facts: dict[str, Any]) -> str:
    """Say why there are so many strokes, where they were counted."""
    count = facts.get("stroke_count")
    return f" of {len(count['losses'])}, each of which lowers the loss by {count['price']:.4f} or more" if count else ""
