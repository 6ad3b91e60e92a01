"""A photo as the optimiser saw it: the object on white, in its frame."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from torch import Tensor

from clipasso_core.errors import MaskError
from clipasso_core.files import load_image
from clipasso_core.framing import Frame
from clipasso_core.mask import mask_object
from clipasso_core.pixels import resize, resize_map, to_uint8
from clipasso_core.saliency import CANVAS_SIZE, lines_inside
from clipasso_core.xdog import LUMA, xdog

CANVAS = (CANVAS_SIZE, CANVAS_SIZE)
"""(height, width) px; distances and MS-SSIM are measured at this size."""

PICTURE_SIDE, PICTURE_QUALITY = 448, 88


@dataclass(frozen=True, eq=False)
class SeenPhoto:
    """A photo with all that sketches are compared with.

    Args:
        image: [1, 3, S, S] in 0-1, the object on white.
        edges: [224, 224] of zeros and ones: its lines, and its outline.
        frame: the way from the photo's pixels to the canvas.
    """

    image: Tensor
    edges: Tensor
    frame: Frame


def see_photo(path: Path) -> SeenPhoto:
    """Read a photo and cut its object out, as ``pipeline.sketch`` does by default.

    Raises:
        ImageFileError: it cannot be read.
        MaskError: no object, or an object without any line.
    """
    cut = mask_object(load_image(path))
    inside = resize_map(cut.mask, CANVAS) >= 0.5
    edges = lines_inside(xdog(resize(cut.image, CANVAS)), inside)
    if not bool(edges.any()):
        raise MaskError("The photo has no lines inside its object (is it one flat colour?). Use another photo.")
    return SeenPhoto(cut.image, edges[0], cut.frames[0])


def to_grey(image: Tensor) -> Tensor:
    """Return the brightness [B, H, W] of images [B, 3, H, W]."""
    return (image * image.new_tensor(LUMA).view(3, 1, 1)).sum(dim=1)


def to_jpeg_uri(image: Tensor) -> str:
    """Return an image [1, 3, S, S] as a small JPEG in a data URI."""
    side = min(PICTURE_SIDE, image.shape[-1])
    buffer = io.BytesIO()
    Image.fromarray(to_uint8(resize(image, (side, side))[0]).numpy()).save(
        buffer, "JPEG", quality=PICTURE_QUALITY, subsampling=0
    )
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
