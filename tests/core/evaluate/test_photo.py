"""The photo as the optimiser saw it."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import pytest
import torch
from PIL import Image

from clipasso_core.errors import ImageFileError, MaskError
from clipasso_core.evaluate.photo import SeenPhoto, see_photo, to_grey, to_jpeg_uri
from clipasso_core.image_files import load_image, save_png
from clipasso_core.mask import mask_object


def test_it_is_the_object_on_white_in_its_frame(photos: list[Path], seen: dict[str, SeenPhoto]) -> None:
    cut = mask_object(load_image(photos[0]))
    assert torch.equal(seen["cat"].image, cut.image)
    assert seen["cat"].frame == cut.frames[0]


def test_edges_are_lines_inside_and_the_outline(seen: dict[str, SeenPhoto]) -> None:
    for photo in seen.values():
        assert photo.edges.shape == (224, 224)
        assert set(photo.edges.unique().tolist()) == {0, 1}
        assert 0.01 < float(photo.edges.mean()) < 0.4


def test_what_cannot_be_seen(tmp_path: Path) -> None:
    with pytest.raises(ImageFileError, match="does not exist"):
        see_photo(tmp_path / "missing.png")
    save_png(torch.full((3, 64, 64), 0.5), tmp_path / "flat.png")
    with pytest.raises(MaskError, match="No object"):
        see_photo(tmp_path / "flat.png")


def test_grey_weighs_as_eyes_do() -> None:
    colours = torch.eye(3)[:, :, None, None]
    assert to_grey(colours).flatten().tolist() == pytest.approx([0.299, 0.587, 0.114])


def test_the_picture_is_a_small_jpeg(seen: dict[str, SeenPhoto]) -> None:
    head, _, data = to_jpeg_uri(seen["cup"].image).partition(",")
    assert head == "data:image/jpeg;base64"
    picture = Image.open(io.BytesIO(base64.b64decode(data)))
    assert picture.size == (min(448, seen["cup"].image.shape[-1]),) * 2
    assert picture.getpixel((0, 0)) == (255, 255, 255)
