"""Parquet files, by way of pyarrow: photos or their paths in a column, and sketches in ours, a row each."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clipasso_core.errors import ConfigError, DependencyError, ImageFileError, check_choice, first_line

if TYPE_CHECKING:
    from .photo_sketcher import Row

KEY_COLUMN = "key"
"""Of a file of photos: what they are called, where it has such a column."""

BATCH_ROWS = 1000
"""Rows that are read at a time."""


def photos_in_parquet(path: str, column: str) -> Iterator[tuple[str | None, str, str]]:
    """Yield for each row its key (None where the file has no column "key"), its path, and where its bytes lie.

    Args:
        path: the file.
        column: of paths (text), of files (bytes), or of both as Hugging Face keeps images (a struct "bytes", "path").

    Yields:
        A path and no place ("") in a column of paths; else no path ("") and "row group:row:column".

    Raises:
        ConfigError: it has no such column.
        ImageFileError: it cannot be read.
        DependencyError: pyarrow is missing.
    """
    pa, pq = _pyarrow()
    with _readable(path), pq.ParquetFile(path) as file:
        schema = file.schema_arrow
        check_choice("--column", column, schema.names)
        kind = schema.field(column).type
        texts = pa.types.is_string(kind) or pa.types.is_large_string(kind)
        if not (texts or _holds_bytes(pa, kind)):
            raise ConfigError(f"The column {column!r} of {path!r} holds {kind}, not paths or the bytes of photos.")
        wanted = [name for name in (KEY_COLUMN, *([column] if texts else [])) if name in schema.names]
        for group in range(file.num_row_groups):
            for number, row in enumerate(_rows(file, group, wanted)):
                key = row.get(KEY_COLUMN)
                place = "" if texts else f"{group}:{number}:{column}"
                yield None if key is None else str(key), (row.get(column) or "") if texts else "", place


def bytes_in_parquet(path: str, inside: str) -> bytes | None:
    """Return what lies at a place in a file; None where the row holds nothing.

    Raises:
        ImageFileError: the file cannot be read.
        DependencyError: pyarrow is missing.
    """
    group, row, column = inside.split(":", 2)
    with _readable(path):
        value = _column(path, int(group), column)[int(row)].as_py()
    data: bytes | None = value["bytes"] if isinstance(value, dict) else value
    return data


@lru_cache(maxsize=1)
def _column(path: str, group: int, column: str) -> Any:
    """Return a column of a row group, which is what a file is read by: neighbours come next."""
    _, pq = _pyarrow()
    with pq.ParquetFile(path) as file:
        return file.read_row_group(group, columns=[column]).column(0)


class ParquetShard:
    """Sketches in a Parquet file."""

    suffix = ".parquet"

    def __init__(self) -> None:
        _pyarrow()

    def pack(self, rows: Iterable[tuple[str, Row]]) -> bytes:
        """Return the file's bytes, which the rows and their names decide (and pyarrow's version)."""
        pa, pq = _pyarrow()
        texts, numbers, buffer = ("key", "error", "svg_text"), ("width", "height", "strokes", "seed"), io.BytesIO()
        kinds = {"name": pa.string(), **dict.fromkeys(texts, pa.string()), **dict.fromkeys(numbers, pa.int64())}
        schema = pa.schema({**kinds, "loss": pa.float64(), "photo_sha256": pa.string(), "svg_sha256": pa.string()})
        facts = [{"name": name, "svg_text": row.svg_text, **_unicode(row.facts())} for name, row in rows]
        pq.write_table(pa.Table.from_pylist(facts, schema), buffer)
        return buffer.getvalue()

    def unpack(self, path: Path) -> Iterator[tuple[str, str]]:
        """Yield the names and texts of the SVGs in a file.

        Raises:
            ImageFileError: it is damaged.
        """
        _, pq = _pyarrow()
        with _readable(str(path)):
            rows = pq.read_table(path, columns=["name", "svg_text"]).to_pylist()
        yield from ((row["name"], row["svg_text"]) for row in rows if row["svg_text"] is not None)


def _rows(file: Any, group: int, columns: list[str]) -> Iterator[dict[str, Any]]:
    """Yield the rows of a row group, with some of their columns, which may be none."""
    if not columns:
        yield from ({} for _ in range(file.metadata.row_group(group).num_rows))
        return
    for batch in file.iter_batches(BATCH_ROWS, row_groups=[group], columns=columns):
        yield from batch.to_pylist()


def _holds_bytes(pa: Any, kind: Any) -> bool:
    if pa.types.is_struct(kind):
        return bool(kind.get_field_index("bytes") >= 0)
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _unicode(facts: dict[str, Any]) -> dict[str, Any]:
    """Return facts in which names of files that are no Unicode are written as one can."""
    return {**facts, "key": facts["key"].encode("utf-8", "backslashreplace").decode("utf-8")}


@contextmanager
def _readable(path: str) -> Iterator[None]:
    pa, _ = _pyarrow()
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        raise ImageFileError(f"The Parquet file {path!r} cannot be read: {first_line(error)}.") from error


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise DependencyError("Parquet takes pyarrow: pip install pyarrow") from error
    return pyarrow, pyarrow.parquet
