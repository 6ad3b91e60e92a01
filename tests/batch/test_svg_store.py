"""Shards are whole or not there, and no sketch is made twice because of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from clipasso_batch import PhotoFile, Row
from clipasso_batch.out_folder import OutFolder, open_folder
from clipasso_batch.photo_index import PhotoIndex
from clipasso_batch.svg_store import LOOSE, Form, svg_store
from clipasso_batch.tar_files import TarShard
from clipasso_core.errors import ConfigError

PHOTOS = [PhotoFile(key, key) for key in ("a.png", "b.png", "bad.png", "d.png", "e.png")]
SIZE = 2


def made(key: str) -> Row:
    if key == "bad.png":
        return Row(key, 0.1, "It is damaged.")
    return Row(key, 0.1, svg_text=f"<svg>{key}</svg>", svg_sha256="ab")


def fill(out: Path, keys: str | None = None, form: Form = "tar", retry_errors: bool = False) -> list[str]:
    """Make what is missing, or some of it; return what that was."""
    with open_folder(out, {}, PhotoIndex(PHOTOS), retry_errors, form, SIZE) as folder:
        missing = [photo.key for photo in folder.photos.missing()]
        for key in reversed(missing):
            if keys is None or key[0] in keys:
                folder.write(made(key))
    return missing


def shards(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in out.glob("shard-*")}


@pytest.fixture
def undisturbed(tmp_path: Path) -> Path:
    fill(tmp_path / "undisturbed")
    return tmp_path / "undisturbed"


@pytest.mark.parametrize("form", ["tar", "parquet"])
def test_shards_hold_photos_in_order_whatever_came_first(tmp_path: Path, form: Form) -> None:
    if form == "parquet":
        pytest.importorskip("pyarrow", reason="needs pyarrow: pip install pyarrow")
    fill(tmp_path / "one", form=form)
    for keys in ("e", "b", "ad", "b"):
        fill(tmp_path / "two", keys, form)
    assert list(shards(tmp_path / "one")) != []
    assert shards(tmp_path / "one") == shards(tmp_path / "two")
    assert len(shards(tmp_path / "one")) == 3
    assert not (tmp_path / "two" / LOOSE).exists()


def test_loose_sketches_are_done_and_a_lost_shard_is_made_again(undisturbed: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert len(fill(out, "ae")) == 5
    assert sorted(path.name for path in out.rglob("*.svg")) == ["00000001.svg"]
    assert sorted(shards(out)) == ["shard-000002.tar"]
    assert fill(out) == ["b.png", "bad.png", "d.png"]
    (out / "shard-000001.tar").unlink()
    assert fill(out) == ["d.png"]  # the error of the other photo is in the journal
    assert shards(out) == shards(undisturbed)


def test_killed_before_or_after_a_shard_is_written(
    undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    monkeypatch.setattr("clipasso_batch.svg_store.SvgShards._put_together", lambda *_: None)
    fill(out)
    assert shards(out) == {}
    monkeypatch.undo()
    monkeypatch.setattr("clipasso_batch.svg_store.SvgShards._clear", lambda *_: None)
    assert fill(out) == []
    assert (out / LOOSE).exists()
    monkeypatch.undo()
    assert fill(out) == []
    assert not (out / LOOSE).exists()
    assert shards(out) == shards(undisturbed)


def test_errors_are_tried_again_without_their_neighbours(undisturbed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert fill(undisturbed) == []
    monkeypatch.setitem(globals(), "made", lambda key: Row(key, 0.1, svg_text="<svg>good</svg>", svg_sha256="cd"))
    assert fill(undisturbed, retry_errors=True) == ["bad.png"]
    found = dict(TarShard().unpack(undisturbed / "shard-000001.tar"))
    assert found == {"00000003": "<svg>good</svg>", "00000004": "<svg>d.png</svg>"}


def test_other_photos_or_another_size_are_refused(undisturbed: Path) -> None:
    for photos, size, said in ((PHOTOS[1:], SIZE, "photos: "), (PHOTOS, 3, "shard_size: 2 there, 3 now")):
        other = open_folder(undisturbed, {}, PhotoIndex(photos), form="tar", shard_size=size)
        with pytest.raises(ConfigError, match=said), other:
            pass
    with pytest.raises(ConfigError, match="to: "), open_folder(undisturbed, {}, PhotoIndex(PHOTOS)):
        pass


def test_a_size_out_of_range_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="shard_size must lie between 1 and 10000, got 0"):
        svg_store(tmp_path, "tar", 0)
    other = open_folder(tmp_path / "out", {}, PhotoIndex(PHOTOS), form="tar", shard_size=0)
    with pytest.raises(ConfigError, match="shard_size"), other:
        pass
    assert not (tmp_path / "out").exists()


def test_the_table_says_where_each_sketch_is(undisturbed: Path) -> None:
    with open_folder(undisturbed, {}, PhotoIndex(PHOTOS), form="tar", shard_size=SIZE) as folder:
        assert isinstance(folder, OutFolder)
        assert folder.write_table() == 1
    lines = [line.split(",")[:2] for line in (undisturbed / "results.csv").read_text().splitlines()]
    assert lines[1] == ["a.png", "shard-000000.tar/00000001.svg"]
    assert lines[3] == ["bad.png", ""]
