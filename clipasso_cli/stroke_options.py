"""The options of clipasso sketch that say how many strokes there are, in which order, and at which levels."""

from __future__ import annotations

import argparse
from typing import Any, NamedTuple

from clipasso_core.errors import ConfigError
from clipasso_core.levels import check_levels
from clipasso_core.order import ORDERS
from clipasso_core.stroke_count import DETAIL, FEWEST, MOST
from clipasso_core.stroke_init import StrokeInitConfig

AUTO = "auto"


class StrokeSettings(NamedTuple):
    """What the options say otherwise than the preset.

    Args:
        init: fields of StrokeInitConfig.
        optimize: fields of OptimizeConfig.
    """

    init: dict[str, Any]
    optimize: dict[str, Any]


def add_stroke_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to the parser."""
    text = f"how many (default: {StrokeInitConfig.num_strokes}); {AUTO}: as many as the object needs"
    parser.add_argument("--strokes", type=_number_or_auto, metavar=f"N|{AUTO}", help=text)
    text = "strokes to begin with beyond these, as a share of them; the least telling go (default: as the preset says)"
    parser.add_argument("--spare", type=float, metavar="SHARE", help=text)
    text = "draw all in a single line, which joins the lines of so many strokes"
    parser.add_argument("--one-line", action="store_true", help=text)
    text = f"0-1, with --strokes {AUTO}: higher keeps more strokes (default: {DETAIL})"
    parser.add_argument("--detail", type=float, metavar="SHARE", help=text)
    text = f"with --strokes {AUTO}: how many are kept at least (default: {FEWEST})"
    parser.add_argument("--fewest", type=int, metavar="N", help=text)
    text = f"with --strokes {AUTO}: how many there are to begin with (default: {MOST})"
    parser.add_argument("--most", type=int, metavar="N", help=text)
    text = "one sketch whose first N strokes are sketches too, written as NAME-N.svg (default --strokes: the most)"
    parser.add_argument("--levels", type=int, nargs="+", metavar="N", help=text)
    text = "write the levels into one SVG, a group for what each adds"
    parser.add_argument("--levels-in-one", action="store_true", help=text)
    text = f"which strokes come first (default: importance with --levels and --strokes {AUTO}, else as they were drawn)"
    parser.add_argument("--order", choices=ORDERS, help=text)
    text = "train the first strokes to be a sketch of their own (default: with --levels)"
    parser.add_argument("--prefixes", action=argparse.BooleanOptionalAction, help=text)


def levels_of(arguments: argparse.Namespace) -> tuple[int, ...]:
    """Return the levels, rising; none where none are asked for.

    Raises:
        ConfigError: they are out of range, or more than there are strokes.
    """
    if arguments.levels is None:
        if arguments.levels_in_one:
            raise ConfigError("--levels-in-one says how --levels are written. Name them, such as --levels 4 8 16 32.")
        return ()
    levels, strokes = tuple(sorted(check_levels(arguments.levels))), arguments.strokes
    if strokes == AUTO:
        raise ConfigError(f"--levels says how many strokes there are, and so does --strokes {AUTO}. Leave one out.")
    if strokes is not None and levels[-1] > strokes:
        raise ConfigError(f"--levels asks for {levels[-1]} strokes, and --strokes for {strokes}. Leave it out.")
    return levels


def stroke_settings(arguments: argparse.Namespace) -> StrokeSettings:
    """Return what the options say.

    Raises:
        ConfigError: they do not go together, or are out of range.
    """
    levels = levels_of(arguments)
    if arguments.one_line and (levels or arguments.strokes == AUTO):
        raise ConfigError("--one-line is a single stroke. Leave out --levels, and give --strokes a number.")
    chosen = {"order": arguments.order, "prefixes": arguments.prefixes}
    named = {name: value for name, value in chosen.items() if value is not None}
    if arguments.strokes == AUTO:
        if arguments.spare:
            raise ConfigError(
                f"--strokes {AUTO} drops strokes anyway: --most says how many there are. Leave out --spare."
            )
        return StrokeSettings({}, named)
    for name in ("detail", "fewest", "most"):
        if getattr(arguments, name) is not None:
            raise ConfigError(f"--{name} says how strokes are counted. Add --strokes {AUTO}, or leave it out.")
    strokes = levels[-1] if levels and arguments.strokes is None else arguments.strokes
    given = {"num_strokes": strokes, "spare": arguments.spare}
    init = {name: value for name, value in given.items() if value is not None}
    return StrokeSettings(init, {"order": "importance", "prefixes": True, **named} if levels else named)


class Counting(NamedTuple):
    """How strokes are counted; see ``presets.as_counted``."""

    detail: float
    fewest: int
    most: int


def counting_of(arguments: argparse.Namespace) -> Counting | None:
    """Return how strokes are counted; None where their number is given.

    Raises:
        ConfigError: there would be more at least than at most.
    """
    if arguments.strokes != AUTO:
        return None
    fewest = FEWEST if arguments.fewest is None else arguments.fewest
    most = max(MOST, fewest) if arguments.most is None else arguments.most
    if fewest > most:
        raise ConfigError(f"--fewest ({fewest}) cannot exceed --most ({most}).")
    return Counting(DETAIL if arguments.detail is None else arguments.detail, fewest, most)


def _number_or_auto(text: str) -> int | str:
    try:
        return AUTO if text == AUTO else int(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"must be a number or {AUTO}, got {text!r}") from error
