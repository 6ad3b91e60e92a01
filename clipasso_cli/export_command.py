"""clipasso export DRAWING: a drawing becomes a page for a plotter, a cutter, a laser or a printer."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clipasso_core.errors import ConfigError
from clipasso_core.export.layers import LAYER_RULES, LayerRule
from clipasso_core.export.page import ALIGNS, PAGE_SIZES
from clipasso_core.export.pen import PATH_ORDERS
from clipasso_core.export.styles import STYLES

from .results import check_results
from .terminal import EXIT_OK, write_line

if TYPE_CHECKING:
    from clipasso_core.export import FormatOptions, Sheet, SheetConfig
    from clipasso_core.strokes import Strokes

STYLE_OPTIONS = ("pens", "ink", "paper", "dashes", "jitter", "seed")
"""Options that change parts of a style."""

FORMAT_OPTIONS = {"side": ".png", "transparent": ".png", "profile": ".gcode", "plotter": ".hpgl"}
"""Options that only one format has."""

_LENGTH = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*(mm|cm|m)")
_MM = {"mm": 1.0, "cm": 10.0, "m": 1000.0}


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    text = "Lay drawings on a page in mm, in layers and in the order of a pen, and write it as the next tool takes it."
    parser = commands.add_parser("export", help="a page for plotters, cutters and printers", description=text)
    text = "an .svg, .dxf or .json; several for the cells of a grid"
    parser.add_argument("drawings", metavar="DRAWING", type=Path, nargs="+", help=text)
    text = "an .svg, .pdf, .png, .gcode, .hpgl, .dxf or .json"
    parser.add_argument("-o", "--output", metavar="OUT", type=Path, required=True, help=text)
    _add_page_options(parser)
    _add_pen_options(parser)
    _add_style_options(parser)
    _add_format_options(parser)
    parser.add_argument("--force", action="store_true", help="replace files that clipasso did not write")
    parser.set_defaults(run=run)


def _add_page_options(parser: argparse.ArgumentParser) -> None:
    text = f"{', '.join(PAGE_SIZES)}, or a size such as 210x297mm or 8.5x11in (default: %(default)s)"
    parser.add_argument("--page", metavar="SIZE", default="a4", help=text)
    parser.add_argument("--landscape", action="store_true", help="lay the page on its side")
    text = "that stay free on every side, and between the cells of a grid (default: %(default)g)"
    parser.add_argument("--margin", type=float, metavar="MM", default=10.0, help=text)
    text = "where the drawing lies in its room (default: %(default)s)"
    parser.add_argument("--align", choices=ALIGNS, default="center", help=text)
    text = "columns and rows for several drawings, such as 2x3, filled row by row"
    parser.add_argument("--grid", metavar="CxR", help=text)


def _add_pen_options(parser: argparse.ArgumentParser) -> None:
    text = "how wide the pen draws (default: widths as drawn, scaled with the drawing)"
    parser.add_argument("--pen-width", type=float, metavar="MM", help=text)
    text = "what each layer holds (default: %(default)s)"
    parser.add_argument("--layers", choices=LAYER_RULES, default="none", help=text)
    text = "with --layers level: numbers of strokes (default: those of 4 8 16 32 that there are)"
    parser.add_argument("--levels", type=int, nargs="+", metavar="N", default=(), help=text)
    text = "of the paths in a layer; pen: short ways between them (default: %(default)s)"
    parser.add_argument("--order", choices=PATH_ORDERS, default="drawn", help=text)
    text = "make one path of those whose ends are so near"
    parser.add_argument("--join", type=float, metavar="MM", help=text)
    text = "make each layer a single path of many pieces, for programs of cutters"
    parser.add_argument("--one-path", action="store_true", help=text)
    text = "begin another layer after so much line, such as 20m"
    parser.add_argument("--split-after", type=_length, metavar="LENGTH", help=text)


def _add_style_options(parser: argparse.ArgumentParser) -> None:
    text = "how lines look (default: %(default)s); the options after this one change parts of it"
    parser.add_argument("--style", choices=tuple(STYLES), default="plain", help=text)
    text = "colours at most: the likest of so many pens for each line; with --layers color a layer for each"
    parser.add_argument("--pens", type=int, metavar="N", help=text)
    parser.add_argument("--ink", metavar="COLOR", help="a CSS colour for all lines")
    text = "a CSS colour for the paper; no shape, so that nothing draws it"
    parser.add_argument("--paper", metavar="COLOR", help=text)
    text = "dash, gap, dash, gap ... (of lines of one width)"
    parser.add_argument("--dashes", type=float, nargs="+", metavar="MM", help=text)
    text = "by which an unsteady hand misses a line, at most"
    parser.add_argument("--jitter", type=float, metavar="MM", help=text)
    text = "of the unsteady hand (default: 0)"
    parser.add_argument("--seed", type=int, metavar="N", help=text)


def _add_format_options(parser: argparse.ArgumentParser) -> None:
    text = ".png: px of the longer side (default: 2048)"
    parser.add_argument("--side", type=int, metavar="PX", help=text)
    text = ".png: no paper behind the ink"
    parser.add_argument("--transparent", action="store_true", default=None, help=text)
    text = ".gcode: what the machine understands, a TOML file; see docs/plotting.md"
    parser.add_argument("--profile", type=Path, metavar="FILE", help=text)
    text = ".hpgl: a plotter that vpype knows (default: hp7475a)"
    parser.add_argument("--plotter", metavar="NAME", help=text)


def run(arguments: argparse.Namespace) -> int:
    """Read the drawings and write the page."""
    from clipasso_core.export import check_format, encode_sheet, lay_out
    from clipasso_core.files import write_atomically

    ending = arguments.output.suffix.lower()
    options, config = _options(arguments, ending), _config(arguments)
    check_format(ending, options)
    sources = dict.fromkeys(arguments.drawings, "the drawing itself")
    if arguments.profile:
        sources[arguments.profile] = "the profile itself"
    check_results(sources, [arguments.output], arguments.force)
    drawings = [_read(path) for path in arguments.drawings]
    sheet = lay_out(drawings, config, title=", ".join(path.stem for path in arguments.drawings))
    sheet = replace(sheet, metadata=_facts(drawings, sheet, arguments.layers))
    exported = encode_sheet(sheet, ending, options)
    write_atomically(arguments.output, exported.data)
    write_line("\n".join([f"{arguments.output}: {sheet.summary()}", *exported.notes]))
    return EXIT_OK


def _read(path: Path) -> Strokes:
    """Return a drawing that knows what its file says: how it came to be, and which strokes were given."""
    from clipasso_core.drawing_file import read_drawing

    strokes, report = read_drawing(path)
    report.warn()
    if path.suffix.lower() != ".svg":
        return strokes
    given = report.facts.get("given")
    known = given if isinstance(given, int) and 0 <= given <= strokes.num_strokes else 0
    return replace(strokes, provenance=report.facts, num_given=known)


def _facts(drawings: Sequence[Strokes], sheet: Sheet, rule: LayerRule) -> dict[str, object] | None:
    """Return what the page's file says of a single drawing; which strokes were given only where they come first."""
    if len(drawings) != 1 or not drawings[0].provenance:
        return None
    facts = {name: value for name, value in drawings[0].provenance.items() if name != "given"}
    given = sum(path.is_given for path in sheet.paths)
    return {"clipasso": {**facts, "given": given} if rule == "given" and given else facts}


def _config(arguments: argparse.Namespace) -> SheetConfig:
    from clipasso_core.export import Grid, LineStyle, Page, SheetConfig

    parts: dict[str, Any] = {name: getattr(arguments, name) for name in STYLE_OPTIONS}
    given = {name: tuple(part) if isinstance(part, list) else part for name, part in parts.items() if part is not None}
    return SheetConfig(
        page=Page.named(arguments.page, arguments.landscape, arguments.margin, arguments.align),
        pen_width=arguments.pen_width,
        layers=arguments.layers,
        levels=tuple(arguments.levels),
        order=arguments.order,
        join=arguments.join,
        one_path=arguments.one_path,
        split_after=arguments.split_after,
        grid=None if arguments.grid is None else Grid.named(arguments.grid),
        style=LineStyle.named(arguments.style, **given),
    )


def _options(arguments: argparse.Namespace, ending: str) -> FormatOptions:
    """Return what only some formats ask for, or raise ConfigError for what this one does not."""
    from clipasso_core.export import FormatOptions, GcodeProfile

    chosen: dict[str, Any] = {name: getattr(arguments, name) for name in FORMAT_OPTIONS}
    given = {name: value for name, value in chosen.items() if value is not None}
    for name in given:
        if FORMAT_OPTIONS[name] != ending:
            raise ConfigError(f"--{name} is for {FORMAT_OPTIONS[name]} files, and {ending} is asked for. Leave it out.")
    if "profile" in given:
        given["profile"] = GcodeProfile.read(given["profile"])
    return FormatOptions(**given)


def _length(text: str) -> float:
    """Return a length in mm."""
    match = _LENGTH.fullmatch(text.strip())
    if match is None:
        raise argparse.ArgumentTypeError(f"must be a length such as 20m, 50cm or 800mm, got {text!r}")
    return float(match.group(1)) * _MM[match.group(2)]
