"""The photos of a batch in a table on the disk, so that a list of a million takes no more memory than one of ten."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import NamedTuple

from .sources import PhotoFile, each_photo

PAGE = 1000
"""Photos that are read from the table at a time."""

CACHE_KIB = 16 * 1024
"""Most memory that the table takes; what is more lies in a temporary file that goes with the process."""

_TABLES = """
    CREATE TABLE photos (
        position INTEGER PRIMARY KEY, key BLOB UNIQUE, path BLOB, inside TEXT, svg BLOB, line INTEGER
    );
    CREATE TABLE names (name BLOB PRIMARY KEY) WITHOUT ROWID;
"""
_INSERT = "INSERT OR IGNORE INTO photos (key, path, inside) VALUES (?, ?, ?)"
_ENTRY = "SELECT position, key, path, inside, svg, line FROM photos"


class Entry(NamedTuple):
    """A photo of the batch.

    Args:
        position: among all photos, from 1.
        photo: the photo.
        svg: where its SVG is to be, as the table of results says it; None before it has a name.
        line: where its row begins in the journal; None while it is not done.
    """

    position: int
    photo: PhotoFile
    svg: str | None
    line: int | None


class PhotoIndex:
    """Photos in their order, found by key, with what a batch knows of each.

    Args:
        photos: each is called by its key; the second of the same key becomes "key#2".

    >>> index = PhotoIndex([PhotoFile("cat.jpg", "a/cat.jpg"), PhotoFile("cat.jpg", "b/cat.jpg")])
    >>> [photo.key for photo in index.missing()]
    ['cat.jpg', 'cat.jpg#2']
    >>> index.note("cat.jpg", line=0, svg="cat.svg")
    >>> [photo.key for photo in index.missing()], len(index), index.num_done
    (['cat.jpg#2'], 2, 1)
    """

    def __init__(self, photos: Iterable[PhotoFile]) -> None:
        self._db = sqlite3.connect("", isolation_level=None)  # "": a file that only this process sees
        self._db.executescript(f"PRAGMA cache_size = -{CACHE_KIB}; PRAGMA journal_mode = OFF; {_TABLES} BEGIN;")
        self._repeats: dict[str, Iterator[int]] = {}  # key -> the next number of one that is called the same
        self._len = sum(self._add(photo) for photo in photos)

    def __len__(self) -> int:
        return self._len

    @property
    def num_done(self) -> int:
        """How many photos have a line in the journal."""
        (done,) = self._db.execute("SELECT count(line) FROM photos").fetchone()
        return int(done)

    def close(self) -> None:
        """Give up the table and its file."""
        self._db.close()

    def find(self, key: str) -> Entry:
        """Return the photo of a key; KeyError where there is none."""
        found = self._db.execute(f"{_ENTRY} WHERE key = ?", (_blob(key),)).fetchone()
        if found is None:
            raise KeyError(key)
        return _entry(found)

    def entries(self, first: int = 1, last: int | None = None) -> Iterator[Entry]:
        """Yield the photos from one position to another; all of them by default."""
        yield from self._pages("TRUE", first, self._len if last is None else last)

    def missing(self) -> Iterator[PhotoFile]:
        """Yield the photos without a line in the journal; what is noted meanwhile of photos before is no matter."""
        for entry in self._pages("line IS NULL", 1, self._len):
            yield entry.photo

    def spread(self, count: int) -> list[PhotoFile]:
        """Return some of the photos, which lie evenly among all."""
        positions = [1 + index * self._len // count for index in range(count)]
        return [entry.photo for position in positions for entry in self.entries(position, position)]

    def note(self, key: str, line: int | None, svg: str | None) -> None:
        """Keep where a photo's row is in the journal, and its SVG's name where it has one."""
        name = None if svg is None else _blob(svg)
        self._db.execute("UPDATE photos SET line = ?, svg = coalesce(?, svg) WHERE key = ?", (line, name, _blob(key)))

    def take_name(self, name: str) -> bool:
        """Whether a file's name was free, which it is no longer; some disks know no upper case."""
        taken = self._db.execute("INSERT OR IGNORE INTO names VALUES (?)", (_blob(name.lower()),))
        return taken.rowcount == 1

    def unnamed(self) -> Iterator[Entry]:
        """Yield the photos whose SVG has no name."""
        return self._pages("svg IS NULL", 1, self._len)

    def done_by_groups(self, size: int) -> list[int]:
        """Return how many photos are done in each group of ``size`` photos."""
        groups = "SELECT count(line) FROM photos GROUP BY (position - 1) / ? ORDER BY 1 + (position - 1) / ?"
        return [done for (done,) in self._db.execute(groups, (size, size))]

    def digest(self) -> str:
        """Return a hash of all keys and their order."""
        digest = hashlib.sha256()
        for (key,) in self._db.execute("SELECT key FROM photos ORDER BY position"):
            digest.update(len(key).to_bytes(8, "big") + key)
        return digest.hexdigest()

    def _add(self, photo: PhotoFile) -> int:
        key = photo.key
        while self._db.execute(_INSERT, (_blob(key), _blob(photo.path), photo.inside)).rowcount == 0:
            key = f"{photo.key}#{next(self._repeats.setdefault(photo.key, count(2)))}"
        return 1

    def _pages(self, which: str, first: int, last: int) -> Iterator[Entry]:
        """Yield entries page by page: a table may not change under a query."""
        query = f"{_ENTRY} WHERE position BETWEEN ? AND ? AND {which} ORDER BY position LIMIT {PAGE}"
        while page := self._db.execute(query, (first, last)).fetchall():
            yield from map(_entry, page)
            first = page[-1][0] + 1


def find_photos(source: str | Path, column: str | None = None) -> list[PhotoFile]:
    """Return the photos of a source, each with a key of its own.

    Args:
        source, column: as ``each_photo`` takes them.

    Raises:
        ConfigError, ImageFileError, DependencyError: as ``each_photo``.

    >>> Path("cats").mkdir()
    >>> Path("cats/tom.jpg").touch()
    >>> [photo.key for photo in find_photos(".")]
    ['cats/tom.jpg']
    """
    with closing(PhotoIndex(each_photo(source, column))) as index:
        return [entry.photo for entry in index.entries()]


def _entry(found: tuple[int, bytes, bytes, str, bytes | None, int | None]) -> Entry:
    position, key, path, inside, svg, line = found
    return Entry(position, PhotoFile(_text(key), _text(path), inside), None if svg is None else _text(svg), line)


def _blob(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")  # names of files may be no Unicode


def _text(blob: bytes) -> str:
    return blob.decode("utf-8", "surrogateescape")
