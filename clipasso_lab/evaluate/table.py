"""Plain-text tables: the groups, then every sketch."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

from .cells import Cell, group_cells, sketch_cells
from .evaluation import Evaluation
from .folder import shown
from .groups import group_sketches

LEFT = ("photo", "sketch", "taken for")
"""Columns of words; the others hold numbers and stand at the right."""


def to_text(evaluation: Evaluation) -> str:
    """Return both tables, without a newline at the end."""
    groups = [
        {"sketch": shown(group.label) or "-", "n": str(group.sketches), **_texts(group_cells(group))}
        for group in group_sketches(evaluation.sketches)
    ]
    sketches = [
        {"photo": shown(file.photo.stem), "sketch": shown(file.label) or "-", **_texts(sketch_cells(one, evaluation))}
        for one, file in ((one, one.file) for one in evaluation.sketches)
    ]
    return f"{format_table(groups)}\n\n{format_table(sketches)}"


def format_table(rows: Sequence[Mapping[str, str]]) -> str:
    """Return rows of texts by column with a line of titles above; a row may lack a column."""
    titles = list(dict.fromkeys(title for row in rows for title in row))
    lines = [{title: title for title in titles}, *rows]
    widths = {title: max(_width(line.get(title, "")) for line in lines) for title in titles}
    return "\n".join(
        "  ".join(_pad(line.get(title, ""), widths[title], title in LEFT) for title in titles).rstrip()
        for line in lines
    )


def _texts(cells: Sequence[Cell]) -> dict[str, str]:
    return {cell.name: cell.text for cell in cells}


def _pad(text: str, width: int, left: bool) -> str:
    space = " " * (width - _width(text))
    return text + space if left else space + text


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return len(text) + wide - sum(unicodedata.combining(letter) > 0 for letter in text)
