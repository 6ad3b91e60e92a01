"""clipasso sketch PHOTO: one photo becomes an SVG."""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from clipasso_core.errors import ClipassoError, ConfigError, check_ending
from clipasso_core.framing import FITS
from clipasso_core.optimize import COLORS, PRESETS, WIDTHS, OptimizeConfig
from clipasso_core.saliency import EDGE_METHODS
from clipasso_core.sketch_svg import PAGES, on_page, sketch_svg, sketch_title
from clipasso_core.stroke_init import StrokeInitConfig

from .animate_command import add_animation_options, animation_config, write_animation, write_movie
from .results import check_results
from .scene_options import add_scene_options, mask_files, note_of, scene_settings
from .stroke_options import add_stroke_options, counting_of, levels_of, stroke_settings
from .terminal import EXIT_ERROR, EXIT_INTERRUPTED, EXIT_OK, write_line

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from clipasso_core.animation import AnimationConfig, History
    from clipasso_core.encoders import ImageEncoder
    from clipasso_core.optimize import SketchStep
    from clipasso_core.pipeline import Sketch, SketchConfig
    from clipasso_core.sketch_svg import Page
    from clipasso_core.strokes import Strokes

PNG_SIDE = 1024


class _Files(NamedTuple):
    """What is written of a sketch, or of a level of it: an SVG, and a PNG where that is asked for."""

    svg: Path
    png: Path | None


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("sketch", help="sketch a photo", description="Turn the photo of an object into SVG.")
    parser.add_argument("photo", metavar="PHOTO", type=Path, help="an image file")
    parser.add_argument("-o", "--output", metavar="OUT.svg", type=Path, help="default: the photo's name with .svg")
    parser.add_argument("--png", metavar="OUT.png", type=Path, help="also write a PNG, 1024 px")
    add_making_options(parser)
    parser.add_argument("--mask", default="auto", metavar="auto|none|FILE", help="the object (default: %(default)s)")
    add_scene_options(parser)
    text = "go on from these strokes, drawn over the photo or by clipasso; --strokes counts them, too"
    parser.add_argument("--continue", dest="given", metavar="MINE.svg", type=Path, help=text)
    text = "0-1, how far those may move, as a share of the others' steps (default: 0, not at all)"
    parser.add_argument("--given-freedom", type=float, metavar="SHARE", help=text)
    text = "an image of the photo's size: more where it is lighter than grey, less where it is darker"
    parser.add_argument("--detail-map", metavar="FILE", type=Path, help=text)
    text = "also write the drawing as it is drawn: an .svg that draws itself, or a .gif, .webp or .mp4"
    parser.add_argument("--animate", metavar="OUT", type=Path, help=text)
    text = "also write how the strokes moved until then, a .gif, .webp or .mp4"
    parser.add_argument("--animate-history", metavar="OUT", type=Path, help=text)
    add_animation_options(parser)
    text = "size of the SVG's page (default: canvas; with --continue the one that it was drawn on)"
    parser.add_argument("--page", choices=PAGES, help=text)
    parser.add_argument("--force", action="store_true", help="replace files that clipasso did not write")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    parser.set_defaults(run=run)


def add_making_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how sketches are made of any photo, one or many."""
    init = StrokeInitConfig()
    add_stroke_options(parser)
    text = f"curves that a stroke is joined of (default: {init.num_segments}; preset paper: 1)"
    parser.add_argument("--segments", type=int, metavar="N", help=text)
    parser.add_argument("--width", type=float, metavar="PX", help=f"at 224 px (default: {init.stroke_width})")
    text = "move one width for all strokes, or each stroke's own (default: keep)"
    parser.add_argument("--widths", choices=WIDTHS, help=text)
    least, most = OptimizeConfig.min_width, OptimizeConfig.max_width
    text = f"bounds of moved widths, at 224 px (default: {least:g} {most:g})"
    parser.add_argument("--width-range", type=float, nargs=2, metavar=("LEAST", "MOST"), help=text)
    text = "the photo's under each stroke, or moved with the points (default: keep black)"
    parser.add_argument("--colors", choices=COLORS, help=text)
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
    parser.add_argument("--fit", choices=FITS, help="photo to square canvas (default: crop; preset paper: squash)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (default: %(default)s)")


def run(arguments: argparse.Namespace) -> int:
    """Sketch the photo and write the files; when an error ends the sketch, write the best until then, and say so."""
    from clipasso_core.animation import History
    from clipasso_core.files import load_detail, load_photo
    from clipasso_core.pipeline import SketchError, choose_device, sketch
    from clipasso_core.scenes import sketch_scene

    from .terminal import SketchProgress

    started = time.perf_counter()
    files = _files(arguments)
    animation = _check_files(arguments, files)
    photo = load_photo(arguments.photo)
    given, detail = _given_strokes(arguments), load_detail(arguments.detail_map) if arguments.detail_map else None
    config, scene, device = sketch_config(arguments), scene_settings(arguments), choose_device(arguments.device)
    encoder, looking, lacking = _encoders(arguments, device)
    history = History(animation.num_frames)

    def see(step: SketchStep) -> None:
        history.record(step)
        progress.update(step)

    with SketchProgress(config.optimize.num_iterations, quiet=arguments.json) as progress:
        try:
            eyes: dict[str, Any] = {"detail": detail, "encoder": encoder, "saliency_encoder": looking, "on_step": see}
            if scene is None:
                made = sketch(photo.image, config, mask=_mask(arguments), given=given, **eyes)
            else:
                made = sketch_scene(photo.image, config, scene.config, masks=scene.masks, **eyes)
        except SketchError as error:
            sys.stderr.write(f"clipasso: {error} The best until then goes to {_named(files)}\n")
            made = error.sketch
    page = _page(arguments, made, given)
    _write(arguments, made, files, page)
    try:
        _animate(arguments, made, animation, history, page)
    except (ClipassoError, KeyboardInterrupt):
        sys.stderr.write(f"clipasso: the sketch is in {_named(files)}; its animation was not finished\n")
        raise
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


def _check_files(arguments: argparse.Namespace, files: list[_Files]) -> AnimationConfig:
    """Return how animations are made, once all files are known to be writable and possible."""
    from clipasso_core.animation.movie import MOVIES

    history = arguments.animate_history
    results = (*(path for one in files for path in one), arguments.animate, history)
    made_from = filter(None, (arguments.given, arguments.detail_map, *mask_files(arguments)))
    sources = {arguments.photo: "the photo itself", **dict.fromkeys(made_from, "what the sketch is made from")}
    check_results(sources, [path for path in results if path], arguments.force)
    for one in files:
        check_ending(one.svg, (".svg",))
        if one.png:
            check_ending(one.png, (".png",))
    if history:
        check_ending(history, MOVIES)
    return animation_config(arguments, *filter(None, (arguments.animate, history)))


def sketch_config(arguments: argparse.Namespace) -> SketchConfig:
    """Return the preset's config with what the user says otherwise."""
    from clipasso_core.presets import as_counted, as_one_line, sketch_preset

    config, strokes, counting = sketch_preset(arguments.preset), stroke_settings(arguments), counting_of(arguments)
    config = as_one_line(config) if arguments.one_line else config
    config = as_counted(config, **counting._asdict()) if counting else config
    source = "none" if arguments.mask == "none" else None
    init = {"num_sketches": arguments.sketches, "stroke_width": arguments.width, "num_segments": arguments.segments}
    least, most = arguments.width_range or (None, None)
    if least is not None and arguments.widths in (None, "keep"):
        raise ConfigError("--width-range bounds widths that are moved. Add --widths, or leave it out.")
    if arguments.given_freedom is not None and arguments.given is None:
        raise ConfigError("--given-freedom is of the strokes of --continue. Add that, or leave it out.")
    looks = {"widths": arguments.widths, "min_width": least, "max_width": most, "colors": arguments.colors}
    optimize = {"num_iterations": arguments.iterations, "tidy": arguments.tidy, "simplify": arguments.simplify, **looks}
    optimize["given_freedom"] = arguments.given_freedom
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
    from clipasso_core.encoders import get_encoder

    named, other, lacking = encoders_of(arguments)
    encoder = get_encoder(named, device)
    looking = encoder if other == named else get_encoder(other, device)
    return encoder, looking, lacking


def encoders_of(arguments: argparse.Namespace) -> tuple[str, str, str]:
    """Return the names of what compares and of what says where strokes start, and what to add as ``_encoders`` does."""
    from clipasso_core.encoders import EMBEDDED
    from clipasso_core.presets import PAPER_ENCODERS, preset_encoders

    lacking, named, other = "", arguments.encoder, arguments.saliency_encoder
    if named is None and other is None:
        named, other = preset_encoders(arguments.preset)
        if arguments.preset == "paper" and (named, other) != PAPER_ENCODERS:
            lacking = f"; the paper's encoders ({' and '.join(PAPER_ENCODERS)}) are not both here"
    named = named or EMBEDDED
    return named, other or named, lacking


def _mask(arguments: argparse.Namespace) -> Tensor | None:
    from clipasso_core.files import load_mask

    return None if arguments.mask in ("auto", "none") else load_mask(Path(arguments.mask))


def _given_strokes(arguments: argparse.Namespace) -> Strokes | None:
    if arguments.given is None:
        return None
    from clipasso_core.files import read_bytes
    from clipasso_core.svg import from_svg
    from clipasso_core.svg.document import MAX_BYTES

    return from_svg(read_bytes(arguments.given, MAX_BYTES))


def _page(arguments: argparse.Namespace, made: Sketch, given: Strokes | None) -> Page:
    """Return what the page of the SVG shows: where given strokes keep their bytes, unless the user says otherwise."""
    from clipasso_core.given import is_over_photo

    if arguments.page or given is None:
        page: Page = arguments.page or "canvas"
        return page
    over = is_over_photo(given.canvas_size, made.frames[0].photo_size, made.result.strokes.canvas_size)
    return "photo" if over else "canvas"


def _write(arguments: argparse.Namespace, made: Sketch, files: list[_Files], page: Page) -> None:
    from clipasso_core.files import save_png, write_atomically
    from clipasso_core.levels import ladder
    from clipasso_core.rasterizer import rasterize

    placed = on_page(page, made.result.strokes.to("cpu"), made.frames)
    levels = levels_of(arguments)
    groups = levels if arguments.levels_in_one else ()
    placed = ladder(placed, levels) if levels and not groups else placed
    for index, one in enumerate(files):
        name, one_line = arguments.photo.stem, arguments.one_line
        write_atomically(one.svg, sketch_svg(name, placed, index, one_line=one_line, levels=groups))
        if one.png:
            save_png(rasterize(placed.select([index]), placed.size_for(PNG_SIDE))[0], one.png)


def _animate(
    arguments: argparse.Namespace, made: Sketch, config: AnimationConfig, history: History, page: Page
) -> None:
    """Write the animations that the user asked for."""
    from clipasso_core.animation import history_frames

    side = arguments.side
    if arguments.animate:
        strokes = on_page(page, made.result.strokes.to("cpu"), made.frames)
        metadata = {"clipasso": dict(strokes.provenance)}
        title = sketch_title(arguments.photo.stem, strokes, one_line=arguments.one_line)
        write_animation(strokes, arguments.animate, config, side, title, metadata)
    if arguments.animate_history:
        moments = on_page(page, history.of(made.result), made.frames)
        frames = history_frames(moments, config, moments.size_for(side))
        write_movie(frames, arguments.animate_history, config.fps)


def _facts(arguments: argparse.Namespace, made: Sketch, files: list[_Files], seconds: float) -> dict[str, Any]:
    result, (svg, png) = made.result, files[-1]
    regions, note = result.strokes.group_names, note_of(result.strokes.provenance)
    return {
        "svg": str(svg),
        "png": str(png) if png else None,
        "animation": str(arguments.animate) if arguments.animate else None,
        "history": str(arguments.animate_history) if arguments.animate_history else None,
        **({"regions": {name: result.strokes.names_of(0).count(name) for name in regions}} if regions else {}),
        **({"note": note} if note else {}),
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
    drawn = "one stroke" if facts["strokes"] == 1 else f"{facts['strokes']} strokes"
    return (
        f"{drawn}{_where(facts)}{_why(facts)}, loss {facts['loss']:.4f}, seed {facts['seed']}, "
        f"{facts['iterations']} iterations ({facts['stopped']}), {facts['seconds']} s, {encoder}"
        f"{'; ' if 'note' in facts else ''}{facts.get('note', '')}"
    )


def _where(facts: dict[str, Any]) -> str:
    """Say how many strokes each region of a scene has."""
    of_regions = ", ".join(f"{count} {name}" for name, count in facts.get("regions", {}).items())
    return f" ({of_regions})" if of_regions else ""


def _why(facts: dict[str, Any]) -> str:
    """Say why there are so many strokes, where they were counted."""
    count = facts.get("stroke_count")
    return f" of {len(count['losses'])}, each of which lowers the loss by {count['price']:.4f} or more" if count else ""
