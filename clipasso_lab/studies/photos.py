"""The photos that the benchmarks share, made ready: scikit-image's, cut out, with saliency and first strokes.

python -m clipasso_lab.studies.photos FOLDER        writes the photos themselves there, as PNG
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import skimage.data
import torch
from PIL import Image
from torch import Tensor

from clipasso_core.encoders import get_encoder
from clipasso_core.mask import mask_object
from clipasso_core.pixels import resize
from clipasso_core.saliency import compute_saliency
from clipasso_core.stroke_init import StrokeInitConfig, init_strokes
from clipasso_core.strokes import Strokes

PHOTOS = ("astronaut", "chelsea", "coffee", "rocket")
CANVAS = (224, 224)


@dataclass(frozen=True)
class Photo:
    """A photo as the optimiser gets it.

    Args:
        name: in skimage.data.
        canvas: [1, 3, 224, 224] in 0-1, the object on white.
        saliency: [1, S, S] in 0-1.
    """

    name: str
    canvas: Tensor
    saliency: Tensor

    def first_strokes(self, sketches: int = 3, follow: float = StrokeInitConfig.follow) -> Strokes:
        """Return first strokes [sketches, 16, 4, 2] from seeds 0, 1000, ...; ``follow`` 0 sets off at random."""
        return init_strokes(self.saliency, StrokeInitConfig(num_sketches=sketches, follow=follow))


def load_photo(name: str) -> Photo:
    """Cut out the object of one of scikit-image's photos and find its saliency."""
    pixels = torch.from_numpy(getattr(skimage.data, name)())
    cut = mask_object(pixels.permute(2, 0, 1)[None].float() / 255)
    maps = compute_saliency(cut.image, get_encoder(), cut.mask)
    return Photo(name, resize(cut.image, CANVAS), maps.saliency)


def write_photos(folder: Path) -> None:
    """Write the photos into a folder, which is made where it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in PHOTOS:
        Image.fromarray(getattr(skimage.data, name)()).save(folder / f"{name}.png")


if __name__ == "__main__":
    write_photos(Path(sys.argv[1]))
