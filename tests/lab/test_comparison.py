"""Two folders compared: pairs, differences with their signs, factors of ranks, and what lies beyond chance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clipasso_core.errors import ConfigError
from clipasso_lab.comparison import Change, SketchPair, changes, check_partners, compare_sketches
from clipasso_lab.groups import PhotoGroup
from clipasso_lab.sketch_files import LeftOut, SketchFile


def change_of(key: str, pairs: list[SketchPair]) -> Change:
    return next(one for one in changes(pairs) if one.figure.key == key)


@pytest.fixture
def pairs(scored: Callable[..., Any]) -> Callable[..., list[SketchPair]]:
    """Pairs of the photos a, b, c, ... from values of a figure before and after."""

    def make(name: str, *values: tuple[Any, Any]) -> list[SketchPair]:
        return [
            SketchPair(*(scored(chr(97 + index), **{name: one}) for one in both)) for index, both in enumerate(values)
        ]

    return make


def test_a_difference_with_its_signs(pairs: Callable[..., Any]) -> None:
    found = change_of("overlap", pairs("overlap", (0.2, 0.1), (0.3, 0.1), (0.1, 0.15), (0.2, 0.2)))
    assert (found.before, found.after, found.by) == pytest.approx((0.2, 0.1375, -0.0625))
    assert found.signs == (2, 1, 1)
    assert found.interval.low < -0.0625 < found.interval.high
    assert found.verdict == ""


@pytest.mark.parametrize(
    ("name", "step", "verdict"),
    [("overlap", -0.1, "better"), ("overlap", 0.1, "worse"), ("similarity", 0.1, "better"), ("ink_share", 0.1, "")],
)
def test_beyond_chance(name: str, step: float, verdict: str, pairs: Callable[..., Any]) -> None:
    found = change_of(name, pairs(name, *[(0.5, 0.5 + step + index / 1000) for index in range(8)]))
    assert found.verdict == verdict
    assert found.signs == {"better": (8, 0, 0), "worse": (0, 8, 0), "": None}[verdict]


def test_five_photos_are_too_few_for_a_verdict(pairs: Callable[..., Any]) -> None:
    some = pairs("overlap", *[(0.5, 0.4)] * 6)
    assert (change_of("overlap", some[:5]).verdict, change_of("overlap", some).verdict) == ("", "better")


def test_ranks_change_by_a_factor(pairs: Callable[..., Any]) -> None:
    found = change_of("recognised", pairs("recognised", (100, 50), (4, 1), (3, 3)))
    assert (found.before, found.after) == pytest.approx(((100 * 4 * 3) ** (1 / 3), (50 * 1 * 3) ** (1 / 3)))
    assert found.by == pytest.approx(0.5)
    assert found.signs == (2, 0, 1)
    assert found.interval == pytest.approx((0.25, 1.0), abs=0.2)


def test_seeds_of_a_photo_are_one_photo(scored: Callable[..., Any]) -> None:
    """Better by 0.3 and worse by 0.1 is a photo that became better; the interval is over two photos."""
    values = [("a", "0", 0.5, 0.2), ("a", "1", 0.5, 0.6), ("b", "0", 0.5, 0.6)]
    found = change_of(
        "overlap", [SketchPair(*(scored(p, s, overlap=one) for one in (old, new))) for p, s, old, new in values]
    )
    assert found.signs == (1, 1, 0)
    assert found.by == pytest.approx(-0.1 / 3)
    assert found.interval == pytest.approx((-0.1, 0.1))


def test_what_one_of_both_lacks_is_not_compared(pairs: Callable[..., Any]) -> None:
    found = change_of("features_found", pairs("features_found", (0.2, 0.4), (None, 0.9), (0.1, None)))
    assert (found.before, found.after, found.interval) == (0.2, 0.4, None)
    assert found.signs == (1, 0, 0)
    assert found.verdict == ""
    assert "recognised" not in {one.figure.key for one in changes(pairs("recognised", (None, 3)))}


def test_pairs_are_of_one_photo_and_label(evaluation: Callable[..., Any], scored: Callable[..., Any]) -> None:
    after = evaluation(scored("a", "0"), scored("a", "1"), scored("b", "0"), warnings=("both",))
    before = evaluation(
        scored("b", "0", loss=3.0),
        scored("a", "0", loss=2.0),
        scored("c", "0"),
        warnings=("both", "flattered"),
        left_out=(LeftOut(Path("x.svg"), "damaged"),),
    )
    found = compare_sketches(after, before, ("old", "new"))
    assert [(one.before.metrics.loss, one.after.file.photo.stem) for one in found.pairs] == [(2.0, "a"), (3.0, "b")]
    assert found.warnings == (
        "Without a partner of the same photo and label, and not compared: 2 sketches of both folders.",
        "Before: flattered",
        "Before: left out x.svg. damaged",
    )
    groups = [PhotoGroup("b only", frozenset([Path("b.png")])), PhotoGroup("none", frozenset([Path("z.png")]))]
    assert [(name, len(some)) for name, some in found.by_group(groups)] == [("", 2), ("b only", 1)]
    with pytest.raises(ConfigError, match="Nothing could be compared"):
        compare_sketches(replace(after, sketches=after.sketches[1:2]), before, ("old", "new"))


def test_without_partners_there_is_nothing_to_compare() -> None:
    cat, cup = (Path(f"{name}.png") for name in ("cat", "cup"))
    files = [SketchFile(photo, Path("x.svg"), label) for photo, label in ((cat, "0"), (cup, "1"), (cat, "1"))]
    check_partners(files[:2], files[1:])
    with pytest.raises(ConfigError, match="Labels before: '1'; after: '0'"):
        check_partners(files[:1], files[1:])
