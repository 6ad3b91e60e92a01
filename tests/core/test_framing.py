"""Framing: the canvas shows the right part of the photo, and strokes find the way back."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import Tensor

from clipasso_core.errors import ConfigError, ShapeError
from clipasso_core.framing import FITS, GOES_ON, Fit, Frame, apply_frame, frame_photo, same_size, to_photos
from clipasso_core.strokes import Strokes

CANVAS = 64


def mask_of(height: int, width: int, box: tuple[int, int, int, int]) -> Tensor:
    """Return a mask whose object is the rectangle (left, top, right, bottom)."""
    mask = torch.zeros(height, width)
    mask[box[1] : box[3], box[0] : box[2]] = 1
    return mask


def strokes_at(x: float, y: float, canvas: int = CANVAS) -> Strokes:
    return Strokes.black(torch.tensor([x, y]).expand(1, 1, 4, 2).clone(), (canvas, canvas))


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("size", [(60, 90), (90, 60), (64, 64), (31, 97)])
def test_a_point_on_the_canvas_lands_on_its_photo_pixel(fit: Fit, size: tuple[int, int]) -> None:
    """Mark a block of the photo, look for it on the canvas, send its centre back."""
    height, width = size
    left, top = width // 2 - 4, height // 2 - 3
    photo = torch.ones(3, height, width)
    photo[:, top : top + 6, left : left + 6] = 0
    mask = mask_of(height, width, (left - 5, top - 4, left + 12, top + 9))
    frame = frame_photo(mask, fit)
    canvas, _ = apply_frame(photo, mask, frame)
    ink = 1 - canvas[0].double()
    centers = torch.arange(ink.shape[0]) + 0.5
    x, y = float((ink.sum(0) * centers).sum() / ink.sum()), float((ink.sum(1) * centers).sum() / ink.sum())
    placed = frame.to_photo(strokes_at(x, y, ink.shape[0]))
    assert placed.canvas_size == size
    assert placed.control_points[0, 0, 0].tolist() == pytest.approx([left + 3, top + 3], abs=0.1)


@pytest.mark.parametrize("fit", ["pad", "crop"])
def test_a_non_square_photo_is_not_distorted(fit: Fit) -> None:
    photo = torch.ones(3, 60, 100)
    photo[:, 20:40, 30:50] = 0  # a square of 20 px
    mask = mask_of(60, 100, (20, 20, 80, 40))
    canvas, _ = apply_frame(photo, mask, frame_photo(mask, fit))
    dark = canvas[0] < 0.5
    assert dark.any(0).sum() == dark.any(1).sum() == 20


def test_squash_distorts_as_the_papers_code_does() -> None:
    photo, mask = torch.ones(3, 50, 100), torch.ones(50, 100)
    photo[:, 20:30, 40:60] = 0
    canvas, cut = apply_frame(photo, mask, frame_photo(mask, "squash"))
    assert canvas.shape == (3, 100, 100)
    assert bool((cut == 1).all())
    dark = canvas[0] < 0.5
    assert (int(dark.any(1).sum()), int(dark.any(0).sum())) == (20, 20)


def test_pad_shows_all_with_white_beside() -> None:
    photo, mask = torch.ones(3, 40, 60), mask_of(40, 60, (5, 5, 55, 35))
    photo[:, 5:35, 5:55] = 0
    frame = frame_photo(mask, "pad")
    assert frame == Frame((40, 60), (0, -10, 60, 50))
    canvas, cut = apply_frame(photo, mask, frame)
    assert canvas.shape == (3, 60, 60)
    assert torch.equal(canvas[:, 10:50], photo)
    assert bool((canvas[:, :10] == 1).all() and (canvas[:, 50:] == 1).all())
    assert cut.sum() == 30 * 50


@pytest.mark.parametrize(
    ("margin", "box"), [(0.0, (20, 5, 60, 45)), (0.1, (16, 1, 64, 49)), (1.0, (-20, -35, 100, 85))]
)
def test_crop_is_the_square_around_the_object(margin: float, box: tuple[int, int, int, int]) -> None:
    mask = mask_of(60, 100, (20, 15, 60, 35))
    assert frame_photo(mask, "crop", margin) == Frame((60, 100), box)


def test_crop_beyond_the_photo_is_white_and_no_object() -> None:
    photo, mask = torch.zeros(3, 30, 40), mask_of(30, 40, (1, 2, 39, 12))
    canvas, cut = apply_frame(photo, mask, frame_photo(mask, "crop", 0))
    assert canvas.shape == (3, 38, 38)
    assert bool((canvas[:, :12] == 1).all())
    assert not canvas[:, 12:].any()
    assert cut.nonzero().amin(0).tolist() == [14, 0]
    assert cut.nonzero().amax(0).tolist() == [23, 37]


# Objects of a photo of 60 x 100 px, and the box of "crop" with a margin of 10 px.
CUT = {
    "left": ((0, 20, 50, 46), (0, 3, 60, 63)),
    "right": ((60, 20, 100, 46), (50, 8, 100, 58)),
    "bottom": ((30, 20, 55, 60), (18, 10, 68, 60)),
    "top and bottom": ((30, 0, 60, 60), (15, 0, 75, 60)),
    "left and right": ((0, 15, 100, 35), (0, -25, 100, 75)),
    "left and bottom": ((0, 20, 50, 60), (0, 0, 60, 60)),
    "all around": ((0, 0, 100, 60), (0, -20, 100, 80)),
}


def blot(box: tuple[int, int, int, int]) -> tuple[Tensor, Tensor]:
    """Return a photo of 60 x 100 px with a grey object and its mask."""
    mask = mask_of(60, 100, box)
    return (1 - 0.6 * mask).expand(3, -1, -1).clone(), mask


@pytest.mark.parametrize("sides", CUT)
def test_no_margin_where_the_photo_cuts_the_object(sides: str) -> None:
    obj, box = CUT[sides]
    margin = 10 / max(obj[2] - obj[0], obj[3] - obj[1])
    assert frame_photo(mask_of(60, 100, obj), "crop", margin) == Frame((60, 100), box)


@pytest.mark.parametrize("width", [2, 3])
def test_an_object_that_touches_the_border_is_whole(width: int) -> None:
    """A foot of 2 px on a border of 60 px touches it; one of 3 px is cut by it."""
    mask = mask_of(60, 60, (20, 10, 40, 50))
    mask[50:, 29 : 29 + width] = 1
    photo = (1 - mask).expand(3, -1, -1)
    frame = frame_photo(mask, "crop", 0.2)
    assert frame.box[3] == (70 if width == 2 else 60)
    canvas, cut = apply_frame(photo, mask, Frame((60, 60), (0, 0, 80, 80)))
    assert bool(cut[60:].any()) == (width == 3)
    assert bool((canvas[:, 60:] < 1).any()) == (width == 3)


@pytest.mark.parametrize("sides", CUT)
@pytest.mark.parametrize("fit", ["pad", "crop"])
def test_a_cut_object_goes_on_beyond_the_photo(fit: Fit, sides: str) -> None:
    """So the cut makes no edge: the object reaches the canvas' border there, and nowhere else is there an object."""
    obj, _ = CUT[sides]
    photo, mask = blot(obj)
    frame = frame_photo(mask, fit, 0.3)
    canvas, cut = apply_frame(photo, mask, frame)
    left, top, right, bottom = frame.box
    reached = [bool(border.any()) for border in (cut[:, 0], cut[:, -1], cut[0], cut[-1])]
    assert reached == [obj[0] == 0, obj[2] == 100, obj[1] == 0, obj[3] == 60]
    inside = (slice(max(0, -top), 60 - top), slice(max(0, -left), 100 - left))
    shown = (slice(max(0, top), bottom), slice(max(0, left), right))
    assert torch.equal(cut[inside], mask[shown])
    assert torch.equal(canvas[:, inside[0], inside[1]], photo[:, shown[0], shown[1]])
    assert {*cut.unique().tolist()} <= {0.0, 1.0, cut.new_tensor(GOES_ON).item()}
    beyond = cut == GOES_ON
    assert not bool(beyond[inside].any())
    beside = torch.from_numpy(ndimage.grey_dilation((cut == 1).float().numpy(), size=3)) == 1
    near = beyond & beside & torch.from_numpy(ndimage.binary_erosion(cut.numpy(), np.ones((9, 9)), border_value=1))
    assert bool(near.any()) == bool(beyond.any())
    assert bool((canvas[:, near] < 0.62).all())  # as grey as the object, a little faded


def test_what_goes_on_is_blurred_and_fades() -> None:
    """Stripes that end at the photo's border would be drawn as lines; their mean goes on, and fades to white."""
    photo, mask = torch.zeros(3, 50, 100), torch.ones(50, 100)
    photo[:, :, ::2] = 1
    canvas, cut = apply_frame(photo, mask, frame_photo(mask, "pad"))
    assert bool(cut.all())
    assert torch.equal(canvas[:, 25:75], photo)
    for beyond in (canvas[:, :25], canvas[:, 75:]):
        assert float(beyond.std(dim=2).max()) < 0.06
    below, above = canvas[0, 75:, 50], canvas[0, :25, 50].flip(0)
    torch.testing.assert_close(below, above)
    steps = below.diff()
    assert bool((steps >= 0).all())
    assert float(steps.max()) < 0.05  # a ramp, not an edge
    assert below[14:].tolist() == [1.0] * 11


@pytest.mark.parametrize("sides", CUT)
def test_strokes_on_a_cut_object_find_back_to_the_photo(sides: str) -> None:
    """To the pixel: the object's middle on the canvas is its middle in the photo, and the way back is exact."""
    obj, _ = CUT[sides]
    photo, mask = blot(obj)
    spot = (obj[0] + obj[2]) // 2 - 2, (obj[1] + obj[3]) // 2 - 2
    photo[:, spot[1] : spot[1] + 4, spot[0] : spot[0] + 4] = 0
    frame = frame_photo(mask, "crop", 0.3)
    canvas, _ = apply_frame(photo, mask, frame)
    y, x = (canvas[0] < 0.2).nonzero().float().mean(dim=0).add(0.5).tolist()
    strokes = strokes_at(x, y, canvas.shape[-1])
    placed = frame.to_photo(strokes)
    assert placed.control_points[0, 0, 0].tolist() == [spot[0] + 2, spot[1] + 2]
    assert torch.equal(frame.to_canvas(placed, strokes.canvas_size).control_points, strokes.control_points)


@pytest.mark.parametrize(("fit", "margin"), [("stretch", 0.1), ("crop", -0.1), ("crop", 1.1), ("crop", float("nan"))])
def test_bad_frames(fit: Fit, margin: float) -> None:
    with pytest.raises(
        ConfigError, match="pad, crop, squash" if fit == "stretch" else "margin must lie between 0 and 1"
    ):
        frame_photo(torch.ones(20, 20), fit, margin)


def test_each_sketch_of_a_batch_goes_back_through_its_own_crop() -> None:
    frames = (Frame((100, 120), (10, 20, 74, 84)), Frame((100, 120), (-8, 0, 120, 128)))
    strokes = strokes_at(32.0, 16.0).select([0, 0])
    placed = to_photos(strokes.with_provenance(seed=1), frames)
    assert placed.control_points[:, 0, 0].tolist() == [[42, 36], [56, 32]]  # scales 1 and 2
    assert placed.stroke_width[:, 0].tolist() == [3, 6]
    assert placed.canvas_size == (100, 120)
    assert placed.provenance == {"seed": 1}


@pytest.mark.parametrize("box", [(10, 20, 74, 84), (-8, 0, 120, 128), (0, 0, 120, 100)])
def test_strokes_over_the_photo_find_back_to_the_canvas(box: tuple[int, int, int, int]) -> None:
    points = torch.rand(1, 3, 4, 2, generator=torch.Generator().manual_seed(0)) * CANVAS
    strokes = Strokes.black(points, (CANVAS, CANVAS)).with_provenance(seed=1)
    frame = Frame((100, 120), box)
    back = frame.to_canvas(frame.to_photo(strokes), (CANVAS, CANVAS))
    torch.testing.assert_close(back.control_points, points)
    torch.testing.assert_close(back.stroke_width, strokes.stroke_width)
    assert back.canvas_size == (CANVAS, CANVAS)
    assert back.provenance == {"seed": 1}


def test_the_canvas_of_a_page_may_have_any_size() -> None:
    placed = Frame((100, 120), (10, 20, 74, 84)).to_canvas(
        Strokes.black(torch.tensor([42.0, 36.0]).expand(1, 1, 4, 2).clone(), (100, 120)), (128, 128)
    )
    assert placed.control_points[0, 0, 0].tolist() == [64, 32]
    assert float(placed.stroke_width) == 6


def test_strokes_of_another_page_have_no_way_to_the_canvas() -> None:
    with pytest.raises(ShapeError, match=r"\(64, 64\), but the photo's size is \(100, 120\)"):
        Frame((100, 120), (0, 0, 64, 64)).to_canvas(strokes_at(1.0, 1.0), (CANVAS, CANVAS))


def test_squashed_strokes_are_as_wide_as_the_mean_of_the_axes() -> None:
    placed = Frame((32, 128), (0, 0, 128, 32)).to_photo(strokes_at(32.0, 32.0))
    assert placed.control_points[0, 0, 0].tolist() == [64, 16]
    assert float(placed.stroke_width) == 3


def test_frames_and_sketches_must_be_as_many() -> None:
    strokes = strokes_at(1.0, 1.0)
    assert to_photos(strokes, None) is strokes
    one, other = Frame((20, 20), (0, 0, 20, 20)), Frame((20, 20), (4, 4, 12, 12))
    both = strokes.select([0, 0])
    assert torch.equal(to_photos(both, (other,)).control_points, to_photos(both, (other, other)).control_points)
    with pytest.raises(ShapeError, match="2 frames do not fit 3 sketches"):
        to_photos(strokes.select([0, 0, 0]), (one, other))
    with pytest.raises(ShapeError, match="2 frames do not fit 1 sketches"):
        to_photos(strokes, (Frame((20, 20), (0, 0, 20, 20)),) * 2)


def test_same_size_enlarges_to_the_largest() -> None:
    stacked = same_size([torch.zeros(3, 40, 40), torch.ones(3, 24, 24), torch.full((3, 64, 64), 0.5)])
    assert stacked.shape == (3, 3, 64, 64)
    torch.testing.assert_close(stacked.mean(dim=(1, 2, 3)), torch.tensor([0, 1, 0.5]))
