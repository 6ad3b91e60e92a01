"""clipasso models: which model files there are, and how they get there."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from .terminal import EXIT_ERROR, EXIT_OK, write_line

if TYPE_CHECKING:
    from clipasso_core.weights import ModelStore


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("models", help="list, fetch and verify CLIP weights")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", help="the known networks and your own files").set_defaults(run=list_models)
    for name, action, text in (
        ("pull", pull, "fetch a known network"),
        ("verify", verify, "hash a file and compare"),
        ("path", path, "where a model's file is; without a name, the folder they go to"),
    ):
        one = actions.add_parser(name, help=text)
        one.add_argument("name", metavar="NAME", nargs="?" if name == "path" else None, help="as `models list` shows")
        if name == "pull":
            text = "such as ComfyUI/models/clipasso; default: your cache folder"
            one.add_argument("--to", metavar="FOLDER", help=text)
        one.set_defaults(run=action)


def list_models(arguments: argparse.Namespace) -> int:
    """Print one line per model: name, size, licence, where it is."""
    from clipasso_core.weights.known import format_size

    for model in _store().list():
        licence = model.known.licence if model.known else "your own file"
        where = str(model.file.path) if model.file else "not fetched"
        size = model.file.size_bytes if model.file else model.known.size_bytes if model.known else 0
        write_line(f"{model.name:34} {format_size(size):>8}  {licence:24} {where}")
    return EXIT_OK


def pull(arguments: argparse.Namespace) -> int:
    """Fetch a network with a progress bar."""
    from .terminal import DownloadProgress

    with DownloadProgress(arguments.name) as progress:
        path = _store(arguments.to).pull(arguments.name, progress.update)
    write_line(str(path))
    return EXIT_OK


def verify(arguments: argparse.Namespace) -> int:
    """Print whether a file is what it should be; 1 when it is not."""
    found = _store().verify(arguments.name)
    verdict = {True: "right", False: "WRONG", None: "nothing to compare with"}[found.ok]
    write_line(f"{found.path}: sha256 {found.sha256}, {verdict} ({found.basis})")
    return EXIT_ERROR if found.ok is False else EXIT_OK


def path(arguments: argparse.Namespace) -> int:
    """Print where a model's file is, or the folder that models go to."""
    store = _store()
    write_line(str(store.path(arguments.name) if arguments.name else store.folder))
    return EXIT_OK


def _store(folder: str | None = None) -> ModelStore:
    from clipasso_core.weights import ModelStore

    return ModelStore([Path(folder)] if folder else None)
