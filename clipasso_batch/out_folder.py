"""The folder that a batch writes: SVGs, a journal of what is done, and the table of results; one driver at a time."""

from __future__ import annotations

import csv
import io
import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from filelock import FileLock, Timeout

from clipasso_core.errors import ConfigError, ImageFileError, first_line
from clipasso_core.files import check_writable, read_bytes, write_atomically

from .photo_index import PhotoIndex
from .photo_sketcher import Row
from .svg_store import SHARD_SIZE, Form, SvgStore, make_folder, svg_store, unwritable

log = logging.getLogger(__name__)

SETTINGS, JOURNAL, TABLE, LOCK = "batch.json", "journal.jsonl", "results.csv", "batch.lock"
COLUMNS = (
    *("key", "svg", "width", "height", "loss", "strokes", "seconds", "seed"),
    *("photo_sha256", "svg_sha256", "error"),
)
"""Of the table; "svg" is the file inside the folder, or inside a shard in it."""


class OutFolder:
    """A folder that this process alone writes; made by ``open_folder``.

    Args:
        path: the folder.
        journal: its file, open to be read and appended to; a line that was cut off when a machine went is taken off.
        photos: of the batch; what is done of them is noted there.
        store: where the SVGs are kept.
        retry_errors: whether photos whose row holds an error are missing, too.
    """

    def __init__(
        self, path: Path, journal: BinaryIO, photos: PhotoIndex, store: SvgStore, retry_errors: bool = False
    ) -> None:
        self.path, self.photos, self._journal, self._store = path, photos, journal, store
        self._read_journal(retry_errors)
        store.begin(photos, self._rows)

    def write(self, row: Row) -> None:
        """Write a row's SVG, then its line in the journal: what has a line there is done.

        Raises:
            ImageFileError: a file cannot be written; what is not wholly written counts as missing.
        """
        entry, svg = self.photos.find(row.key), None
        facts = {name: value for name, value in asdict(row).items() if name != "svg_text"}
        if row.svg_text is not None and entry.svg is not None:
            svg = entry.svg
            self._store.write(svg, row.svg_text)
        self.photos.note(row.key, self._append({**facts, "svg": svg}), svg)
        self._store.done(entry.position)

    def write_table(self) -> int:
        """Write the table, in the order of the photos; return how many rows hold an error.

        Raises:
            ImageFileError: it cannot be written.
        """
        failed = 0

        def lines() -> Iterator[str]:
            nonlocal failed
            yield _csv_line(COLUMNS)
            for entry in self.photos.entries():
                if entry.line is not None:
                    row = self._row_at(entry.line)
                    failed += row.get("error") is not None
                    yield _csv_line([row.get(name) for name in COLUMNS])

        write_atomically(self.path / TABLE, lines())
        return failed

    def _rows(self, first: int, last: int) -> Iterator[Row]:
        """Yield the rows of photos that are done, from one position to another, without their SVGs."""
        for entry in self.photos.entries(first, last):
            if entry.line is not None:
                row = self._row_at(entry.line)
                yield Row(**{name: value for name, value in row.items() if name != "svg"})

    def _read_journal(self, retry_errors: bool) -> None:
        end = 0
        self._journal.seek(0)
        for line in self._journal:
            row = _parsed(line)
            if row is None:
                log.warning("The journal ends in a line that was cut off; its photo is sketched anew.")
                break
            self._note(row, end, retry_errors)
            end += len(line)
        self._journal.truncate(end)
        self._journal.seek(0, os.SEEK_END)

    def _note(self, row: Mapping[str, Any], offset: int, retry_errors: bool) -> None:
        """Remember a row of the journal, unless its photo is to be sketched anew."""
        svg = row["svg"]
        if svg is not None:
            self.photos.take_name(svg)
        there = self._store.holds(svg) if svg is not None else not retry_errors
        self.photos.note(row["key"], offset if there else None, svg)

    def _append(self, facts: Mapping[str, object]) -> int:
        """Write a line to the journal; return where it begins."""
        offset = self._journal.tell()
        try:
            self._journal.write(json.dumps(facts).encode("ascii") + b"\n")
            self._journal.flush()
            os.fsync(self._journal.fileno())
        except OSError as error:
            raise unwritable(self.path / JOURNAL, error) from error
        return offset

    def _row_at(self, offset: int) -> dict[str, Any]:
        self._journal.seek(offset)
        row = _parsed(self._journal.readline())
        self._journal.seek(0, os.SEEK_END)
        if row is None:
            raise ImageFileError(f"{str(self.path / JOURNAL)!r} was changed meanwhile. Run the same command again.")
        return row


@contextmanager
def open_folder(
    path: Path,
    settings: Mapping[str, object],
    photos: PhotoIndex,
    retry_errors: bool = False,
    form: Form = "svg",
    shard_size: int = SHARD_SIZE,
) -> Iterator[OutFolder]:
    """Open a folder for one batch, and keep others out of it until the end.

    Args:
        path: a new folder, an empty one, or that of the same batch.
        settings: JSON values that decide the batch; kept in the folder.
        photos: of the batch.
        retry_errors: whether photos whose row holds an error are to be sketched anew.
        form: of what is written, as ``svg_store`` takes it. Shards hold photos in their order, so that these, and the
            shards' size, are settings, too.
        shard_size: photos in a shard.

    Raises:
        ConfigError: another batch is at work there, or was with other settings, or there are files of no batch.
        ImageFileError: the folder cannot be written.
        DependencyError: as ``svg_store``.

    >>> from .sources import PhotoFile
    >>> photos = PhotoIndex([PhotoFile("cat.jpg", "cat.jpg"), PhotoFile("dog.jpg", "dog.jpg")])
    >>> with open_folder(Path("out"), {"seed": 0}, photos) as folder:
    ...     folder.write(Row("cat.jpg", 0.1, "It is a dog."))
    ...     [photo.key for photo in folder.photos.missing()]
    ['dog.jpg']
    >>> with open_folder(Path("out"), {"seed": 1}, photos) as folder:
    ...     pass
    Traceback (most recent call last):
    clipasso_core.errors.ConfigError: 'out' holds a batch made otherwise (seed: 0 there, 1 now)...do as there.
    """
    store = svg_store(path, form, shard_size)
    _check_free(path)
    make_folder(path)
    check_writable(path / SETTINGS)
    lock = FileLock(path / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise ConfigError(f"Another clipasso batch is at work on {str(path)!r}. Wait for it, or end it.") from error
    with lock:
        shards = {} if form == "svg" else {"to": form, "shard_size": shard_size, "photos": photos.digest()}
        _check_settings(path, json.loads(json.dumps({**settings, **shards})))
        try:
            journal = (path / JOURNAL).open("a+b")
        except OSError as error:
            raise unwritable(path / JOURNAL, error) from error
        try:
            yield OutFolder(path, journal, photos, store, retry_errors)
        finally:
            with suppress(OSError):  # a line that could not be written is tried again, and was told of before
                journal.close()


def _check_free(path: Path) -> None:
    """Raise ConfigError where there are files that no batch wrote."""
    try:
        names = [name for name in os.listdir(path) if not name.startswith(".")] if path.exists() else []
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
