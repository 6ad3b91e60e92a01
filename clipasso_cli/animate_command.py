"""clipasso animate DRAWING.svg: a drawing becomes an animation of itself being drawn."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from clipasso_core.animation import AnimationConfig

from .results import check_results
from .terminal import EXIT_OK, write_line

if TYPE_CHECKING:
    from torch import Tensor

    from clipasso_core.strokes import Strokes

SIDE = 512


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    text = "Turn a drawing into an animation of how it is drawn: an SVG that draws itself, a GIF, a WebP or an mp4."
    parser = commands.add_parser("animate", help="show a drawing as it is drawn", description=text)
    parser.add_argument("drawing", metavar="DRAWING.svg", type=Path, help="its paths are drawn in their order")
    text = "an .svg that draws itself, or a .gif, .webp or .mp4"
    parser.add_argument("-o", "--output", metavar="OUT", type=Path, required=True, help=text)
    add_animation_options(parser)
    parser.add_argument("--force", action="store_true", help="replace files that clipasso did not write")
    parser.set_defaults(run=run)


def add_animation_options(parser: argparse.ArgumentParser) -> None:
    """Add what says how long an animation is, and how large."""
    usual = AnimationConfig()
    text = "in which an animation's drawing comes to be (default: %(default)s)"
    parser.add_argument("--frames", type=int, metavar="N", default=usual.num_frames, help=text)
    text = "frames a second of an animation (default: %(default)g)"
    parser.add_argument("--fps", type=float, metavar="N", default=usual.fps, help=text)
    text = "how long the finished drawing stays at its end (default: %(default)g)"
    parser.add_argument("--hold", type=float, metavar="SECONDS", default=usual.hold, help=text)
    text = "px of a .gif's, .webp's or .mp4's longer side (default: %(default)s)"
    parser.add_argument("--side", type=int, metavar="PX", default=SIDE, help=text)


def animation_config(arguments: argparse.Namespace, *paths: Path) -> AnimationConfig:
    """Return what the options say, once all is known to work for animations in these files.

    Raises:
        ConfigError: an option is out of range, or there is no animation of a file's ending.
        DependencyError: a package is missing for it.
    """
    from clipasso_core.animation.movie import MOVIES, check_movie
    from clipasso_core.errors import check_ending, check_range
    from clipasso_core.pixels import MIN_SIDE

    config = AnimationConfig(arguments.frames, arguments.fps, arguments.hold)
    check_range("side", arguments.side, MIN_SIDE, 8192)
    for path in paths:
        check_ending(path, (".svg", *MOVIES))
        if path.suffix.lower() != ".svg":
            check_movie(path.suffix.lower(), config.fps)
    return config


def run(arguments: argparse.Namespace) -> int:
    """Read the drawing and write the animation."""
    from clipasso_core.files import read_bytes
    from clipasso_core.svg import from_svg
    from clipasso_core.svg.document import MAX_BYTES

    check_results({arguments.drawing: "the drawing itself"}, [arguments.output], arguments.force)
    config = animation_config(arguments, arguments.output)
    strokes = from_svg(read_bytes(arguments.drawing, MAX_BYTES))
    write_animation(strokes, arguments.output, config, arguments.side, arguments.drawing.stem)
    write_line(f"{arguments.output}: {strokes.num_strokes} strokes in {config.seconds:g} s")
    return EXIT_OK


def write_animation(
    strokes: Strokes,
    path: Path,
    config: AnimationConfig,
    side: int,
    title: str,
    metadata: Mapping[str, object] | None = None,
) -> None:
    """Write a sketch as it is drawn, as the file's ending says.

    Args:
        strokes: one sketch.
        path: the file.
        config: how long it is.
        side: px of a movie's longer side.
        title: of an SVG, as is the metadata.
        metadata: JSON values, or None.
    """
    from clipasso_core.animation import Timeline, drawing_frames
    from clipasso_core.files import write_atomically
    from clipasso_core.svg import to_svg

    if path.suffix.lower() == ".svg":
        times = Timeline.of(strokes).pen_times(config.seconds)
        text = to_svg(strokes, title=title, metadata=metadata, background="white", pen_times=times)
        write_atomically(path, text)
    else:
        write_movie(drawing_frames(strokes, config, strokes.size_for(side)), path, config.fps)


def write_movie(frames: Iterator[Tensor], path: Path, fps: float) -> None:
    """Write frames [1, 3, H, W] as a .gif, .webp or .mp4."""
    from clipasso_core.animation.movie import encode_movie
    from clipasso_core.files import write_atomically

    write_atomically(path, encode_movie((frame[0] for frame in frames), path.suffix.lower(), fps))
