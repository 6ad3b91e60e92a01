"""What our nodes tell the page: the strokes that its viewer and its editor draw (web/js/viewer.js).

A node puts it into its ``ui`` result under "clipasso_strokes", or sends it while it works as an event of that name.
CLIPasso Stroke Init tells of the saliency, under "clipasso_saliency", which the viewer of a node below it may show.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from ..clipasso_core.optimize import SketchResult
from ..clipasso_core.strokes import Strokes
from ..clipasso_core.strokes_json import strokes_document

KEY, SALIENCY_KEY = "clipasso_strokes", "clipasso_saliency"
SALIENT = (0.84, 0.0, 0.42)
"""The colour (RGB in 0-1) that the viewer shows for the most salient place; it pales to white."""

MOST_SKETCHES = 16
"""Sketches of a batch that the page gets; all of them are where the strokes are."""

MOST_MOMENTS = 40
"""Moments of a run that the page gets."""

MOST_LOSSES = 120
"""Points of a loss curve that the page gets."""


def strokes_ui(strokes: Strokes, **others: object) -> dict[str, list[dict[str, object]]]:
    """Return the ``ui`` result that shows strokes.

    Args:
        strokes: a batch of sketches.
        others: what else the viewer shows, as JSON values: "history", "runs", "photos".
    """
    shown = {"strokes": document(strokes), "num_sketches": strokes.batch_size}
    return {KEY: [{**shown, **{name: value for name, value in others.items() if value}}]}


def sketch_ui(
    result: SketchResult, moments: Strokes, photos: Sequence[Mapping[str, str]]
) -> dict[str, list[dict[str, object]]]:
    """Return the ``ui`` result that shows the end of a run.

    Args:
        result: of the run.
        moments: the first photo's sketch during the run, a batch.
        photos: files that the page can fetch, one for each photo.
    """
    return strokes_ui(result.strokes, history=_history(moments), runs=_runs(result), photos=list(photos))


def saliency_pictures(maps: Tensor) -> Tensor:
    """Return saliency maps [B, H, W], 0 or more, as pictures [B, 3, H, W] in 0-1 for beneath strokes: pale where low.

    The root lets the long thin lines be seen beside the few places that are far above them, such as eyes.

    >>> saliency_pictures(torch.tensor([[[0.0, 2.0]]]))[0, :, 0].T
    tensor([[1.0000, 1.0000, 1.0000],
            [0.8400, 0.0000, 0.4200]])
    """
    shares = (maps / maps.amax((1, 2), keepdim=True).clamp(min=1e-6)).sqrt()
    return 1 - shares[:, None] * (1 - torch.tensor(SALIENT)[:, None, None])


def document(strokes: Strokes, decimals: int = 2) -> dict[str, object]:
    """Return the first sketches of a batch as JSON values, rounded, without how they came to be."""
    few = replace(strokes.select(list(range(min(strokes.batch_size, MOST_SKETCHES)))), provenance={})
    return strokes_document(few, decimals)


def _history(moments: Strokes) -> dict[str, object]:
    """Return moments that are spread over a run, the last one among them."""
    rows = spread(moments.batch_size, MOST_MOMENTS)
    return strokes_document(replace(moments.select(rows), provenance={}), decimals=1)


def _runs(result: SketchResult) -> list[dict[str, object]]:
    """Return what is known of each sketch: its loss, the curve of the best loss, and the seed that won."""
    seeds = result.winning_seeds()
    rows = spread(len(result.history), MOST_LOSSES)
    return [
        {
            "loss": _finite(loss),
            "losses": [_finite(result.history[row][photo]) for row in rows],
            "best_iteration": result.best_iteration[photo],
            "iterations": result.num_iterations,
            "seconds": round(result.seconds, 1),
            **({"seed": seeds[photo]} if seeds else {}),
        }
        for photo, loss in enumerate(result.loss[:MOST_SKETCHES])
    ]


def spread(count: int, most: int) -> list[int]:
    """Return at most ``most`` of the numbers 0 to count - 1, spread evenly, the first and the last among them."""
    if count <= most:
        return list(range(count))
    return [round(index * (count - 1) / (most - 1)) for index in range(most)]


def _finite(loss: float) -> float | None:
    return round(loss, 6) if math.isfinite(loss) else None
