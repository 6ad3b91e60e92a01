"""The figures of one sketch beside its photo."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from clipasso_core.losses import geometric_loss, semantic_loss
from clipasso_core.pixels import resize
from clipasso_core.rasterizer import ink, rasterize
from clipasso_core.strokes import Strokes

from .chamfer import chamfer
from .judge import Judge, Seen
from .ms_ssim import ms_ssim
from .photo import CANVAS, SeenPhoto, to_grey


@dataclass(frozen=True)
class Figures:
    """How near a sketch comes to its photo. docs/evaluation.md says what each figure means.

    Args:
        loss: the evaluation loss as the judge sees it; lower is better.
        geometric: its part that compares feature maps.
        similarity: cosine of both embeddings, -1 to 1; higher is better.
        ink_to_edge: px of the 224 px canvas, mean distance of ink from the nearest edge; lower is better.
        edge_to_ink: px, mean distance of edges from the nearest ink; lower is better.
        ms_ssim: 0 to 1; higher is better.
    """

    loss: float
    geometric: float
    similarity: float
    ink_to_edge: float
    edge_to_ink: float
    ms_ssim: float


@torch.no_grad()
def compare(strokes: Strokes, photo: SeenPhoto, seen: Seen, judge: Judge) -> tuple[Figures, Tensor]:
    """Compare a sketch with its photo.

    Args:
        strokes: one sketch (B = 1) on the canvas, on the CPU.
        photo: the photo.
        seen: what the judge saw in the photo.
        judge: who looks.

    Returns:
        The figures, and the sketch's embedding [D].

    Raises:
        ShapeError: nothing of the sketch lies on the canvas.
    """
    distance = chamfer(ink(strokes, CANVAS)[0], photo.edges)
    found = judge.look(rasterize(strokes, judge.size))
    recipe = judge.encoder.recipe
    geometric = float(geometric_loss(found.features, seen.features, recipe))
    semantic = float(semantic_loss(found.embedding, seen.embedding))
    alike = ms_ssim(to_grey(rasterize(strokes, CANVAS)), to_grey(resize(photo.image, CANVAS)))
    loss = geometric + recipe.semantic_weight * semantic
    return Figures(loss, geometric, 1 - semantic, *distance, float(alike)), found.embedding[0]
