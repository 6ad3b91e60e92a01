"""Which photos a folder, a pattern or a list holds, and what they are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from clipasso_batch.photo_index import find_photos
from clipasso_batch.sources import folder_of
from clipasso_core.errors import ConfigError


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """photos/b.png, photos/a/c.JPG, and what is no photo; the current folder holds photos/."""
    for name in ("b.png", "a/c.JPG", "note.txt", ".hidden.png", ".git/d.png"):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def keys(source: str | Path, column: str | None = None) -> list[str]:
    return [photo.key for photo in find_photos(source, column)]


def test_a_folder_with_all_in_it(tree: Path) -> None:
    found = find_photos("photos")
    assert [photo.key for photo in found] == ["b.png", "a/c.JPG"]
    assert all(Path(photo.path).is_file() for photo in found)
    assert folder_of("photos") == Path("photos")


@pytest.mark.parametrize(("pattern", "found"), [("photos/*.png", ["b.png"]), ("photos/**/*", ["a/c.JPG", "b.png"])])
def test_a_pattern(tree: Path, pattern: str, found: list[str]) -> None:
    assert keys(pattern) == found
    assert keys(tree / pattern) == found
    assert folder_of(pattern) is None


def test_a_list_starts_at_its_folder_and_loses_no_line(tree: Path) -> None:
    outside = tree / "else.png"
    lines = f"\ufeffb.png\n\n  a/c.JPG \nb.png\nb.png\nmissing.png\n../else.png\n{outside}\n"
    (tree / "photos" / "list.txt").write_text(lines, encoding="utf-8")
    far = outside.relative_to(outside.anchor).as_posix()
    assert keys("photos/list.txt") == ["b.png", "a/c.JPG", "b.png#2", "b.png#3", "missing.png", far, f"{far}#2"]
    assert {photo.path for photo in find_photos("photos/list.txt") if photo.key.startswith(far)} == {str(outside)}


def test_keys_that_look_like_repeated_ones(tree: Path) -> None:
    (tree / "list.txt").write_text("a.png\na.png#2\na.png\na.png#2\n")
    assert keys("list.txt") == ["a.png", "a.png#2", "a.png#3", "a.png#2#2"]


def test_a_csv_and_its_column(tree: Path) -> None:
    (tree / "list.csv").write_text('id,path,file\n1,photos/b.png,x.png\n2,,y.png\n3,"photos/a/c.JPG"\n')
    assert keys("list.csv") == ["photos/b.png", "row 2", "photos/a/c.JPG"]
    assert keys("list.csv", "file") == ["x.png", "y.png", "row 3"]
    assert [photo.path for photo in find_photos("list.csv")][1] == ""


@pytest.mark.parametrize(
    ("source", "column", "said"),
    [
        ("nowhere", None, "'nowhere' does not exist"),
        ("void", None, "'void' holds no photos"),
        ("photos/*.webp", None, "holds no photos"),
        ("void.txt", None, "holds no photos"),
        ("list.csv", "file", "--column must be one of id, path, got 'file'"),
        ("void.csv", None, "--column must be one of , got 'path'"),
        ("photos", "path", "--column names a column of a .csv or .parquet"),
        ("photos/b.png", None, "must be one of .txt, .csv, .parquet, .tar, got '.png'"),
        ("raw.txt", None, "Save it as UTF-8"),
    ],
)
def test_what_is_refused(tree: Path, source: str, column: str | None, said: str) -> None:
    (tree / "void").mkdir()
    for name, text in {"void.txt": b"\n\n", "void.csv": b"", "list.csv": b"id,path\n", "raw.txt": b"\xff\xfe"}.items():
        (tree / name).write_bytes(text)
    with pytest.raises(ConfigError, match=said):
        find_photos(source, column)
