"""Groups: means, shares and medians of a label, photos that belong together, and the file that names them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clipasso_core.errors import ConfigError
from clipasso_lab.groups import Group, PhotoGroup, all_together, group_sketches, read_groups

PHOTOS = [Path("photos") / f"{name}.jpg" for name in ("ann", "bob", "cup")]


def means(group: Group) -> dict[str, float]:
    return {figure.key: average.value for figure, average in group.averages.items()}


def test_means_shares_and_medians(scored: Callable[..., Any]) -> None:
    sketches = [
        scored("a", "16", rank=1, loss=1.0, class_rank=1, class_guess="a"),
        scored("a", "4", rank=7, loss=9.0),
        scored("b", "16", rank=4, loss=2.0, class_rank=3, class_guess="a"),
        scored("c", "16", rank=2, loss=6.0, class_rank=4, class_guess="a"),
        scored("d", "16", rank=1, loss=3.0),
    ]
    four, sixteen = group_sketches(sketches)
    assert (four.label, len(four.sketches), four.median_rank) == ("4", 1, 7.0)
    assert (means(four)["loss"], means(four)["top1"]) == (9.0, 0.0)
    assert "class_top1" not in means(four)
    assert (sixteen.label, len(sixteen.sketches), sixteen.median_rank) == ("16", 4, 1.5)
    found = means(sixteen)
    assert (found["loss"], found["top1"]) == (3.0, 0.5)
    assert (found["class_top1"], found["class_top3"]) == pytest.approx((1 / 3, 2 / 3))
    counts = {figure.key: average.sketches for figure, average in sixteen.averages.items()}
    assert (counts["class_top1"], counts["loss"]) == (3, 4)


def test_ranks_have_a_geometric_mean_and_what_a_sketch_lacks_does_not_count(scored: Callable[..., Any]) -> None:
    sketches = [
        scored("a", overlap=0.1, features_found=0.5, recognised=2),
        scored("b", overlap=0.4, features_found=None, recognised=18),
        scored("a", "none", features_found=None, recognised=None),
    ]
    group, none = map(means, group_sketches(sketches))
    assert (group["overlap"], group["features_found"]) == pytest.approx((0.25, 0.5))
    assert (group["recognised"], group["recognised_top5"]) == pytest.approx((6, 0.5))
    assert not {"features_found", "recognised", "recognised_top5"} & set(none)


def test_intervals_hold_the_mean_and_one_photo_has_none(scored: Callable[..., Any]) -> None:
    sketches = [scored("a", loss=1.0, recognised=1), scored("b", loss=2.0, recognised=100), scored("a", "x", loss=7.0)]
    two, one = group_sketches(sketches)
    found = {figure.key: average.interval for figure, average in two.averages.items()}
    assert found["loss"] == (1.0, 2.0)
    assert found["recognised"] == pytest.approx((1, 100))
    assert {average.interval for average in one.averages.values()} == {None}


def test_labels_in_order(scored: Callable[..., Any]) -> None:
    groups = group_sketches([scored(label=label) for label in ("b", "16", "", "4")])
    assert [group.label for group in groups] == ["", "4", "16", "b"]


def test_seeds_are_put_together_but_numbers_of_strokes_are_not(scored: Callable[..., Any]) -> None:
    seeds = [scored("a", "0", loss=1.0), scored("a", "1000", loss=2.0), scored("b", "0", loss=6.0)]
    together = all_together(seeds)
    assert (together.label, len(together.sketches), means(together)["loss"]) == ("all", 3, 3.0)
    interval = next(one.interval for figure, one in together.averages.items() if figure.key == "loss")
    assert interval == (1.5, 6.0)
    assert all_together(seeds[::2]) is None
    assert all_together([seeds[0], scored("a", "4", num_strokes=4)]) is None


def test_a_file_names_photos_that_belong_together(scored: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "groups.json"
    file.write_text(json.dumps({"faces": ["ann", "bob"], "all": ["cup", "ann"]}))
    faces, everything = read_groups(file, PHOTOS)
    assert faces == PhotoGroup("faces", frozenset(PHOTOS[:2]))
    assert everything.photos == {PHOTOS[0], PHOTOS[2]}
    sketches = [scored("a"), scored("b"), scored("a", "4")]
    assert PhotoGroup("a", frozenset([Path("a.png")])).of(sketches) == [sketches[0], sketches[2]]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "cannot be read as JSON"),
        ("[]", "must be lists of photos"),
        ("{}", "must be lists of photos"),
        ('{"faces": []}', "must be lists of photos"),
        ('{"faces": "ann"}', "must be lists of photos"),
        ('{"faces": ["ann", 7]}', "must be lists of photos"),
        ('{"faces": ["ann", "ann.jpg"]}', "name 'ann.jpg', which is no photo"),
    ],
)
def test_what_is_no_file_of_groups(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "groups.json").write_text(text)
    with pytest.raises(ConfigError, match=said):
        read_groups(tmp_path / "groups.json", PHOTOS)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_groups(tmp_path / "missing.json", PHOTOS)
