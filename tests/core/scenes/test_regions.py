"""Regions: each is what is left of it in front of the others, on a canvas of its own."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from clipasso_core.errors import ClipassoError, ConfigError, MaskError, ShapeError
from clipasso_core.framing import GOES_ON
from clipasso_core.scenes import MOST_OBJECTS, SceneConfig, find_regions, make_regions
from clipasso_core.scenes.backdrop import fill_hidden


def test_of_overlapping_masks_the_first_lies_in_front(wall: Tensor, boxes: Tensor) -> None:
    boxes[1, 50:80, 40:112] = 1
    front, rear = make_regions(wall, boxes).masks
    assert torch.equal(front, boxes[0])
    assert torch.equal(rear, boxes[1] * (1 - boxes[0]))


def test_a_rear_object_may_go_on_behind_the_front_one(wall: Tensor, boxes: Tensor) -> None:
    boxes[1, 50:80, 40:112] = 1
    regions = make_regions(wall, boxes)
    assert not bool((regions.canvas_masks[0] == GOES_ON).any())
    assert bool((regions.canvas_masks[1] == GOES_ON).any())
    apart = regions.allowed(3.0)
    through = make_regions(wall, boxes, SceneConfig(occlusion=False)).allowed(3.0)
    assert not bool(apart[1][60, 57])
    assert bool(through[1][60, 57 + 3])
    assert bool(apart[0][60, 57])


def test_what_lies_behind_shows_nothing_of_the_objects(wall: Tensor, boxes: Tensor) -> None:
    regions = make_regions(wall, boxes, SceneConfig("keep"))
    assert regions.names == ("object-1", "object-2", "background")
    assert torch.equal(regions.masks.sum(dim=0), torch.ones(96, 128))
    behind = regions.images[-1]
    assert behind.shape == (3, 128, 128)
    assert float(behind.min()) > 0.55  # no dark box
    assert set(regions.canvas_masks[-1].unique().tolist()) == {torch.tensor(GOES_ON).item(), 1.0}


def test_a_plain_background_is_left_out_and_so_is_one_that_nobody_sees(wall: Tensor, boxes: Tensor) -> None:
    plain = torch.where(boxes.any(dim=0), wall, 0.8)
    for photo, masks in ((plain, boxes), (wall, torch.ones(1, 96, 128))):
        regions = make_regions(photo, masks, SceneConfig("keep"))
        assert "background" not in regions.names
        assert regions.frame.box == (0, -16, 128, 112)  # the whole photo, all the same


def test_lines_of_what_lies_behind_keep_a_pen_from_the_objects(wall: Tensor, boxes: Tensor) -> None:
    regions = make_regions(wall, boxes, SceneConfig("keep"))
    assert regions.pen(3.5) == 2.0
    first, _, behind = regions.allowed(3.5)
    assert bool(first[50, 14])
    assert not bool(first[50, 13])
    assert not bool(behind[50, 14])
    assert bool(behind[50, 13])


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        (lambda masks: masks[:, :50], ShapeError, "mask is 128 x 50 px but the image is 128 x 96"),
        (lambda masks: masks[0], ShapeError, r"must be \[K, H, W\]"),
        (lambda masks: masks[:0], MaskError, f"1 to {MOST_OBJECTS} objects, got 0"),
        (lambda masks: masks[:1].expand(100, -1, -1), MaskError, "got 100 masks"),
        (lambda masks: torch.stack([masks[0], 0 * masks[1]]), MaskError, "Mask 2 is empty"),
        (lambda masks: torch.stack([masks[0], masks[0]]), MaskError, "Mask 2 lies wholly behind"),
    ],
)
def test_masks_that_do_not_fit_are_refused(
    wall: Tensor, boxes: Tensor, change: object, error: type[ClipassoError], said: str
) -> None:
    with pytest.raises(error, match=said):
        find_regions(wall, change(boxes))  # type: ignore[operator]


def test_a_background_that_is_ignored_leaves_one_region_that_fades(wall: Tensor, boxes: Tensor) -> None:
    faded = find_regions(wall, 0.5 * boxes, SceneConfig("ignore"))
    assert faded.names == ("object-1",)
    assert sorted(set(faded.masks.flatten().tolist())) == [0.0, 0.5]


def test_a_batch_and_unknown_backgrounds_are_refused(wall: Tensor, boxes: Tensor) -> None:
    with pytest.raises(ShapeError, match="one photo, got a batch of 2"):
        find_regions(wall.expand(2, -1, -1, -1), boxes)
    with pytest.raises(ConfigError, match="remove, ignore, keep"):
        SceneConfig("blur")  # type: ignore[arg-type]


def test_a_hole_is_filled_smoothly_and_the_rest_stays() -> None:
    slope = torch.linspace(0, 1, 64).expand(3, 64, -1).clone()
    known = torch.ones(64, 64)
    known[20:44, 20:44] = 0
    filled = fill_hidden(torch.where(known > 0, slope, 0.0), known)
    assert torch.equal(filled[:, known > 0], slope[:, known > 0])
    assert float((filled - slope).abs().max()) < 0.25
    assert bool((fill_hidden(slope, torch.zeros(64, 64)) == 1).all())
