"""Where the SVGs of a batch are kept in its folder: a tree of files, or shards of many sketches in one file."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import count
from pathlib import Path, PurePosixPath
from typing import Literal, Protocol, get_args

from clipasso_core.errors import ImageFileError, check_choice, check_range, first_line
from clipasso_core.files import read_bytes, write_atomically

from .parquet_files import ParquetShard
from .photo_index import PhotoIndex
from .photo_sketcher import Row
from .tar_files import TarShard

Form = Literal["svg", "tar", "parquet"]
FORMS: tuple[Form, ...] = get_args(Form)
"""What a batch writes: an SVG a photo, or shards of ``SHARD_SIZE`` photos."""

SHARD_SIZE, MOST_A_SHARD = 1000, 10_000
"""Photos in a shard, and the most of them, as a shard is put together in memory."""

MOST_BYTES = 200
"""Of what a file or folder is called; file systems take 255, and endings come on top."""

_FORBIDDEN = re.compile(r'[<>:"|?*\\\x00-\x1f]')
"""What names of files may not hold on Windows."""

LOOSE = "unpacked"
"""The folder of SVGs whose shard is not whole yet."""

RowsOf = Callable[[int, int], Iterator[Row]]
"""The rows of the photos from one position to another, without their SVGs."""


class SvgStore(Protocol):
    """Where SVGs are kept."""

    def begin(self, photos: PhotoIndex, rows_of: RowsOf) -> None:
        """Name the SVGs of all photos, and put right what was cut short."""

    def holds(self, svg: str) -> bool:
        """Whether an SVG is there."""

    def write(self, svg: str, text: str) -> None:
        """Write an SVG; raises ImageFileError where that does not work."""

    def done(self, position: int) -> None:
        """Take note that a photo has its row; raises as ``write``."""


class SvgTree:
    """An SVG a photo, at the same place in the tree.

    An SVG is named as its photo; where two photos share a name ("cup.png", "cup.jpg"), the second one keeps its ending
    ("cup.png.svg"). Names that a system could refuse are changed: what Windows forbids becomes "_", long ones are cut.

    Args:
        folder: of the results.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def begin(self, photos: PhotoIndex, rows_of: RowsOf) -> None:
        """Name the SVGs that have no name."""
        for entry in photos.unnamed():
            key = entry.photo.key
            photos.note(key, entry.line, next(name for name in _names(key) if photos.take_name(name)))

    def holds(self, svg: str) -> bool:
        """Whether the file is there."""
        return os.path.exists(self._folder / svg)

    def write(self, svg: str, text: str) -> None:
        """Write the file and make its folder; raises ImageFileError where that does not work."""
        make_folder((self._folder / svg).parent)
        write_atomically(self._folder / svg, text)

    def done(self, position: int) -> None:
        """Do nothing: the file is all."""


class ShardFormat(Protocol):
    """A kind of file that holds many sketches."""

    @property
    def suffix(self) -> str:
        """Of the files' names."""

    def pack(self, rows: Iterable[tuple[str, Row]]) -> bytes:
        """Return the bytes of a file of these rows, each with its name; the same ones for the same rows."""

    def unpack(self, path: Path) -> Iterator[tuple[str, str]]:
        """Yield name and text of each SVG in a file."""


class SvgShards:
    """Shards of photos in their order, whole or not there; until all its photos are done, its SVGs lie loose.

    Args:
        folder: of the results.
        format: of the shards.
        size: photos in each, besides the last one.
    """

    def __init__(self, folder: Path, format: ShardFormat, size: int) -> None:
        check_range("shard_size", size, 1, MOST_A_SHARD)
        self._folder, self._format, self._size = folder, format, size
        self._whole = {path.name for path in folder.glob(f"shard-*{format.suffix}")}
        self._left: list[int] = []  # photos of each shard that are not done

    def begin(self, photos: PhotoIndex, rows_of: RowsOf) -> None:
        """Name all SVGs, put together the shards that could be, and take apart those of which a photo is missing."""
        self._rows_of, self._photos = rows_of, len(photos)
        for entry in photos.unnamed():
            name = f"{self._shard(self._number(entry.position))}/{_member(entry.position)}.svg"
            photos.note(entry.photo.key, entry.line, name)
        self._left = [
            self._last(number) - self._first(number) + 1 - done
            for number, done in enumerate(photos.done_by_groups(self._size))
        ]
        for number, left in enumerate(self._left):
            whole = self._shard(number) in self._whole
            if left and whole:
                self._take_apart(number)
            elif not left and not whole:
                self._put_together(number)
            elif whole:
                self._clear(self._shard(number))

    def holds(self, svg: str) -> bool:
        """Whether the shard is there, or the SVG lies loose."""
        shard, _, name = svg.partition("/")
        return shard in self._whole or os.path.exists(self._loose(shard) / name)

    def write(self, svg: str, text: str) -> None:
        """Write the SVG loose; raises ImageFileError where that does not work."""
        shard, _, name = svg.partition("/")
        make_folder(self._loose(shard))
        write_atomically(self._loose(shard) / name, text)

    def done(self, position: int) -> None:
        """Put the photo's shard together where this was the last one missing."""
        number = self._number(position)
        self._left[number] -= 1
        if not self._left[number]:
            self._put_together(number)

    def _put_together(self, number: int) -> None:
        shard, first = self._shard(number), self._first(number)
        loose = self._loose(shard)

        def rows() -> Iterator[tuple[str, Row]]:
            for position, row in enumerate(self._rows_of(first, self._last(number)), start=first):
                name = _member(position)
                text = read_bytes(loose / f"{name}.svg").decode("utf-8") if row.svg_sha256 else None
                yield name, replace(row, svg_text=text)

        write_atomically(self._folder / shard, self._format.pack(rows()))
        self._whole.add(shard)
        self._clear(shard)

    def _take_apart(self, number: int) -> None:
        shard = self._shard(number)
        for name, text in self._format.unpack(self._folder / shard):
            self.write(f"{shard}/{name}.svg", text)
        self._whole.remove(shard)
        (self._folder / shard).unlink()

    def _clear(self, shard: str) -> None:
        """Take away the loose SVGs of a shard that is whole."""
        shutil.rmtree(self._loose(shard), ignore_errors=True)
        with suppress(OSError):
            (self._folder / LOOSE).rmdir()

    def _number(self, position: int) -> int:
        return (position - 1) // self._size

    def _first(self, number: int) -> int:
        return number * self._size + 1

    def _last(self, number: int) -> int:
        return min((number + 1) * self._size, self._photos)

    def _shard(self, number: int) -> str:
        return f"shard-{number:06d}{self._format.suffix}"

    def _loose(self, shard: str) -> Path:
        return self._folder / LOOSE / shard


def svg_store(folder: Path, form: Form = "svg", shard_size: int = SHARD_SIZE) -> SvgStore:
    """Return where the SVGs of a batch are kept.

    Args:
        folder: of the results; there already.
        form: one of ``FORMS``.
        shard_size: photos in a shard.

    Raises:
        ConfigError: no such form, or a size out of its range.
        DependencyError: pyarrow is missing for Parquet.

    >>> svg_store(Path("."), "tar", 0)
    Traceback (most recent call last):
    clipasso_core.errors.ConfigError: shard_size must lie between 1 and 10000, got 0.
    """
    check_choice("form", form, FORMS)
    if form == "svg":
        return SvgTree(folder)
    return SvgShards(folder, TarShard() if form == "tar" else ParquetShard(), shard_size)


def make_folder(path: Path) -> None:
    """Make a folder and those above it, where they are not there.

    Raises:
        ImageFileError: that does not work.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(path, error) from error


def unwritable(path: Path, error: OSError) -> ImageFileError:
    """Return what to raise where a file or folder of the results cannot be written."""
    said = error.strerror or first_line(error)
    return ImageFileError(f"Cannot write {str(path)!r}: {said}. Choose another folder, or put that right.")


def _names(key: str) -> Iterator[str]:
    """Yield what the SVG of a photo may be called, best first."""
    photo = PurePosixPath(key)
    folder = "".join(f"{_folder_name(part)}/" for part in photo.parent.parts)
    stem, name = _possible(photo.stem), _possible(photo.name)
    yield f"{folder}{stem}.svg"
    yield f"{folder}{name}.svg"
    yield from (f"{folder}{name}-{number}.svg" for number in count(2))


def _folder_name(part: str) -> str:
    """Return what a folder is called: never as an SVG may be, which could lie beside it."""
    name = _possible(part)
    return f"{name}_" if name.lower().endswith(".svg") else name


def _possible(name: str) -> str:
    """Return a name of a file or folder, without what some systems refuse."""
    name = _FORBIDDEN.sub("_", name)
    while len(name.encode("utf-8", "surrogateescape")) > MOST_BYTES:
        name = name[:-1]
    return name.rstrip(". ") or "_"


def _member(position: int) -> str:
    return f"{position:08d}"
