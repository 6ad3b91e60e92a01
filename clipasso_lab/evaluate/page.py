"""The contact sheet: one HTML page with every photo beside its sketches, whole in itself."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

from clipasso_core import __version__

from .cells import MEANINGS, Cell, group_cells, sketch_cells
from .evaluation import Evaluation, PhotoCard, ScoredSketch
from .folder import same_photos, shown
from .groups import Group, group_sketches
from .style import STYLE

GENERATOR = '<meta name="generator" content="clipasso eval">'
"""Stands in every page, and tells it from the user's own."""

ARROWS = {"lower": "↓", "higher": "↑", "": ""}


def to_html(evaluation: Evaluation, title: str) -> str:
    """Return the page; it loads nothing from elsewhere and runs nothing.

    Args:
        evaluation: with at least one sketch.
        title: such as the folder's name.
    """
    groups = group_sketches(evaluation.sketches)
    head = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; '
        "style-src 'unsafe-inline'\">\n"
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n{GENERATOR}\n'
        f"<title>{_text(title)}: sketches and figures</title>\n<style>{STYLE}</style>\n</head>\n"
    )
    body = [
        f'<body style="--columns: {len(groups) + 1}">',
        _header(evaluation, title),
        f'<main>\n<h2>Means</h2>\n<div class="scroll">{_means(evaluation, groups)}</div>',
        f'<h2>Sheet</h2>\n<div class="scroll">{_sheet(evaluation, groups)}</div>\n</main>',
        f"{_footer(evaluation, groups)}\n</body>\n</html>\n",
    ]
    return head + "\n".join(body)


def _header(evaluation: Evaluation, title: str) -> str:
    photos, sketches = len(evaluation.photos), len(evaluation.sketches)
    counted = f"{photos} photo{'s' * (photos != 1)}, {sketches} sketch{'es' * (sketches != 1)}."
    judge = _text(evaluation.judge.encoder.description)
    return f"<header>\n<h1>{_text(title)}</h1>\n<p>{counted} Judged by {judge}.</p>\n</header>"


def _means(evaluation: Evaluation, groups: Sequence[Group]) -> str:
    rows = [group_cells(group) for group in groups]
    fair = same_photos([one.file for one in evaluation.sketches])
    names = list(dict.fromkeys(cell.name for row in rows for cell in row))
    better = {cell.name: cell.better for row in rows for cell in row}
    titles = "".join(
        f'<th scope="col" title="{_text(MEANINGS[name])}">{_text(name)} {ARROWS[better[name]]}</th>' for name in names
    )
    lines = [
        f'<tr><th scope="row">{_text(_head(group.label, evaluation.sketches))}</th><td>{group.sketches}</td>'
        + "".join(_mean(name, row, rows if fair else ()) for name in names)
        + "</tr>"
        for group, row in zip(groups, rows, strict=True)
    ]
    head = f'<thead><tr><th scope="col">sketches</th><th scope="col">number</th>{titles}</tr></thead>'
    return f"<table>{head}<tbody>{''.join(lines)}</tbody></table>"


def _mean(name: str, row: Sequence[Cell], rows: Sequence[Sequence[Cell]]) -> str:
    """Return one mean; the best of the rows that it may be compared with is marked."""
    cell = next((cell for cell in row if cell.name == name), None)
    if cell is None:
        return "<td>-</td>"
    texts = {one.text: one.value for other in rows for one in other if one.name == name}
    best = (min if cell.better == "lower" else max)(texts, key=lambda text: texts[text], default="")
    marked = ' class="best"' if len(texts) > 1 and cell.text == best else ""
    return f"<td{marked}>{cell.text}</td>"


def _sheet(evaluation: Evaluation, groups: Sequence[Group]) -> str:
    found = {(one.file.photo, one.file.label): one for one in evaluation.sketches}
    drawn = {one.file.photo for one in evaluation.sketches}
    heads = "".join(f"<span>{_text(_head(group.label, evaluation.sketches))}</span>" for group in groups)
    lines = [f'<div class="row head" aria-hidden="true"><span>photo, as the judge sees it</span>{heads}</div>']
    for card in evaluation.photos:
        if card.path in drawn:
            sketches = [_sketch(found.get((card.path, group.label)), evaluation) for group in groups]
            lines.append(f'<section class="row" aria-label="{_name(card)}">{_photo(card)}{"".join(sketches)}</section>')
    return "\n".join(lines)


def _head(label: str, sketches: Sequence[ScoredSketch]) -> str:
    """Return a column's title: the label, called strokes where it is their number."""
    counts = {str(one.num_strokes) for one in sketches if one.file.label == label}
    return f"{label} stroke{'s' * (label != '1')}" if counts == {label} else label or "sketch"


def _photo(card: PhotoCard) -> str:
    class_name = f"<br>class: {_text(card.class_name)}" if card.class_name else ""
    alt = f"The photo {_name(card)}, its object on white"
    return (
        f'<figure><div class="paper"><img src="{card.picture}" alt="{alt}"></div>'
        f'<figcaption><span class="name">{_name(card)}</span>{class_name}</figcaption></figure>'
    )


def _sketch(one: ScoredSketch | None, evaluation: Evaluation) -> str:
    if one is None:
        return '<figure><div class="paper none"></div><figcaption>no sketch</figcaption></figure>'
    source = "data:image/svg+xml;base64," + base64.b64encode(one.svg.encode("utf-8")).decode("ascii")
    alt = f"Sketch {_text(one.file.path.stem)} in {one.num_strokes} strokes"
    figures = "".join(
        f"<div><dt>{_text(cell.name)}</dt><dd>{_text(cell.text)}</dd></div>" for cell in sketch_cells(one, evaluation)
    )
    return (
        f'<figure><div class="paper"><img src="{source}" alt="{alt}" loading="lazy"></div>'
        f"<figcaption><dl>{figures}</dl></figcaption></figure>"
    )


def _footer(evaluation: Evaluation, groups: Sequence[Group]) -> str:
    cells = [cell for group in groups for cell in group_cells(group)]
    cells += [cell for one in evaluation.sketches for cell in sketch_cells(one, evaluation)]
    better = {cell.name: cell.better for cell in cells}
    meanings = "".join(
        f"<dt>{_text(name)} {ARROWS[better[name]]}</dt><dd>{_text(meaning)}</dd>"
        for name, meaning in MEANINGS.items()
        if name in better
    )
    notes = [*evaluation.warnings, *(f"Left out: {one.path.name}. {one.why}" for one in evaluation.left_out)]
    listed = "".join(f"<li>{_text(note)}</li>" for note in notes)
    return (
        f"<footer>\n{f'<h2>Notes</h2><ul>{listed}</ul>' if notes else ''}\n<h2>What the figures mean</h2>\n"
        f"<dl>{meanings}</dl>\n<p>clipasso {_text(__version__)}; ↓ lower is better, ↑ higher is better</p>\n</footer>"
    )


def _name(card: PhotoCard) -> str:
    return _text(card.path.stem)


def _text(text: str) -> str:
    """Return text as it may stand in HTML, between tags or in an attribute."""
    return escape(shown(text), quote=True)
