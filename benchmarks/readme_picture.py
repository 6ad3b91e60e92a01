"""Make docs/images/sketches.png: photos of scikit-image and their sketches at 4, 8, 16 and 32 strokes.

Usage: python benchmarks/readme_picture.py [OUT.png]. Prints the losses as JSON. Needs scikit-image.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import skimage.data
import torch
from torch import Tensor

from clipasso_core.image_files import save_png
from clipasso_core.images import resize
from clipasso_core.mask import mask_object
from clipasso_core.optimize import preset_config
from clipasso_core.pipeline import SketchConfig, sketch
from clipasso_core.rasterizer import rasterize
from clipasso_core.stroke_init import StrokeInitConfig

PHOTOS = ("coffee", "chelsea", "astronaut")
STROKES = (4, 8, 16, 32)
SIDE, GAP = 280, 12


def main(out: Path) -> None:
    """Sketch every photo at every number of strokes and lay them out as a grid."""
    losses: dict[str, dict[int, float]] = {}
    rows = []
    for name in PHOTOS:
        photo = load(name)
        row = [resize(mask_object(photo).image, (SIDE, SIDE))[0]]
        for count in STROKES:
            config = SketchConfig(
                init=StrokeInitConfig(num_strokes=count), optimize=replace(preset_config("standard"), seed=0)
            )
            result = sketch(photo, config).result
            losses.setdefault(name, {})[count] = round(result.loss[0], 4)
            row.append(rasterize(result.strokes, (SIDE, SIDE))[0])
        rows.append(join(row, dim=2))
    save_png(join(rows, dim=1), out)
    sys.stdout.write(json.dumps({"picture": str(out), "loss": losses}) + "\n")


def load(name: str) -> Tensor:
    """Return a photo of scikit-image as [1, 3, H, W] in 0-1."""
    return torch.from_numpy(getattr(skimage.data, name)()).permute(2, 0, 1)[None].float() / 255


def join(images: list[Tensor], dim: int) -> Tensor:
    """Put images [3, H, W] side by side with white between."""
    shape = list(images[0].shape)
    shape[dim] = GAP
    gap = torch.ones(shape)
    parts = [part for image in images for part in (image, gap)][:-1]
    return torch.cat(parts, dim=dim)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images/sketches.png"))
