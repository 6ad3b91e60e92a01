"""Objects: how many there are in a photo, and where."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from ..errors import MaskError
from ..faces import Face, find_faces
from ..mask import MaskConfig, certainty, soft_mask
from .regions import MOST_OBJECTS

CRUMB = 0.05
"""Of the largest object's area: smaller parts that the network finds are not objects."""

SURE, LEAST_CORE = 0.9, 0.2
"""From which value of a soft mask on a place surely belongs to an object, and which share of a part such places must
hold to be an object of their own: two cars that touch in the mask's haze are two objects."""

LOW_CERTAINTY = 0.6
"""Certainty of a found mask below which the facts say that it is low."""


def objects_of(
    image: Tensor, masks: Tensor | None = None, most: int | None = None, config: MaskConfig | None = None
) -> tuple[Tensor, dict[str, object]]:
    """Return the objects of a photo as given or as found.

    Args:
        image: [1, 3, H, W] in 0-1.
        masks: [K, H, W] in 0-1; None to find them.
        most: how many to keep at most of those that are found; None for ``MOST_OBJECTS``.
        config: where masks come from.

    Returns:
        [K, H, W] masks, and how they came to be, as JSON values. Where no object stands out the whole photo is one.

    Raises:
        MaskError: the photo is noise or one flat colour, or the threshold is too high for what is found.

    >>> objects_of(torch.rand(1, 3, 32, 32), torch.ones(2, 32, 32))[1]
    {'objects': 'given'}
    """
    config = config or MaskConfig()
    if masks is not None:
        return masks.to(image), {"objects": "given"}
    (soft,), whole = soft_mask(image, None, config)
    if whole:
        return torch.ones_like(image[0, :1]), {"objects": "none stands out"}
    sure = round(certainty(soft), 2)
    found = {"objects": "found", "certainty": sure, **({"low_certainty": True} if sure < LOW_CERTAINTY else {})}
    objects = find_objects(soft, config.threshold, most, find_faces(image[0]))
    if not len(objects):
        raise MaskError(
            f"Nothing in the photo belongs to an object by more than {float(soft.max()):.2f}. Lower the threshold, "
            f"which is {config.threshold}, or give the masks of the objects."
        )
    return objects, found


def find_objects(soft: Tensor, threshold: float = 0.5, most: int | None = None, faces: Sequence[Face] = ()) -> Tensor:
    """Take the parts of a soft mask apart that do not touch, or only where it is unsure, and people who do.

    Args:
        soft: [H, W] in 0-1, as ``u2net.salient_object`` finds it.
        threshold: from which value on a pixel belongs to an object.
        most: how many objects to keep at most; None for ``MOST_OBJECTS``.
        faces: of people, in px of the mask.

    Returns:
        [K, H, W] of zeros and ones, the largest object first; those below ``CRUMB`` of it are left out.

    >>> soft = torch.zeros(40, 60)
    >>> soft[10:30, 5:25], soft[10:25, 35:55], soft[18:20, 25:35] = 1, 1, 0.6  # two boxes, joined by some haze
    >>> find_objects(soft).sum(dim=(1, 2)).tolist()
    [410.0, 310.0]
    """
    values: NDArray[np.float64] = soft.detach().cpu().double().numpy()
    labels, count = ndimage.label(values >= threshold)
    people = _people(values.shape, faces)
    parts = [one for label in range(1, count + 1) for one in _objects(labels == label, values, people)]
    parts.sort(key=lambda part: -int(part.sum()))
    kept = [part for part in parts if part.sum() >= CRUMB * parts[0].sum()]
    kept = kept[: most or MOST_OBJECTS]
    return torch.from_numpy(np.stack(kept) if kept else np.zeros((0, *values.shape))).to(soft)


def _objects(part: NDArray[np.bool_], values: NDArray[np.float64], people: NDArray[np.int_]) -> list[NDArray[np.bool_]]:
    """Part a connected piece [H, W] of a mask into people, or into what lies around each place where it is sure."""
    inside = np.where(part, people, 0)
    cores = inside if len(np.unique(inside)) > 2 else _sure_cores(part, values)
    labels = np.unique(cores[cores > 0])
    if len(labels) < 2:
        return [part]
    nearest = ndimage.distance_transform_edt(cores == 0, return_distances=False, return_indices=True)
    owner = cores[tuple(nearest)]
    return [part & (owner == label) for label in labels]


def _sure_cores(part: NDArray[np.bool_], values: NDArray[np.float64]) -> NDArray[np.int_]:
    """Label the large places of a piece [H, W] of a mask where it is sure."""
    cores, count = ndimage.label(part & (values >= SURE))
    large = [label for label in range(1, count + 1) if (cores == label).sum() >= LEAST_CORE * part.sum()]
    return np.where(np.isin(cores, large), cores, 0)


def _people(size: tuple[int, ...], faces: Sequence[Face]) -> NDArray[np.int_]:
    """Label each face and all below it, down to a face before it, on an empty map (height, width)."""
    people = np.zeros(size, dtype=int)
    for label, face in enumerate(sorted(faces, key=lambda face: -face.box[3]), start=1):
        left, top, right, _ = (max(0, round(side)) for side in face.box)
        column = people[top:, left:right]
        column[np.logical_and.accumulate(column == 0, axis=0)] = label
    return people
