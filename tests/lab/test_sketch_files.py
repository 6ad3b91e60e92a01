"""Which files are photos, which sketches are whose, and what an SVG holds, on whichever page."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from clipasso_core.errors import ConfigError, ImageFileError, SvgError
from clipasso_core.framing import Frame
from clipasso_core.strokes import Strokes
from clipasso_core.svg import facts_in_svg, to_svg
from clipasso_lab.sketch_files import (
    SketchFile,
    label_order,
    load_sketch,
    pair_sketches,
    photos_in,
    same_photos,
    shown,
)

FACTS = {"encoder_sha256": "ab", "stroke_init": {"canvas_size": 224}}
POINTS = torch.tensor([[20.0, 30], [60, 40], [100, 200], [180, 90]])[None, None]
STROKES = Strokes.black(POINTS, (224, 224))


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


def written(folder: Path, strokes: Strokes, facts: dict[str, object] | None = None) -> Path:
    metadata = {"prompt": {}, "clipasso": FACTS if facts is None else facts}
    (folder / "a.svg").write_text(to_svg(strokes, metadata=metadata))
    return folder / "a.svg"


@pytest.mark.parametrize("size", [(224, 224), (500, 500)])
def test_a_square_page_is_the_canvas(tmp_path: Path, size: tuple[int, int]) -> None:
    sketch = load_sketch(written(tmp_path, STROKES.scaled_to(size)), Frame((300, 400), (50, 60, 250, 260)))
    torch.testing.assert_close(sketch.strokes.control_points, POINTS, atol=2e-3, rtol=0)
    assert sketch.strokes.canvas_size == (224, 224)
    assert sketch.facts == FACTS


@pytest.mark.parametrize("photo", [(300, 400), (400, 400), (400, 403)])
@pytest.mark.parametrize("scale", [1, 2])
def test_a_page_of_the_photos_is_brought_back(tmp_path: Path, photo: tuple[int, int], scale: int) -> None:
    """A square page twice the photo's size may be any canvas, so it counts as one."""
    frame = Frame(photo, (50, 60, 250, 260))
    placed = frame.to_photo(STROKES).scaled_to((photo[0] * scale, photo[1] * scale))
    sketch = load_sketch(written(tmp_path, placed), frame)
    back = torch.allclose(sketch.strokes.control_points, POINTS, atol=5e-3)
    assert back == (photo == (300, 400) or scale == 1)
    assert sketch.strokes.canvas_size == (224, 224)
    if back:
        torch.testing.assert_close(sketch.strokes.stroke_width, STROKES.stroke_width, atol=5e-3, rtol=0)


@pytest.mark.parametrize("facts", [FACTS, {}])
def test_a_page_that_may_be_either_is_the_canvas(tmp_path: Path, facts: dict[str, object]) -> None:
    sketch = load_sketch(written(tmp_path, STROKES, facts), Frame((224, 224), (50, 60, 150, 160)))
    torch.testing.assert_close(sketch.strokes.control_points, POINTS)


def test_another_page_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SvgError, match=r"300 x 200 px: neither square.*\(400 x 300 px\)"):
        load_sketch(written(tmp_path, STROKES.scaled_to((200, 300))), Frame((300, 400), (0, 0, 300, 300)))


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(ImageFileError, match=r"Cannot read .*missing\.svg"):
        load_sketch(tmp_path / "missing.svg", Frame((300, 400), (0, 0, 300, 300)))


@pytest.mark.parametrize(
    "inside", ["", "<metadata>words</metadata>", "<metadata>[1]</metadata>", '<metadata>{"clipasso": 1}</metadata>']
)
def test_foreign_metadata_says_nothing(inside: str) -> None:
    head = '<svg xmlns="http://www.w3.org/2000/svg">'
    assert facts_in_svg(f"{head}{inside}</svg>".encode()) == {}
    ours = '<metadata><![CDATA[{"clipasso": {"a": 1}}]]></metadata>'
    assert facts_in_svg(f"{head}{inside}{ours}</svg>".encode()) == {"a": 1}
