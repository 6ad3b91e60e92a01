"""Make docs/images/sketches.png from an evaluation: photos of scikit-image and their sketches, few strokes to many.

python -m clipasso_lab.studies.photos FOLDER                        writes the photos
clipasso eval FOLDER --strokes 4 8 16 32                  sketches and judges them
python -m clipasso_lab.studies.readme_picture FOLDER [OUT.png]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor

from clipasso_core.files import save_png
from clipasso_core.pixels import resize
from clipasso_core.rasterizer import rasterize
from clipasso_lab.evaluate.drawing import read_drawing
from clipasso_lab.evaluate.photo import see_photo

PHOTOS = ("coffee", "chelsea", "astronaut")
STROKES = (4, 8, 16, 32)
SIDE, GAP = 280, 12


def main() -> None:
    """Lay the sketches out as a grid."""
    parser = argparse.ArgumentParser(description="Make the README's picture from an evaluation.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path, nargs="?", default=Path("docs/images/sketches.png"))
    options = parser.parse_args()
    save_png(join([row(options.folder, name) for name in PHOTOS], dim=1), options.out)


def row(folder: Path, name: str) -> Tensor:
    """Return a photo and its sketches side by side."""
    photo = see_photo(folder / f"{name}.png")
    files = [folder / "clipasso-eval" / f"{name}-{count}.svg" for count in STROKES]
    drawn = [rasterize(read_drawing(file, photo.frame).strokes, (SIDE, SIDE))[0] for file in files]
    return join([resize(photo.image, (SIDE, SIDE))[0], *drawn], dim=2)


def join(images: list[Tensor], dim: int) -> Tensor:
    """Put images [3, H, W] side by side with white between."""
    shape = list(images[0].shape)
    shape[dim] = GAP
    gap = torch.ones(shape)
    parts = [part for image in images for part in (image, gap)][:-1]
    return torch.cat(parts, dim=dim)


if __name__ == "__main__":
    main()
