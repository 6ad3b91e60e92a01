"""An evaluation as JSON values."""

from __future__ import annotations

import platform
from dataclasses import asdict

import torch

from clipasso_core import __version__

from .evaluation import Evaluation, ScoredSketch
from .figures import Figures
from .groups import Group, group_sketches

DECIMALS = 6


def report(evaluation: Evaluation) -> dict[str, object]:
    """Return everything that was found but the pictures; the same sketches give the same report."""
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
        "groups": [_group(group) for group in group_sketches(evaluation.sketches)],
        "sketches": [_sketch(one) for one in evaluation.sketches],
        "left_out": [{"file": one.path.name, "why": one.why} for one in evaluation.left_out],
        "warnings": list(evaluation.warnings),
    }


def _group(group: Group) -> dict[str, object]:
    return {
        "label": group.label,
        "sketches": group.sketches,
        **_rounded(group.means),
        "top1": round(group.top1, DECIMALS),
        "median_rank": group.median_rank,
        "class_sketches": group.class_sketches,
        "class_top1": group.class_top1,
        "class_top3": group.class_top3,
    }


def _sketch(one: ScoredSketch) -> dict[str, object]:
    return {
        "photo": one.file.photo.name,
        "sketch": one.file.path.name,
        "label": one.file.label,
        "strokes": one.num_strokes,
        **_rounded(one.figures),
        "rank": one.rank,
        "class_place": one.class_place,
        "class_guess": one.class_guess,
    }


def _rounded(figures: Figures) -> dict[str, float]:
    return {name: round(value, DECIMALS) for name, value in asdict(figures).items()}
