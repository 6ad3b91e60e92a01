"""Which files are photos, and which sketches are whose."""

from __future__ import annotations

from pathlib import Path

import pytest

from clipasso_core.errors import ConfigError
from clipasso_lab.evaluate.folder import SketchFile, label_order, pair_sketches, photos_in, same_photos, shown


def touch(folder: Path, *names: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).touch()
    return folder


def test_photos_are_the_image_files_by_name(tmp_path: Path) -> None:
    touch(tmp_path, "b.JPG", "a.png", "a.svg", "c.txt", ".hidden.png", "d.webp")
    touch(tmp_path / "folder.png", "inside.png")
    assert [path.name for path in photos_in(tmp_path)] == ["a.png", "b.JPG", "d.webp"]


def test_no_folder_no_photos(tmp_path: Path) -> None:
    touch(tmp_path, "a.svg")
    for folder, said in (
        (tmp_path, "no photos"),
        (tmp_path / "a.svg", "is a file"),
        (tmp_path / "b", "cannot be read"),
    ):
        with pytest.raises(ConfigError, match=said):
            photos_in(folder)


def test_photos_that_would_share_their_sketches(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"'Cat\.jpg' and 'cat\.png' cannot be told apart"):
        photos_in(touch(tmp_path, "Cat.jpg", "cat.png"))


def test_a_sketch_belongs_to_the_longest_name_that_fits(tmp_path: Path) -> None:
    photos = photos_in(touch(tmp_path / "photos", "cat.png", "cat-big.png", "my cat.png"))
    names = ("cat.svg", "cat-16.svg", "cat-4.SVG", "cat-big.svg", "cat-big-16.svg", "my cat-b-1.svg", "cat-16.png")
    pairing = pair_sketches(photos, touch(tmp_path / "sketches", *names, "cats-16.svg", "cat-.svg"))
    assert [(one.photo.stem, one.label, one.path.name) for one in pairing.sketches] == [
        ("cat-big", "", "cat-big.svg"),
        ("cat-big", "16", "cat-big-16.svg"),
        ("cat", "", "cat.svg"),
        ("cat", "4", "cat-4.SVG"),
        ("cat", "16", "cat-16.svg"),
        ("my cat", "b-1", "my cat-b-1.svg"),
    ]
    assert [one.path.name for one in pairing.left_out] == ["cat-.svg", "cats-16.svg"]


def test_no_sketch_of_any_photo(tmp_path: Path) -> None:
    touch(tmp_path, "cat.png", "dog.svg")
    with pytest.raises(ConfigError, match=r"cat\.svg, cat-16\.svg"):
        pair_sketches(photos_in(tmp_path), tmp_path)
    with pytest.raises(ConfigError, match="cannot be read"):
        pair_sketches(photos_in(tmp_path), tmp_path / "missing")


def test_labels_sort_as_people_do() -> None:
    assert sorted(["b", "16", "", "a", "4", "032"], key=label_order) == ["", "4", "16", "032", "a", "b"]


def test_names_are_shown_on_one_line() -> None:
    assert shown("a\nb\x1b[31m\udc80 猫 é") == "a b?[31m? 猫 é"


def test_labels_of_the_same_photos() -> None:
    a4, a16, b4, b16 = (SketchFile(Path(name), Path("x"), label) for name in "ab" for label in ("4", "16"))
    assert same_photos([])
    assert same_photos([a4, b4])
    assert same_photos([a4, b4, b16, a16])
    assert not same_photos([a4, b4, a16])
