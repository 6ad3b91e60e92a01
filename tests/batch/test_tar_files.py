"""Photos in tar files are the same photos, and what is cut short is told."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest

from clipasso_batch import Row
from clipasso_batch.photo_index import find_photos
from clipasso_batch.tar_files import TarShard, bytes_in_tar
from clipasso_core.errors import ConfigError, ImageFileError

LONG = "a/" * 80 + "long.png"


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    """Two tar files in which names come again: photos, what is none, a long name, and one that leads out."""
    for name in ("one.tar", "two.tar"):
        with tarfile.open(tmp_path / name, "w") as file:
            for member in ("0001.jpg", "0001.json", ".hidden.png", LONG, "../../out.png"):
                data = f"{name} {member}".encode()
                info = tarfile.TarInfo(member)
                info.size = len(data)
                file.addfile(info, io.BytesIO(data))
    return tmp_path


def test_the_bytes_are_those_of_the_photo(shards: Path) -> None:
    found = find_photos(shards / "one.tar")
    assert [photo.key for photo in found] == ["0001.jpg", LONG, "out.png"]
    assert [photo.read() for photo in found] == [
        f"one.tar {name}".encode() for name in ("0001.jpg", LONG, "../../out.png")
    ]
    assert [photo.name for photo in found] == ["0001", "long", "out"]


def test_photos_of_several_files_are_told_apart(shards: Path) -> None:
    found = find_photos(f"{shards}/*.tar")
    assert [photo.key for photo in found][::3] == ["one/0001.jpg", "two/0001.jpg"]
    assert [photo.read() for photo in found][::3] == [b"one.tar 0001.jpg", b"two.tar 0001.jpg"]


def test_what_is_damaged_is_told(shards: Path) -> None:
    (shards / "gz.tar").write_bytes(b"\x1f\x8b\x08 compressed" + bytes(600))
    with pytest.raises(ConfigError, match="Give a whole one that is not compressed"):
        find_photos(shards / "gz.tar")
    photo = find_photos(shards / "one.tar")[1]
    offset = int(photo.inside.split(":")[0])
    (shards / "one.tar").write_bytes((shards / "one.tar").read_bytes()[: offset + 5])
    with pytest.raises(ImageFileError, match="was cut short"):
        photo.read()
    with pytest.raises(ImageFileError, match="Cannot read"):
        bytes_in_tar(str(shards / "three.tar"), "0:1")


def test_a_shard_holds_each_row_and_no_time(tmp_path: Path) -> None:
    rows = [Row("caf\udce9.png", 1.0, svg_text="<svg>é</svg>", loss=0.5), Row("b.png", 2.0, "It is damaged.")]
    data = TarShard().pack([("00000001", rows[0]), ("00000002", rows[1])])
    assert data == TarShard().pack([("00000001", Row(**{**vars(rows[0]), "seconds": 9.0})), ("00000002", rows[1])])
    (tmp_path / "shard.tar").write_bytes(data)
    assert list(TarShard().unpack(tmp_path / "shard.tar")) == [("00000001", "<svg>é</svg>")]
    with tarfile.open(tmp_path / "shard.tar") as file:
        assert file.getnames() == ["00000001.svg", "00000001.json", "00000002.json"]
        facts = [json.load(file.extractfile(name) or io.BytesIO()) for name in file.getnames()[1:]]
    assert [one["key"] for one in facts] == ["caf\udce9.png", "b.png"]
    assert [one["error"] for one in facts] == [None, "It is damaged."]
    (tmp_path / "shard.tar").write_bytes(b"no tar file at all" * 40)
    with pytest.raises(ImageFileError, match="Delete it to have it made anew"):
        list(TarShard().unpack(tmp_path / "shard.tar"))
