"""Photos and strokes to measure with: scikit-image's four, made ready for the optimiser, and some drawn by formula.

python -m clipasso_lab.photos FOLDER        writes the four photos themselves there, as PNG
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from clipasso_core.encoders import get_encoder
from clipasso_core.errors import DependencyError
from clipasso_core.files import save_png
from clipasso_core.mask import mask_object
from clipasso_core.pixels import resize
from clipasso_core.saliency import compute_saliency
from clipasso_core.stroke_init import StrokeInitConfig, init_strokes
from clipasso_core.strokes import CANVAS, CANVAS_SIDE, Strokes

PHOTOS = ("astronaut", "chelsea", "coffee", "rocket")
"""Names in skimage.data."""


@dataclass(frozen=True, eq=False)
class StudyPhoto:
    """A photo as the optimiser gets it.

    Args:
        name: in skimage.data.
        image: [1, 3, 224, 224] in 0-1, the object on white.
        saliency: [1, S, S] in 0-1.
    """

    name: str
    image: Tensor
    saliency: Tensor

    def first_strokes(self, sketches: int = 3, follow: float = StrokeInitConfig.follow) -> Strokes:
        """Return first strokes [sketches, 16, 4, 2] from seeds 0, 1000, ...; ``follow`` 0 sets off at random."""
        return init_strokes(self.saliency, StrokeInitConfig(num_sketches=sketches, follow=follow))


def study_photo(name: str) -> StudyPhoto:
    """Cut out the object of one of scikit-image's photos and find its saliency.

    Raises:
        DependencyError: scikit-image is missing.
    """
    cut = mask_object(_pixels_of(name))
    maps = compute_saliency(cut.image, get_encoder(), cut.mask)
    return StudyPhoto(name, resize(cut.image, CANVAS), maps.saliency)


def write_photos(folder: Path) -> None:
    """Write the four photos into a folder, which is made where it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in PHOTOS:
        save_png(_pixels_of(name)[0], folder / f"{name}.png")


def ball_photo(side: int = CANVAS_SIDE) -> Tensor:
    """Return a shaded ball with a ring on white [1, 3, side, side] in 0-1: a photo that is always at hand.

    >>> ball_photo(32).shape
    torch.Size([1, 3, 32, 32])
    """
    axis = (torch.arange(side) + 0.5) / side * 2 - 1
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    ball = (x.square() + y.square()).sqrt() < 0.55
    ring = ((x / 0.9).square() + (3 * y - x).square()).sub(1).abs() < 0.12
    shade = (0.75 - 0.5 * x - 0.4 * y).clamp(0.1, 0.95)
    tones = torch.stack([shade, 0.8 * shade, 0.5 * shade])
    picture = torch.where(ball, tones, torch.ones(3, side, side))
    front = ring & ((y * 3 - x > 0) | ~ball)
    return torch.where(front, torch.tensor([0.2, 0.25, 0.4]).view(3, 1, 1), picture)[None]


def random_strokes(count: int, canvas: int = CANVAS_SIDE, device: str = "cpu") -> Strokes:
    """Return one sketch of strokes, 3 px wide and as long as a sketch's: each further point up to 0.35 canvas away.

    Args:
        count: of strokes.
        canvas: px per side.
        device: where they lie.

    >>> random_strokes(4, 64).control_points.shape
    torch.Size([1, 4, 4, 2])
    """
    random = torch.Generator().manual_seed(0)
    start = torch.rand(1, count, 1, 2, generator=random) * canvas
    steps = (torch.rand(1, count, 3, 2, generator=random) - 0.5) * (0.7 * canvas)
    control = torch.cat([start, start + steps.cumsum(2)], 2)
    return Strokes.black(control.to(device), (canvas, canvas), 3.0)


def _pixels_of(name: str) -> Tensor:
    """Return one of scikit-image's photos as [1, 3, H, W] in 0-1."""
    try:
        from skimage import data
    except ImportError as error:
        raise DependencyError("The photos of the studies need scikit-image: pip install scikit-image") from error
    return torch.from_numpy(getattr(data, name)()).permute(2, 0, 1)[None].float() / 255


if __name__ == "__main__":
    write_photos(Path(sys.argv[1]))
