"""The folder that a batch writes: SVGs, a journal of what is done, and the table of results; one driver at a time."""

from __future__ import annotations

import csv
import io
import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from filelock import FileLock, Timeout

from clipasso_core.errors import ConfigError, ImageFileError, first_line
from clipasso_core.files import check_writable, read_bytes, write_atomically

from .photo_sketcher import Row
from .sources import PhotoFile

log = logging.getLogger(__name__)

SETTINGS, JOURNAL, TABLE, LOCK = "batch.json", "journal.jsonl", "results.csv", "batch.lock"
COLUMNS = (
    *("key", "svg", "width", "height", "loss", "strokes", "seconds", "seed"),
    *("photo_sha256", "svg_sha256", "error"),
)
"""Of the table; "svg" is the file inside the folder."""


class OutFolder:
    """A folder that this process alone writes; made by ``open_folder``.

    Args:
        path: the folder.
        journal: its file, open to be read and appended to; a line that was cut off when a machine went is taken off.
        retry_errors: whether photos whose row holds an error are missing, too.
    """

    def __init__(self, path: Path, journal: BinaryIO, retry_errors: bool = False) -> None:
        self.path, self._journal, self._retry_errors = path, journal, retry_errors
        self._lines: dict[str, int] = {}  # key -> where its line begins in the journal
        self._names: dict[str, str] = {}  # key -> its SVG inside the folder
        self._taken: set[str] = set()  # those names, in lower case: some disks know no other
        self._read_journal()

    def missing(self, photos: Sequence[PhotoFile]) -> list[PhotoFile]:
        """Return the photos that are not done yet, and give each its SVG's name.

        An SVG is named as its photo; where two photos share a name ("cup.png", "cup.jpg"), the second one keeps its
        ending ("cup.png.svg").
        """
        for photo in photos:
            if photo.key not in self._names:
                self._name(photo.key, self._free_name(photo.key))
        return [photo for photo in photos if photo.key not in self._lines]

    def write(self, row: Row) -> None:
        """Write a row's SVG, then its line in the journal: what has a line there is done.

        Raises:
            ImageFileError: a file cannot be written; what is not wholly written counts as missing.
        """
        facts = {name: value for name, value in asdict(row).items() if name != "svg_text"}
        svg = None
        if row.svg_text is not None:
            svg = self._names[row.key]
            _make_folder((self.path / svg).parent)
            write_atomically(self.path / svg, row.svg_text)
        self._append({**facts, "svg": svg})

    def write_table(self, photos: Sequence[PhotoFile]) -> int:
        """Write the table, in the order of the photos; return how many rows hold an error.

        Raises:
            ImageFileError: it cannot be written.
        """
        failed = 0

        def lines() -> Iterator[str]:
            nonlocal failed
            yield _csv_line(COLUMNS)
            for photo in photos:
                if photo.key in self._lines:
                    row = self._row_at(self._lines[photo.key])
                    failed += row.get("error") is not None
                    yield _csv_line([row.get(name) for name in COLUMNS])

        write_atomically(self.path / TABLE, lines())
        return failed

    def _read_journal(self) -> None:
        end = 0
        self._journal.seek(0)
        for line in self._journal:
            row = _parsed(line)
            if row is None:
                log.warning("The journal ends in a line that was cut off; its photo is sketched anew.")
                break
            self._note(row, end)
            end += len(line)
        self._journal.truncate(end)
        self._journal.seek(0, os.SEEK_END)

    def _note(self, row: Mapping[str, Any], offset: int) -> None:
        """Remember a row of the journal, unless its photo is to be sketched anew."""
        key, svg = row["key"], row["svg"]
        if svg is not None:
            self._name(key, svg)
        if os.path.exists(self.path / svg) if svg is not None else not self._retry_errors:
            self._lines[key] = offset

    def _name(self, key: str, svg: str) -> None:
        self._names[key] = svg
        self._taken.add(svg.lower())

    def _free_name(self, key: str) -> str:
        name, count = f"{key.removesuffix(PurePosixPath(key).suffix)}.svg", 1
        while name.lower() in self._taken:
            name = f"{key}.svg" if count == 1 else f"{key}-{count}.svg"
            count += 1
        return name

    def _append(self, facts: Mapping[str, object]) -> None:
        offset = self._journal.tell()
        try:
            self._journal.write(json.dumps(facts).encode("ascii") + b"\n")
            self._journal.flush()
            os.fsync(self._journal.fileno())
        except OSError as error:
            raise _unwritable(self.path / JOURNAL, error) from error
        self._lines[str(facts["key"])] = offset

    def _row_at(self, offset: int) -> dict[str, Any]:
        self._journal.seek(offset)
        row = _parsed(self._journal.readline())
        self._journal.seek(0, os.SEEK_END)
        if row is None:
            raise ImageFileError(f"{str(self.path / JOURNAL)!r} was changed meanwhile. Run the same command again.")
        return row


@contextmanager
def open_folder(path: Path, settings: Mapping[str, object], retry_errors: bool = False) -> Iterator[OutFolder]:
    """Open a folder for one batch, and keep others out of it until the end.

    Args:
        path: a new folder, an empty one, or that of the same batch.
        settings: JSON values that decide the batch; kept in the folder.
        retry_errors: whether photos whose row holds an error are to be sketched anew.

    Raises:
        ConfigError: another batch is at work there, or was with other settings, or there are files of no batch.
        ImageFileError: the folder cannot be written.

    >>> with open_folder(Path("out"), {"seed": 0}) as folder:
    ...     folder.write(Row("cat.jpg", 0.1, "It is a dog."))
    ...     folder.missing([PhotoFile("cat.jpg", "cat.jpg"), PhotoFile("dog.jpg", "dog.jpg")])
    [PhotoFile(key='dog.jpg', path='dog.jpg')]
    >>> with open_folder(Path("out"), {"seed": 1}) as folder:
    ...     pass
    Traceback (most recent call last):
    clipasso_core.errors.ConfigError: 'out' holds a batch made otherwise (seed: 0 there, 1 now)...do as there.
    """
    _check_free(path)
    _make_folder(path)
    check_writable(path / SETTINGS)
    lock = FileLock(path / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise ConfigError(f"Another clipasso batch is at work on {str(path)!r}. Wait for it, or end it.") from error
    with lock:
        _check_settings(path, json.loads(json.dumps(settings)))
        try:
            journal = (path / JOURNAL).open("a+b")
        except OSError as error:
            raise _unwritable(path / JOURNAL, error) from error
        with journal:
            yield OutFolder(path, journal, retry_errors)


def _check_free(path: Path) -> None:
    """Raise ConfigError where there are files that no batch wrote."""
    try:
        names = os.listdir(path) if path.exists() else []
    except OSError as error:
        raise ConfigError(f"{str(path)!r} is no folder that can be read: {error.strerror}. Choose another.") from error
    if not {SETTINGS, LOCK} & set(names) and names:
        raise ConfigError(f"{str(path)!r} holds files that no batch wrote. Choose a new or an empty folder.")


def _check_settings(path: Path, settings: dict[str, object]) -> None:
    """Write the settings where nothing is done yet; raise ConfigError where it was done with others."""
    file, journal = path / SETTINGS, path / JOURNAL
    if not (file.exists() and journal.exists() and journal.stat().st_size):
        write_atomically(file, json.dumps(settings, indent=1) + "\n")
        return
    try:
        there = _flat(json.loads(read_bytes(file)))
    except ValueError as error:
        raise ConfigError(f"{str(file)!r} is damaged: {first_line(error)}. Choose another folder.") from error
    now = _flat(settings)
    for name in {**there, **now}:
        if there.get(name) != now.get(name):
            other = f"{name}: {json.dumps(there.get(name))} there, {json.dumps(now.get(name))} now"
            raise ConfigError(
                f"{str(path)!r} holds a batch made otherwise ({other}). Choose another folder, or do as there."
            )


def _flat(value: object, name: str = "") -> dict[str, object]:
    """Return the leaves of nested objects by their dotted names."""
    if not isinstance(value, dict):
        return {name: value}
    return {k: v for key, one in value.items() for k, v in _flat(one, f"{name}.{key}" if name else key).items()}


def _parsed(line: bytes) -> dict[str, Any] | None:
    """Return a row of the journal, or None where the line is not whole."""
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if line.endswith(b"\n") and isinstance(row, dict) and {"key", "svg"} <= row.keys() else None


def _csv_line(values: Sequence[object]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(["" if value is None else value for value in values])
    return line.getvalue().encode("utf-8", "backslashreplace").decode("utf-8")  # names of files may be no Unicode


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> ImageFileError:
    said = error.strerror or first_line(error)
    return ImageFileError(f"Cannot write {str(path)!r}: {said}. Choose another folder, or put that right.")
