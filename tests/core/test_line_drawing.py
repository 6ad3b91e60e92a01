"""A photo as a line drawing: spots, edges and the contour, but no texture, shading, grain or cut."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from clipasso_core.faces import find_faces
from clipasso_core.framing import Fit, apply_frame, frame_photo
from clipasso_core.line_drawing import contour, inner_lines, line_drawing, object_on_white
from clipasso_core.pixels import fit_map, resize
from clipasso_core.saliency import compute_saliency
from clipasso_core.stroke_init import StrokeInitConfig, init_strokes

SIDE = 224
Y, X = torch.meshgrid(torch.arange(SIDE) + 0.5, torch.arange(SIDE) + 0.5, indexing="ij")
SHADING = 0.4 + 0.4 * X / SIDE


def away(x: float, y: float) -> Tensor:
    """Distance of every pixel from a point, px."""
    return ((X - x).square() + (Y - y).square()).sqrt()


DISC = away(112, 112) < 80
DEEP = away(112, 112) < 72
"""The disc without what its contour may cover."""


def on_white(grey: Tensor) -> Tensor:
    """A grey disc [H, W] on white, as an image [1, 3, H, W]."""
    return torch.where(DISC, grey, torch.ones_like(grey)).clamp(0, 1).expand(1, 3, SIDE, SIDE).contiguous()


def grain(deviation: float) -> Tensor:
    return deviation * torch.randn(SIDE, SIDE, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def cup(photo: Callable[[str], Tensor]) -> Tensor:
    """The coffee cup and its saucer on the paper's canvas: [1, 3, 224, 224]."""
    return resize(photo("coffee")[:, :, 20:380, 120:480], (SIDE, SIDE))


def test_a_dark_spot_is_the_darkest_line_of_a_textured_shaded_object() -> None:
    """An eye in a fur."""
    eye = away(90, 100) < 4
    lines = inner_lines(on_white(torch.where(eye, 0.05 * torch.ones(SIDE, SIDE), SHADING + grain(0.08))), DISC[None])[0]
    assert bool((lines[away(90, 100) < 3] == 1).all())
    assert not bool((lines[DEEP & (away(90, 100) > 12)] > 0.9).any())
    assert float((lines[DEEP & (away(90, 100) > 12)] > 0.3).float().mean()) < 0.05


def test_two_eyes_of_a_small_face_stay_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """They run together in the blurs that suit an object that fills the canvas."""
    face = away(112, 112) < 50
    eyes = (away(108.5, 110) < 2.5) | (away(115.5, 110) < 2.5)
    photo = torch.where(face, torch.where(eyes, 0.05, 0.7), 1.0).expand(1, 3, SIDE, SIDE).contiguous()

    def between() -> float:
        lines = inner_lines(photo, face[None].float())[0]
        assert float(lines[110, 108]) == 1
        return float(lines[110, 112])

    fine = between()
    monkeypatch.setattr("clipasso_core.line_drawing.LEAST_SCALE", 1.0)
    assert (fine, between()) == (0, 1)


def test_shading_alone_gives_no_line() -> None:
    drawn = line_drawing(on_white(SHADING), DISC[None].float())[0]
    assert bool((drawn[DEEP] == 1).all())
    assert float(inner_lines(on_white(SHADING), DISC[None].float()).max()) < 0.1  # not along its dark side either


@pytest.mark.parametrize("grey", [0.05, 0.7])
def test_the_grain_of_a_flat_object_gives_nothing(grey: float) -> None:
    """Not of a black one either, in whose grain there is as much contrast by ratio as in a face."""
    assert float(inner_lines(on_white(grey + grain(0.01)), DISC[None].float()).max()) < 0.1


def test_a_strand_in_a_rough_fur_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Because what runs along it is blurred along it."""
    fur = on_white(torch.where((Y - 112).abs() < 1.5, 0.4, 0.6) + grain(0.15))

    def faintest() -> float:
        return float(inner_lines(fur, DISC[None].float())[0, 112, 60:164].min())

    whole = faintest()
    monkeypatch.setattr("clipasso_core.line_drawing.ALONG", 0.01)
    assert (whole > 0.15, faintest()) == (True, 0)


def test_a_line_on_a_dark_part_is_drawn_beside_a_pale_part() -> None:
    """Laces on a black shoe with a white cap: by difference alone the seam of the two would be all."""
    lace = ((X - 80).abs() < 3) & (away(80, 112) < 30)
    photo = on_white(torch.where(X > 112, 0.9, torch.where(lace, 0.02, 0.1)))
    assert float(inner_lines(photo, DISC[None].float())[0, 95:130, 79:81].min()) > 0.3


def test_an_edge_has_its_line_on_the_dark_side() -> None:
    lines = inner_lines(on_white(torch.where(X < 112, 0.3, 0.7)), DISC[None].float())[0]
    assert bool((lines[60:164, 108:111] > 0.9).all())
    assert not bool(lines[60:164, 112:180].any())


@pytest.mark.parametrize("given", [True, False])
def test_a_pale_object_on_white_has_a_contour(given: bool) -> None:
    pale = 0.97 * torch.ones(SIDE, SIDE)
    drawn = line_drawing(on_white(pale), DISC[None].float() if given else None)[0]
    assert bool((drawn[(away(112, 112) > 78.9) & DISC] < 0.6).all())
    assert bool((drawn[DEEP | ~DISC] == 1).all())


def test_an_object_as_white_as_the_paper_has_the_contour_of_its_mask() -> None:
    white = torch.ones(1, 3, SIDE, SIDE)
    drawn = line_drawing(white, DISC[None].float())[0]
    assert bool((drawn[(away(112, 112) > 79.3) & DISC] == 0).all())
    assert bool((drawn[DEEP | ~DISC] == 1).all())
    assert bool((line_drawing(white) == 1).all())


@pytest.mark.parametrize("side", [64, 224, 448])
def test_no_contour_at_the_edge_of_the_canvas(side: int) -> None:
    whole = torch.ones(1, side, side)
    assert not contour(whole, (side, side)).any()
    cut = whole.clone()
    cut[:, : side // 2] = 0  # what is left is cut at three sides
    rows = contour(cut, (side, side))[0].nonzero()[:, 0]
    assert side // 2 == int(rows.min())
    assert int(rows.max()) < side // 2 + 4 * side / SIDE


def test_a_contour_is_as_wide_as_the_canvas_says() -> None:
    """About 2 px of 224."""
    for side in (112, 224, 448):
        mask = torch.zeros(1, side, side)
        mask[:, :, side // 2 :] = 1
        assert float(contour(mask, (side, side))[0, side // 2].sum()) == pytest.approx(1.5 * side / SIDE, abs=0.5)


@pytest.mark.parametrize("side", [112, 448])
def test_another_size_gives_about_the_same_drawing(cup: Tensor, side: int) -> None:
    mask = DISC[None].float()
    usual, other = (line_drawing(resize(cup, (s, s)), resize(mask[None], (s, s))[0]) for s in (SIDE, side))
    pair = torch.stack([usual.flatten(), resize(other[None], (SIDE, SIDE)).flatten()])
    assert float(torch.corrcoef(pair)[0, 1]) > 0.85
    assert float(pair.diff(dim=0).mean()) == pytest.approx(0, abs=0.02)


def test_a_photo_alone_and_in_a_batch_is_the_same(cup: Tensor) -> None:
    photos, masks = torch.cat([cup, cup.flip(3), on_white(SHADING)]), torch.stack([DISC, DISC.roll(20, 0), DISC])
    for where in (None, masks.float()):
        together = line_drawing(photos, where)
        for index in range(3):
            alone = line_drawing(photos[index : index + 1], None if where is None else where[index : index + 1])
            assert torch.equal(together[index], alone[0])


def test_masks_of_another_size_fit() -> None:
    photo = on_white(SHADING)
    small = resize(DISC[None, None].float(), (100, 100))[0]
    large = line_drawing(photo, DISC[None].float())
    assert float((line_drawing(photo, small) - large).abs().mean()) < 0.01


def test_the_object_on_white_has_its_holes_and_not_the_paper() -> None:
    marked = DISC & ~(away(112, 112) < 20) | (away(20, 20) < 5)
    images = torch.where(marked, torch.tensor(0.9), torch.tensor(0.99)).expand(1, 3, SIDE, SIDE)
    assert torch.equal(object_on_white(images)[0] > 0, DISC | (away(20, 20) < 5))
    red = torch.ones(1, 3, 8, 8)
    red[:, 1:, 2:4, 2:4] = 0  # one channel is as bright as the paper
    assert object_on_white(red).sum() == 4


class Looking:
    """Stand in for an encoder that looks everywhere alike."""

    name, fingerprint = "looking", "0"

    def attention_map(self, images: Tensor, method: str = "auto", text: Tensor | None = None) -> Tensor:
        return torch.ones(len(images), *images.shape[-2:])


@pytest.mark.parametrize("fit", ["pad", "crop"])
def test_no_first_stroke_lies_along_the_cut_of_an_object(fit: Fit) -> None:
    """A figure that the photo cuts at its bottom, with a light and a dark half."""
    photo, mask = torch.ones(3, 120, 160), torch.zeros(120, 160)
    mask[30:, 50:110] = 1
    photo[:, 30:, 50:80], photo[:, 30:, 80:110] = 0.3, 0.6
    frame = frame_photo(mask, fit, 0.2)
    image, cut = apply_frame(photo, mask, frame)
    saliency = compute_saliency(image[None], Looking(), cut[None]).saliency  # type: ignore[arg-type]
    strokes = init_strokes(saliency, StrokeInitConfig(num_strokes=12, radius=0.01)).control_points.flatten(0, 1)
    along, height = (strokes[:, -1] - strokes[:, 0]).abs().unbind(-1), strokes[..., 1]
    level = (along[0] > 2 * along[1]) & (along[0] > 10)
    border = (120 - frame.box[1]) * SIDE / image.shape[-1]
    assert bool(level.any())  # the figure's upper contour
    assert not bool((level & ((height - border).abs().amin(dim=1) < 12)).any())


def test_what_lies_beyond_the_photo_has_no_lines() -> None:
    """A striped object that the photo cuts left and right, on a canvas as high as wide."""
    photo, mask = torch.ones(3, 60, 160), torch.zeros(60, 160)
    photo[:, :, 20:140], mask[:, 20:140] = 0.5, 1
    photo[:, :, 60:70] = 0.1
    frame = frame_photo(mask, "crop", 0.1)
    image, cut = apply_frame(photo, mask, frame)
    _, top, right, bottom = frame.box
    assert (top, bottom - top) == (-42, right - frame.box[0])
    saliency = compute_saliency(image[None], Looking(), cut[None]).saliency  # type: ignore[arg-type]
    size = (image.shape[-2], image.shape[-1])
    for lines in (1 - line_drawing(image[None], cut[None])[0], fit_map(saliency, size)[0]):
        assert bool(lines[42:102].any())
        assert not bool(lines[:38].any())
        assert not bool(lines[106:].any())


def test_a_mask_that_is_nowhere_quite_sure_has_lines_all_the_same() -> None:
    sure = torch.zeros(1, SIDE, SIDE)
    sure[0, 60:160, 60:160] = 1
    assert torch.equal(contour(0.7 * sure, (SIDE, SIDE)) > 0, contour(sure, (SIDE, SIDE)) > 0)


def test_in_a_persons_face_lines_do_not_flow(photo: Callable[[str], Tensor], monkeypatch: pytest.MonkeyPatch) -> None:
    """Eyes would run into brows, and noses into cheeks; her hair flows."""
    image = resize(photo("astronaut")[..., :400, :400], (SIDE, SIDE))
    (face,) = find_faces(image[0])
    left, top, right, bottom = (round(each) for each in face.box)
    everywhere, hair = torch.ones(1, SIDE, SIDE), slice(max(0, top - 20), top)

    def drawn() -> Tensor:
        return inner_lines(image, everywhere)[0]

    usual = drawn()
    monkeypatch.setattr("clipasso_core.line_drawing.find_faces", lambda image: ())
    flowing = drawn()
    monkeypatch.setattr("clipasso_core.line_drawing.ALONG", 0.01)
    broken = drawn()
    for lines, rows, alike in ((broken, slice(top, bottom), flowing), (flowing, hair, broken)):
        same, other = ((usual - each)[rows, left:right].abs().mean() for each in (lines, alike))
        assert float(same) < 0.5 * float(other)
