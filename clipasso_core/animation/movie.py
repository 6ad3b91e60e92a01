"""Movie files of frames: GIF and WebP by Pillow, mp4 by PyAV where it is installed."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError, features
from torch import Tensor

from ..errors import ConfigError, DependencyError, check_choice
from ..pixels import to_uint8

MOVIES = (".gif", ".webp", ".mp4")
"""The endings of the files that can be made."""

FASTEST_GIF = 50
"""Frames a second: a GIF counts hundredths of a second, and browsers slow down what changes after only one."""

SOFTWARE = "clipasso"
"""What a movie of ours says of where it comes from."""

_EXIF_SOFTWARE = 0x0131
_Pixels = NDArray[np.uint8]


def check_movie(ending: str, fps: float) -> None:
    """Raise now what ``encode_movie`` would raise later; to be called before long work.

    Args:
        ending: of the file's name, with the dot.
        fps: frames a second.

    Raises:
        ConfigError: there is no such movie, or a GIF cannot be so fast.
        DependencyError: PyAV is missing, or Pillow lacks WebP.

    >>> check_movie(".avi", 24)
    Traceback (most recent call last):
    clipasso_core.errors.ConfigError: The ending of a movie must be one of .gif, .webp, .mp4, got '.avi'.
    """
    check_choice("The ending of a movie", ending, MOVIES)
    if ending == ".gif" and fps > FASTEST_GIF:
        raise ConfigError(f"A GIF shows at most {FASTEST_GIF} frames a second, got {fps:g}. Take .webp or .mp4.")
    if ending == ".webp" and not features.check("webp"):
        raise DependencyError("This Pillow was built without WebP. Take .gif or .mp4.")
    if ending == ".mp4":
        _av()


def encode_movie(frames: Iterable[Tensor], ending: str, fps: float) -> bytes:
    """Return the bytes of a movie that shows frames one after another; GIF and WebP start over when they end.

    GIF and WebP keep each pixel of a grey drawing; a GIF has the 256 colours that suit the last frame best.
    An mp4 (H.264) has an even number of rows and columns: the last one is repeated where it is not.

    Args:
        frames: [3, H, W] in 0-1 each, all of one size.
        ending: of the file's name, with the dot.
        fps: frames a second.

    Raises:
        ConfigError: there are no frames, or as ``check_movie``.
        DependencyError: as ``check_movie``.

    >>> import torch
    >>> movie = encode_movie([torch.zeros(3, 8, 8), torch.ones(3, 8, 8)], ".gif", fps=10)
    >>> Image.open(io.BytesIO(movie)).n_frames
    2
    """
    check_movie(ending, fps)
    pixels = (to_uint8(frame).numpy() for frame in frames)
    if ending == ".mp4":
        return _mp4(pixels, fps)
    unit = 10 if ending == ".gif" else 1
    shown, lengths = _timed(pixels, fps, unit)
    buffer = io.BytesIO()
    if ending == ".gif":
        options: dict[str, Any] = {"comment": SOFTWARE}
        shown = _indexed(shown)
    else:
        exif = Image.Exif()
        exif[_EXIF_SOFTWARE] = SOFTWARE
        options = {"lossless": True, "exif": exif}
    shown[0].save(buffer, ending[1:], save_all=True, append_images=shown[1:], duration=lengths, loop=0, **options)
    return buffer.getvalue()


def is_our_movie(data: bytes) -> bool:
    """Whether a file's bytes are those of a movie that ``encode_movie`` made; False for whatever cannot be read.

    >>> is_our_movie(b"no movie")
    False
    """
    if data[4:8] == b"ftyp":
        return _is_our_mp4(data)
    try:
        with Image.open(io.BytesIO(data), formats=["GIF", "WEBP"]) as image:
            said = image.info.get("comment", b"") if image.format == "GIF" else image.getexif().get(_EXIF_SOFTWARE)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError):
        return False
    return said in (SOFTWARE, SOFTWARE.encode())


def _timed(pixels: Iterator[_Pixels], fps: float, unit: int) -> tuple[list[Image.Image], list[int]]:
    """Return the frames that differ from those before them, and how long each is shown, in ms, multiples of ``unit``.

    Each is over at the right moment to within half a unit, however many there are.
    """
    shown: list[Image.Image] = []
    ends: list[int] = []
    last = None
    for number, frame in enumerate(pixels, start=1):
        end = round(1000 / unit * number / fps) * unit
        if last is not None and np.array_equal(frame, last):
            ends[-1] = end
            continue
        shown.append(_image(frame))
        ends.append(end)
        last = frame
    if not shown:
        raise ConfigError("A movie needs at least one frame, got none.")
    return shown, [end - start for start, end in zip([0, *ends], ends, strict=False)]


def _image(frame: _Pixels) -> Image.Image:
    """Return a frame [H, W, 3], as grey where it is."""
    grey = bool((frame == frame[..., :1]).all())
    return Image.fromarray(frame[..., 0].copy() if grey else frame)


def _indexed(shown: list[Image.Image]) -> list[Image.Image]:
    """Return frames with the colours of the last one, or as they are where all are grey."""
    if all(image.mode == "L" for image in shown):
        return shown
    colours = shown[-1].convert("RGB").quantize(256)
    return [image.convert("RGB").quantize(palette=colours, dither=Image.Dither.NONE) for image in shown]


def _mp4(pixels: Iterator[_Pixels], fps: float) -> bytes:
    av = _av()
    buffer, stream = io.BytesIO(), None
    with av.open(buffer, "w", format="mp4") as container:
        container.metadata["comment"] = SOFTWARE
        for frame in pixels:
            even = np.pad(frame, [(0, frame.shape[0] % 2), (0, frame.shape[1] % 2), (0, 0)], mode="edge")
            if stream is None:
                stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1000))
                stream.height, stream.width, stream.pix_fmt = even.shape[0], even.shape[1], "yuv420p"
                stream.options = {"crf": "16"}
            container.mux(stream.encode(av.VideoFrame.from_ndarray(even, format="rgb24")))
        if stream is None:
            raise ConfigError("A movie needs at least one frame, got none.")
        container.mux(stream.encode())
    return buffer.getvalue()


def _is_our_mp4(data: bytes) -> bool:
    try:
        av = _av()
    except DependencyError:  # without it we cannot have made one here
        return False
    try:
        with av.open(io.BytesIO(data)) as container:
            return bool(container.metadata.get("comment") == SOFTWARE)
    except (av.FFmpegError, ValueError):
        return False


def _av() -> Any:
    """Return PyAV, with the encoder that an mp4 takes."""
    try:
        import av
    except ImportError as error:
        raise DependencyError("An mp4 takes PyAV: pip install av. Or take .gif or .webp.") from error
    if "libx264" not in av.codecs_available:
        raise DependencyError("This PyAV has no H.264 encoder (libx264): pip install av. Or take .gif or .webp.")
    return av
