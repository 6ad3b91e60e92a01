"""An evaluation as JSON values and as text, and the folder that holds the results."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import torch

from clipasso_core import __version__
from clipasso_core.errors import ConfigError, ImageFileError
from clipasso_core.files import check_writable, write_atomically

from .bootstrap import Interval
from .comparison import Change, Comparison, SketchPair, changes
from .evaluation import Evaluation, ScoredSketch
from .figures import CLASS_TOP1, OF_GROUP
from .groups import Group, PhotoGroup, all_together, group_sketches
from .page import PAGE_MARK, to_html
from .sketch_files import shown
from .tables import Cell, change_texts, format_table, group_cells, sketch_cells

PAGE, FIGURES = "index.html", "figures.json"
MARKS = {PAGE: PAGE_MARK, FIGURES: '"judge"'}
"""What stands near the start of our own files, and tells them from the user's."""

START = 4000
"""Letters that are read to find it."""

DECIMALS = 6


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


def write_results(
    evaluation: Evaluation,
    out: Path,
    title: str,
    photo_groups: Sequence[PhotoGroup] = (),
    comparison: Comparison | None = None,
) -> None:
    """Write the page and the figures, each whole or not at all.

    Args:
        evaluation: with at least one sketch.
        out: the folder; see ``ready_folder``.
        title: of the page.
        photo_groups: photos that get tables of their own.
        comparison: with other sketches.

    Raises:
        ImageFileError: they cannot be written.
    """
    values = to_json(evaluation, photo_groups, comparison)
    write_atomically(out / FIGURES, json.dumps(values, indent=1) + "\n")
    write_atomically(out / PAGE, to_html(evaluation, title, photo_groups, comparison))


def to_json(
    evaluation: Evaluation, photo_groups: Sequence[PhotoGroup] = (), comparison: Comparison | None = None
) -> dict[str, object]:
    """Return everything that was found but the pictures; the same sketches give the same values."""
    encoder = evaluation.judge.encoder
    together = all_together(evaluation.sketches)
    values: dict[str, object] = {
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
        "all_labels": together and _group_json(together),
        "photo_groups": [_photo_group_json(group, evaluation.sketches) for group in photo_groups],
        "sketches": [_sketch_json(one) for one in evaluation.sketches],
        "left_out": [{"file": one.path.name, "why": one.why} for one in evaluation.left_out],
        "warnings": list(evaluation.warnings),
    }
    if comparison:
        values["comparison"] = _comparison_json(comparison, photo_groups)
    return values


def to_text(
    evaluation: Evaluation, photo_groups: Sequence[PhotoGroup] = (), comparison: Comparison | None = None
) -> str:
    """Return tables of the groups, of every sketch and of what changed, without a newline at the end.

    Raises:
        DependencyError: rich is missing.
    """
    sketches = [
        {
            "photo": shown(one.file.photo.stem),
            "sketch": shown(one.file.label) or "-",
            **{cell.name: cell.text for cell in sketch_cells(one, evaluation)},
        }
        for one in evaluation.sketches
    ]
    parts = [_means_text(evaluation.sketches)]
    for group in photo_groups:
        if own := group.of(evaluation.sketches):
            parts.append(f"{shown(group.name)}\n{_means_text(own)}")
    parts.append(format_table(sketches))
    if comparison:
        parts += _changes_texts(comparison, photo_groups)
    return "\n\n".join(parts)


def _means_text(sketches: Sequence[ScoredSketch]) -> str:
    """Return a table of a row for each group, and one for the intervals below it."""
    rows: list[Mapping[str, str]] = []
    together = all_together(sketches)
    for group in (*group_sketches(sketches), *((together,) if together else ())):
        cells = group_cells(group)
        head = {"sketch": shown(group.label) or "-", "n": str(len(group.sketches))}
        rows.append({**head, **{cell.name: cell.text for cell in cells}})
        if any(cell.interval for cell in cells):
            rows.append({"sketch": "95 %", **{cell.name: _narrow(cell) for cell in cells}})
    return format_table(rows)


def _narrow(cell: Cell) -> str:
    return cell.interval.replace(" to ", "..")


def _changes_texts(comparison: Comparison, photo_groups: Sequence[PhotoGroup]) -> list[str]:
    before, after = map(shown, comparison.names)
    parts = []
    for name, pairs in comparison.by_group(photo_groups):
        head = f"{shown(name)}: " if name else ""
        table = format_table([change_texts(change) for change in changes(pairs)])
        parts.append(f"{head}from {before} to {after}, {len(pairs)} pairs\n{table}")
    return parts


def _group_json(group: Group) -> dict[str, object]:
    values = {figure.key: group.averages.get(figure) for figure in OF_GROUP}
    intervals = {key: _ends(one.interval) for key, one in values.items() if one is not None}
    named = group.averages.get(CLASS_TOP1)
    return {
        "label": group.label,
        "sketches": len(group.sketches),
        **{key: None if one is None else round(one.value, DECIMALS) for key, one in values.items()},
        "median_rank": group.median_rank,
        "class_sketches": named.sketches if named else 0,
        "intervals": intervals,
    }


def _photo_group_json(group: PhotoGroup, sketches: Sequence[ScoredSketch]) -> dict[str, object]:
    own = group.of(sketches)
    together = all_together(own)
    return {
        "name": group.name,
        "photos": sorted(photo.name for photo in group.photos),
        "groups": [_group_json(one) for one in group_sketches(own)],
        "all_labels": together and _group_json(together),
    }


def _sketch_json(one: ScoredSketch) -> dict[str, object]:
    metrics = {name: None if value is None else round(value, DECIMALS) for name, value in asdict(one.metrics).items()}
    return {
        "photo": one.file.photo.name,
        "sketch": one.file.path.name,
        "label": one.file.label,
        "strokes": one.num_strokes,
        **metrics,
        "rank": one.rank,
        "class_place": one.class_rank,
        "class_guess": one.class_guess,
    }


def _comparison_json(comparison: Comparison, photo_groups: Sequence[PhotoGroup]) -> dict[str, object]:
    before, after = comparison.names
    (_, pairs), *grouped = comparison.by_group(photo_groups)
    return {
        "before": before,
        "after": after,
        "changes": [_change_json(change) for change in changes(pairs)],
        "photo_groups": [
            {"name": name, "pairs": len(some), "changes": [_change_json(change) for change in changes(some)]}
            for name, some in grouped
        ],
        "pairs": [_pair_json(pair) for pair in pairs],
        "warnings": list(comparison.warnings),
    }


def _change_json(change: Change) -> dict[str, object]:
    return {
        "figure": change.figure.key,
        "change_is": "factor" if change.figure.kind == "rank" else "difference",
        "before": round(change.before, DECIMALS),
        "after": round(change.after, DECIMALS),
        "change": round(change.by, DECIMALS),
        "interval": _ends(change.interval),
        "signs": change.signs and change.signs._asdict(),
        "beyond_chance": change.verdict or None,
    }


def _pair_json(pair: SketchPair) -> dict[str, object]:
    return {"before": _sketch_json(pair.before), "after": _sketch_json(pair.after)}


def _ends(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [round(end, DECIMALS) for end in interval]
