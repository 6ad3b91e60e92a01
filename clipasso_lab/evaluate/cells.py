"""The figures as short texts, one order and one name for table and page."""

from __future__ import annotations

from typing import Literal, NamedTuple

from .evaluation import Evaluation, ScoredSketch
from .figures import Figures
from .folder import shown
from .groups import Group

Better = Literal["lower", "higher", ""]

MEANINGS = {
    "loss": "how far the judge finds sketch and photo apart, in shapes and meaning",
    "similarity": "cosine of what the judge makes of sketch and photo as a whole",
    "rank": "place of the sketch's own photo among all photos, the nearest first",
    "own first": "share of sketches whose own photo is the nearest of all",
    "median rank": "of the own photos among all photos",
    "ink to edge": "mean distance of the ink from the photo's nearest edge, px of 224",
    "edge to ink": "mean distance of the photo's edges from the nearest ink, px of 224",
    "MS-SSIM": "likeness of the grey pixels over five scales",
    "class rank": "place of the photo's class among all classes, the nearest first",
    "taken for": "the nearest class",
    "class top 1": "share of sketches taken for what they are",
    "class top 3": "share of sketches whose class is among the first three",
}


class Cell(NamedTuple):
    """One figure.

    Args:
        name: of the figure, a key of ``MEANINGS``.
        text: as shown.
        value: to compare with others of its name.
        better: which of two values is better.
    """

    name: str
    text: str
    value: float
    better: Better


def group_cells(group: Group) -> list[Cell]:
    """Return the figures of a group."""
    loss, similarity, *rest = _pair_cells(group.means)
    cells = [
        loss,
        similarity,
        Cell("own first", f"{group.top1:.0%}", group.top1, "higher"),
        Cell("median rank", f"{group.median_rank:g}", group.median_rank, "lower"),
        *rest,
    ]
    for name, share in (("class top 1", group.class_top1), ("class top 3", group.class_top3)):
        if share is not None:
            cells.append(Cell(name, f"{share:.0%}", share, "higher"))
    return cells


def sketch_cells(one: ScoredSketch, evaluation: Evaluation) -> list[Cell]:
    """Return the figures of a sketch of an evaluation."""
    loss, similarity, *rest = _pair_cells(one.figures)
    cells = [loss, similarity, Cell("rank", f"{one.rank} of {len(evaluation.photos)}", one.rank, "lower"), *rest]
    if one.class_place is not None and one.class_guess is not None:
        cells.append(Cell("class rank", f"{one.class_place} of {len(evaluation.classes)}", one.class_place, "lower"))
        cells.append(Cell("taken for", shown(one.class_guess), one.class_place, ""))
    return cells


def _pair_cells(figures: Figures) -> list[Cell]:
    return [
        Cell("loss", f"{figures.loss:.3f}", figures.loss, "lower"),
        Cell("similarity", f"{figures.similarity:.3f}", figures.similarity, "higher"),
        Cell("ink to edge", f"{figures.ink_to_edge:.1f}", figures.ink_to_edge, "lower"),
        Cell("edge to ink", f"{figures.edge_to_ink:.1f}", figures.edge_to_ink, "lower"),
        Cell("MS-SSIM", f"{figures.ms_ssim:.3f}", figures.ms_ssim, "higher"),
    ]
