"""Parse the command line and run one command."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence

from clipasso_core.errors import ClipassoError

from .terminal import EXIT_ERROR, EXIT_INTERRUPTED


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status (0, 1 error, 2 wrong usage, 130 interrupted)."""
    arguments = build_parser().parse_args(argv)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a file's name may be no text of this terminal
    try:
        status: int = arguments.run(arguments)
    except ClipassoError as error:
        sys.stderr.write(f"clipasso: {error}\n")
        return EXIT_ERROR
    except KeyboardInterrupt:
        sys.stderr.write("clipasso: interrupted\n")
        return EXIT_INTERRUPTED
    return status


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    from . import (
        animate_command,
        batch_command,
        bench_command,
        eval_command,
        export_command,
        models_command,
        simplify_command,
        sketch_command,
    )

    parser = argparse.ArgumentParser(prog="clipasso", description="Turn a photo into a vector sketch of few strokes.")
    parser.add_argument("--version", action="version", version=_version())
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    sketch_command.add_parser(commands)
    batch_command.add_parser(commands)
    animate_command.add_parser(commands)
    simplify_command.add_parser(commands)
    export_command.add_parser(commands)
    eval_command.add_parser(commands)
    models_command.add_parser(commands)
    bench_command.add_parser(commands)
    return parser


def _version() -> str:
    from clipasso_core import __version__

    return f"clipasso {__version__}"
