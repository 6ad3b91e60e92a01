"""The metrics of one sketch beside its photo. docs/evaluation.md says what each means."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from clipasso_core.encoders import Features
from clipasso_core.errors import MaskError, ShapeError
from clipasso_core.files import load_image
from clipasso_core.framing import Frame
from clipasso_core.line_drawing import line_drawing
from clipasso_core.mask import mask_object
from clipasso_core.pixels import resize, resize_map
from clipasso_core.rasterizer import ink, rasterize
from clipasso_core.saliency import lines_inside
from clipasso_core.strokes import CANVAS, Strokes
from clipasso_core.xdog import xdog

from .judge import Judge, embedding_of
from .spots import Spots, find_spots, spots_found
from .tidiness import tidiness


@dataclass(frozen=True)
class Metrics:
    """How near a sketch comes to its photo.

    Args:
        loss: the evaluation loss as the judge sees it; lower is better.
        geometric: its part that compares feature maps.
        similarity: cosine of both embeddings, -1 to 1; higher is better.
        ink_to_edge: px of the 224 px canvas, mean distance of ink from the nearest edge; lower is better.
        edge_to_ink: px, mean distance of edges from the nearest ink; lower is better.
        overlap: 0-1, share of the ink that lies on ink already drawn; lower is better.
        self_crossing: 0-1, share of the strokes that cross themselves; lower is better.
        ink_share: 0-1, share of the canvas that is inked.
        features_found: at most 1, share of the photo's small spots that have ink on them, corrected for chance; higher
            is better. None for a photo without any.
        recognised: rank, 1 the best, that the judge gives the class that it takes the photo for. None for a judge that
            was not trained on classes.
        simple_loss: the evaluation loss beside the photo's line drawing, without texture, tone and shading; lower is
            better.
    """

    loss: float
    geometric: float
    similarity: float
    ink_to_edge: float
    edge_to_ink: float
    overlap: float
    self_crossing: float
    ink_share: float
    features_found: float | None
    recognised: float | None
    simple_loss: float


@dataclass(frozen=True, eq=False)
class ReferencePhoto:
    """A photo with all that its sketches are measured by.

    Args:
        image: [1, 3, S, S] in 0-1, the object on white.
        simple: [1, 3, 224, 224] in 0-1, the same as a ``line_drawing``.
        edges: [224, 224] of zeros and ones: its lines, and its outline.
        spots: its strongest small spots.
        frame: the way from the photo's pixels to the canvas.
    """

    image: Tensor
    simple: Tensor
    edges: Tensor
    spots: Spots
    frame: Frame


class SeenPhoto(NamedTuple):
    """What the judge saw in a photo, the same for all its sketches.

    Args:
        image: in the object on white.
        simple: in its line drawing.
    """

    image: Features
    simple: Features


class Chamfer(NamedTuple):
    """How far ink and edges lie apart, px.

    Args:
        ink_to_edge: mean distance of the ink from the nearest edge: large where lines have no reason.
        edge_to_ink: mean distance of the edges from the nearest ink: large where something was left out.
    """

    ink_to_edge: float
    edge_to_ink: float


def reference_photo(path: Path) -> ReferencePhoto:
    """Read a photo and cut its object out, as ``pipeline.sketch`` does by default.

    Raises:
        ImageFileError: it cannot be read.
        MaskError: no object, or an object without any line.
    """
    cut = mask_object(load_image(path))
    inside, small = resize_map(cut.mask, CANVAS) >= 0.5, resize(cut.image, CANVAS)
    edges = lines_inside(xdog(small), inside)
    if not bool(edges.any()):
        raise MaskError("The photo has no lines inside its object (is it one flat colour?). Use another photo.")
    simple = line_drawing(small, inside.to(small))[:, None].expand(-1, 3, -1, -1)
    return ReferencePhoto(cut.image, simple, edges[0], find_spots(cut.image, inside[0]), cut.frames[0])


def see_photo(photo: ReferencePhoto, judge: Judge) -> SeenPhoto:
    """Let the judge look at a photo."""
    return SeenPhoto(judge.look(photo.image), judge.look(photo.simple))


@torch.no_grad()
def score_strokes(
    strokes: Strokes, photo: ReferencePhoto, photo_seen: SeenPhoto, judge: Judge
) -> tuple[Metrics, Tensor]:
    """Measure a sketch by its photo.

    Args:
        strokes: one sketch (B = 1) on the canvas, on the CPU.
        photo: the photo.
        photo_seen: what the judge saw in the photo.
        judge: the network that judges.

    Returns:
        The metrics, and the sketch's embedding [D].

    Raises:
        ShapeError: nothing of the sketch lies on the canvas.
    """
    inked = ink(strokes, CANVAS)[0]
    distance = chamfer(inked, photo.edges)
    drawn = judge.look(rasterize(strokes, judge.size))
    loss, geometric, semantic = judge.losses(drawn, photo_seen.image)
    metrics = Metrics(
        loss,
        geometric,
        1 - semantic,
        *distance,
        *tidiness(strokes),
        spots_found(inked, photo.spots),
        judge.recognised(drawn, photo_seen.image),
        judge.losses(drawn, photo_seen.simple)[0],
    )
    return metrics, embedding_of(drawn)[0]


def chamfer(coverage: Tensor, edges: Tensor) -> Chamfer:
    """Measure how far ink and edges lie apart.

    Args:
        coverage: [H, W] of the ink, in 0-1. Each pixel's distance counts by its coverage; the nearest ink
            is a pixel of at least half of the highest coverage.
        edges: [H, W] of zeros and ones.

    Returns:
        Means in px; a pixel that is both ink and edge lies 0 px away.

    Raises:
        ShapeError: of different shapes, or there is no ink or no edge at all.

    >>> chamfer(torch.tensor([[0.0, 0, 0, 1]]), torch.tensor([[1.0, 0, 0, 0]]))
    Chamfer(ink_to_edge=3.0, edge_to_ink=3.0)
    """
    if coverage.shape != edges.shape or coverage.ndim != 2:
        raise ShapeError(
            f"ink and edges must be [H, W] of one size, got {list(coverage.shape)} and {list(edges.shape)}."
        )
    inked, lines = coverage.detach().cpu().double().numpy(), edges.detach().cpu().numpy() > 0.5
    if not inked.max() > 0:
        raise ShapeError("The sketch has no ink on its canvas, so there is nothing to measure.")
    if not lines.any():
        raise ShapeError("The photo has no edges, so there is nothing to measure.")
    drawn = inked >= 0.5 * inked.max()
    return Chamfer(float(np.average(_distance_to(lines), weights=inked)), float(_distance_to(drawn)[lines].mean()))


def _distance_to(marked: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return each pixel's distance [H, W], px, to the nearest marked one."""
    found: NDArray[np.float64] = ndimage.distance_transform_edt(~marked)
    return found
