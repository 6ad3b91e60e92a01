"""Simplifying finished drawings: each step by values worked out by hand, and all in their order."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from clipasso_core.bezier import arc_length, curve_points, segments_of
from clipasso_core.errors import ConfigError
from clipasso_core.simplify import (
    SimplifyConfig,
    count_segments,
    merge_duplicates,
    refit,
    remove_short,
    round_points,
    simplify,
    snap_ends,
)
from clipasso_core.strokes import Strokes
from clipasso_core.svg import from_svg, to_svg

PAGE = (100, 100)


def line(*ends: tuple[float, float], segments: int = 1) -> Tensor:
    """A straight stroke [3 * segments + 1, 2] between two points."""
    start, end = torch.tensor(ends, dtype=torch.float32)
    return torch.lerp(start, end, torch.linspace(0, 1, 3 * segments + 1)[:, None])


def drawing(*strokes: Tensor) -> Strokes:
    longest = max(len(points) for points in strokes)
    padded = [torch.cat([points, points[-1:].expand(longest - len(points), 2)]) for points in strokes]
    return Strokes.black(torch.stack(padded)[None], PAGE)


def ends(strokes: Strokes) -> list[list[list[float]]]:
    found: list[list[list[float]]] = strokes.control_points[0][:, [0, -1]].tolist()
    return found


CIRCLE = "M 90 50 A 40 40 0 0 1 50 90 40 40 0 0 1 10 50 40 40 0 0 1 50 10 40 40 0 0 1 90 50"


# --- short strokes -----------------------------------------------------------------------------------------------


def test_short_strokes_go_and_given_ones_stay() -> None:
    three = drawing(line((0, 0), (3, 0)), line((0, 0), (3, 4)), line((5, 5), (5, 5)))
    assert remove_short(three, 4).alive.tolist() == [[False, True, False]]
    assert remove_short(replace(three, num_given=1), 4).alive.tolist() == [[True, True, False]]


# --- duplicates --------------------------------------------------------------------------------------------------


def test_the_same_curve_either_way_round_is_one() -> None:
    arch = torch.tensor([[10.0, 80], [10, 20], [90, 20], [90, 80]])
    near, far = arch + torch.tensor([0.6, 0.0]), arch + torch.tensor([1.5, 0.0])
    merged = merge_duplicates(drawing(arch, arch.flip(0), near, far), 1.0)
    assert merged.alive.tolist() == [[True, False, False, True]]


def test_the_same_curve_in_more_pieces_is_the_same() -> None:
    once = merge_duplicates(drawing(line((0, 0), (90, 0)), line((90, 0.2), (0, 0.2), segments=5)), 0.5)
    assert once.alive.tolist() == [[True, False]]


def test_other_colours_stay_and_the_wider_width_wins() -> None:
    one = line((0, 0), (90, 0))
    three = drawing(one, one, one)
    color = three.color.clone()
    color[0, 1, 0] = 1
    looks = replace(three, color=color, stroke_width=torch.tensor([[2.0, 9.0, 5.0]]))
    merged = merge_duplicates(looks, 0.5)
    assert merged.alive.tolist() == [[True, True, False]]
    assert merged.stroke_width[0, :2].tolist() == [5, 9]


def test_a_given_stroke_is_nobodys_duplicate() -> None:
    one = line((0, 0), (90, 0))
    merged = merge_duplicates(replace(drawing(one, one, one), num_given=2), 0.5)
    assert merged.alive.tolist() == [[True, True, False]]


def test_ends_alone_make_no_duplicate() -> None:
    bow = torch.tensor([[0.0, 0], [30, 20], [60, 20], [90, 0]])
    assert merge_duplicates(drawing(line((0, 0), (90, 0)), bow), 5).alive.all()


# --- ends --------------------------------------------------------------------------------------------------------


def test_ends_meet_in_their_middle_and_lines_stay_straight() -> None:
    met = snap_ends(drawing(line((0, 0), (49, 0)), line((51, 2), (51, 90)), line((50, 1), (90, 90))), 3)
    assert ends(met) == [[[0, 0], [50, 1]], [[50, 1], [51, 90]], [[50, 1], [90, 90]]]
    for points in met.control_points[0]:
        torch.testing.assert_close(
            points, torch.lerp(points[0], points[3], torch.tensor([[0.0], [1 / 3], [2 / 3], [1]]))
        )


def test_handles_move_with_their_ends() -> None:
    bow = torch.tensor([[0.0, 0], [30, 20], [60, 20], [90, 0]])
    met = snap_ends(drawing(line((92, 0), (92, 50)), bow), 3)
    assert met.control_points[0, 1].tolist() == [[0, 0], [30, 20], [61, 20], [91, 0]]


def test_an_open_ring_closes_and_a_short_stroke_does_not_vanish() -> None:
    ring = torch.tensor([[50.0, 0], [0, 60], [90, 60], [52, 0]])
    assert ends(snap_ends(drawing(ring), 3)) == [[[51, 0], [51, 0]]]
    assert ends(snap_ends(drawing(line((0, 0), (2, 0))), 3)) == [[[0, 0], [2, 0]]]


def test_a_given_end_is_where_others_go() -> None:
    two = replace(drawing(line((0, 0), (50, 0)), line((52, 0), (90, 0))), num_given=1)
    assert ends(snap_ends(two, 3)) == [[[0, 0], [50, 0]], [[50, 0], [90, 0]]]


def test_a_padded_stroke_ends_where_it_was_moved_to() -> None:
    met = snap_ends(drawing(line((0, 0), (49, 0)), line((51, 0), (51, 90), segments=4)), 3)
    assert met.control_points[0, 0, 3:].tolist() == [[50, 0]] * 10


def test_far_ends_stay_to_the_bit() -> None:
    strokes = Strokes.black(torch.rand(2, 20, 7, 2) * 1000, (1000, 1000))
    torch.testing.assert_close(snap_ends(strokes, 1e-6).control_points, strokes.control_points, rtol=0, atol=0)


# --- segments ----------------------------------------------------------------------------------------------------


def test_a_circle_in_arcs_of_many_pieces_needs_few() -> None:
    angle = torch.linspace(0, 2 * math.pi, 97)
    ring = torch.stack([50 + 40 * angle.cos(), 50 + 40 * angle.sin()], dim=1)
    many = drawing(ring)
    assert count_segments(many) == 32
    few = refit(many, 0.5)
    assert few.num_segments == count_segments(few) <= 4
    points = curve_points(segments_of(few.control_points[0, 0]), torch.linspace(0, 1, 50)).flatten(0, 1)
    radius = (points - 50).norm(dim=1)
    assert float((radius - 40).abs().max()) < 0.6


def test_corners_stay_where_a_polyline_has_them() -> None:
    strokes = from_svg('<svg width="99" height="99"><path stroke="red" fill="none" d="M9 9h20h20h20v20v40h-9"/></svg>')
    few = refit(strokes, 0.5)
    assert few.control_points[0, 0, ::3].tolist() == [[9, 9], [69, 9], [69, 69], [60, 69]]


def test_what_needs_all_its_segments_keeps_its_numbers() -> None:
    zigzag = torch.cat([line((0, 0), (30, 50))[:-1], line((30, 50), (60, 0))[:-1], line((60, 0), (90, 50))])
    torch.testing.assert_close(refit(drawing(zigzag), 0.5).control_points, drawing(zigzag).control_points)


def test_the_longest_stroke_that_is_left_says_how_long_all_are() -> None:
    few = refit(drawing(line((0, 0), (90, 0), segments=8), line((0, 5), (90, 5), segments=3)), 0.1)
    assert few.control_points.shape == (1, 2, 4, 2)


# --- numbers -----------------------------------------------------------------------------------------------------


def test_numbers_are_rounded_but_for_given_ones() -> None:
    strokes = replace(Strokes.black(torch.full((1, 2, 4, 2), 1.2345), PAGE), num_given=1)
    assert round_points(strokes, 2).control_points[0, :, 0, 0].tolist() == pytest.approx([1.2345, 1.23], abs=1e-6)


# --- all together ------------------------------------------------------------------------------------------------


def test_all_steps_in_their_order_and_what_they_did() -> None:
    angle = torch.linspace(0, 3, 31)
    arc = torch.stack([50 + 40 * angle.cos(), 50 + 40 * angle.sin()], dim=1)
    strokes = drawing(arc, arc.flip(0), line((90.4, 50.3), (99, 90)), line((1, 1), (1.5, 1)))
    done = simplify(strokes, SimplifyConfig(min_length=2, merge=0.5, snap=1, tolerance=0.2, decimals=1))
    assert done.strokes.alive.tolist() == [[True, False, True, False]]
    assert (done.removed, done.merged, done.snapped) == (1, 1, 2)
    assert done.segments == (22, count_segments(done.strokes))
    assert done.segments[1] <= 4
    text = to_svg(done.strokes, decimals=8)
    assert max(len(number.partition(".")[2]) for number in text.split('d="', 1)[1].split('"')[0].split()) <= 8
    assert done.strokes.provenance["simplify"]["merged"] == 1  # type: ignore[index]
    assert done.sentences()[:2] == [
        "Taken away: 1 short strokes, 1 duplicates; 2 strokes are left.",
        "Ends that were moved onto others: 2.",
    ]


def test_nothing_to_do_changes_nothing() -> None:
    strokes = Strokes.black(torch.rand(2, 5, 7, 2) * 100, PAGE)
    done = simplify(strokes, SimplifyConfig())
    assert torch.equal(done.strokes.control_points, strokes.control_points)
    assert torch.equal(done.strokes.alive, strokes.alive)


def test_to_be_left_with_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"min_length is 50 px, and the longest stroke has 5 px\. Lower it\."):
        simplify(drawing(line((0, 0), (3, 4))), SimplifyConfig(min_length=50))


@pytest.mark.parametrize("wrong", [{"min_length": -1}, {"tolerance": math.nan}, {"snap": 1e9}, {"decimals": 9}])
def test_options_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=f"{next(iter(wrong))} must lie between"):
        SimplifyConfig(**wrong)  # type: ignore[arg-type]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 3), st.floats(0.01, 20), st.integers(0, 3))
def test_any_drawing_stays_a_drawing(seed: int, segments: int, size: float, num_given: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    points = (torch.rand(2, 6, 3 * segments + 1, 2, generator=generator) * 100).round(decimals=seed % 3)
    strokes = replace(Strokes.black(points, PAGE), num_given=num_given)
    done = simplify(strokes, SimplifyConfig(size / 10, size, size, size, 2)).strokes
    assert bool(done.control_points.isfinite().all())
    assert done.num_segments <= strokes.num_segments
    given_before, given_now = (
        one.control_points[:, :num_given, : 3 * done.num_segments + 1] for one in (strokes, done)
    )
    if done.num_segments == strokes.num_segments:
        assert torch.equal(given_before, given_now)
    assert bool(done.alive[:, :num_given].all())


def test_the_largest_drawing_takes_seconds() -> None:
    """4096 strokes, all of which lie near to each other."""
    strokes = Strokes.black(torch.rand(1, 4096, 4, 2, generator=torch.Generator().manual_seed(0)) * 20, PAGE)
    started = time.process_time()
    simplify(strokes, SimplifyConfig(1, 2, 0.5, 0.5, 2))
    assert time.process_time() - started < 20
    assert float(arc_length(strokes.control_points).min()) > 0
