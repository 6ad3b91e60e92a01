"""Path data: every command against values worked out by hand."""

import cmath
import itertools
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipasso_core.errors import SvgError
from clipasso_core.svg import path_data
from clipasso_core.svg.path_data import Effort, parse_path
from clipasso_core.svg.path_pen import MAX_SEGMENTS, Pen, arc_to_cubics


def ends(points: list[complex]) -> list[complex]:
    return points[::3]


def straight(*corners: complex) -> list[complex]:
    points = [corners[0]]
    for start, end in itertools.pairwise(corners):
        points += [start + (end - start) / 3, start + (end - start) * 2 / 3, end]
    return points


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        ("M1 2L3 4", [straight(1 + 2j, 3 + 4j)]),
        ("m1 2l3 4", [straight(1 + 2j, 4 + 6j)]),
        ("M1 2 3 4 5 6", [straight(1 + 2j, 3 + 4j, 5 + 6j)]),
        ("m1 2 3 4 5 6", [straight(1 + 2j, 4 + 6j, 9 + 12j)]),
        ("M1 2H5V7", [straight(1 + 2j, 5 + 2j, 5 + 7j)]),
        ("M1 2h5v7h1 1", [straight(1 + 2j, 6 + 2j, 6 + 9j, 7 + 9j, 8 + 9j)]),
        ("M0 0L3 0L3 3Z", [straight(0, 3, 3 + 3j, 0)]),
        ("M0 0L3 0L0 0Z", [straight(0, 3, 0)]),
        ("M1 1h3v3zh9", [straight(1 + 1j, 4 + 1j, 4 + 4j, 1 + 1j), straight(1 + 1j, 10 + 1j)]),
        ("M1 1h3v3zm1 1h9", [straight(1 + 1j, 4 + 1j, 4 + 4j, 1 + 1j), straight(2 + 2j, 11 + 2j)]),
        ("M0 0L1 0M5 5L6 5", [straight(0, 1), straight(5 + 5j, 6 + 5j)]),
        ("M0 0M5 5L6 5M9 9", [straight(5 + 5j, 6 + 5j)]),
        ("M4 5z", [straight(4 + 5j, 4 + 5j)]),
        ("M4 5zz", [straight(4 + 5j, 4 + 5j)]),
        ("M0 0L3 0L3 3Zz Z", [straight(0, 3, 3 + 3j, 0)]),
        ("M4 5L4 5", [straight(4 + 5j, 4 + 5j)]),
        ("M0 0C1 2 3 4 5 6", [[0, 1 + 2j, 3 + 4j, 5 + 6j]]),
        ("M1 1c1 2 3 4 5 6", [[1 + 1j, 2 + 3j, 4 + 5j, 6 + 7j]]),
        ("M0 0C1 2 3 4 5 6S7 8 9 9", [[0, 1 + 2j, 3 + 4j, 5 + 6j, 7 + 8j, 7 + 8j, 9 + 9j]]),
        ("M1 1S7 8 9 9", [[1 + 1j, 1 + 1j, 7 + 8j, 9 + 9j]]),
        ("M1 1s7 8 9 9", [[1 + 1j, 1 + 1j, 8 + 9j, 10 + 10j]]),
        ("M0 0Q3 3 6 0", [[0, 2 + 2j, 4 + 2j, 6]]),
        ("M0 0Q3 3 6 0T12 0", [[0, 2 + 2j, 4 + 2j, 6, 8 - 2j, 10 - 2j, 12]]),
        ("M0 0q3 3 6 0t6 0", [[0, 2 + 2j, 4 + 2j, 6, 8 - 2j, 10 - 2j, 12]]),
        ("M0 0T6 0", [[0, 0, 2, 6]]),
        ("", []),
        ("none", []),
        (" \n ", []),
        ("M3 3", []),
    ],
)
def test_commands_give_the_cubics_of_the_book(data: str, wanted: list[list[complex]]) -> None:
    got = list(parse_path(data))
    assert [len(points) for points in got] == [len(points) for points in wanted]
    for points, right in zip(got, wanted, strict=True):
        assert points == pytest.approx(right, abs=1e-12)


def test_smooth_after_another_kind_starts_at_the_point() -> None:
    assert next(parse_path("M0 0Q3 3 6 0S7 8 9 9"))[4] == 6
    assert next(parse_path("M0 0C1 2 3 4 5 6T9 9"))[4] == 5 + 6j


def test_compact_numbers_are_told_apart() -> None:
    assert ends(next(parse_path("M1.5.5-3e-2-1L.1.2+3E1-4.")))[:3] == pytest.approx(
        [1.5 + 0.5j, -0.03 - 1j, 0.1 + 0.2j], abs=1e-12
    )
    assert ends(next(parse_path("M1.5.5-3e-2-1L.1.2+3E1-4.")))[3] == 30 - 4j


def test_arc_flags_may_run_together() -> None:
    spaced = next(parse_path("M0 0 a 25 26 -30 0 1 50 -25"))
    for compact in ("M0 0a25,26 -30 0150-25", "M0 0a25,26-30 01 50-25", "M0,0A25 26-30,0,1,50,-25"):
        assert next(parse_path(compact)) == pytest.approx(spaced, abs=1e-12)


def test_quarter_circle_has_its_known_handles() -> None:
    k = 4 / 3 * math.tan(math.pi / 8)
    assert next(parse_path("M1 0A1 1 0 0 1 0 1")) == pytest.approx([1, 1 + k * 1j, k + 1j, 1j], abs=1e-12)
    assert next(parse_path("M1 0A1 1 0 0 0 0 1")) == pytest.approx([1, 1 - k + 0j, (1 - k) * 1j, 1j], abs=1e-12)


@pytest.mark.parametrize(("large", "sweep"), list(itertools.product([False, True], repeat=2)))
def test_arc_stays_on_its_ellipse_and_takes_the_right_way(large: bool, sweep: bool) -> None:
    start, end, rx, ry, degrees = 10 + 20j, 40 + 35j, 40.0, 25.0, 30.0
    points = [start, *arc_to_cubics(start, (rx, ry), degrees, large, sweep, end)]
    turn = cmath.exp(1j * math.radians(degrees))
    unit = [complex((p / turn).real / rx, (p / turn).imag / ry) for p in points]
    curve = [bezier(unit[i : i + 4], t / 16) for i in range(0, len(unit) - 1, 3) for t in range(17)]
    centre = circumcentre(curve[0], curve[len(curve) // 2], curve[-1])
    assert [abs(p - centre) for p in curve] == pytest.approx([1] * len(curve), abs=3e-4)
    turned = sum(cmath.phase((b - centre) / (a - centre)) for a, b in itertools.pairwise(curve))
    assert (abs(turned) > math.pi) == large
    assert (turned > 0) == sweep
    assert points[-1] == end


def test_arc_with_small_radii_grows_and_with_none_is_straight() -> None:
    half = arc_to_cubics(0, (1, 1), 0, False, True, 10 + 0j)
    assert half[2] == pytest.approx(5 - 5j, abs=1e-12)
    assert next(parse_path("M0 0A0 5 0 0 1 3 0")) == pytest.approx(straight(0, 3), abs=1e-12)
    assert next(parse_path("M0 0A-5 5 0 0 1 5 5"))[-1] == 5 + 5j
    assert list(parse_path("M1 1A5 5 0 1 1 1 1")) == []


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("L1 2", "first command"),
        ("1 2", "first command"),
        ("M", "a number at character 2, got the end"),
        ("M1", "got the end"),
        ("M1 2L3", "got the end"),
        ("M1 2L3 x", "got 'x'"),
        ("M1 2Z3 4", "a command at character 6"),
        ("M1 2X3", "got 'X3'"),
        ("M0 0A1 1 0 2 0 1 1", "arc flag"),
        ("M0 0A1 1 0 0", "arc flag"),
        ("M nan 0", "got 'nan 0'"),
        ("M 1e999 0", "at most 1e"),
        ("M 2e9 0", "at most 1e"),
    ],
)
def test_broken_path_data_is_refused(data: str, said: str) -> None:
    with pytest.raises(SvgError, match=said):
        list(parse_path(data))


def test_path_without_end_is_refused() -> None:
    pen = Pen()
    pen._points = [0j] * (3 * MAX_SEGMENTS + 1)
    with pytest.raises(SvgError, match="1000000 segments"):
        pen.line(1j)


ROW_TOKENS = [*"LlCcHhVvSQTz", "L1", "l1,2", "1", "2.5", "-3e1", ".5.5", " ", "1e99", "M0 0"]


@given(st.lists(st.tuples(st.sampled_from(ROW_TOKENS), st.integers(1, 30)), max_size=8))
def test_rows_at_once_are_what_they_are_one_by_one(parts: list[tuple[str, int]]) -> None:
    data = "M0.1 0.2" + "".join(f"{token} " * times for token, times in parts)
    assert outcome(data, path_data.ROW) == outcome(data, 10**9)


@pytest.mark.parametrize("letter", "LlHhVvCc")
@pytest.mark.parametrize("again", [True, False])
def test_long_rows_are_what_they_are_one_by_one(letter: str, again: bool) -> None:
    """To the bit, whether the letter stands before each or only once."""
    values = random.Random(3).choices(range(-999, 999), k=600)
    size = {"C": 6, "L": 2}.get(letter.upper(), 1)
    rows = [" ".join(str(value / 7) for value in values[i : i + size]) for i in range(0, 600, size)]
    data = f"M1.1 2.2 q1 2 3 4 {letter}{(letter if again else ' ').join(rows)} s 1 2 3 4z"
    fast = outcome(data, path_data.ROW)
    assert fast == outcome(data, 10**9)
    assert len(fast[0]) == 3 * (600 // size + 3) + 1


def outcome(data: str, row: int) -> list[list[complex]] | str:
    """The subpaths, or what is said against the data, with rows read at once from so many characters on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(path_data, "ROW", row)
        try:
            return list(parse_path(data))
        except SvgError as error:
            return str(error)


def test_commands_without_end_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(path_data, "MAX_COMMANDS", 30)
    assert len(list(parse_path("M0 0" + "h1v1" * 10))) == 1
    with pytest.raises(SvgError, match="over 30 commands"):
        list(parse_path("M0 0" + "h1v1" * 20))
    with pytest.raises(SvgError, match="over 30 commands"):
        list(parse_path("M0 0" + "a1 1 0 0 1 1 1" * 7))
    effort = Effort()
    list(parse_path("M0 0" + "h1v1" * 10, effort))
    with pytest.raises(SvgError, match="over 30 commands"):
        list(parse_path("M0 0" + "h1v1" * 10, effort))


TOKENS = [
    "A",
    "a",
    "M",
    "z",
    "L",
    "c",
    "S",
    "q",
    "T",
    "h",
    "V",
    " ",
    ",",
    "-",
    ".",
    "1",
    "0",
    "1e9",
    "1e-320",
    "3 3 0 11",
]


@given(st.lists(st.sampled_from(TOKENS), max_size=14))
def test_garbage_gives_finite_points_or_an_svg_error(tokens: list[str]) -> None:
    try:
        subpaths = list(parse_path("M0 0" + "".join(tokens)))
    except SvgError:
        return
    for points in subpaths:
        assert len(points) % 3 == 1
        assert all(cmath.isfinite(point) for point in points)


def bezier(p: list[complex], t: float) -> complex:
    s = 1 - t
    return s**3 * p[0] + 3 * s**2 * t * p[1] + 3 * s * t**2 * p[2] + t**3 * p[3]


def circumcentre(a: complex, b: complex, c: complex) -> complex:
    u, v = b - a, c - a
    return a + 1j * (u * abs(v) ** 2 - v * abs(u) ** 2) / (2 * (u.conjugate() * v).imag)
