"""Images from files, and results to files. Nothing half-written is ever left behind."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import secrets
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo
from torch import Tensor

from .detail import NEUTRAL
from .errors import ImageFileError, ShapeError
from .pixels import LUMA, MIN_SIDE, to_uint8

MAX_PIXELS = 89_478_485
"""Most pixels an image may have (Pillow's own limit): a larger one is likely a decompression bomb."""

PNG_SOFTWARE = "clipasso"
"""What a PNG of ours says under "Software"."""

PHOTO_SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".avif", ".gif", ".bmp", ".tif", ".tiff"),
    *(".jp2", ".ppm", ".pgm", ".tga", ".ico"),
)
"""Endings of the files that are taken for photos."""

_DAMAGED = "is damaged or cut short ({}); save it anew"
_UNREADABLE: tuple[tuple[type[Exception], str], ...] = (
    (FileNotFoundError, "does not exist; check the name and the folder"),
    (IsADirectoryError, "is a folder; give the name of a file"),
    (PermissionError, "may not be read; change its permissions"),
    (UnidentifiedImageError, "is no image that can be read; give a PNG, JPEG or WebP file"),
    (Image.DecompressionBombError, "has too many pixels ({}); make it smaller"),
    *((kind, _DAMAGED) for kind in (OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, struct.error)),
)
"""What Pillow raises -> what to tell; the first that fits."""

_REMEDIES = {
    errno.ENOSPC: "the disk is full; free some space or choose another folder",
    errno.EDQUOT: "the disk quota is used up; free some space or choose another folder",
    errno.EACCES: "no permission; choose another folder or change its permissions",
    errno.EPERM: "no permission; choose another folder or change its permissions",
    errno.EROFS: "the file system is read-only; choose another folder",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
}


def is_photo_name(name: str) -> bool:
    """Whether a file is taken for a photo by its name, with or without its folders; hidden ones are not.

    >>> is_photo_name("cats/tom.JPG"), is_photo_name("notes.txt"), is_photo_name("cats/.tom.jpg")
    (True, False, False)
    """
    base = os.path.basename(name)
    return not base.startswith(".") and os.path.splitext(base)[1].lower() in PHOTO_SUFFIXES


@dataclass(frozen=True, eq=False)
class Photo:
    """Hold a photo as read from a file.

    Args:
        image: [1, 3, H, W] in 0-1, transparent parts on white.
        alpha: [1, H, W] in 0-1, or None when the whole photo is opaque.
    """

    image: Tensor
    alpha: Tensor | None


def load_photo(path: str | Path, data: bytes | None = None) -> Photo:
    """Read a photo upright (EXIF orientation applied), the first frame of an animation.

    Args:
        path: a file in any format that Pillow reads: colour, grey, palette, CMYK or 16 bits.
        data: what the file holds, where it is read already; then ``path`` is only what errors call it.

    Raises:
        ImageFileError: missing, no image, damaged, over 89 million pixels, or smaller than 16 px per side.

    >>> Image.new("RGBA", (64, 48), (255, 0, 0, 0)).save("glass.png")
    >>> photo = load_photo("glass.png")
    >>> photo.image.min().item(), photo.alpha.max().item()  # wholly transparent: white
    (1.0, 0.0)
    """
    pixels = _load_rgba(path, data)
    color, alpha = pixels[:3], pixels[3]
    image = (color * alpha + (1 - alpha))[None]
    return Photo(image, None if bool((alpha == 1).all()) else alpha[None])


def load_image(path: str | Path) -> Tensor:
    """Read a photo as [1, 3, H, W] in 0-1, transparent parts on white; raises as load_photo does.

    >>> Image.new("RGB", (64, 48), "red").save("red.png")
    >>> load_image("red.png").shape
    torch.Size([1, 3, 48, 64])
    """
    return load_photo(path).image


def load_mask(path: str | Path) -> Tensor:
    """Read a mask as [1, H, W] in 0-1; 1 (white) is the object.

    A file with transparency is taken for a cut-out: its opacity is the mask, whatever its colours.

    Args:
        path: an image file.

    Raises:
        ImageFileError: as load_photo.

    >>> Image.new("L", (64, 48), 255).save("all.png")
    >>> load_mask("all.png").shape
    torch.Size([1, 48, 64])
    """
    pixels = _load_rgba(path)
    if not bool((pixels[3] == 1).all()):
        return pixels[3:]
    return (pixels[:3] * torch.tensor(LUMA)[:, None, None]).sum(dim=0, keepdim=True).clamp(0, 1)


def load_detail(path: str | Path) -> Tensor:
    """Read a detail map as [1, H, W] in 0-1: white where a sketch shows more, black where less; transparent is neutral.

    Args:
        path: an image file.

    Raises:
        ImageFileError: as load_photo.

    >>> Image.new("RGBA", (64, 48), (255, 255, 255, 0)).save("brush.png")
    >>> round(load_detail("brush.png").max().item(), 3)
    0.5
    """
    pixels = _load_rgba(path)
    grey = (pixels[:3] * torch.tensor(LUMA)[:, None, None]).sum(dim=0, keepdim=True).clamp(0, 1)
    return grey * pixels[3:] + NEUTRAL * (1 - pixels[3:])


def save_png(image: Tensor, path: str | Path) -> None:
    """Write an image as an 8-bit PNG, whole or not at all.

    Args:
        image: as ``encode_png`` takes it.
        path: the file; an existing one is replaced.

    Raises:
        ShapeError: another shape, or NaN.
        ImageFileError: the file cannot be written.

    >>> save_png(torch.ones(3, 64, 64), "white.png")
    >>> load_image("white.png").mean().item()
    1.0
    """
    write_atomically(Path(path), encode_png(image))


def encode_png(image: Tensor) -> bytes:
    """Return an image as the bytes of an 8-bit PNG.

    Args:
        image: [4, H, W] (RGBA, straight alpha), [3, H, W] (RGB) or [H, W] (grey) in 0-1; values outside are clamped.

    Raises:
        ShapeError: another shape, or NaN.

    >>> encode_png(torch.ones(4, 2, 2))[:4]
    b'\\x89PNG'
    """
    if not (image.ndim == 2 or (image.ndim == 3 and image.shape[0] in (3, 4))) or image.numel() == 0:
        raise ShapeError(f"image must be [4, H, W], [3, H, W] or [H, W] to be saved as PNG, got {list(image.shape)}.")
    if not bool(torch.isfinite(image).all()):
        raise ShapeError("image contains NaN or infinite values; check what made it.")
    buffer, info = io.BytesIO(), PngInfo()
    info.add_text("Software", PNG_SOFTWARE)
    Image.fromarray(to_uint8(image).numpy()).save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def is_our_png(data: bytes) -> bool:
    """Whether a file's bytes are those of a PNG that ``save_png`` wrote; False for whatever cannot be read.

    >>> save_png(torch.zeros(3, 20, 20), "sketch.png")
    >>> is_our_png(Path("sketch.png").read_bytes()), is_our_png(b"no picture")
    (True, False)
    """
    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
            return bool(image.info.get("Software") == PNG_SOFTWARE)
    except tuple(kind for kind, _ in _UNREADABLE):
        return False


def read_bytes(path: str | Path, most: int | None = None) -> bytes:
    """Return a file's bytes.

    Args:
        path: of the file.
        most: bytes that it may have, looked at before it is read; None for any number.

    Raises:
        ImageFileError: it cannot be read, or is too large.
    """
    try:
        if most is not None:
            check_file_size(path, most)
        return Path(path).read_bytes()
    except OSError as error:
        raise ImageFileError(f"Cannot read {str(path)!r}: {error.strerror or error}.") from error


def check_file_size(path: str | Path, most: int) -> None:
    """Raise ImageFileError when a file has more bytes than that.

    >>> Path("large.svg").write_bytes(bytes(3 * 2**20)) > 0
    True
    >>> check_file_size("large.svg", 2**20)
    Traceback (most recent call last):
    clipasso_core.errors.ImageFileError: 'large.svg' has 3.0 MB; at most 1 MB are read. Simplify the drawing.
    """
    size = Path(path).stat().st_size
    if size > most:
        raise ImageFileError(
            f"{str(path)!r} has {size / 2**20:.1f} MB; at most {most // 2**20} MB are read. Simplify the drawing."
        )


def write_atomically(path: str | Path, data: bytes | str | Iterator[str]) -> None:
    """Write a file, whole or not at all: first under a temporary name beside it, then renamed.

    Args:
        path: the file; an existing one is replaced, a link is followed.
        data: bytes, text for UTF-8, or the pieces of a long text.

    Raises:
        ImageFileError: the folder is missing or read-only, the disk is full, or path is no ordinary file.

    >>> write_atomically("note.txt", "whole or not at all")
    >>> Path("note.txt").read_text()
    'whole or not at all'
    """
    pieces = iter([data]) if isinstance(data, bytes | str) else data
    target = _target(path)
    with _named(path), _temporary(target) as temporary:
        with temporary.open("wb") as file:
            file.writelines(piece if isinstance(piece, bytes) else piece.encode("utf-8") for piece in pieces)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)


def check_writable(path: str | Path) -> None:
    """Raise now what write_atomically would raise later; to be called before long work.

    Args:
        path: the file to be written; left as it is.

    Raises:
        ImageFileError: as write_atomically.

    >>> check_writable("missing/note.txt")
    Traceback (most recent call last):
    clipasso_core.errors.ImageFileError: Cannot write 'missing/note.txt': the folder ... does not exist; make it.
    """
    target = _target(path)
    with _named(path), _temporary(target):
        pass


def _target(path: str | Path) -> Path:
    """Return the real file behind a path, or say why none can be there."""
    try:
        target = Path(os.path.realpath(path))
        exists, ordinary, folder = target.exists(), target.is_file(), target.parent.is_dir()
    except (OSError, ValueError) as error:
        raise ImageFileError(f"Cannot write {str(path)!r}: {error}. Choose another name.") from error
    if exists and not ordinary:
        kind = "a folder" if target.is_dir() else "not an ordinary file"
        raise ImageFileError(f"Cannot write {str(path)!r}: it is {kind}. Give the name of a file.")
    if not folder:
        raise ImageFileError(f"Cannot write {str(path)!r}: the folder {str(target.parent)!r} does not exist; make it.")
    if exists and not os.access(target, os.W_OK):
        raise ImageFileError(f"Cannot write {str(path)!r}: the file is read-only. Choose another name, or unlock it.")
    return target


@contextlib.contextmanager
def _temporary(target: Path) -> Iterator[Path]:
    """Make an empty file beside ``target`` and see that it is gone afterwards, whatever happens."""
    temporary = target.with_name(f".clipasso-{secrets.token_hex(6)}.tmp")
    try:
        temporary.open("xb").close()
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def _named(path: str | Path) -> Iterator[None]:
    """Turn errors of the file system into one sentence that names the file."""
    try:
        yield
    except OSError as error:
        remedy = _REMEDIES.get(error.errno or 0, f"{error.strerror or error}; choose another folder")
        raise ImageFileError(f"Cannot write {str(path)!r}: {remedy}.") from error


def _load_rgba(path: str | Path, data: bytes | None = None) -> Tensor:
    """Read an image file as [4, H, W] float32 in 0-1, straight alpha."""
    try:
        with Image.open(path if data is None else io.BytesIO(data)) as image:
            _check_size(path, image.size)
            upright = ImageOps.exif_transpose(image)
            pixels = _to_rgba(upright)
    except ImageFileError:
        raise
    except tuple(kind for kind, _ in _UNREADABLE) as error:
        said = next(said for kind, said in _UNREADABLE if isinstance(error, kind))
        raise ImageFileError(f"The image {str(path)!r} {said.format(error)}.") from error
    return torch.from_numpy(pixels).permute(2, 0, 1).contiguous()


def _check_size(path: str | Path, size: tuple[int, int]) -> None:
    said = f"The image {str(path)!r} is {size[0]} x {size[1]} px"
    if min(size) < MIN_SIDE:
        raise ImageFileError(f"{said}; at least {MIN_SIDE} px per side are needed. Choose a larger one.")
    if size[0] * size[1] > MAX_PIXELS:
        raise ImageFileError(f"{said}; at most {MAX_PIXELS} pixels are read. Make it smaller.")


def _to_rgba(image: Image.Image) -> NDArray[np.float32]:
    """Return pixels [H, W, 4] in 0-1 of an image in any of Pillow's modes."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        grey = _deep_grey(image)
        return np.stack([grey, grey, grey, np.ones_like(grey)], axis=-1)
    transparent = "transparency" in image.info or image.mode in ("RGBA", "RGBa", "LA", "La", "PA")
    # By way of RGB, which every mode can become, and some (CMYK, YCbCr) not RGBA.
    opaque = image if transparent else image.convert("RGB")
    return (np.asarray(opaque.convert("RGBA"), dtype=np.float32) / 255).astype(np.float32)


def _deep_grey(image: Image.Image) -> NDArray[np.float32]:
    """Return [H, W] in 0-1 of a grey image of more than 8 bits: integers of 16 bits, or floats in 0-1."""
    values = np.asarray(image).astype(np.float64)
    high = 1.0 if image.mode == "F" else 65535.0
    if not (np.isfinite(values).all() and values.min() >= 0 and values.max() <= high):
        raise ValueError(f"grey values must be 0 to {high:g}, got {values.min():g} to {values.max():g}")
    return (values / high).astype(np.float32)
