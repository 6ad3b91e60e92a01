"""What is done is kept, what is cut off is not taken for done, and nobody else gets in."""

from __future__ import annotations

import csv
import errno
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from clipasso_batch.out_folder import COLUMNS, JOURNAL, TABLE, OutFolder, open_folder
from clipasso_batch.out_folder import SETTINGS as BATCH
from clipasso_batch.photo_index import PhotoIndex
from clipasso_batch.photo_sketcher import Row
from clipasso_batch.sources import PhotoFile
from clipasso_core.errors import ConfigError, ImageFileError

PHOTOS = [PhotoFile(key, key) for key in ("a/cup.png", "a/cup.jpg", "a/Cup.gif", "bad.png")]
MADE = Row("a/cup.png", 1.5, svg_text="<svg/>", width=64, height=48, loss=0.5, strokes=3, seed=7, svg_sha256="ab")
FAILED = Row("bad.png", 0.1, "It is damaged.")
SETTINGS = {"sketch": {"seed": 0}}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder in which a batch was cut short: two of four photos have a row."""
    path = tmp_path / "out"
    with open_folder(path, SETTINGS, PhotoIndex(PHOTOS)) as folder:
        assert list(folder.photos.missing()) == PHOTOS
        folder.write(MADE)
        folder.write(FAILED)
    return path


def table(path: Path) -> list[dict[str, str]]:
    with (path / TABLE).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def missing(path: Path, retry_errors: bool = False) -> list[str]:
    with open_folder(path, SETTINGS, PhotoIndex(PHOTOS), retry_errors) as folder:
        return [photo.key for photo in folder.photos.missing()]


def test_each_photo_has_an_svg_of_its_own_and_a_row_in_order(out: Path) -> None:
    with open_folder(out, SETTINGS, PhotoIndex(PHOTOS)) as folder:
        for photo in reversed(list(folder.photos.missing())):
            folder.write(replace(MADE, key=photo.key, svg_text=f"<svg>{photo.key}</svg>"))
        assert folder.write_table() == 1
    rows = table(out)
    assert [row["key"] for row in rows] == [photo.key for photo in PHOTOS]
    assert [row["svg"] for row in rows] == ["a/cup.svg", "a/cup.jpg.svg", "a/Cup.gif.svg", ""]
    assert (out / "a" / "cup.jpg.svg").read_text() == "<svg>a/cup.jpg</svg>"
    assert tuple(rows[0]) == COLUMNS
    assert (rows[0]["width"], rows[0]["loss"], rows[0]["seed"], rows[0]["error"]) == ("64", "0.5", "7", "")
    assert (rows[3]["error"], rows[3]["width"]) == ("It is damaged.", "")


def test_what_has_a_row_is_done(out: Path) -> None:
    assert missing(out) == ["a/cup.jpg", "a/Cup.gif"]
    assert missing(out, retry_errors=True) == ["a/cup.jpg", "a/Cup.gif", "bad.png"]


def test_a_sketch_that_is_gone_is_missing_and_keeps_its_name(out: Path) -> None:
    (out / "a" / "cup.svg").unlink()
    with open_folder(out, SETTINGS, PhotoIndex([*PHOTOS[1:], PHOTOS[0]])) as folder:
        assert PHOTOS[0] in list(folder.photos.missing())
        folder.write(MADE)
    assert (out / "a" / "cup.svg").exists()


@pytest.mark.parametrize("tail", [b'{"key": "a/cup.j', b'{"key": "a/cup.jpg", "svg": null}', b"\0\0\0\0\n", b"[1]\n"])
def test_a_line_that_was_cut_off_is_taken_off(out: Path, tail: bytes) -> None:
    whole = (out / JOURNAL).read_bytes()
    (out / JOURNAL).write_bytes(whole + tail)
    assert missing(out) == ["a/cup.jpg", "a/Cup.gif"]
    assert (out / JOURNAL).read_bytes() == whole


def test_a_full_disk_stops_the_batch_and_costs_only_what_was_not_written(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def write(folder: OutFolder) -> None:
        folder.write(replace(MADE, key="a/cup.jpg"))

    monkeypatch.setattr(os, "fsync", full)
    with open_folder(out, SETTINGS, PhotoIndex(PHOTOS)) as folder, pytest.raises(ImageFileError, match="disk is full"):
        write(folder)
    monkeypatch.undo()
    assert "a/cup.jpg" in missing(out)
    assert not list(out.rglob("*.tmp"))


def test_other_settings_are_refused_by_name(out: Path) -> None:
    said = pytest.raises(ConfigError, match=r"sketch\.seed: 0 there, 1 now")
    with said, open_folder(out, {"sketch": {"seed": 1}}, PhotoIndex(PHOTOS)):
        pass


def test_settings_of_which_nothing_came_may_be_changed(tmp_path: Path) -> None:
    for settings in ({"seed": 0}, {"seed": 1}):
        with open_folder(tmp_path / "out", settings, PhotoIndex(PHOTOS)) as folder:
            assert list(folder.photos.missing()) == PHOTOS
    assert json.loads((tmp_path / "out" / BATCH).read_text()) == {"seed": 1}


def test_two_drivers_are_kept_apart(out: Path) -> None:
    again = open_folder(out, SETTINGS, PhotoIndex(PHOTOS))
    with (
        open_folder(out, SETTINGS, PhotoIndex(PHOTOS)),
        pytest.raises(ConfigError, match="Another clipasso batch is at work"),
        again,
    ):
        pass
    assert missing(out)


def test_a_folder_of_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.svg").touch()
    with pytest.raises(ConfigError, match="no batch wrote"), open_folder(tmp_path, SETTINGS, PhotoIndex(PHOTOS)):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["mine.svg"]


@pytest.mark.parametrize("name", ["file", "file/out"])
def test_a_file_is_no_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises((ConfigError, ImageFileError), match=r"no folder|Cannot write"),
        open_folder(tmp_path / name, {}, PhotoIndex(PHOTOS)),
    ):
        pass


def test_names_that_are_no_unicode_and_lines_in_names(tmp_path: Path) -> None:
    photos = [PhotoFile("caf\udce9.png", "x"), PhotoFile('two\nlines,"quoted".png', "y")]
    with open_folder(tmp_path / "out", SETTINGS, PhotoIndex(photos)) as folder:
        for photo in folder.photos.missing():
            folder.write(Row(photo.key, 0.1, "No."))
        folder.write_table()
    assert [row["key"] for row in table(tmp_path / "out")] == ["caf\\udce9.png", photos[1].key]
    assert [json.loads(line)["key"] for line in (tmp_path / "out" / JOURNAL).open()] == [one.key for one in photos]


def test_what_no_system_takes_for_a_name_is_named_otherwise(tmp_path: Path) -> None:
    keys = ["render?url=" + "x" * 300, "a:b.png", "a.png", "a.svg/b.png", "end. /c.png", "a.svg/a.SVG/d.png"]
    photos = PhotoIndex([PhotoFile(key, key) for key in keys])
    with open_folder(tmp_path / "out", SETTINGS, photos) as folder:
        for key in keys:
            folder.write(replace(MADE, key=key))
        assert folder.write_table() == 0
    written = sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.svg"))
    names = ["a.svg", "a.svg_/a.SVG_/d.svg", "a.svg_/b.svg", "a_b.svg", "end/c.svg", f"render_url={'x' * 189}.svg"]
    assert written == names


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_journal_that_cannot_grow_is_told_in_one_sentence(out: Path) -> None:
    import resource

    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = (out / JOURNAL).read_bytes()

    def write_on_a_full_disk() -> None:
        with open_folder(out, SETTINGS, PhotoIndex(PHOTOS)) as folder:
            resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 10, limit[1]))
            folder.write(Row("a/cup.jpg", 0.1, "No."))

    try:
        with pytest.raises(ImageFileError, match=r"Cannot write .*journal\.jsonl"):
            write_on_a_full_disk()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert missing(out) == ["a/cup.jpg", "a/Cup.gif"]
