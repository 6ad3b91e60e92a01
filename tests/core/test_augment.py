"""The bank of views: exact where it can be computed, in range where it is drawn."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from clipasso_core.augment import homography, identity_view, random_views, view_grid, warp

CORNERS = torch.tensor([[-1.0, -1], [1, -1], [1, 1], [-1, 1]], dtype=torch.float64)
SIDE_OF_CROP = 0.8**0.5


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def apply(matrix: Tensor, points: Tensor) -> Tensor:
    """Send points [N, 2] through a homography [3, 3], one by one."""
    sent = []
    for x, y in points.tolist():
        u, v, w = (matrix @ torch.tensor([x, y, 1.0], dtype=torch.float64)).tolist()
        sent.append([u / w, v / w])
    return torch.tensor(sent, dtype=torch.float64)


@pytest.mark.parametrize(
    ("target", "matrix"),
    [
        (CORNERS, [[1, 0, 0], [0, 1, 0], [0, 0, 1]]),
        (CORNERS * 2 + torch.tensor([3.0, -1]), [[2, 0, 3], [0, 2, -1], [0, 0, 1]]),
        (CORNERS.roll(-1, 0), [[0, -1, 0], [1, 0, 0], [0, 0, 1]]),
        # (x, y) -> (x, y) / (1 + x / 2), computed by hand at the corners
        (torch.tensor([[-2, -2], [2 / 3, -2 / 3], [2 / 3, 2 / 3], [-2, 2]]), [[1, 0, 0], [0, 1, 0], [0.5, 0, 1]]),
    ],
    ids=["identity", "scale and shift", "quarter turn", "perspective"],
)
def test_homography(target: Tensor, matrix: list[list[float]]) -> None:
    found = homography(CORNERS[None], target[None].double())
    torch.testing.assert_close(found[0], torch.tensor(matrix, dtype=torch.float64), atol=1e-6, rtol=0)


def test_homographies_take_points_to_points() -> None:
    source = CORNERS * 0.6 + torch.rand(5, 4, 2, generator=seeded(1), dtype=torch.float64) * 0.3
    target = CORNERS + torch.rand(5, 4, 2, generator=seeded(2), dtype=torch.float64) * 0.3
    for matrix, start, end in zip(homography(source, target), source, target, strict=True):
        torch.testing.assert_close(apply(matrix, start), end)


@pytest.mark.parametrize("size", [(16, 16), (17, 31)])
def test_the_identity_view_changes_nothing(size: tuple[int, int]) -> None:
    images = torch.rand(2, 3, *size, generator=seeded())
    seen = warp(images, view_grid(identity_view()[None], size))
    torch.testing.assert_close(seen, images, atol=1e-5, rtol=0)


def test_view_grid_looks_at_pixel_centres() -> None:
    grid = view_grid(identity_view()[None], (2, 4))
    assert grid.shape == (1, 2, 4, 2)
    assert grid[0, 0, :, 0].tolist() == [-0.75, -0.25, 0.25, 0.75]
    assert grid[0, :, 0, 1].tolist() == [-0.5, 0.5]


def test_a_shifted_view_shifts_and_fills_with_white() -> None:
    images = torch.rand(1, 3, 8, 8, generator=seeded())
    view = identity_view()
    view[0, 2] = 2 * 3 / 8  # look 3 px to the right
    seen = warp(images, view_grid(view[None], (8, 8)))
    torch.testing.assert_close(seen[..., :5], images[..., 3:])
    assert torch.equal(seen[..., 5:], torch.ones(1, 3, 8, 3))


@pytest.mark.parametrize("value", [0.0, 0.5])
def test_all_that_lies_beyond_the_image_is_white(value: float) -> None:
    view = torch.diag(torch.tensor([4.0, 4.0, 1.0], dtype=torch.float64))  # the image a quarter as large
    seen = warp(torch.full((1, 1, 16, 16), value), view_grid(view[None], (16, 16)))[0, 0]
    inside = torch.zeros(16, 16, dtype=torch.bool)
    inside[6:10, 6:10] = True
    assert bool((seen[~inside] == 1).all())
    torch.testing.assert_close(seen[inside], torch.full((16,), value))


def test_the_border_of_a_photo_may_go_on_beyond_it() -> None:
    """Else an object that the canvas cuts would get an edge there in every view but the first."""
    images = torch.rand(1, 3, 8, 8, generator=seeded())
    view = identity_view()
    view[0, 2] = 2 * 3 / 8  # look 3 px to the right
    grid = view_grid(view[None], (8, 8)).float()
    seen = warp(images, grid, "border")
    torch.testing.assert_close(seen[..., :5], images[..., 3:])
    torch.testing.assert_close(seen[..., 5:], images[..., 7:].expand(-1, -1, -1, 3))
    away = view_grid(torch.diag(torch.tensor([4.0, 4.0, 1.0]))[None], (16, 16))
    assert torch.equal(warp(torch.full((1, 1, 16, 16), 0.25), away, "border"), torch.full((1, 1, 16, 16), 0.25))


def test_random_views_show_white_never_black() -> None:
    seen = warp(torch.full((1, 1, 32, 32), 0.5), view_grid(random_views(16, seeded()), (32, 32)))
    assert float(seen.min()) >= 0.5 - 1e-6
    assert float(seen.max()) == 1


def test_views_come_image_by_image() -> None:
    images, views = torch.rand(2, 3, 8, 8, generator=seeded()), random_views(3, seeded(1))
    seen = warp(images, view_grid(views, (8, 8)))
    assert seen.shape == (6, 3, 8, 8)
    for image in range(2):
        for view in range(3):
            alone = warp(images[image : image + 1], view_grid(views[view : view + 1], (8, 8)))
            torch.testing.assert_close(seen[image * 3 + view], alone[0])


def test_the_same_seed_gives_the_same_views() -> None:
    assert torch.equal(random_views(8, seeded(3)), random_views(8, seeded(3)))
    assert not torch.equal(random_views(8, seeded(3)), random_views(8, seeded(4)))
    assert random_views(0, seeded()).shape == (0, 3, 3)


def crop_corners(offset: tuple[float, float]) -> Tensor:
    return CORNERS * SIDE_OF_CROP + torch.tensor(offset, dtype=torch.float64)


def test_views_are_a_perspective_of_a_crop_in_the_papers_ranges() -> None:
    """Take the numbers out of the matrices again: 2 of the crop, 8 of the corners."""
    views, generator = random_views(200, seeded()), seeded()
    inward = torch.rand(200, 4, 2, generator=generator, dtype=torch.float64) * 0.5
    shift = (torch.rand(200, 2, generator=generator, dtype=torch.float64) * 2 - 1) * (1 - SIDE_OF_CROP)
    for view, corner, offset in zip(views, inward, shift, strict=True):
        # The image's corners, seen in the perspective picture, lie inward by at most half of the half side;
        moved = CORNERS * (1 - corner)
        # a crop of 80 % of the area, aspect 1, wholly within that picture, is what the view shows.
        seen = (moved - offset) / SIDE_OF_CROP
        torch.testing.assert_close(apply(view, seen), CORNERS, atol=1e-9, rtol=0)
        assert float(crop_corners(tuple(offset.tolist())).abs().max()) <= 1 + 1e-9  # type: ignore[arg-type]


def test_gradients_flow_through_a_view() -> None:
    grid = view_grid(random_views(2, seeded()), (6, 6))
    images = torch.rand(1, 1, 6, 6, generator=seeded(), dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: warp(x, grid), (images,))
