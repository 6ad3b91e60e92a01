"""Regions: the parts of a photo that a scene is drawn of, each framed to a canvas of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Literal, get_args

import torch
from scipy import ndimage
from torch import Tensor

from ..errors import MaskError, ShapeError, check_choice, check_range
from ..framing import GOES_ON, Frame, cut_map, frame_photo, same_size
from ..line_drawing import inner_lines
from ..mask import MaskConfig, MaskedObject, mask_object
from ..pixels import check_images, check_mask, resize, resize_map
from ..saliency import LEAST_LINE
from ..strokes import CANVAS, CANVAS_SIDE
from .backdrop import fill_hidden

Background = Literal["remove", "ignore", "keep"]
BACKGROUNDS: tuple[Background, ...] = get_args(Background)
BACKDROP = "background"
"""The name of the region that is all but the objects."""

MOST_OBJECTS = 32
"""Most objects of a scene: more of them are specks, of a few strokes each."""

HALO = 1.0
"""Of the pen's width: how far the lines of what lies behind keep from what lies before it, and how far an object's own
lines may lie outside of it."""

BLED = 0.01
"""Of the photo's longer side: how near to an object its colours bleed into what lies behind it."""


@dataclass(frozen=True)
class SceneConfig:
    """What of a photo a scene shows.

    Args:
        background: "remove" leaves it out; "ignore" draws what stands out from it without cutting it out, for masks
            that are not to be trusted (see ``fade_background``); "keep" draws it, too, with fewer strokes.
        most_objects: how many of the objects that are found are drawn, the largest first; None for ``MOST_OBJECTS``.
        shares: strokes of some regions, by name; the others share what is left, see ``share_strokes``.
        occlusion: the lines of what lies behind an object end beside it.
    """

    background: Background = "remove"
    most_objects: int | None = None
    shares: Mapping[str, int] = field(default_factory=dict)
    occlusion: bool = True

    def __post_init__(self) -> None:
        check_choice("background", self.background, BACKGROUNDS)
        if self.most_objects is not None:
            check_range("most_objects", self.most_objects, 1, MOST_OBJECTS)


@dataclass(frozen=True, eq=False)
class Regions:
    """The R regions of one photo: its objects, front to back, and what lies behind them, if that is drawn.

    Args:
        names: "object-1", ... and "background".
        masks: [R, H, W] over the photo, zeros and ones: which part each region is. No two of them share a pixel. Of
            a background that is ignored [1, H, W] in 0-1: how much each place stands out.
        images: one each, [3, S, S] in 0-1: an object on white, or the backdrop.
        canvas_masks: one each, [S, S], of zeros, ones and ``framing.GOES_ON``, where nobody has seen what is there.
        frames: one each, what its canvas shows of the photo.
        frame: what the whole scene's canvas shows.
        config: what was asked for.
        facts: how the objects were found, as JSON values.
    """

    names: tuple[str, ...]
    masks: Tensor
    images: tuple[Tensor, ...]
    canvas_masks: tuple[Tensor, ...]
    frames: tuple[Frame, ...]
    frame: Frame
    config: SceneConfig
    facts: Mapping[str, object] = field(default_factory=dict)

    @property
    def image(self) -> Tensor:
        """All regions as one batch [R, 3, S, S], enlarged to the largest."""
        return same_size(self.images)

    @property
    def mask(self) -> Tensor:
        """All canvas masks as one batch [R, S, S], enlarged to the largest."""
        return MaskedObject(self.images, self.canvas_masks, self.frames, {}).mask

    @property
    def num_objects(self) -> int:
        """How many of them are objects."""
        return len(self.names) - (BACKDROP in self.names)

    def check_one_each(self, count: int, what: str) -> None:
        """Raise ShapeError unless there is one of something for each region."""
        if count != len(self.names):
            raise ShapeError(
                f"{count} {what} do not fit {len(self.names)} regions ({', '.join(self.names)}). Make them from the "
                "same CLIPasso Regions, one a region."
            )

    def pen(self, stroke_width: float) -> float:
        """Return px of the photo that a width in px of a 224 px canvas of the whole scene is."""
        return stroke_width * side_of(self.frame) / CANVAS_SIDE

    def allowed(self, stroke_width: float) -> Tensor:
        """Return where the middles of each region's lines may lie: [R, H, W] bool, over the photo.

        An object's on it and up to ``HALO`` pens beside it, the background's so far from all objects, and with
        ``config.occlusion`` those of a rear object so far from what lies in front of it, too. Anywhere, where the
        background is ignored.
        """
        if self.config.background == "ignore":
            return torch.ones_like(self.masks, dtype=torch.bool)
        halo = HALO * self.pen(stroke_width)
        wide = torch.stack([grown(mask, halo) for mask in self.masks[: self.num_objects]])
        allowed = wide.clone()
        for index in range(1, self.num_objects if self.config.occlusion else 0):
            allowed[index] &= ~wide[:index].any(dim=0)
        backdrop = [~wide.any(dim=0, keepdim=True)] if BACKDROP in self.names else []
        return torch.cat([allowed, *backdrop])


def side_of(frame: Frame) -> float:
    """Return how many px of its photo the side of a frame's canvas is; of a squashed one, the geometric mean.

    >>> side_of(Frame((480, 640), (80, 0, 560, 480)))
    480.0
    """
    left, top, right, bottom = frame.box
    side: float = ((right - left) * (bottom - top)) ** 0.5
    return side


def check_one_photo(image: Tensor) -> None:
    """Raise ShapeError unless images [B, 3, H, W] are one.

    >>> check_one_photo(torch.zeros(1, 3, 32, 32))
    """
    if len(image) != 1:
        raise ShapeError(f"A scene is made of one photo, got a batch of {len(image)}. Sketch them one by one.")


def make_regions(
    image: Tensor,
    masks: Tensor,
    scene: SceneConfig | None = None,
    config: MaskConfig | None = None,
    found: Mapping[str, object] | None = None,
) -> Regions:
    """Frame the objects of a photo, and what lies behind them.

    Args:
        image: [1, 3, H, W] in 0-1.
        masks: [K, H, W] in 0-1, white where an object is, front to back: where two overlap, the first one lies in
            front, and the other is only what is left of it.
        scene: what is drawn; None for the defaults.
        config: how objects are cut out and framed; None for the defaults.
        found: how the masks were found, as ``objects_of`` says it, for ``Regions.facts``; None to say nothing.

    Raises:
        ShapeError: masks of another size than the photo.
        MaskError: an empty or hidden mask, an object of a few px, or no object or more than ``MOST_OBJECTS`` of them.

    >>> photo, masks = torch.rand(1, 3, 64, 96), torch.zeros(2, 64, 96)
    >>> masks[0, 20:50, 10:40], masks[1, 20:50, 30:80] = 1, 1
    >>> regions = make_regions(photo, masks, SceneConfig("keep"))
    >>> regions.names, regions.masks.sum(dim=(1, 2)).tolist()
    (('object-1', 'object-2', 'background'), [900.0, 1200.0, 4044.0])
    """
    scene, config, photo = scene or SceneConfig(), config or MaskConfig(), check_images(image)
    _check_number(masks)
    objects = _apart(check_mask(masks, photo.expand(len(masks), -1, -1, -1)) >= config.threshold)
    cut = mask_object(photo.expand(len(objects), -1, -1, -1), objects.float(), config)
    names = tuple(f"object-{number}" for number in range(1, len(objects) + 1))
    seen = tuple(
        _with_unseen(*each, objects[:index]) for index, each in enumerate(zip(cut.masks, cut.frames, strict=True))
    )
    frame = frame_photo(objects.any(dim=0).float(), config.fit, config.margin)
    facts = {} if found is None else {"mask": {**asdict(config), **found}}
    regions = Regions(names, objects.float(), cut.images, seen, cut.frames, frame, scene, facts)
    return _with_backdrop(regions, photo[0], config) if scene.background == "keep" else regions


def _with_backdrop(regions: Regions, photo: Tensor, config: MaskConfig) -> Regions:
    """Add what lies behind the objects of a photo [3, H, W], unless they cover all of it, or it has no lines."""
    objects = regions.masks.any(dim=0)
    frame = frame_photo(torch.ones_like(photo[0]), "squash" if config.fit == "squash" else "pad")
    visible = ~grown(objects, BLED * max(photo.shape))
    if not bool(visible.any()):
        return replace(regions, frame=frame)
    known = (cut_map(visible.float(), frame, 0.0) >= 0.5).float()
    image = fill_hidden(torch.stack([cut_map(channel, frame, 0.0) for channel in photo]), known)
    seen = torch.where(known > 0, 1.0, GOES_ON)
    if float(inner_lines(resize(image[None], CANVAS), resize_map(seen[None], CANVAS)).max()) <= LEAST_LINE:
        return replace(regions, frame=frame)
    return Regions(
        (*regions.names, BACKDROP),
        torch.cat([regions.masks, (~objects)[None].float()]),
        (*regions.images, image),
        (*regions.canvas_masks, seen),
        (*regions.frames, frame),
        frame,
        regions.config,
        regions.facts,
    )


def _check_number(masks: Tensor) -> None:
    if masks.ndim != 3:
        raise ShapeError(f"The objects' masks must be [K, H, W], got {list(masks.shape)}.")
    if not 1 <= len(masks) <= MOST_OBJECTS:
        raise MaskError(
            f"A scene has 1 to {MOST_OBJECTS} objects, got {len(masks)} masks. Give one for each object; leave the "
            "small ones out, or join masks that belong together."
        )


def _apart(masks: Tensor) -> Tensor:
    """Take from each mask [K, H, W] bool what lies behind those before it."""
    left = masks & (masks.cumsum(dim=0) == 1)
    for number, (whole, one) in enumerate(zip(masks, left, strict=True), start=1):
        if not bool(one.any()):
            state = "lies wholly behind those before it" if bool(whole.any()) else "is empty: it marks no object"
            raise MaskError(f"Mask {number} {state} (white = object, the first one lies in front). Leave it out.")
    return left


def _with_unseen(mask: Tensor, frame: Frame, front: Tensor) -> Tensor:
    """Mark on an object's canvas mask [S, S] where it may go on unseen, behind those in front of it [J, H, W] bool."""
    if not len(front):
        return mask
    hidden = cut_map(front.any(dim=0).float(), frame, 0.0).to(mask) >= 0.5
    return torch.where(hidden & (mask < GOES_ON), GOES_ON, mask)


def grown(mask: Tensor, distance: float) -> Tensor:
    """Return a mask [H, W] and all within some px of it, as bool.

    >>> grown(torch.tensor([[0.0, 0, 0, 1]]), 1.0).tolist()
    [[False, False, True, True]]
    """
    inside = (mask > 0).cpu().numpy()
    if not inside.any():
        return mask > 0
    near = ndimage.distance_transform_edt(~inside) <= distance
    return torch.from_numpy(near).to(mask.device)
