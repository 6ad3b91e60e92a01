"""A small run that the tests of the optimiser share: 4 strokes on 64 px, few views."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from clipasso_core.encoders import ImageEncoder
from clipasso_core.optimize import OptimizeConfig, SketchRun
from clipasso_core.stroke_init import StrokeInitConfig, init_strokes
from clipasso_core.strokes import Strokes

PLAIN = {
    "num_iterations": 4, "num_views": 1, "bank_size": 4, "learning_rate": 1.0, "final_learning_rate": 1.0,
    "simplify": 0.0, "tidy": 0.0, "outline_weight": 0.0, "least_pace": 1.0, "halving": False,
}  # fmt: skip


@pytest.fixture(scope="session")
def first_strokes() -> Callable[..., Strokes]:
    """Return 4 first strokes of one cubic a sketch for some photos, the same for each photo."""

    def make(photos: int = 1, sketches: int = 1, seed: int = 0) -> Strokes:
        config = StrokeInitConfig(
            num_strokes=4,
            num_segments=1,
            num_sketches=sketches,
            canvas_size=64,
            radius=0.2,
            seed=seed,
            follow=0.0,
            spare=0.0,
        )
        return init_strokes(torch.ones(photos, 64, 64), config)

    return make


@pytest.fixture(scope="session")
def start(first_strokes: Callable[..., Strokes], encoder: ImageEncoder) -> Callable[..., SketchRun]:
    """Return a run of few iterations over photos; keywords go to OptimizeConfig."""

    def make(images: Tensor, sketches: int = 1, **options: object) -> SketchRun:
        strokes = options.pop("strokes", None) or first_strokes(images.shape[0], sketches)
        looking = options.pop("encoder", encoder)
        config = OptimizeConfig(**{**PLAIN, **options})  # type: ignore[arg-type]
        return SketchRun(images, strokes, looking, config)  # type: ignore[arg-type]

    return make
