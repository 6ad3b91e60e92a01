"""Objects: parts of a soft mask become objects, and crumbs do not."""

from __future__ import annotations

import pytest
import torch
from skimage import data

from clipasso_core.errors import MaskError
from clipasso_core.faces import Face
from clipasso_core.mask import MaskConfig, certainty
from clipasso_core.scenes import find_objects, objects_of
from clipasso_core.scenes.regions import MOST_OBJECTS


def soft_boxes(haze: float) -> torch.Tensor:
    soft = torch.zeros(60, 120)
    soft[10:50, 10:50], soft[10:50, 70:110] = 1, 1
    soft[28:32, 50:70] = haze
    return soft


@pytest.mark.parametrize(("haze", "objects"), [(0.0, 2), (0.6, 2), (1.0, 1)])
def test_parts_that_touch_in_the_haze_alone_are_apart(haze: float, objects: int) -> None:
    found = find_objects(soft_boxes(haze))
    assert len(found) == objects
    assert torch.equal(found.sum(dim=0) > 0, soft_boxes(haze) >= 0.5)  # nothing is lost, and nothing is twice


def test_crumbs_are_no_objects_and_the_largest_comes_first() -> None:
    soft = soft_boxes(0.0)
    soft[10:50, 70:80] = 0
    soft[0:4, 0:4] = 1
    found = find_objects(soft)
    assert [int(one.sum()) for one in found] == [1600, 1200]
    assert len(find_objects(soft, most=1)) == 1


def test_an_object_of_a_few_sure_spots_stays_whole() -> None:
    soft = torch.full((60, 60), 0.7)
    soft[5:9, 5:9], soft[50:54, 50:54] = 1, 1
    assert len(find_objects(soft)) == 1


def face(x: float, y: float, side: float = 8) -> Face:
    middle = (x, y)
    box = (x - side / 2, y - side / 2, x + side / 2, y + side / 2)
    return Face(box, (middle, middle), middle, (middle, middle), 1.0)


def test_people_who_touch_are_apart() -> None:
    """One block of three people: two beside each other, and one whose head hides the left one's knees."""
    soft = torch.zeros(60, 80)
    soft[5:55, 10:70] = 1
    found = find_objects(soft, faces=[face(25, 12), face(55, 12), face(25, 40)])
    assert len(found) == 3
    assert torch.equal(found.sum(dim=0), soft)
    owners = [
        [bool(one[y, x]) for one in found].index(True) for x, y in ((25, 12), (25, 30), (25, 52), (55, 12), (55, 52))
    ]
    head, belly, in_front, right, right_foot = owners
    assert head == belly != in_front
    assert right == right_foot
    assert len({head, in_front, right}) == 3


def test_nobody_is_cut_where_the_network_is_unsure() -> None:
    """Three people in a row, and haze down the middle of the second one."""
    soft = torch.zeros(60, 90)
    soft[5:55, :] = 1
    soft[5:55, 43:47] = 0.6
    found = find_objects(soft, faces=[face(15, 12), face(45, 12), face(75, 12)])
    assert len(found) == 3
    assert [bool(one[30, 41]) for one in found] == [bool(one[30, 49]) for one in found]


def test_faces_beside_the_mask_take_nothing_apart() -> None:
    soft = torch.zeros(60, 80)
    soft[20:50, 30:70] = 1
    assert len(find_objects(soft, faces=[face(50, 30), face(5, 5)])) == 1


def test_two_people_of_a_photo_are_two_objects() -> None:
    """Eileen Collins, and she mirrored, shoulder to shoulder."""
    one = torch.from_numpy(data.astronaut()).permute(2, 0, 1).float() / 255
    both = torch.cat([one[:, :, 60:380], one.flip(2)[:, :, 132:452]], dim=2)[None]
    objects, _ = objects_of(both)
    assert len(objects) == 2
    assert sorted(bool(one[100, 144]) for one in objects) == [False, True]
    assert float(objects[0].sum() / objects[1].sum()) < 1.5


@pytest.mark.parametrize(
    ("name", "stands_out"), [("gravel", False), ("text", False), ("brick", False), ("clock", True)]
)
def test_where_nothing_stands_out_the_whole_photo_is_the_object(name: str, stands_out: bool) -> None:
    grey = torch.from_numpy(getattr(data, name)()).float() / 255
    objects, facts = objects_of(grey.expand(1, 3, -1, -1))
    assert facts["objects"] == ("found" if stands_out else "none stands out")
    assert bool(objects.all()) != stands_out


def test_of_many_objects_as_many_are_kept_as_a_scene_may_have() -> None:
    soft = torch.zeros(72, 72)
    soft.view(6, 12, 6, 12)[:, :6, :, :6] = 1  # 36 squares
    assert len(find_objects(soft)) == MOST_OBJECTS == 32


def test_a_threshold_that_nothing_reaches_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clipasso_core.scenes.objects.soft_mask", lambda *_: (0.9 * soft_boxes(0.0)[None], []))
    with pytest.raises(MaskError, match=r"by more than 0\.90\. Lower the threshold, which is 0\.95"):
        objects_of(torch.zeros(1, 3, 60, 120), config=MaskConfig(threshold=0.95))


def test_noise_and_one_flat_colour_are_refused() -> None:
    noise = torch.rand(1, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    for image, said in ((noise, "is noise"), (torch.full((1, 3, 96, 96), 0.5), "one flat colour")):
        with pytest.raises(MaskError, match=said):
            objects_of(image)


def test_certainty_is_low_where_a_mask_is_mostly_haze() -> None:
    assert certainty(soft_boxes(0.0)) == 1
    assert certainty(torch.where(soft_boxes(0.0) > 0, 0.5, 0.0)) == 0
    assert certainty(torch.zeros(8, 8)) == 0
