"""Memory: it does not grow with the iterations, and a run that has too little goes on with fewer images at a time."""

from __future__ import annotations

import gc
import logging

import pytest
import torch
from torch import Tensor

from clipasso_core.encoders import Features, ImageEncoder
from clipasso_core.errors import ConfigError
from clipasso_core.optimize import OptimizeConfig, SketchRun, bank_bytes
from clipasso_core.stroke_init import StrokeInitConfig, init_strokes


class Small:
    """Stand for a device on which only so many images fit."""

    def __init__(self, encoder: ImageEncoder, fits: int) -> None:
        self.encoder, self.fits = encoder, fits

    def __getattr__(self, name: str) -> object:
        return getattr(self.encoder, name)

    def encode(self, images: Tensor, layers: tuple[str, ...] | None = None, embedding: bool = True) -> Features:
        if len(images) > self.fits:
            raise torch.cuda.OutOfMemoryError("does not fit")
        return self.encoder.encode(images, layers, embedding)


def run(encoder: ImageEncoder | Small, photos: int = 1, images_per_pass: int = 0) -> SketchRun:
    config = StrokeInitConfig(num_strokes=4, num_sketches=1, canvas_size=64, spare=0.0)
    strokes = init_strokes(torch.ones(photos, 64, 64), config)
    images = torch.rand(photos, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    options = OptimizeConfig(num_iterations=2, num_views=3, bank_size=4, images_per_pass=images_per_pass)
    return SketchRun(images, strokes, encoder, options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fits", "said"),
    [
        (1, ["4 images at once; going on with 2", "2 images at once; going on with 1"]),
        (2, ["4 images at once; going on with 2"]),
    ],
)
def test_goes_on_with_half_as_many_images(
    encoder: ImageEncoder, caplog: pytest.LogCaptureFixture, fits: int, said: list[str]
) -> None:
    """The first pass is a drawing's four views at once; no more are given up than do not fit."""
    roomy, small = run(encoder, images_per_pass=4), run(Small(encoder, fits), images_per_pass=4)
    with caplog.at_level(logging.WARNING):
        steps = [(a, b) for a, b in zip(roomy, small, strict=True)]
    assert [record.getMessage() for record in caplog.records] == [f"Out of memory with {line}." for line in said]
    for one, other in steps:
        torch.testing.assert_close(one.losses["evaluation"], other.losses["evaluation"], rtol=1e-4, atol=1e-5)


def test_looking_at_the_photos_goes_on_as_well(encoder: ImageEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Off a CPU several photos are looked at together."""
    looking = run(Small(encoder, 1), photos=3)
    monkeypatch.setattr(looking.bank, "on_cpu", False)
    monkeypatch.setattr(looking.bank, "images_per_pass", 8)
    looking.bank.learn([0])
    assert looking.bank.images_per_pass == 1
    whole = run(encoder, photos=3)
    whole.bank.learn([0])
    found, expected = (one.bank.photo(torch.zeros(1, dtype=torch.long), torch.arange(3)) for one in (looking, whole))
    for name, value in expected.maps.items():
        torch.testing.assert_close(found.maps[name], value)


def test_gives_up_when_not_even_one_fits(encoder: ImageEncoder) -> None:
    with pytest.raises(torch.cuda.OutOfMemoryError):
        run(Small(encoder, 0)).step()


def test_the_memory_asked_of_a_host_grows_with_what_is_looked_at() -> None:
    small, large = OptimizeConfig(bank_size=32), OptimizeConfig(bank_size=64)
    assert bank_bytes(large, 224) > bank_bytes(small, 224)
    assert bank_bytes(small, 448) == pytest.approx(4 * bank_bytes(small, 224))
    grids_and_tables = 65 * 224 * 224 * (2 * 4 + 4 * 8 + 4)
    assert bank_bytes(large, 224) == grids_and_tables


def live_tensors() -> tuple[int, int]:
    """Return how many tensors there are, and their elements."""
    gc.collect()
    alive = [thing for thing in gc.get_objects() if issubclass(type(thing), Tensor)]
    return len(alive), sum(tensor.numel() for tensor in alive)


def test_memory_does_not_grow_with_the_iterations(encoder: ImageEncoder) -> None:
    strokes = init_strokes(
        torch.ones(1, 64, 64), StrokeInitConfig(num_strokes=2, num_sketches=2, canvas_size=64, spare=0.0)
    )
    photo = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    options = OptimizeConfig(num_iterations=60, num_views=1, bank_size=2, halving=True)
    run = SketchRun(photo, strokes, encoder, options)
    counts = {step.iteration: live_tensors() for step in run if step.iteration in (30, 60)}
    assert run.candidates.alive_per_photo == 1
    assert counts[60] == counts[30]


def test_what_the_caller_keeps_stays_what_it_was(encoder: ImageEncoder) -> None:
    """A step's tensors are the caller's own, although the next iteration uses the same memory again."""
    looking = run(encoder)
    first = looking.step()
    kept = first.strokes.control_points.clone(), first.losses["evaluation"].clone()
    looking.step()
    assert torch.equal(first.strokes.control_points, kept[0])
    assert torch.equal(first.losses["evaluation"], kept[1])


def test_no_more_steps_than_asked_for(encoder: ImageEncoder) -> None:
    looking = run(encoder)
    list(looking)
    with pytest.raises(ConfigError, match="All 2 iterations are done"):
        looking.step()
