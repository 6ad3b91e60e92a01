"""Paths and photos in Parquet files, and what is said of others."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import pytest

from clipasso_batch import Row, find_photos
from clipasso_batch.parquet_files import ParquetShard
from clipasso_core.errors import ClipassoError, ConfigError, DependencyError, ImageFileError

pa = pytest.importorskip("pyarrow", reason="needs pyarrow: pip install pyarrow")
pq = pytest.importorskip("pyarrow.parquet")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """photos.parquet, in groups of two rows: paths, bytes, and images as Hugging Face has them."""
    columns = {
        "path": ["a.png", None, "sub/b.png"],
        "data": [b"one", b"two", None],
        "image": [{"bytes": b"1", "path": "x"}, {"bytes": None, "path": "y"}, {"bytes": b"3", "path": "z"}],
        "label": [1, 2, 3],
    }
    pq.write_table(pa.table(columns), tmp_path / "photos.parquet", row_group_size=2)
    return tmp_path / "photos.parquet"


def test_paths_start_at_the_file(table: Path) -> None:
    found = find_photos(table)
    assert [photo.key for photo in found] == ["a.png", "row 2", "sub/b.png"]
    assert [photo.path for photo in found] == [str(table.parent / "a.png"), "", str(table.parent / "sub" / "b.png")]


def test_bytes_are_read_where_they_lie(table: Path) -> None:
    found = find_photos(table, "data")
    assert [photo.key for photo in found] == ["row 1", "row 2", "row 3"]
    assert [photo.read() for photo in found[:2]] == [b"one", b"two"]
    with pytest.raises(ConfigError, match="holds no photo in this row"):
        found[2].read()
    images = find_photos(table, "image")
    assert [images[0].read(), images[2].read()] == [b"1", b"3"]


def test_a_column_of_keys_names_the_photos(table: Path) -> None:
    pq.write_table(pa.table({"key": ["cup", "../cup", "cup"], "jpg": [b"1", b"2", b"3"]}), table)
    assert [photo.key for photo in find_photos(table, "jpg")] == ["cup", "cup#2", "cup#3"]
    assert next(photo.key for photo in find_photos(f"{table.parent}/*.parquet", "jpg")) == "photos/cup"


@pytest.mark.parametrize(
    ("column", "said"),
    [("file", "--column must be one of path, data, image, label, got 'file'"), ("label", "holds int64, not paths")],
)
def test_other_columns_are_refused(table: Path, column: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        find_photos(table, column)


def test_a_damaged_file(table: Path) -> None:
    table.write_bytes(b"PAR1 and no more")
    with pytest.raises(ImageFileError, match="cannot be read"):
        find_photos(table)


def test_a_shard_holds_each_row_and_no_time(tmp_path: Path) -> None:
    rows = [Row("caf\udce9.png", 1.0, svg_text="<svg/>", loss=0.5, strokes=3), Row("b.png", 2.0, "It is damaged.")]
    data = ParquetShard().pack([("1", rows[0]), ("2", rows[1])])
    assert data == ParquetShard().pack([("1", Row(**{**vars(rows[0]), "seconds": 9.0})), ("2", rows[1])])
    (tmp_path / "shard.parquet").write_bytes(data)
    assert list(ParquetShard().unpack(tmp_path / "shard.parquet")) == [("1", "<svg/>")]
    there = pq.read_table(tmp_path / "shard.parquet").to_pylist()
    assert [(one["key"], one["strokes"], one["error"]) for one in there] == [
        ("caf\\udce9.png", 3, None),
        ("b.png", None, "It is damaged."),
    ]


def test_without_pyarrow_the_sentence_says_how_to_get_it(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *rest: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(DependencyError, match="pip install pyarrow"):
        find_photos(table)
    with pytest.raises(ClipassoError):
        ParquetShard()
