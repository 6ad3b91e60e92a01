"""The subject of a run: its photos at the size that the encoder looks at, and what counts of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..detail import detail_weights
from ..errors import ShapeError
from ..face_marks import MARKS, face_marks
from ..faces import Face, find_faces
from ..line_drawing import contour, line_drawing, object_on_white
from ..lone_spots import lone_spots
from ..marks import on_marks
from ..pixels import check_images, check_same_aspect, fit_each, require_object, resize
from ..strokes import CANVAS_SIDE
from .places import Places


@dataclass(frozen=True, eq=False)
class Subject:
    """Hold P photos, all of one size.

    Args:
        photos: [P, 3, H, W] in 0-1, the objects on white.
        objects: [P, H, W] in 0-1, where the objects are.
        lines: [P, H, W] in 0-1, the photos' line drawings, black on white.
        faces: people's, of each photo and in its px.
        spots: lone spots of each photo, lines [T, 2] in px of a 224 px canvas; none where photos are not square.
        weights: [P, H, W] how much each place counts in the comparison of maps, 1 on average; None for all alike.
        off_limits: [P, H, W] in 0-1, 1 where a sketch should have no ink; None for nowhere.
        crowded: whether so many strokes draw them that none are spare; then the cores of spots count, too, and ink
            keeps farther off marks.
    """

    photos: Tensor
    objects: Tensor
    lines: Tensor
    faces: tuple[tuple[Face, ...], ...]
    spots: tuple[list[Tensor], ...]
    weights: Tensor | None = None
    off_limits: Tensor | None = None
    crowded: bool = True

    @classmethod
    def of(
        cls,
        images: Tensor | Sequence[Tensor],
        canvas_size: tuple[int, int],
        size: tuple[int, int],
        masks: Tensor | Sequence[Tensor] | None = None,
        details: Tensor | Sequence[Tensor] | None = None,
        places: Places | None = None,
        *,
        crowded: bool = True,
    ) -> Subject:
        """Return photos of several sizes and a canvas's aspect at one size (height, width) px.

        Args:
            images, masks, details, places: as for ``SketchRun``.
            canvas_size: (height, width).
            size: likewise, that the encoder looks at.
            crowded: whether none of the strokes that will draw them are spare.

        Raises:
            ShapeError: images, masks or details are wrong or of another aspect than the canvas.

        >>> Subject.of(torch.ones(1, 3, 96, 96), (224, 224), (64, 64), masks=torch.ones(1, 96, 96)).lines.shape
        torch.Size([1, 64, 64])
        """
        photos = torch.cat([_fitted(image, canvas_size, size) for image in images])
        objects = object_on_white(photos) if masks is None else _fitted_masks(masks, photos)
        weights = None if details is None else detail_weights(details, photos)
        weights, off_limits = (weights, None) if places is None else places.fitted(photos, weights)
        faces = tuple(find_faces(photo) for photo in photos)
        spots = tuple(_spots(image, found, size, crowded) for image, found in zip(images, faces, strict=True))
        lines = line_drawing(photos, objects, faces)
        return cls(photos, objects, lines, faces, spots, weights, off_limits, crowded)

    def contours(self) -> Tensor:
        """Return how much each place asks for ink [P, H, W]: on the objects' contours, by what counts of them."""
        rims = contour(self.objects, (self.objects.shape[-2], self.objects.shape[-1]))
        return rims if self.weights is None else rims * self.weights

    def on_marks(
        self,
        control_points: Tensor,
        photo_index: Tensor,
        most_of_faces: int | None = None,
        *,
        spots: bool = True,
    ) -> Tensor:
        """Return which strokes [B, N] of sketches lie on marks: of people's faces (``face_marks``), or on lone spots.

        Args:
            control_points: [B, N, K, 2] px of the photos.
            photo_index: [B] the photo that each sketch is of.
            most_of_faces: how many marks of a photo's faces count; None for all.
            spots: whether lone spots count.
        """
        to_canvas = CANVAS_SIDE / max(self.photos.shape[-2:])
        counted = self.spots if spots else ([],) * len(self.photos)
        marks = [[*self._marks(photo, most_of_faces, to_canvas), *also] for photo, also in enumerate(counted)]
        rows = zip(control_points * to_canvas, photo_index.tolist(), strict=True)
        return torch.stack([on_marks(points, marks[photo]) for points, photo in rows])

    def _marks(self, photo: int, most_of_faces: int | None, to_canvas: float) -> list[Tensor]:
        """Return the marks of a photo's faces in px of a 224 px canvas, as first strokes find them."""
        faces = [face.scaled(to_canvas) for face in self.faces[photo]]
        return face_marks(faces, MARKS * len(faces) if most_of_faces is None else most_of_faces)


def _spots(image: Tensor, faces: Sequence[Face], size: tuple[int, int], cores: bool) -> list[Tensor]:
    """Return the lone spots of an image [3, H, W], if it is square, in px of a 224 px canvas.

    Args:
        image: as it came.
        faces: in px of a photo of another size.
        size: (height, width) of that.
        cores: as for ``lone_spots``.
    """
    if image.shape[-1] != image.shape[-2]:
        return []
    return lone_spots(image, [face.scaled(CANVAS_SIDE / max(size)) for face in faces], cores=cores)


def _fitted(image: Tensor, canvas_size: tuple[int, int], size: tuple[int, int]) -> Tensor:
    """Return an image [3, H, W] of a canvas's aspect as [1, 3, *size]."""
    checked = check_images(image[None])
    check_same_aspect(checked, canvas_size)
    return resize(checked, size)


def _fitted_masks(masks: Tensor | Sequence[Tensor], photos: Tensor) -> Tensor:
    """Return masks [h, w] of the photos [P, 3, H, W], one for all or one each, as [P, H, W]."""
    if len(masks) not in (1, len(photos)):
        raise ShapeError(f"{len(masks)} masks do not fit {len(photos)} images; give one, or one each.")
    fitted = fit_each(masks, photos, "mask")
    require_object(fitted)
    return fitted.expand(len(photos), -1, -1)
