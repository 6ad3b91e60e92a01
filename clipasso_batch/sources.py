"""Where photos come from: a folder, a pattern, a list of paths, a column of a table, or tar files."""

from __future__ import annotations

import csv
import glob
import os
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import NamedTuple, Protocol

from clipasso_core.errors import ConfigError, check_choice, check_ending, first_line
from clipasso_core.files import PHOTO_SUFFIXES, is_photo_name

from .parquet_files import bytes_in_parquet, photos_in_parquet
from .tar_files import bytes_in_tar, photos_in_tar

COLUMN = "path"
"""The column of a table that holds the paths, unless the user names another."""

TABLES = (".csv", ".parquet")
"""Endings of files with columns."""

HOLDERS = (".txt", *TABLES, ".tar")
"""Endings of files that list or hold photos."""


class Photo(Protocol):
    """What is sketched: a file, or what a table of Ray's holds."""

    @property
    def key(self) -> str:
        """What it is called in the results."""

    @property
    def path(self) -> str:
        """Its file, where it is one."""

    @property
    def name(self) -> str:
        """What its sketch is called."""

    def read(self) -> bytes | None:
        """Return its bytes; None for a file of this machine."""


class PhotoFile(NamedTuple):
    """A photo to be sketched.

    Args:
        key: what it is called in the results, once in a batch: its path inside the source, with "/".
        path: the file, or an address ("s3://..."); empty where a list names none.
        inside: where in a .tar or .parquet it lies, as these are read; empty for a file of its own.
    """

    key: str
    path: str
    inside: str = ""

    @property
    def name(self) -> str:
        """What its sketch is called: the file's name without its ending."""
        return PurePath(self.key if self.inside else self.path).stem

    def read(self) -> bytes | None:
        """Return the file's bytes where it is no file of this machine's; None where it is one.

        Raises:
            ConfigError: a list or a table holds nothing in its row.
            ImageFileError, DependencyError: as ``bytes_in_tar`` and ``bytes_in_parquet``.
            Exception: whatever fsspec raises for an address.
        """
        if not self.path:
            raise ConfigError("The list names no file in this row.")
        if not self.inside:
            return _at_address(self.path) if "://" in self.path else None
        if self.path.lower().endswith(".tar"):
            return bytes_in_tar(self.path, self.inside)
        data = bytes_in_parquet(self.path, self.inside)
        if not data:
            raise ConfigError("The table holds no photo in this row.")
        return data


def each_photo(source: str | Path, column: str | None = None) -> Iterator[PhotoFile]:
    """Yield the photos of a source, in an order that is the same every time; a key may come more than once.

    Args:
        source: a folder, with all folders in it (left out: hidden ones, links, and files that are not named as
            images); a .txt of one path a line; a .csv with a head line or a .parquet; a .tar that is not compressed;
            or a pattern of photos, .tar and .parquet ("photos/**/*.jpg"). Paths in a list start at the list's folder. A
            path that is listed twice is two photos, a missing one is a photo, too: it gets a row that says so.
        column: of the table that holds the paths (or, in a .parquet, the photos' bytes); None for "path".

    Raises:
        ConfigError: no such source, no photos in it, no such column, or a list that is no text.
        ImageFileError, DependencyError: as ``photos_in_parquet``.
    """
    path = Path(source)
    if column is not None and path.suffix.lower() not in TABLES:
        raise ConfigError(f"--column names a column of a .csv or .parquet, and {str(source)!r} is none. Leave it out.")
    if path.is_dir():
        photos = _in_folder(str(source))
    elif path.is_file():
        check_ending(path, HOLDERS)
        photos = _in_file(str(path), COLUMN if column is None else column)
    elif glob.has_magic(str(source)):
        photos = _in_pattern(str(source), COLUMN if column is None else column)
    else:
        kinds = ", ".join(HOLDERS)
        raise ConfigError(f"{str(source)!r} does not exist. Give a folder, a pattern in quotes, or a file ({kinds}).")
    none = True
    for photo in photos:
        none = False
        yield photo
    if none:
        raise ConfigError(f"{str(source)!r} holds no photos. Their names end in {', '.join(PHOTO_SUFFIXES)}.")


def folder_of(source: str | Path) -> Path | None:
    """Return the folder that a source is, or None where it is none.

    >>> folder_of("*.jpg") is None
    True
    """
    return Path(source) if Path(source).is_dir() else None


def _in_folder(root: str) -> Iterator[PhotoFile]:
    """Yield the images of a folder and of all folders in it, sorted folder by folder."""
    for folder, inside, names in os.walk(root, onerror=_unreadable):
        inside[:] = sorted(name for name in inside if not name.startswith("."))
        for name in sorted(names):
            if is_photo_name(name):
                path = os.path.join(folder, name)
                yield PhotoFile(_key(os.path.relpath(path, root)), path)


def _in_pattern(pattern: str, column: str) -> Iterator[PhotoFile]:
    root = pattern
    while glob.has_magic(root):
        root = os.path.dirname(root)
    for path in sorted(glob.iglob(pattern, recursive=True)):
        key = _key(os.path.relpath(path, root or "."))
        if path.lower().endswith((".tar", ".parquet")):
            stem = os.path.splitext(key)[0]
            yield from (photo._replace(key=f"{stem}/{photo.key}") for photo in _in_file(path, column))
        elif is_photo_name(path) and os.path.isfile(path):
            yield PhotoFile(key, path)


def _in_file(path: str, column: str) -> Iterator[PhotoFile]:
    """Yield what a list, a table or a tar file names or holds; a row without a key or a path is "row 7"."""
    ending = os.path.splitext(path)[1].lower()
    root = os.path.abspath(os.path.dirname(path))
    if ending == ".tar":
        yield from (PhotoFile(_key(name), path, inside) for name, inside in photos_in_tar(path))
    elif ending == ".parquet":
        for number, (key, line, inside) in enumerate(photos_in_parquet(path, column), start=1):
            photo = PhotoFile(f"row {number}", path, inside) if inside else _listed(line, root, number)
            yield photo._replace(key=_key(key)) if key else photo
    else:
        yield from (_listed(line, root, number) for number, line in enumerate(_lines(Path(path), column), start=1))


def _listed(line: str, root: str, number: int) -> PhotoFile:
    """Return the photo that a list names; a path outside the list's folder keeps all its folders in the key."""
    if not line:
        return PhotoFile(f"row {number}", "")
    if "://" in line:
        return PhotoFile(_key(line.split("://", 1)[1]), line)
    photo, above = os.path.normpath(os.path.join(root, line)), os.path.join(root, "")
    inside = photo.startswith(above)
    return PhotoFile(photo[len(above) :].replace(os.sep, "/") if inside else _key(photo), photo)


def _lines(path: Path, column: str) -> Iterator[str]:
    """Yield the paths of a list as they stand there; in a CSV a row without one is an empty path."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            if path.suffix.lower() == ".txt":
                yield from filter(None, (line.strip() for line in file))
                return
            rows = csv.DictReader(file)
            check_choice("--column", column, rows.fieldnames or ())
            yield from ((row[column] or "").strip() for row in rows)
    except (OSError, UnicodeError, csv.Error) as error:
        remedy = "Change its permissions" if isinstance(error, OSError) else "Save it as UTF-8"
        raise ConfigError(f"The list {str(path)!r} cannot be read: {first_line(error)}. {remedy}.") from error


def _key(path: str) -> str:
    """Return a path with "/" that starts at no root and leads out of no folder."""
    pure = PurePath(path.replace("\0", ""))
    inside = pure.relative_to(pure.anchor) if pure.anchor else pure
    return PurePath(*(part for part in inside.parts if part != "..")).as_posix()


def _at_address(address: str) -> bytes:
    import fsspec

    with fsspec.open(address, "rb") as file:
        return bytes(file.read())


def _unreadable(error: OSError) -> None:
    raise ConfigError(
        f"The folder {error.filename!r} cannot be read: {error.strerror or error}. Change its permissions."
    ) from error
