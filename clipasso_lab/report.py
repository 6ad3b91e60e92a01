"""An evaluation as JSON values, as text tables and as a page (page.html.j2), and the folder that holds them."""

from __future__ import annotations

import base64
import io
import json
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Literal, NamedTuple

import torch
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from clipasso_core import __version__
from clipasso_core.errors import ConfigError, DependencyError, ImageFileError
from clipasso_core.files import check_writable, write_atomically

from .evaluation import Evaluation, Group, ScoredSketch, group_sketches
from .metrics import Metrics
from .sketch_files import same_photos, shown

PAGE, FIGURES = "index.html", "figures.json"
MARKS = {PAGE: '<meta name="generator" content="clipasso eval">', FIGURES: '"judge"'}
"""What stands near the start of our own files, and tells them from the user's."""

START = 4000
"""Letters that are read to find it."""

DECIMALS = 6

DASH = "-"

Better = Literal["lower", "higher", ""]

ARROWS = {"lower": "↓", "higher": "↑", "": ""}

MEANINGS = {
    "loss": "how far the judge finds sketch and photo apart, in shapes and meaning",
    "similarity": "cosine of what the judge makes of sketch and photo as a whole",
    "rank": "place of the sketch's own photo among all photos, the nearest first",
    "own first": "share of sketches whose own photo is the nearest of all",
    "median rank": "of the own photos among all photos",
    "ink to edge": "mean distance of the ink from the photo's nearest edge, px of 224",
    "edge to ink": "mean distance of the photo's edges from the nearest ink, px of 224",
    "overlap": "share of the ink that lies on ink already drawn",
    "self-crossing": "share of the strokes that cross themselves",
    "ink share": "share of the canvas that is inked",
    "features found": "share of the photo's small spots (eyes, nostrils, buttons) with ink on them, less chance",
    "recognised": "rank that the judge gives the class that it takes the photo for; of many, the geometric mean",
    "recognised top 5": "share of sketches in which that class is among the first five",
    "class rank": "place of the photo's class among all classes, the nearest first",
    "taken for": "the nearest class",
    "class top 1": "share of sketches taken for what they are",
    "class top 3": "share of sketches whose class is among the first three",
}


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


def write_results(evaluation: Evaluation, out: Path, title: str) -> None:
    """Write the page and the figures, each whole or not at all.

    Args:
        evaluation: with at least one sketch.
        out: the folder; see ``ready_folder``.
        title: of the page.

    Raises:
        ImageFileError: they cannot be written.
    """
    write_atomically(out / FIGURES, json.dumps(to_json(evaluation), indent=1) + "\n")
    write_atomically(out / PAGE, to_html(evaluation, title))


def to_json(evaluation: Evaluation) -> dict[str, object]:
    """Return everything that was found but the pictures; the same sketches give the same values."""
    encoder = evaluation.judge.encoder
    return {
        "judge": {
            "name": encoder.name,
            "description": encoder.description,
            "fingerprint": encoder.fingerprint,
            "input_size": encoder.input_size,
        },
        "versions": {"clipasso": __version__, "torch": torch.__version__, "python": platform.python_version()},
        "photos": [card.path.name for card in evaluation.photos],
        "classes": list(evaluation.classes),
        "groups": [_group_json(group) for group in group_sketches(evaluation.sketches)],
        "sketches": [_sketch_json(one) for one in evaluation.sketches],
        "left_out": [{"file": one.path.name, "why": one.why} for one in evaluation.left_out],
        "warnings": list(evaluation.warnings),
    }


def to_text(evaluation: Evaluation) -> str:
    """Return a table of the groups and one of every sketch, without a newline at the end.

    Raises:
        DependencyError: rich is missing.
    """
    groups = [
        {"sketch": shown(group.label) or "-", "n": str(group.sketches), **_texts(group_cells(group))}
        for group in group_sketches(evaluation.sketches)
    ]
    sketches = [
        {
            "photo": shown(one.file.photo.stem),
            "sketch": shown(one.file.label) or "-",
            **_texts(sketch_cells(one, evaluation)),
        }
        for one in evaluation.sketches
    ]
    return f"{format_table(groups)}\n\n{format_table(sketches)}"


def to_html(evaluation: Evaluation, title: str) -> str:
    """Return the page: every photo beside its sketches; it loads nothing from elsewhere and runs nothing.

    Args:
        evaluation: with at least one sketch.
        title: such as the folder's name.
    """
    groups = group_sketches(evaluation.sketches)
    sketches = {(one.file.photo, one.file.label): one for one in evaluation.sketches}
    drawn = {photo for photo, _ in sketches}
    means = [{cell.name: cell for cell in group_cells(group)} for group in groups]
    cells = {one.file.path: sketch_cells(one, evaluation) for one in evaluation.sketches}
    every = [*(cell for row in means for cell in row.values()), *(cell for row in cells.values() for cell in row)]
    titles = [_column_title(group, evaluation.sketches) for group in groups]
    return _template().render(
        title=title,
        generator=Markup(MARKS[PAGE]),
        version=__version__,
        evaluation=evaluation,
        groups=list(zip(titles, groups, means, strict=True)),
        mean_names=list(dict.fromkeys(name for row in means for name in row)),
        best=_best_means(means) if same_photos([one.file for one in evaluation.sketches]) else {},
        rows=[
            (card, [sketches.get((card.path, group.label)) for group in groups])
            for card in evaluation.photos
            if card.path in drawn
        ],
        cells=cells,
        meanings=MEANINGS,
        arrows={cell.name: ARROWS[cell.better] for cell in every},
    )


class Cell(NamedTuple):
    """One figure as it is shown: one name and one order for table and page.

    Args:
        name: of the figure, a key of ``MEANINGS``.
        text: as shown.
        value: to compare with others of its name; None for a dash.
        better: which of two values is better.
    """

    name: str
    text: str
    value: float | None
    better: Better


def group_cells(group: Group) -> list[Cell]:
    """Return the metrics of a group."""
    loss, similarity, *rest = _pair_cells(group.means)
    cells = [
        loss,
        similarity,
        _share_cell("own first", group.top1, "higher"),
        Cell("median rank", f"{group.median_rank:g}", group.median_rank, "lower"),
        *rest,
    ]
    if group.recognised_top5 is not None:
        cells.append(_share_cell("recognised top 5", group.recognised_top5, "higher"))
    for name, share in (("class top 1", group.class_top1), ("class top 3", group.class_top3)):
        if share is not None:
            cells.append(_share_cell(name, share, "higher"))
    return cells


def sketch_cells(one: ScoredSketch, evaluation: Evaluation) -> list[Cell]:
    """Return the metrics of a sketch of an evaluation."""
    loss, similarity, *rest = _pair_cells(one.metrics)
    cells = [loss, similarity, Cell("rank", f"{one.rank} of {len(evaluation.photos)}", one.rank, "lower"), *rest]
    if one.class_rank is not None and one.class_guess is not None:
        cells.append(Cell("class rank", f"{one.class_rank} of {len(evaluation.classes)}", one.class_rank, "lower"))
        cells.append(Cell("taken for", shown(one.class_guess), one.class_rank, ""))
    return cells


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
        raise DependencyError('Tables need rich: pip install "clipasso[cli]"') from error
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    titles = list(dict.fromkeys(title for row in rows for title in row))
    for title in titles:
        table.add_column(title, justify="left" if title in ("photo", "sketch", "taken for") else "right", no_wrap=True)
    for row in rows:
        table.add_row(*(Text(row.get(title, "")) for title in titles))
    console = Console(file=io.StringIO(), width=10_000, color_system=None)
    with console.capture() as captured:
        console.print(table)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def _pair_cells(metrics: Metrics) -> list[Cell]:
    return [
        Cell("loss", f"{metrics.loss:.3f}", metrics.loss, "lower"),
        Cell("similarity", f"{metrics.similarity:.3f}", metrics.similarity, "higher"),
        Cell("ink to edge", f"{metrics.ink_to_edge:.1f}", metrics.ink_to_edge, "lower"),
        Cell("edge to ink", f"{metrics.edge_to_ink:.1f}", metrics.edge_to_ink, "lower"),
        _share_cell("overlap", metrics.overlap, "lower"),
        _share_cell("self-crossing", metrics.self_crossing, "lower"),
        _share_cell("ink share", metrics.ink_share, ""),
        _share_cell("features found", metrics.features_found, "higher"),
        _recognised_cell(metrics.recognised),
    ]


def _share_cell(name: str, share: float | None, better: Better) -> Cell:
    return Cell(name, DASH if share is None else f"{share:.0%}", share, better)


def _recognised_cell(rank: float | None) -> Cell:
    return Cell("recognised", DASH if rank is None else f"{rank:.3g}", rank, "lower")


def _texts(cells: Iterable[Cell]) -> dict[str, str]:
    return {cell.name: cell.text for cell in cells}


def _group_json(group: Group) -> dict[str, object]:
    return {
        "label": group.label,
        "sketches": group.sketches,
        **_rounded(group.means),
        "top1": round(group.top1, DECIMALS),
        "median_rank": group.median_rank,
        "recognised_top5": group.recognised_top5,
        "class_sketches": group.class_sketches,
        "class_top1": group.class_top1,
        "class_top3": group.class_top3,
    }


def _sketch_json(one: ScoredSketch) -> dict[str, object]:
    return {
        "photo": one.file.photo.name,
        "sketch": one.file.path.name,
        "label": one.file.label,
        "strokes": one.num_strokes,
        **_rounded(one.metrics),
        "rank": one.rank,
        "class_place": one.class_rank,
        "class_guess": one.class_guess,
    }


def _rounded(metrics: Metrics) -> dict[str, float | None]:
    return {name: None if value is None else round(value, DECIMALS) for name, value in asdict(metrics).items()}


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


def _column_title(group: Group, sketches: Sequence[ScoredSketch]) -> str:
    """Return the label, called strokes where it is their number."""
    label = group.label
    counts = {str(one.num_strokes) for one in sketches if one.file.label == label}
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
