"""A photo as a line drawing: its texture, its tones and its shading taken out, what an artist would draw left."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from .faces import Face, find_faces
from .pixels import grey, grown, resize_map
from .strokes import CANVAS_SIDE
from .tangent_flow import Map, blur_along, tangent_flow

SMOOTHED, SIGMA, RATIO = 3, 1.8, 1.6
"""px of a 224 px canvas: the median filter's square, and the blur of the difference of Gaussians, for an object that
fills it; and how much wider its other blur is."""

FULL, LEAST_SCALE = 140.0, 0.7
"""Side of a square of the area of an object that fills a 224 px canvas, px. Smaller objects, such as animals with long
legs, have smaller eyes: the filters shrink with them, to so much at least."""

FAINT, BLACK, LEAST_CONTRAST = 0.5, 3.0, 0.004
"""From how many deviations below its surroundings on a place is part of a line, at how many the line is black, and the
least deviation, so that a plain object's grain makes no lines (photos have 0.01 to 0.04)."""

ALONG, AROUND, STRAIGHT = 4.0, 2.5, 1.5
"""px of a 224 px canvas, shrinking likewise: the blur along lines, and the blur around a place that tells how they run
there; and how many times its coherence the blur along counts at a place, once at most, so that round spots stay."""

DARK = 0.2
"""Grey below which surroundings are dark: there lines are told by ratio as well; up to twice that they fade."""

RIM, SEEN = 1.5, 0.9
"""px of a 224 px canvas, the width of the contour; and from which fraction of a mask's greatest value on it marks what
is seen of the object: below it (``framing.GOES_ON``) an object is only taken to go on."""


def line_drawing(images: Tensor, masks: Tensor | None = None, faces: Sequence[Sequence[Face]] | None = None) -> Tensor:
    """Draw the lines of photos: dark lines, the dark sides of edges, dark spots such as eyes, and the object's contour.

    Args:
        images: [B, 3, H, W] in 0-1, objects on white.
        masks: [B, h, w] in 0-1, where the objects are; there are no lines where a cut object goes on beyond its photo
            (``framing.GOES_ON``). None takes everything that is not white, and its holes.
        faces: people's, of each image and in its px; None looks for them.

    Returns:
        [B, H, W] in 0-1: 0 on lines, 1 elsewhere.

    Source: differences of Gaussians, blurred along the lines as in Kang et al., "Coherent Line Drawing" (2007), of the
    smoothed photo, seen by the object alone and in units of their own deviation.

    >>> photo = torch.ones(1, 3, 64, 64)
    >>> photo[..., 8:56, 8:56] = 0.9  # a pale square with a dark spot
    >>> photo[..., 30:34, 30:34] = 0.1
    >>> drawn = line_drawing(photo)[0]
    >>> [round(float(drawn[32, x]), 1) for x in (3, 8, 18, 32)]  # beside it, its contour, inside, the spot
    [1.0, 0.6, 1.0, 0.0]
    """
    masks = object_on_white(images) if masks is None else masks
    return 1 - torch.maximum(inner_lines(images, masks, faces), contour(masks, (images.shape[-2], images.shape[-1])))


def inner_lines(images: Tensor, masks: Tensor, faces: Sequence[Sequence[Face]] | None = None) -> Tensor:
    """Return the lines inside objects [B, H, W] in 0-1, 1 where they are strongest; arguments as ``line_drawing``."""
    size = (images.shape[-2], images.shape[-1])
    inside = _inside(masks, size).cpu().double().numpy()
    faces = [find_faces(image) for image in images] if faces is None else faces
    flows = [_no_face(of_image, size) for of_image in faces]
    lines = [_lines_of(*each) for each in zip(grey(images).numpy(), inside, flows, strict=True)]
    return torch.from_numpy(np.stack(lines)).to(images) * _seen(masks, size)


def contour(masks: Tensor, size: tuple[int, int]) -> Tensor:
    """Return the rim of masks [B, h, w] at (height, width) as [B, H, W] in 0-1.

    Where the canvas cuts an object there is no rim, and neither beyond the photo.

    >>> mask = torch.zeros(1, 224, 224)
    >>> mask[:, 100:, 100:150] = 1  # cut by the canvas at the bottom
    >>> rim = contour(mask, (224, 224))[0]
    >>> rim[101, 125].item(), rim[160, 101].item(), rim[223, 125].item()
    (0.5, 0.5, 0.0)
    """
    width = 1 + RIM * max(size) / CANVAS_SIDE
    rims = [np.clip(width - depth_inside(one), 0, 1) * one for one in _inside(masks, size).cpu().numpy()]
    return torch.from_numpy(np.stack(rims)).to(masks) * _seen(masks, size)


def depth_inside(inside: NDArray[np.bool_]) -> Map:
    """Return how deep each place lies inside an object [H, W], px from the nearest place outside; 0 outside.

    Where nothing is outside the depth is infinite; scipy's transform would invent something to be distant from.

    >>> depth_inside(np.array([[False, True, True]])).tolist(), depth_inside(np.array([[True]])).tolist()
    ([[0.0, 1.0, 2.0]], [[inf]])
    """
    depth: Map = np.full(inside.shape, np.inf) if inside.all() else ndimage.distance_transform_edt(inside)
    return depth


def blur_inside(values: Map, inside: Map, sigma: float) -> Map:
    """Blur what lies inside an object [H, W], as if there were nothing else; what comes out outside means nothing.

    Source: normalised convolution (Knutsson and Westin, 1993).

    >>> blur_inside(np.array([[0.5, 9.0]]), np.array([[1.0, 0.0]]), sigma=1.0)[0, 0].item()
    0.5
    """
    weight = ndimage.gaussian_filter(inside, sigma)
    blurred: Map = ndimage.gaussian_filter(values * inside, sigma) / np.maximum(weight, 1e-3)
    return blurred


def object_on_white(images: Tensor) -> Tensor:
    """Return where images [B, 3, H, W] on white hold an object: all that is not white, and its holes; [B, H, W].

    >>> photo = torch.ones(1, 3, 32, 32)
    >>> photo[..., 8:24, 8:24] = 0.5
    >>> photo[..., 12:16, 12:16] = 1.0
    >>> object_on_white(photo).sum().item()  # the hole belongs to it
    256.0
    """
    marked = (images.detach().amin(dim=1) < 0.98).cpu().numpy()
    filled = np.stack([ndimage.binary_fill_holes(one) for one in marked])
    return torch.from_numpy(filled).to(images)


def _inside(masks: Tensor, size: tuple[int, int]) -> Tensor:
    return resize_map(masks.detach().float(), size) >= 0.5


def _seen(masks: Tensor, size: tuple[int, int]) -> Tensor:
    """Return where masks [B, h, w] mark what is seen of objects, and a contour's width around it: [B, H, W] of 0, 1."""
    fitted = resize_map(masks.detach().float(), size)
    seen = (fitted > SEEN * fitted.amax(dim=(-2, -1), keepdim=True)).float()
    reach = 1 + round(RIM * max(size) / CANVAS_SIDE)
    return grown(seen, reach)


def _no_face(faces: Sequence[Face], size: tuple[int, int]) -> Map:
    """Return 1 where no person's face is in an image of (height, width) px, and 0 where one is: [H, W].

    Blurred along themselves, eyes run into brows, and noses into cheeks.
    """
    none = np.ones(size)
    for face in faces:
        left, top, right, bottom = (max(0, round(each)) for each in face.box)
        none[top:bottom, left:right] = 0
    return none


def _lines_of(photo: Map, inside: Map, flows: Map) -> Map:
    """Return the lines [H, W] of a grey photo: by difference, and in dark parts by ratio as well; as for ``_lines``."""
    scale = max(photo.shape) / CANVAS_SIDE
    dark = np.clip(2 - blur_inside(photo, inside, SIGMA * RATIO * scale) / DARK, 0, 1)
    by_ratio = _lines(np.log1p(photo / DARK), inside, flows, LEAST_CONTRAST / DARK)
    lines: Map = np.maximum(_lines(photo, inside, flows), dark * by_ratio)
    return lines


def _lines(photo: Map, inside: Map, flows: Map, least: float = LEAST_CONTRAST) -> Map:
    """Return the lines [H, W] of a grey photo.

    Args:
        photo, inside: [H, W] each, and its object.
        flows: [H, W] in 0-1, where lines are blurred along themselves.
        least: deviation, at least.
    """
    scale = max(photo.shape) / CANVAS_SIDE
    scale *= min(1.0, max(LEAST_SCALE, float(inside.sum() / scale**2) ** 0.5 / FULL))
    smooth = ndimage.median_filter(photo, 2 * round(SMOOTHED * scale / 2 - 0.5) + 1)
    near, far = (blur_inside(smooth, inside, SIGMA * ratio * scale) for ratio in (1, RATIO))
    darker = (far - near) * inside
    flow = tangent_flow(near, lambda slopes: blur_inside(slopes, inside, AROUND * scale))
    flowing = np.minimum(STRAIGHT * flow.coherence, 1) * flows
    darker += flowing * (blur_along(darker, flow, inside, ALONG * scale) - darker)
    deviation = np.sqrt(np.square(darker).sum() / max(inside.sum(), 1.0))
    lines: Map = np.clip((darker / max(deviation, least) - FAINT) / (BLACK - FAINT), 0, 1)
    return lines
