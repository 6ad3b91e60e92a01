"""The folder of an evaluation: the page and the figures, and nothing of the user's replaced."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from clipasso_core.errors import ConfigError, ImageFileError
from clipasso_core.files import check_writable, write_atomically

from .evaluation import Evaluation
from .page import GENERATOR, to_html

PAGE, FIGURES = "index.html", "figures.json"
MARKS = {PAGE: GENERATOR, FIGURES: '"judge"'}
"""What stands near the start of our own files."""

START = 4000


def ready_folder(out: Path, photos: Path) -> Path:
    """Make the folder for the results and see that they can be written; to be called before long work.

    Args:
        out: the folder; made where it does not exist.
        photos: the folder of the photos, which must stay as it is.

    Raises:
        ConfigError: it is the photos' own folder, or holds a page or figures of somebody else.
        ImageFileError: it cannot be made or written to.
    """
    if out.resolve() == photos.resolve():
        raise ConfigError(f"The results cannot go among the photos in {str(photos)!r}. Choose another folder for them.")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        said = error.strerror or error
        raise ImageFileError(f"Cannot make the folder {str(out)!r}: {said}. Choose another one.") from error
    for name, mark in MARKS.items():
        check_writable(out / name)
        if (out / name).exists() and mark not in (out / name).read_text("utf-8", "replace")[:START]:
            raise ConfigError(
                f"{str(out / name)!r} was not written by an evaluation and would be replaced. "
                "Move it, or choose another folder for the results."
            )
    return out


def write_results(evaluation: Evaluation, facts: Mapping[str, object], out: Path, title: str) -> None:
    """Write the page and the figures, each whole or not at all.

    Args:
        evaluation: what the page shows.
        facts: what ``report`` says of it.
        out: the folder; see ``ready_folder``.
        title: of the page.

    Raises:
        ImageFileError: they cannot be written.
    """
    write_atomically(out / FIGURES, json.dumps(facts, indent=1) + "\n")
    write_atomically(out / PAGE, to_html(evaluation, title))
