"""Memory: it does not grow with the iterations, and a run that has too little goes on with one image at a time."""

from __future__ import annotations

import gc
import logging

import pytest
import torch
from torch import Tensor

from clipasso_core.encoders import Features, ImageEncoder, get_encoder
from clipasso_core.errors import ConfigError
from clipasso_core.optimize import OptimizeConfig, SketchRun
from clipasso_core.stroke_init import StrokeInitConfig, init_strokes


class Small:
    """Stand for a device on which only so many images fit."""

    def __init__(self, fits: int) -> None:
        self.encoder = get_encoder()
        self.fits = fits

    def __getattr__(self, name: str) -> object:
        return getattr(self.encoder, name)

    def encode(self, images: Tensor, layers: tuple[str, ...] | None = None, embedding: bool = True) -> Features:
        if len(images) > self.fits:
            raise torch.cuda.OutOfMemoryError("does not fit")
        return self.encoder.encode(images, layers, embedding)


def run(encoder: ImageEncoder | Small) -> SketchRun:
    strokes = init_strokes(torch.ones(1, 64, 64), StrokeInitConfig(num_strokes=4, num_sketches=2, canvas_size=64))
    photo = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    return SketchRun(photo, strokes, encoder, OptimizeConfig(num_iterations=2, num_views=2, bank_size=4))  # type: ignore[arg-type]


def test_goes_on_with_one_image_at_a_time(caplog: pytest.LogCaptureFixture) -> None:
    roomy, small = run(get_encoder()), run(Small(1))
    with caplog.at_level(logging.WARNING):
        steps = [(a, b) for a, b in zip(roomy, small, strict=True)]
    assert caplog.text.count("Out of memory with 3 images at once; going on with one at a time.") == 1
    for one, other in steps:
        torch.testing.assert_close(one.losses["evaluation"], other.losses["evaluation"], rtol=1e-4, atol=1e-5)


def test_gives_up_when_not_even_one_fits() -> None:
    with pytest.raises(torch.cuda.OutOfMemoryError):
        run(Small(0)).step()


def live_tensors() -> tuple[int, int]:
    """Return how many tensors there are, and their elements."""
    gc.collect()
    alive = [thing for thing in gc.get_objects() if issubclass(type(thing), Tensor)]
    return len(alive), sum(tensor.numel() for tensor in alive)


def test_memory_does_not_grow_with_the_iterations() -> None:
    strokes = init_strokes(torch.ones(1, 64, 64), StrokeInitConfig(num_strokes=2, num_sketches=2, canvas_size=64))
    photo = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    options = OptimizeConfig(num_iterations=60, num_views=1, bank_size=2, halving=True)
    run = SketchRun(photo, strokes, get_encoder(), options)
    counts = {step.iteration: live_tensors() for step in run if step.iteration in (30, 60)}
    assert run.candidates.alive_per_photo == 1
    assert counts[60] == counts[30]


def test_what_the_caller_keeps_stays_what_it_was() -> None:
    """A step's tensors are the caller's own, although the next iteration uses the same memory again."""
    looking = run(get_encoder())
    first = looking.step()
    kept = first.strokes.control_points.clone(), first.losses["evaluation"].clone()
    looking.step()
    assert torch.equal(first.strokes.control_points, kept[0])
    assert torch.equal(first.losses["evaluation"], kept[1])


def test_no_more_steps_than_asked_for() -> None:
    looking = run(get_encoder())
    list(looking)
    with pytest.raises(ConfigError, match="All 2 iterations are done"):
        looking.step()
