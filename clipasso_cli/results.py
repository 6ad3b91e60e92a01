"""The files that a command is going to write: may they be, before the long work starts."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path


def check_results(sources: Mapping[Path, str], results: Sequence[Path], force: bool) -> None:
    """Raise ImageFileError when a file cannot be written, or when one would be lost that nobody can make again.

    Args:
        sources: the files that the command reads, and what each is called.
        results: what it is going to write.
        force: whether files may be lost that clipasso did not write.
    """
    from clipasso_core.errors import ImageFileError
    from clipasso_core.files import check_writable

    used = {_identity(source): what for source, what in sources.items()}
    for path in results:
        check_writable(path)
        file = _identity(path)
        if file in used:
            raise ImageFileError(f"{str(path)!r} is {used[file]}. Choose another name for the result.")
        if path.exists() and not force and not _is_ours(path):
            raise ImageFileError(
                f"{str(path)!r} exists, and clipasso did not write it. Choose another name, or replace it with --force."
            )
        used[file] = "another result of this command"


def _identity(path: Path) -> object:
    """Return what is the same for all names of a file: some disks know no upper case, and there are links."""
    try:
        found = path.stat()
    except OSError:
        return os.path.realpath(path)
    return found.st_dev, found.st_ino


def _is_ours(path: Path) -> bool:
    from clipasso_core.animation.movie import is_our_movie
    from clipasso_core.export import is_our_export
    from clipasso_core.svg import is_ours

    try:
        data = path.read_bytes()
    except OSError:  # what cannot be read is not known to be ours
        return False
    return is_ours(data) or is_our_export(data) or is_our_movie(data)
