"""The terms of the loss, unweighted and named; one number per sketch."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from .bezier import arc_length, last_points
from .crossings import MOST_CUBICS, self_crossings
from .encoders.base import Distance, FeatureRecipe, Features
from .pixels import grown
from .strokes import CANVAS_SIDE, Strokes

PIECES = 12
"""Straight pieces of a cubic, between which crossings are looked for."""

NEAR, COVERED = 3.0, 0.3
"""px of a 224 px canvas, the Gaussian by which ink counts for what lies around it; and how much of it covers a line."""


def comparable(features: Features, recipe: FeatureRecipe) -> Features:
    """Bring feature maps [B, C, h, w] into the form in which the recipe compares them.

    >>> features = Features({"stage2": torch.full((1, 4, 2, 2), 3.0)}, None)
    >>> recipe = FeatureRecipe({"stage2": 1.0}, normalize_channels=True)
    >>> comparable(features, recipe).maps["stage2"][0, :, 0, 0].tolist()
    [0.5, 0.5, 0.5, 0.5]
    """
    if not recipe.normalize_channels:
        return features
    return Features({k: F.normalize(v, dim=1, eps=1e-6) for k, v in features.maps.items()}, features.embedding)


def map_distance(
    drawing: Tensor, photo: Tensor, normalized: bool, distance: Distance = "l2", places: Tensor | None = None
) -> Tensor:
    """Return how far comparable maps [B, C, h, w] lie apart, as [B].

    Args:
        drawing: the maps of the drawings.
        photo: those of the photos.
        normalized: whether the channels of every position have length 1.
        distance: "l2" is the mean squared difference, "l1" the mean absolute one; of channel-normalised maps the mean
            over positions only, so that l2 lies between 0 and 4 whatever the number of channels. "cosine" is 1 - cosine
            of the channels of a position, its mean over positions.
        places: [B, h, w] how much each position counts; None for all alike.

    >>> black, white = torch.zeros(2, 3, 8, 8), torch.ones(2, 3, 8, 8)
    >>> map_distance(black, 3 * white, normalized=False).tolist()
    [9.0, 9.0]
    >>> map_distance(black, 3 * white, False, "l1").tolist(), map_distance(white, 3 * white, False, "cosine").tolist()
    ([3.0, 3.0], [0.0, 0.0])
    """
    if distance == "cosine":
        turned = 1 - F.cosine_similarity(drawing, photo, dim=1, eps=1e-6)
        return (turned if places is None else turned * places).mean(dim=(-2, -1))
    apart = (drawing - photo).abs() if distance == "l1" else (drawing - photo) ** 2
    apart = apart if places is None else apart * places[:, None]
    return apart.sum(dim=1).mean(dim=(-2, -1)) if normalized else apart.mean(dim=(-3, -2, -1))


def geometric_loss(
    drawing: Features, photo: Features, recipe: FeatureRecipe, places: Mapping[str, Tensor] | None = None
) -> Tensor:
    """Compare feature maps, weighted by layer.

    Args:
        drawing: of B images, made ``comparable``.
        photo: of the B photos, likewise.
        recipe: which layers, and how.
        places: [B, h, w] by layer, how much each position counts; None for all alike.

    Returns:
        [B].

    >>> drawing, photo = (Features({"stage2": torch.full((1, 3, 8, 8), value)}, None) for value in (0.0, 1.0))
    >>> geometric_loss(drawing, photo, FeatureRecipe({"stage2": 0.5})).tolist()
    [0.5]

    Source: equation 2 of the paper.
    """
    terms = [
        weight
        * map_distance(
            drawing.maps[name],
            photo.maps[name],
            recipe.normalize_channels,
            recipe.distance(name),
            None if places is None else places[name],
        )
        for name, weight in recipe.layer_weights.items()
    ]
    return torch.stack(terms).sum(dim=0)


def semantic_loss(drawing: Tensor, photo: Tensor) -> Tensor:
    """Return 1 - cosine of embeddings [B, D] and [B, D] as [B]. Source: equation 1 of the paper.

    >>> semantic_loss(torch.tensor([[1.0, 0.0], [1.0, 0.0]]), torch.tensor([[3.0, 0.0], [0.0, 3.0]])).tolist()
    [0.0, 1.0]
    """
    return 1 - F.cosine_similarity(drawing, photo, dim=-1)


def overlap_loss(strokes: Strokes, drawn: Tensor) -> Tensor:
    """Return how much of the ink that the pen lays down does not show, because it lies on ink, as [B].

    A pen of width w lays down w times its way, and a disc for its two caps. Where strokes lie on each other, or one
    on itself (a loop, a knot, a bend tighter than the pen), less than that shows. The gradient draws them apart.

    Args:
        strokes: B sketches.
        drawn: [B, H, W] their opacity at the size of their canvas, as ``rasterizer.ink`` draws it.

    Returns:
        [B], hidden ink as a fraction of the canvas; what lies off the canvas is hidden too.

    >>> from clipasso_core.rasterizer import ink
    >>> line = torch.tensor([[[[8.0, 16], [12, 16], [18, 16], [24, 16]]]])
    >>> once, twice = (Strokes.black(line.repeat(1, n, 1, 1), (32, 32), stroke_width=2) for n in (1, 2))
    >>> [round(float(overlap_loss(s, ink(s))[0]) * 32 * 32) for s in (once, twice)]  # 16 x 2 px, and 3 for the caps
    [0, 35]
    """
    radius = strokes.stroke_width / 2
    laid = 2 * radius * arc_length(strokes.control_points) + math.pi * radius.square()
    height, width = strokes.canvas_size
    laid = (laid * strokes.color[..., 3] * strokes.alive).sum(dim=1)
    return (laid - drawn.sum(dim=(-2, -1))) / (height * width)


def trespass_loss(drawn: Tensor, off_limits: Tensor) -> Tensor:
    """Return how much ink lies where none should, as [B], a fraction of the canvas.

    Args:
        drawn: [B, H, W] the opacity of B sketches.
        off_limits: [B, H, W] in 0-1, 1 where no ink should lie.

    >>> off_limits = torch.zeros(1, 4, 4)
    >>> off_limits[:, :, 2:] = 1
    >>> trespass_loss(torch.full((1, 4, 4), 0.5), off_limits).tolist()
    [0.25]
    """
    return (drawn * off_limits).mean(dim=(-2, -1))


def close_beside(drawn: Tensor, px: int) -> Tensor:
    """Return where [B, H, W] there is no ink, but some within ``px`` px: 1 there, 0 elsewhere.

    Args:
        drawn: [B, H, W] the opacity of B sketches.
        px: a square's reach, to the left, right, up and down.

    >>> drawn = torch.zeros(1, 1, 9)
    >>> drawn[0, 0, 4] = 0.5
    >>> close_beside(drawn, 2).tolist()
    [[[0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.0]]]
    """
    inked = (drawn > 0).float()
    return grown(inked, px) - inked


def uncovered_loss(drawn: Tensor, lines: Tensor) -> Tensor:
    """Return which share of a photo's lines has no ink near it, as [B].

    Ink counts for what lies around it, by a Gaussian; where a pen of 3 px (of a 224 px canvas) goes along a line, or
    two px beside it, the line is covered. So strokes grow along lines, and gaps close, but no gradient draws a stroke
    to a line that is far away.

    Args:
        drawn: [B, H, W] the opacity of B sketches.
        lines: [B, H, W] how much each place is part of a line; anything from 0 up.

    >>> lines = torch.zeros(1, 224, 224)
    >>> lines[:, 100] = 1
    >>> drawn = torch.zeros(1, 224, 224)
    >>> drawn[:, 101:104, :112] = 1  # half of it
    >>> round(float(uncovered_loss(drawn, lines)), 2), float(uncovered_loss(drawn, 0 * lines))
    (0.5, 0.0)
    """
    halved, wanted = (F.avg_pool2d(each[:, None], 2, ceil_mode=True)[:, 0] for each in (drawn, lines))
    sigma = NEAR * max(drawn.shape[-2:]) / CANVAS_SIDE / 2
    rows, columns = (_blurring(halved.new_ones(side), sigma) for side in halved.shape[-2:])
    uncovered = wanted * (1 - rows @ halved @ columns / COVERED).clamp_min(0)
    return uncovered.sum(dim=(-2, -1)) / wanted.sum(dim=(-2, -1)).clamp_min(1)


def _blurring(ones: Tensor, sigma: float) -> Tensor:
    """Return the matrix [S, S] that blurs a vector by a Gaussian; ones [S] say its size. Beyond it is nothing."""
    place = ones.cumsum(dim=0)
    falls = torch.exp(-(place[:, None] - place).square() / (2 * sigma**2))
    return falls / (sigma * math.sqrt(2 * math.pi))


def bend_loss(strokes: Strokes) -> Tensor:
    """Return how much more ink the way along the control points would take than the curves do, as [B].

    Nothing for a straight line, little for an arc; much for hooks, knots and curves that swing back and forth.

    Args:
        strokes: B sketches.

    Returns:
        [B], ink as a fraction of the canvas.

    >>> line, hook = [[8.0, 16], [12, 16], [18, 16], [24, 16]], [[8.0, 16], [30, 16], [2, 24], [24, 16]]
    >>> [round(float(bend_loss(Strokes.black(torch.tensor([[s]]), (32, 32), 2))[0]) * 32 * 32) for s in (line, hook)]
    [0, 105]
    """
    control = strokes.control_points
    steps = control.diff(dim=-2).square().sum(dim=-1).clamp_min(1e-12).sqrt().sum(dim=-1)
    height, width = strokes.canvas_size
    more = (steps - arc_length(control)).clamp_min(0) * strokes.stroke_width * strokes.color[..., 3] * strokes.alive
    return more.sum(dim=1) / (height * width)


def knot_loss(strokes: Strokes) -> Tensor:
    """Return how much ink must go so that no stroke crosses itself any more, as [B].

    What crosses itself has two ends and a loop between them; the shortest of the three must go, and the gradient
    shortens it. Of several crossings of a stroke the worst counts. A stroke whose ends meet, or pass each other by less
    than its width, is closed, and crosses nothing. Strokes of more than ``MOST_CUBICS`` may cross themselves.

    Args:
        strokes: B sketches.

    Returns:
        [B], ink as a fraction of the canvas.

    >>> arch = torch.tensor([[20.0, 80], [20, 20], [80, 20], [80, 80]])
    >>> loop = torch.tensor([[20.0, 80], [140, 20], [-40, 20], [80, 80]])  # 35 px to its crossing
    >>> [round(float(knot_loss(Strokes.black(each[None, None], (100, 100), 2))) * 100 * 100) for each in (arch, loop)]
    [0, 71]
    """
    counts = strokes.alive & (last_points(strokes.control_points) <= 3 * MOST_CUBICS)
    found = self_crossings(strokes.control_points[:, :, : 3 * MOST_CUBICS + 1], PIECES)
    pen = strokes.stroke_width[..., None, None]
    knots = found.there & ((found.before > pen) | (found.behind > pen))
    shortest = torch.minimum(torch.minimum(found.before, found.behind), found.loop)
    worst = torch.where(knots, shortest, 0.0).amax(dim=(-2, -1))
    height, width = strokes.canvas_size
    return (worst * strokes.stroke_width * strokes.color[..., 3] * counts).sum(dim=1) / (height * width)
