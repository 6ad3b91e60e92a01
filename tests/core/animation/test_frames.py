"""Frames: how many, and what the last one shows."""

from __future__ import annotations

import itertools

import pytest
import torch

from clipasso_core.animation import AnimationConfig, drawing_frames, history_frames
from clipasso_core.errors import ConfigError
from clipasso_core.rasterizer import rasterize
from clipasso_core.strokes import Strokes


@pytest.fixture
def scribble() -> Strokes:
    points = torch.rand(2, 3, 4, 2, generator=torch.Generator().manual_seed(1)) * 48
    return Strokes.black(points, (48, 48), stroke_width=2)


def test_the_last_frames_are_the_whole_drawing_to_the_byte(scribble: Strokes) -> None:
    frames = list(drawing_frames(scribble, AnimationConfig(num_frames=7, fps=10, hold=0.3), (64, 64)))
    whole = rasterize(scribble, (64, 64))
    assert len(frames) == 7 + 3
    assert all(torch.equal(frame, whole) for frame in frames[6:])
    assert not torch.equal(frames[5], whole)


def test_ink_is_only_added(scribble: Strokes) -> None:
    frames = list(drawing_frames(scribble, AnimationConfig(num_frames=12, hold=0)))
    assert float((1 - frames[0]).sum()) > 0
    for before, after in itertools.pairwise(frames):
        assert float((after - before).max()) < 0.01
        assert float((before - after).sum()) > 1  # px of ink


def test_one_frame_is_the_drawing(scribble: Strokes) -> None:
    (frame,) = drawing_frames(scribble, AnimationConfig(num_frames=1, hold=0))
    assert torch.equal(frame, rasterize(scribble))


def test_history_is_one_frame_a_moment(scribble: Strokes) -> None:
    frames = list(history_frames(scribble, AnimationConfig(fps=5, hold=1)))
    assert len(frames) == 2 + 5
    assert all(torch.equal(frame, rasterize(scribble.select([1]))) for frame in frames[1:])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"num_frames": 0}, "num_frames must lie between 1 and 10000, got 0"),
        ({"fps": 0.5}, "fps must lie between 1 and 120, got 0.5"),
        ({"fps": float("nan")}, "fps must lie between"),
        ({"hold": -1}, "hold must lie between 0 and 60, got -1"),
    ],
)
def test_what_makes_no_animation_is_refused(options: dict[str, float], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        AnimationConfig(**options)  # type: ignore[arg-type]
