"""The figures of one pair: a photo's own edges are a better sketch of it than another photo's."""

from __future__ import annotations

import math
from dataclasses import astuple

import pytest
import torch

from clipasso_core.encoders import ImageEncoder
from clipasso_core.errors import ShapeError
from clipasso_core.optimize import OptimizeConfig, SketchRun
from clipasso_core.strokes import Strokes
from clipasso_lab.evaluate import Judge
from clipasso_lab.evaluate.figures import Figures, compare
from clipasso_lab.evaluate.photo import SeenPhoto


def figures_of(strokes: Strokes, photo: SeenPhoto, judge: Judge) -> Figures:
    return compare(strokes, photo, judge.look(photo.image), judge)[0]


@pytest.mark.parametrize(("own", "other"), [("cat", "cup"), ("cup", "cat")])
def test_own_edges_beat_anothers(
    own: str, other: str, traced: dict[str, Strokes], seen: dict[str, SeenPhoto], judge: Judge
) -> None:
    right, wrong = (figures_of(traced[name], seen[own], judge) for name in (own, other))
    assert right.loss < wrong.loss
    assert right.geometric < wrong.geometric
    assert right.ink_to_edge < 0.6 < wrong.ink_to_edge
    assert right.edge_to_ink < 1.5 < wrong.edge_to_ink
    assert right.ms_ssim > wrong.ms_ssim
    assert all(map(math.isfinite, astuple(right)))


def test_the_loss_is_its_parts(traced: dict[str, Strokes], seen: dict[str, SeenPhoto], judge: Judge) -> None:
    found = figures_of(traced["cat"], seen["cat"], judge)
    weight = judge.encoder.recipe.semantic_weight
    assert found.loss == pytest.approx(found.geometric + weight * (1 - found.similarity))


def test_the_optimisers_own_encoder_finds_the_optimisers_loss(
    traced: dict[str, Strokes], seen: dict[str, SeenPhoto], encoder: ImageEncoder
) -> None:
    """Its photo is shrunk to the canvas first, and the embedded encoder's size is the canvas's."""
    strokes = traced["cup"]
    run = SketchRun(seen["cup"].image, strokes, encoder, OptimizeConfig(num_iterations=1, num_views=0))
    loss = float(run.step().losses["evaluation"])
    found = figures_of(strokes, seen["cup"], Judge(encoder, torch.device("cpu")))
    assert found.loss == pytest.approx(loss, abs=1e-4)


def test_ink_outside_the_canvas_is_none(seen: dict[str, SeenPhoto], judge: Judge) -> None:
    outside = Strokes.black(torch.full((1, 1, 4, 2), 500.0), (224, 224))
    with pytest.raises(ShapeError, match="no ink on its canvas"):
        figures_of(outside, seen["cat"], judge)
