"""Order, keys and names survive the way to the disk and back, over more photos than a page holds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from clipasso_batch import PhotoFile
from clipasso_batch.photo_index import PAGE, PhotoIndex

COUNT = 2 * PAGE + 7


def photos() -> Iterator[PhotoFile]:
    for number in range(COUNT):
        yield PhotoFile(f"{number}.png", f"/photos/{number}.png", "1:2" if number % 2 else "")


def test_photos_come_back_as_they_were_and_in_order() -> None:
    index = PhotoIndex(photos())
    assert [entry.photo for entry in index.entries()] == list(photos())
    assert [entry.position for entry in index.entries(3, 5)] == [3, 4, 5]
    assert [photo.key for photo in index.spread(3)] == ["0.png", f"{COUNT // 3}.png", f"{COUNT * 2 // 3}.png"]
    assert index.find("7.png").photo == PhotoFile("7.png", "/photos/7.png", "1:2")
    with pytest.raises(KeyError):
        index.find("cup.png")


def test_what_is_done_while_the_missing_are_taken_is_no_matter() -> None:
    index, taken = PhotoIndex(photos()), []
    for photo in index.missing():
        taken.append(photo.key)
        index.note(photo.key, line=0, svg=None)
    assert len(taken) == index.num_done == COUNT
    assert list(index.missing()) == []
    assert index.done_by_groups(PAGE) == [PAGE, PAGE, 7]


def test_many_of_one_name_and_names_that_are_no_unicode() -> None:
    index = PhotoIndex([PhotoFile("caf\udce9.png", "caf\udce9.png")] * 300)
    keys = [entry.photo.key for entry in index.entries()]
    assert keys == ["caf\udce9.png", *(f"caf\udce9.png#{number}" for number in range(2, 301))]
    assert next(index.entries()).photo.path == "caf\udce9.png"


def test_the_digest_knows_keys_and_their_order() -> None:
    one, two = PhotoFile("a", "x"), PhotoFile("b", "y")
    assert PhotoIndex([one, two]).digest() == PhotoIndex([one._replace(path="z"), two]).digest()
    assert len({PhotoIndex(some).digest() for some in ([one, two], [two, one], [one], [PhotoFile("ab", "x")])}) == 4


def test_a_name_is_taken_once_whatever_its_case() -> None:
    index = PhotoIndex([])
    assert [index.take_name(name) for name in ("a/Cup.svg", "a/cup.svg", "b/cup.svg")] == [True, False, True]
