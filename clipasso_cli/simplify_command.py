"""clipasso simplify DRAWING -o OUT.svg: a drawing of any program becomes strokes, and simpler ones."""

from __future__ import annotations

import argparse
from pathlib import Path

from clipasso_core.errors import ConfigError, check_ending
from clipasso_core.svg.elements import FILLS

from .results import check_results
from .terminal import EXIT_OK, write_line

DECIMALS = 3


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    text = (
        "Read a drawing of any program (SVG; DXF with ezdxf; strokes in JSON) and write it as our SVG, one path a "
        "stroke. Lengths are px of the drawing's page; what is not asked for is not done."
    )
    parser = commands.add_parser("simplify", help="simplify a drawing of any program", description=text)
    parser.add_argument("drawing", metavar="DRAWING", type=Path, help="an .svg, .dxf or .json")
    parser.add_argument("-o", "--output", metavar="OUT.svg", type=Path, required=True, help="where it is written")
    text = "take away strokes that are shorter"
    parser.add_argument("--min-length", type=float, metavar="PX", default=0.0, help=text)
    text = "take away strokes that lie within this distance of another one of their colour, either way round"
    parser.add_argument("--merge", type=float, metavar="PX", default=0.0, help=text)
    text = "let ends meet that are this near to each other"
    parser.add_argument("--snap", type=float, metavar="PX", default=0.0, help=text)
    text = "draw strokes by as few curves as stay this near to them (0.5 is not seen)"
    parser.add_argument("--tolerance", type=float, metavar="PX", default=0.0, help=text)
    text = "of coordinates, 0-8 (default: %(default)s)"
    parser.add_argument("--decimals", type=int, metavar="N", default=DECIMALS, help=text)
    text = "what becomes of filled shapes without a stroke: refuse the file, draw their outlines, or leave them out"
    parser.add_argument("--fills", choices=FILLS, default="refuse", help=text)
    parser.add_argument("--force", action="store_true", help="replace a file that clipasso did not write")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Read the drawing, simplify it, write it, and say what was done."""
    from clipasso_core.drawing_file import read_drawing
    from clipasso_core.files import write_atomically
    from clipasso_core.simplify import SimplifyConfig, simplify
    from clipasso_core.svg import to_svg

    check_results({arguments.drawing: "the drawing itself"}, [arguments.output], arguments.force)
    check_ending(arguments.output, (".svg",))
    config = SimplifyConfig(
        min_length=arguments.min_length,
        merge=arguments.merge,
        snap=arguments.snap,
        tolerance=arguments.tolerance,
        decimals=arguments.decimals,
    )
    strokes, report = read_drawing(arguments.drawing, fills=arguments.fills)
    if strokes.batch_size > 1:
        raise ConfigError(f"{str(arguments.drawing)!r} holds {strokes.batch_size} sketches. Give a file of one.")
    done = simplify(strokes, config)
    facts = {"clipasso": dict(done.strokes.provenance)}
    text = to_svg(done.strokes, title=arguments.drawing.stem, metadata=facts, decimals=arguments.decimals)
    write_atomically(arguments.output, text)
    for sentence in (*report.sentences(), *done.sentences()):
        write_line(sentence)
    return EXIT_OK
