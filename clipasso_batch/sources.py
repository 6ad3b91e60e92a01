"""Where photos come from: a folder, a pattern, a list of paths, or a column of a CSV."""

from __future__ import annotations

import csv
import glob
import os
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath
from typing import NamedTuple

from clipasso_core.errors import ConfigError, check_choice, first_line
from clipasso_core.files import PHOTO_SUFFIXES

COLUMN = "path"
"""The column of a CSV that holds the paths, unless the user names another."""

LISTS = (".txt", ".csv")
"""Endings of files that list photos."""


class PhotoFile(NamedTuple):
    """A photo to be sketched.

    Args:
        key: what it is called in the results, once in a batch: its path inside the source, with "/".
        path: the file; empty where a list names none.
    """

    key: str
    path: str


def find_photos(source: str | Path, column: str | None = None) -> list[PhotoFile]:
    """Return the photos of a source, in an order that is the same every time.

    Args:
        source: a folder, with all folders in it (hidden ones, and files that are not named as images, are left out); a
            pattern such as "photos/**/*.jpg"; a .txt of one path a line; or a .csv with a head line. Paths in a list
            start at the list's folder. A path that is listed twice is two photos, a missing one is a photo, too: it
            gets a row that says so.
        column: of the CSV that holds the paths; None for "path".

    Raises:
        ConfigError: no such source, no photos in it, no such column, or a list that is no text.

    >>> Path("cats").mkdir()
    >>> Path("cats/tom.jpg").touch()
    >>> find_photos(".")
    [PhotoFile(key='cats/tom.jpg', path='./cats/tom.jpg')]
    """
    path = Path(source)
    if column is not None and path.suffix.lower() != ".csv":
        raise ConfigError(f"--column names a column of a .csv, and {str(source)!r} is none. Leave it out.")
    if path.is_dir():
        photos = _in_folder(str(source))
    elif path.is_file():
        photos = _in_list(path, COLUMN if column is None else column)
    elif glob.has_magic(str(source)):
        photos = _in_pattern(str(source))
    else:
        raise ConfigError(f"{str(source)!r} does not exist. Give a folder, a pattern in quotes, a .txt or a .csv.")
    found = list(_told_apart(photos))
    if not found:
        raise ConfigError(f"{str(source)!r} holds no photos. Their names end in {', '.join(PHOTO_SUFFIXES)}.")
    return found


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
            if _is_photo(name):
                path = os.path.join(folder, name)
                yield PhotoFile(_key(os.path.relpath(path, root)), path)


def _in_pattern(pattern: str) -> Iterator[PhotoFile]:
    root = pattern
    while glob.has_magic(root):
        root = os.path.dirname(root)
    for path in sorted(glob.iglob(pattern, recursive=True)):
        if _is_photo(os.path.basename(path)) and os.path.isfile(path):
            yield PhotoFile(_key(os.path.relpath(path, root or ".")), path)


def _is_photo(name: str) -> bool:
    return not name.startswith(".") and os.path.splitext(name)[1].lower() in PHOTO_SUFFIXES


def _in_list(path: Path, column: str) -> Iterator[PhotoFile]:
    """Yield what a list names; a path outside the list's folder keeps all its folders in the key."""
    check_choice(f"The ending of {str(path)!r}", path.suffix.lower(), LISTS)
    root = os.path.abspath(path.parent)
    for number, line in enumerate(_lines(path, column), start=1):
        if not line:
            yield PhotoFile(f"row {number}", "")
            continue
        photo = os.path.normpath(os.path.join(root, line))
        inside = photo.startswith(os.path.join(root, ""))
        yield PhotoFile(_key(os.path.relpath(photo, root) if inside else photo), photo)


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
        raise ConfigError(f"The list {str(path)!r} cannot be read: {first_line(error)}. Save it as UTF-8.") from error


def _key(path: str) -> str:
    """Return a path with "/" that starts at no root."""
    pure = PurePath(path)
    return (pure.relative_to(pure.anchor) if pure.anchor else pure).as_posix()


def _told_apart(photos: Iterable[PhotoFile]) -> Iterator[PhotoFile]:
    """Yield the photos, the second of the same key as "key#2"."""
    taken: set[str] = set()
    for photo in photos:
        key, count = photo.key, 1
        while key in taken:
            count += 1
            key = f"{photo.key}#{count}"
        taken.add(key)
        yield PhotoFile(key, photo.path)


def _unreadable(error: OSError) -> None:
    raise ConfigError(
        f"The folder {error.filename!r} cannot be read: {error.strerror or error}. Change its permissions."
    ) from error
