"""Figures as they are shown: the cells of a group, a sketch and a change, and tables of text."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from clipasso_core.errors import DependencyError

from .bootstrap import Interval
from .comparison import Change
from .evaluation import Evaluation, ScoredSketch
from .figures import (
    CLASS_RANK,
    CLASS_TOP1,
    CLASS_TOP3,
    COMPARED,
    DASH,
    DRAWN,
    LOSS,
    OF_GROUP,
    OWN_FIRST,
    RANK,
    RECOGNISED_TOP5,
    SIMILARITY,
    Better,
    Figure,
)
from .groups import Group
from .sketch_files import shown

MEANINGS = {
    **{figure.name: figure.meaning for figure in (*COMPARED, *OF_GROUP)},
    "median rank": "of the own photos among all photos",
    "taken for": "the nearest class",
}
"""What each figure means, by name."""

WORDS = ("photo", "sketch", "taken for", "figure", "beyond chance")
"""Titles of columns that hold words."""


class Cell(NamedTuple):
    """One figure as it is shown: one name and one order for table and page.

    Args:
        name: of the figure, a key of ``MEANINGS``.
        text: as shown.
        value: to compare with others of its name; None for a dash.
        better: which of two values is better.
        interval: where a mean lies with 95 %, as shown; "" where that is not known.
    """

    name: str
    text: str
    value: float | None
    better: Better
    interval: str = ""


def group_cells(group: Group) -> list[Cell]:
    """Return the figures of a group."""
    rest = [figure for figure in (RECOGNISED_TOP5, CLASS_TOP1, CLASS_TOP3) if figure in group.averages]
    return [
        *(_mean_cell(figure, group) for figure in (LOSS, SIMILARITY, OWN_FIRST)),
        Cell("median rank", f"{group.median_rank:g}", group.median_rank, "lower"),
        *(_mean_cell(figure, group) for figure in (*DRAWN, *rest)),
    ]


def sketch_cells(one: ScoredSketch, evaluation: Evaluation) -> list[Cell]:
    """Return the figures of a sketch of an evaluation."""
    rank = Cell(RANK.name, f"{one.rank} of {len(evaluation.photos)}", one.rank, RANK.better)
    cells = [_sketch_cell(LOSS, one), _sketch_cell(SIMILARITY, one), rank]
    cells += [_sketch_cell(figure, one) for figure in DRAWN]
    if one.class_rank is not None and one.class_guess is not None:
        place = f"{one.class_rank} of {len(evaluation.classes)}"
        cells.append(Cell(CLASS_RANK.name, place, one.class_rank, CLASS_RANK.better))
        cells.append(Cell("taken for", shown(one.class_guess), one.class_rank, ""))
    return cells


def change_texts(change: Change) -> dict[str, str]:
    """Return a change by column, as shown."""
    figure, signs = change.figure, change.signs
    counts = (DASH, DASH, DASH) if signs is None else tuple(map(str, signs))
    return {
        "figure": figure.name,
        "before": figure.text(change.before),
        "after": figure.text(change.after),
        "change": figure.change_text(change.by),
        "95 %": _interval_text(change.interval, figure.change_text) or DASH,
        **dict(zip(("better", "worse", "same"), counts, strict=True)),
        "beyond chance": change.verdict or DASH,
    }


def format_table(rows: Sequence[Mapping[str, str]]) -> str:
    """Return rows of texts by column with a line of titles above; a row may lack a column.

    Columns of words stand left, numbers right.

    Raises:
        DependencyError: rich is missing.
    """
    try:
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text
    except ImportError as error:
        raise DependencyError("Tables need rich: pip install rich") from error
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    titles = list(dict.fromkeys(title for row in rows for title in row))
    for title in titles:
        table.add_column(title, justify="left" if title in WORDS else "right", no_wrap=True)
    for row in rows:
        table.add_row(*(Text(row.get(title, "")) for title in titles))
    console = Console(file=io.StringIO(), width=10_000, color_system=None)
    with console.capture() as captured:
        console.print(table)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def _mean_cell(figure: Figure, group: Group) -> Cell:
    average = group.averages.get(figure)
    if average is None:
        return Cell(figure.name, DASH, None, figure.better)
    interval = _interval_text(average.interval, figure.text)
    return Cell(figure.name, figure.text(average.value), average.value, figure.better, interval)


def _sketch_cell(figure: Figure, one: ScoredSketch) -> Cell:
    value = figure.of(one)
    return Cell(figure.name, figure.text(value), value, figure.better)


def _interval_text(interval: Interval | None, write: Callable[[float], str]) -> str:
    return "" if interval is None else f"{write(interval.low)} to {write(interval.high)}"
