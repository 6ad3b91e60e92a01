"""The page of an evaluation: every photo beside its sketches, and the tables (page.html.j2)."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from clipasso_core import __version__

from .comparison import Comparison, SketchPair, changes
from .evaluation import Evaluation, ScoredSketch
from .groups import Group, PhotoGroup, all_together, group_sketches
from .sketch_files import same_photos, shown
from .tables import MEANINGS, Cell, change_texts, group_cells, sketch_cells

PAGE_MARK = '<meta name="generator" content="clipasso eval">'
"""What tells our page from a page of the user's."""

ARROWS = {"lower": "↓", "higher": "↑", "": ""}


@dataclass(frozen=True, eq=False)
class MeansTable:
    """The means of some photos' sketches.

    Args:
        title: above it.
        groups: each with its title and its cells by name.
        names: of the columns.
        best: the best text of each column that has different ones.
        changes: rows by column; none without a comparison.
    """

    title: str
    groups: Sequence[tuple[str, Group, Mapping[str, Cell]]]
    names: Sequence[str]
    best: Mapping[str, str]
    changes: Sequence[Mapping[str, str]]


def to_html(
    evaluation: Evaluation,
    title: str,
    photo_groups: Sequence[PhotoGroup] = (),
    comparison: Comparison | None = None,
) -> str:
    """Return the page: it loads nothing from elsewhere and runs nothing.

    Args:
        evaluation: with at least one sketch.
        title: such as the folder's name.
        photo_groups: photos that get tables of their own.
        comparison: with other sketches, which are shown beside these.
    """
    columns = _columns(evaluation.sketches, comparison)
    drawn = {photo for _, sketches in columns for photo in sketches}
    every = [one for _, sketches in columns for one in sketches.values()]
    cells = {one.file.path: sketch_cells(one, evaluation) for one in every}
    tables = _tables(evaluation.sketches, photo_groups, comparison)
    shown_cells = [*cells.values(), *(row.values() for table in tables for _, _, row in table.groups)]
    return _template().render(
        title=title,
        generator=Markup(PAGE_MARK),
        version=__version__,
        evaluation=evaluation,
        comparison=comparison,
        tables=tables,
        columns=[head for head, _ in columns],
        rows=[
            (card, [sketches.get(card.path) for _, sketches in columns])
            for card in evaluation.photos
            if card.path in drawn
        ],
        cells=cells,
        meanings=MEANINGS,
        arrows={cell.name: ARROWS[cell.better] for row in shown_cells for cell in row},
    )


def _columns(
    sketches: Sequence[ScoredSketch], comparison: Comparison | None
) -> list[tuple[str, dict[Path, ScoredSketch]]]:
    """Return the columns of the sheet: one for each label, two where it is compared."""
    columns = []
    for group in group_sketches(sketches):
        head, own = _group_title(group), {one.file.photo: one for one in group.sketches}
        if comparison:
            before = {pair.before.file.photo: pair.before for pair in comparison.pairs if pair.label == group.label}
            columns += [(f"{head}, before", before), (f"{head}, after", own)]
        else:
            columns.append((head, own))
    return columns


def _tables(
    sketches: Sequence[ScoredSketch], photo_groups: Sequence[PhotoGroup], comparison: Comparison | None
) -> list[MeansTable]:
    pairs = dict(comparison.by_group(photo_groups)) if comparison else {}
    tables = [_means_table("Means", sketches, pairs.get("", ()))]
    for group in photo_groups:
        if own := group.of(sketches):
            tables.append(_means_table(f"Means: {group.name}", own, pairs.get(group.name, ())))
    return tables


def _means_table(title: str, sketches: Sequence[ScoredSketch], pairs: Sequence[SketchPair]) -> MeansTable:
    groups, together = group_sketches(sketches), all_together(sketches)
    rows = [(_group_title(group), group, {cell.name: cell for cell in group_cells(group)}) for group in groups]
    best = _best_means([row for _, _, row in rows]) if same_photos([one.file for one in sketches]) else {}
    if together:
        rows.append((together.label, together, {cell.name: cell for cell in group_cells(together)}))
    names = list(dict.fromkeys(name for _, _, row in rows for name in row))
    return MeansTable(title, rows, names, best, [change_texts(change) for change in changes(pairs)])


def _group_title(group: Group) -> str:
    """Return the label, called strokes where it is their number."""
    label = group.label
    counts = {str(one.num_strokes) for one in group.sketches}
    return f"{label} stroke{'s' * (label != '1')}" if counts == {label} else label or "sketch"


def _best_means(means: Sequence[Mapping[str, Cell]]) -> dict[str, str]:
    """Return the best text of each figure of which the groups have different ones."""
    best = {}
    for name in {name for row in means for name in row}:
        cells = [row[name] for row in means if name in row]
        values = {cell.text: cell.value for cell in cells if cell.value is not None}
        if len(values) > 1 and cells[0].better:
            best[name] = (min if cells[0].better == "lower" else max)(values, key=lambda text: values[text])
    return best


def _template() -> Template:
    """Return the page's template, in which everything is escaped, and what cannot be printed is left out."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: shown(value) if type(value) is str else value,
    )
    environment.filters["data_uri"] = _svg_uri
    return environment.get_template("page.html.j2")


def _svg_uri(svg: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode("utf-8")).decode("ascii")
