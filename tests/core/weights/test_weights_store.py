"""Finding, listing and verifying model files."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from clipasso_core.errors import ConfigError, WeightsError
from clipasso_core.weights import ModelStore, default_folder
from clipasso_core.weights.known import KNOWN


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    """Two folders: ours, and one like ComfyUI's clip_vision."""
    ours, vision = tmp_path / "clipasso", tmp_path / "clip_vision"
    (vision / "sd").mkdir(parents=True)
    ours.mkdir()
    (ours / "clip-rn101-openai.safetensors").write_bytes(b"ours")
    (ours / "clip-rn101-openai.safetensors.json").write_text("not json")
    (ours / ".clip-rn50-openai.safetensors.abc.part").write_bytes(b"part")
    (ours / "notes.txt").write_text("notes")
    (vision / "clip-rn101-openai.safetensors").write_bytes(b"theirs")
    (vision / "sd" / "CLIP-ViT-H.safetensors").write_bytes(b"vit")
    return ModelStore([ours, vision, tmp_path / "missing"])


def test_files(store: ModelStore) -> None:
    assert [(file.name, file.size_bytes) for file in store.files()] == [
        ("clip-rn101-openai", 4),
        ("sd/CLIP-ViT-H", 3),
    ]


def test_list_shows_known_networks_first(store: ModelStore) -> None:
    listed = store.list()
    assert [status.name for status in listed[: len(KNOWN)]] == [network.name for network in KNOWN]
    assert [status.name for status in listed if status.file] == ["clip-rn101-openai", "sd/CLIP-ViT-H"]


def test_a_link_to_the_folder_itself_lists_nothing_twice(tmp_path: Path) -> None:
    (tmp_path / "mine.safetensors").write_bytes(b"x")
    (tmp_path / "again").symlink_to(tmp_path)
    assert [file.name for file in ModelStore([tmp_path]).files()] == ["mine"]


def test_two_formats_of_one_name_are_both_reachable(tmp_path: Path) -> None:
    for name in ("mine.pt", "mine.safetensors", "clip-rn101-openai.bin", "clip-rn101-openai.safetensors"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "clip-rn101-openai.safetensors").write_bytes(b"x")
    store = ModelStore([tmp_path])
    names = {file.name: file.path.relative_to(tmp_path).as_posix() for file in store.files()}
    assert names == {
        "mine": "mine.safetensors",
        "mine.pt": "mine.pt",
        "clip-rn101-openai": "clip-rn101-openai.safetensors",
        "clip-rn101-openai.bin": "clip-rn101-openai.bin",
        "sub/clip-rn101-openai.safetensors": "sub/clip-rn101-openai.safetensors",
    }
    for name, file in names.items():
        assert store.path(name) == tmp_path / file
        assert name in [status.name for status in store.list()]
    assert store.path("mine.safetensors") == tmp_path / "mine.safetensors"


@pytest.mark.parametrize("name", ["sd/CLIP-ViT-H", "sd/clip-vit-h", "CLIP-ViT-H.safetensors"])
def test_found_by_name_or_file_name(name: str, store: ModelStore) -> None:
    assert store.path(name) == store.folders[1] / "sd" / "CLIP-ViT-H.safetensors"


def test_found_by_path(store: ModelStore, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.pt"
    elsewhere.write_bytes(b"x")
    assert store.path(str(elsewhere)) == elsewhere


def test_missing_known_network_says_how_to_get_it(store: ModelStore) -> None:
    with pytest.raises(WeightsError) as caught:
        store.path("clip-vit-b-32-openai")
    message = str(caught.value)
    for part in ("605 MB", "apache-2.0", "clipasso models pull clip-vit-b-32-openai", str(store.folder), "clip_vision"):
        assert part in message


def test_unknown_name_lists_what_there_is(store: ModelStore) -> None:
    with pytest.raises(ConfigError, match="sd/CLIP-ViT-H"):
        store.path("nothing")


def test_verify_without_knowledge(store: ModelStore) -> None:
    found = store.verify("sd/CLIP-ViT-H")
    assert found.sha256 == hashlib.sha256(b"vit").hexdigest()
    assert (found.ok, found.basis) == (None, "none")
    assert store.verify("clip-rn101-openai").ok is None


def test_verify_against_the_table(tmp_path: Path) -> None:
    (tmp_path / "clip-vit-h-14-vision.safetensors").write_bytes(b"not it")
    found = ModelStore([tmp_path]).verify("clip-vit-h-14-vision")
    assert (found.ok, found.basis) == (False, "table")


def test_default_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CLIPASSO_MODELS", str(tmp_path))
    assert ModelStore().folder == tmp_path
    monkeypatch.delenv("CLIPASSO_MODELS")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("sys.platform", "linux")
    assert default_folder() == tmp_path / "clipasso"
    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert default_folder() == tmp_path / "local" / "clipasso"


def test_another_format_in_another_folder_is_reached_as_well(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir(), second.mkdir()
    (first / "mine.pt").write_bytes(b"pt")
    (second / "mine.safetensors").write_bytes(b"safe")
    (second / "mine.pt").write_bytes(b"never: the same name and format is in the first folder")
    store = ModelStore([first, second])
    assert {file.name: file.path.parent.name for file in store.files()} == {
        "mine": "first",
        "mine.safetensors": "second",
    }
    assert store.path("mine").read_bytes() == b"pt"
    assert store.path("mine.safetensors").read_bytes() == b"safe"
