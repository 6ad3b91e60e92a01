"""Frames: a drawing that comes to be, and a run of the optimiser, as pixels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from ..errors import check_range
from ..rasterizer import rasterize
from ..strokes import Strokes
from .timeline import Timeline

MAX_FRAMES = 10_000


@dataclass(frozen=True)
class AnimationConfig:
    """Say how long an animation is.

    Args:
        num_frames: in which the drawing comes to be: the first one shows its beginning, the last one all of it.
        fps: frames a second.
        hold: s that the finished drawing stays in sight after that.

    Raises:
        ConfigError: out of range.

    >>> config = AnimationConfig(num_frames=48, fps=24, hold=0.5)
    >>> config.seconds, config.num_hold_frames
    (2.0, 12)
    """

    num_frames: int = 96
    fps: float = 24.0
    hold: float = 1.0

    def __post_init__(self) -> None:
        check_range("num_frames", self.num_frames, 1, MAX_FRAMES)
        check_range("fps", self.fps, 1, 120)
        check_range("hold", self.hold, 0, 60)

    @property
    def seconds(self) -> float:
        """How long the drawing takes, s, without the hold."""
        return self.num_frames / self.fps

    @property
    def num_hold_frames(self) -> int:
        """How often the last frame is repeated."""
        return round(self.hold * self.fps)


def drawing_frames(
    strokes: Strokes, config: AnimationConfig | None = None, size: tuple[int, int] | None = None
) -> Iterator[Tensor]:
    """Draw sketches as they come to be, stroke after stroke; the last frame is the finished drawing, to the byte.

    Args:
        strokes: B sketches, all drawn in the same time.
        config: how many frames; None for the defaults.
        size: (height, width) px; None for the canvas's own.

    Yields:
        [B, 3, H, W] on white, ``num_frames`` and then ``num_hold_frames`` times.

    >>> line = Strokes.black(torch.tensor([[[[1.0, 4], [3, 4], [5, 4], [7, 4]]]]), (8, 8))
    >>> ink = [round(float((1 - frame[:, 0]).sum())) for frame in drawing_frames(line, AnimationConfig(3, hold=0))]
    >>> ink == sorted(ink), len(ink)
    (True, 3)
    """
    config = config or AnimationConfig()
    timeline, device = Timeline.of(strokes), strokes.control_points.device
    moments = (timeline.at((index + 1) / config.num_frames).to(device) for index in range(config.num_frames))
    return _drawn(moments, config, size)


def history_frames(
    history: Strokes, config: AnimationConfig | None = None, size: tuple[int, int] | None = None
) -> Iterator[Tensor]:
    """Draw a run of the optimiser, one frame a moment that was recorded.

    Args:
        history: [T, ...] one sketch at T moments, from ``History.of``.
        config: how long the last moment stays; ``num_frames`` has no say here. None for the defaults.
        size: (height, width) px; None for the canvas's own.

    Yields:
        [1, 3, H, W] on white, T and then ``num_hold_frames`` times.

    >>> moments = Strokes.black(torch.rand(5, 2, 4, 2) * 8, (8, 8))
    >>> len(list(history_frames(moments, AnimationConfig(fps=10, hold=0.2))))
    7
    """
    moments = (history.select([index]) for index in range(history.batch_size))
    return _drawn(moments, config or AnimationConfig(), size)


def _drawn(moments: Iterator[Strokes], config: AnimationConfig, size: tuple[int, int] | None) -> Iterator[Tensor]:
    """Draw each moment, and repeat the last one."""
    for moment in moments:
        with torch.no_grad():
            frame = rasterize(moment, size)
        yield frame
    for _ in range(config.num_hold_frames):
        yield frame
