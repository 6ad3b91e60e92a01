"""Movie files: every frame at its time, no pixel lost where the format allows it, and known again as ours."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from clipasso_core.animation.movie import MOVIES, check_movie, encode_movie, is_our_movie
from clipasso_core.errors import ConfigError, DependencyError
from clipasso_core.pixels import to_uint8

STILLS = (".gif", ".webp")


def growing_bar(frames: int = 7, color: tuple[float, float, float] = (0, 0, 0)) -> Iterator[Tensor]:
    """A soft-edged bar that grows from the left, and stays for three more frames."""
    columns = torch.arange(31.0)
    for index in range(frames + 3):
        ink = (4.0 * min(index + 1, frames) - columns).clamp(0, 0.7).expand(3, 21, -1)
        yield 1 - ink * (1 - torch.tensor(color)[:, None, None])


def shown(movie: bytes) -> list[tuple[np.ndarray, int]]:
    """Return the pictures of a GIF or WebP as pixels [H, W, 3], and how long each stays, ms."""
    image = Image.open(io.BytesIO(movie))
    found = []
    for index in range(image.n_frames):
        image.seek(index)
        pixels = np.asarray(image.convert("RGB"))
        found.append((pixels, image.info["duration"]))
    return found


@pytest.mark.parametrize("ending", STILLS)
def test_grey_pixels_are_kept(ending: str) -> None:
    pictures = [picture for picture, _ in shown(encode_movie(growing_bar(), ending, 24))]
    wanted = [to_uint8(frame).numpy() for frame in growing_bar()][:7]
    assert len(pictures) == 7  # what stays is one long picture
    for picture, frame in zip(pictures, wanted, strict=True):
        np.testing.assert_array_equal(picture, frame)


@pytest.mark.parametrize("fps", [24.0, 30.0, 7.0])
def test_the_time_of_a_gif_does_not_drift(fps: float) -> None:
    """It counts hundredths of a second, and 1/24 s is no number of them."""
    ends = np.cumsum([lasts for _, lasts in shown(encode_movie(growing_bar(), ".gif", fps))])
    assert np.abs(ends - np.array([1, 2, 3, 4, 5, 6, 10]) * 1000 / fps).max() <= 5


def test_a_gif_keeps_few_colours_closely() -> None:
    orange = (0.9, 0.55, 0.05)
    last = shown(encode_movie(growing_bar(color=orange), ".gif", 10))[-1][0]
    wanted = to_uint8(list(growing_bar(color=orange))[-1]).numpy()
    assert np.abs(last.astype(int) - wanted).max() <= 8


def test_an_mp4_has_every_frame_and_even_sides() -> None:
    av = pytest.importorskip("av")
    with av.open(io.BytesIO(encode_movie(growing_bar(), ".mp4", 12))) as container:
        pictures = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
        assert float(container.streams.video[0].average_rate) == 12
    assert len(pictures) == 10
    assert pictures[0].shape == (22, 32)
    wanted = to_uint8(list(growing_bar())[-1]).numpy()[..., 0]
    assert np.abs(pictures[-1][:21, :31].astype(int) - wanted).mean() < 6


@pytest.mark.parametrize("ending", MOVIES)
def test_the_same_frames_give_the_same_bytes_and_are_ours(ending: str) -> None:
    if ending == ".mp4":
        pytest.importorskip("av")
    first, second = (encode_movie(growing_bar(), ending, 24) for _ in range(2))
    assert first == second
    assert is_our_movie(first)
    assert not is_our_movie(first[: len(first) // 20])


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_a_strangers_picture_is_not_ours(kind: str) -> None:
    buffer = io.BytesIO()
    Image.new("L", (8, 8)).save(buffer, kind)
    assert not is_our_movie(buffer.getvalue())


def test_a_strangers_mp4_is_not_ours() -> None:
    assert not is_our_movie(b"\0\0\0\x18ftypisom" + bytes(100))


def test_without_pyav_an_mp4_is_refused_and_another_way_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(DependencyError, match=r"pip install av\. Or take \.gif or \.webp"):
        check_movie(".mp4", 24)
    check_movie(".gif", 24)


@pytest.mark.parametrize(
    ("ending", "fps", "says"),
    [(".mov", 24, r"one of \.gif, \.webp, \.mp4, got '\.mov'"), (".gif", 60, "at most 50 frames a second, got 60")],
)
def test_movies_that_cannot_be(ending: str, fps: float, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        check_movie(ending, fps)


@pytest.mark.parametrize("ending", STILLS)
def test_a_movie_of_no_frames(ending: str) -> None:
    with pytest.raises(ConfigError, match="at least one frame"):
        encode_movie([], ending, 24)
