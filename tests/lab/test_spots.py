"""Small spots: those painted into a plain object are found, lines and contours are not, and chance earns nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from clipasso_lab.spots import MOST_SPOTS, find_spots, spots_found

EYES = [(80, 70), (80, 140)]
NOSTRILS = [(120, 100), (120, 112)]
Y, X = torch.meshgrid(torch.arange(224), torch.arange(224), indexing="ij")
FACE = (Y - 112) ** 2 + (X - 112) ** 2 < 90**2


def painted(spots: list[tuple[int, int]], radius: float, color: float, ground: float = 0.6) -> Tensor:
    """A grey disc on white with round spots."""
    image = torch.where(FACE, ground, 1.0).expand(1, 3, -1, -1).clone()
    for row, column in spots:
        image[..., (Y - row) ** 2 + (X - column) ** 2 <= radius**2] = color
    return image


def dots(places: list[tuple[int, int]]) -> Tensor:
    """Ink of one pixel each."""
    coverage = torch.zeros(224, 224)
    for row, column in places:
        coverage[row, column] = 1
    return coverage


@pytest.mark.parametrize(("places", "radius"), [(EYES, 5), (NOSTRILS, 2.5)])
@pytest.mark.parametrize("color", [0.1, 0.95])
def test_dark_and_light_spots_are_found_in_place_and_size(
    places: list[tuple[int, int]], radius: float, color: float
) -> None:
    found = find_spots(painted(places, radius, color), FACE)
    assert sorted(map(tuple, found.centers[:2].tolist())) == places
    assert found.radii[:2] == pytest.approx([radius] * 2, rel=0.35)


def test_lines_contours_and_plain_objects_have_no_spots() -> None:
    lined = painted([], 1, 0)
    lined[..., 110:114, 60:164] = 0.1
    for image in (painted([], 1, 0), painted([], 1, 0, ground=0.0)):
        assert len(find_spots(image, FACE).radii) == 0
    assert not [column for row, column in find_spots(lined, FACE).centers if 70 < column < 154]
    near_the_rim = find_spots(painted([(112, 28)], 4, 0.0), FACE)
    assert not [place for place in near_the_rim.centers.tolist() if abs(place[1] - 28) < 5]


def test_the_strongest_dozen_stand_apart() -> None:
    image = torch.where(FACE, torch.rand(224, 224, generator=torch.Generator().manual_seed(0)), 1.0)
    found = find_spots(image.expand(1, 3, -1, -1), FACE)
    away = np.linalg.norm(found.centers[:, None] - found.centers[None], axis=-1)
    assert len(found.radii) == MOST_SPOTS
    assert bool((away + 1e3 * np.eye(MOST_SPOTS) > found.radii.min()).all())


def test_the_share_found_is_corrected_for_chance() -> None:
    spots = find_spots(painted(EYES, 5, 0.1), FACE)
    assert len(spots.radii) == 2
    assert spots_found(dots(EYES), spots) == pytest.approx(1)
    assert spots_found(dots(EYES[:1]), spots) == pytest.approx(0.5, abs=0.01)
    assert spots_found(dots([(10, 10)]), spots) == pytest.approx(0, abs=0.01)
    assert spots_found(torch.ones(224, 224), spots) == 0


def test_the_definition_of_chance() -> None:
    """Ink on the left half finds the left eye; so it would half of all places."""
    spots = find_spots(painted(EYES, 5, 0.1), FACE)
    half = (X < 112).float()
    reach = 0.5 * float(spots.radii[0])
    room = [(y, x) for y in range(224) for x in range(224) if spots.depth[y, x] >= spots.radii[0] + 3]
    chance = sum(x <= 111 + reach for _, x in room) / len(room)
    assert spots_found(half, spots) == pytest.approx((0.5 - chance) / (1 - chance))
    assert chance > 0.5


def test_hatching_earns_nothing_on_average() -> None:
    spots = find_spots(painted(EYES, 5, 0.1), FACE)
    rooms = np.argwhere(spots.depth >= spots.radii[0] + 3)
    anywhere = rooms[torch.randint(len(rooms), (500,), generator=torch.Generator().manual_seed(0)).numpy()]
    spots = replace(spots, centers=anywhere, radii=spots.radii[:1].repeat(500))
    assert spots_found((X % 12 < 2).float(), spots) == pytest.approx(0, abs=0.1)


def test_faint_ink_finds_nothing_and_a_plain_object_has_nothing_to_find() -> None:
    spots = find_spots(painted(EYES, 5, 0.1), FACE)
    faint = dots(EYES[:1]) * 0.4 + dots([(10, 10)])
    assert spots_found(faint, spots) == pytest.approx(0, abs=0.01)
    assert spots_found(faint, find_spots(painted([], 1, 0), FACE)) is None
