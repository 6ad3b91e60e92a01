"""The photo as the optimiser saw it."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage

from clipasso_core.errors import ImageFileError, MaskError
from clipasso_core.files import load_image, save_png
from clipasso_core.mask import mask_object
from clipasso_core.pixels import resize, resize_map
from clipasso_core.xdog import xdog
from clipasso_lab.evaluate.photo import SeenPhoto, see_photo, to_grey, to_jpeg_uri


def test_it_is_the_object_on_white_in_its_frame(photos: list[Path], seen: dict[str, SeenPhoto]) -> None:
    cut = mask_object(load_image(photos[0]))
    assert torch.equal(seen["cat"].image, cut.image)
    assert seen["cat"].frame == cut.frames[0]


def test_edges_are_lines_inside_and_the_outline(photos: list[Path], seen: dict[str, SeenPhoto]) -> None:
    for path in photos:
        cut = mask_object(load_image(path))
        inside = resize_map(cut.mask, (224, 224))[0] >= 0.5
        lines, edges = xdog(resize(cut.image, (224, 224)))[0], seen[path.stem].edges
        assert set(edges.unique().tolist()) == {0, 1}
        assert not bool(edges[~inside].any())
        assert bool((edges >= lines)[inside].all())
        deep = torch.from_numpy(ndimage.binary_erosion(inside.numpy(), np.ones((5, 5))))
        assert float(edges[inside & ~deep].mean()) > 0.9
        assert torch.equal(edges[deep], lines[deep])


def test_a_pale_object_still_has_its_outline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disc as white as the paper: no line inside, and its rim is the only edge."""
    y, x = torch.meshgrid(torch.arange(96) - 48, torch.arange(96) - 48, indexing="ij")
    disc = (x**2 + y**2 < 30**2).float()
    monkeypatch.setattr(
        "clipasso_lab.evaluate.photo.mask_object", lambda images: mask_object(torch.ones_like(images), disc[None])
    )
    save_png(torch.ones(3, 96, 96), tmp_path / "disc.png")
    rows, columns = see_photo(tmp_path / "disc.png").edges.nonzero().unbind(1)
    radius = ((rows - 111.5) ** 2 + (columns - 111.5) ** 2).float().sqrt()
    assert float(radius.max() - radius.min()) < 5


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
