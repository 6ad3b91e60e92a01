"""The Strokes type: what it accepts, and what its changes leave alone."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest
import torch
from torch import Tensor

from clipasso_core.errors import ClipassoError, ConfigError, ShapeError
from clipasso_core.strokes import Strokes, concatenate


@pytest.fixture
def strokes() -> Strokes:
    points = torch.arange(2 * 3 * 7 * 2.0).reshape(2, 3, 7, 2)
    return Strokes.black(points, (60, 80), stroke_width=4).with_provenance(seed=3)


def test_black_strokes_are_opaque_and_alive(strokes: Strokes) -> None:
    assert (strokes.batch_size, strokes.num_strokes, strokes.num_segments) == (2, 3, 2)
    assert strokes.color.tolist() == [[[0, 0, 0, 1]] * 3] * 2
    assert strokes.stroke_width.tolist() == [[4.0] * 3] * 2
    assert strokes.alive.dtype == torch.bool
    assert bool(strokes.alive.all())
    assert strokes.is_opaque_black()


def test_black_takes_dead_strokes() -> None:
    alive = torch.tensor([[True, False]])
    assert Strokes.black(torch.zeros(1, 2, 4, 2), (9, 9), alive=alive).alive.tolist() == [[True, False]]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"control_points": torch.zeros(3, 7, 2)}, r"\[B, N, K, 2\], got \[3, 7, 2\]"),
        ({"control_points": torch.zeros(2, 3, 7, 3)}, r"\[B, N, K, 2\], got \[2, 3, 7, 3\]"),
        ({"control_points": torch.zeros(2, 3, 1, 2)}, "3 \\* segments \\+ 1 .* got 1"),
        ({"control_points": torch.zeros(2, 3, 3, 2)}, "got 3"),
        ({"control_points": torch.zeros(2, 3, 6, 2)}, "got 6"),
        ({"stroke_width": torch.ones(2, 4)}, r"stroke_width must be \[2, 3\].*got \[2, 4\]"),
        ({"stroke_width": torch.ones(2, 3, 1)}, "stroke_width"),
        ({"color": torch.ones(2, 3, 3)}, r"color must be \[2, 3, 4\].*got \[2, 3, 3\]"),
        ({"alive": torch.ones(1, 3, dtype=torch.bool)}, r"alive must be \[2, 3\].*got \[1, 3\]"),
        ({"canvas_size": (0, 80)}, r"at least 1 px, got \(0, 80\)"),
        ({"canvas_size": (60, -1)}, "canvas_size"),
        ({"group": torch.zeros(2, 4).long(), "group_names": ("a",)}, r"group must be \[2, 3\].*got \[2, 4\]"),
        ({"group": torch.zeros(2, 3).long()}, "group and group_names must be given together"),
        ({"group_names": ("a",)}, "group and group_names must be given together"),
    ],
)
def test_wrong_shapes_are_named(strokes: Strokes, change: dict[str, object], said: str) -> None:
    with pytest.raises(ShapeError, match=said) as caught:
        replace(strokes, **change)  # type: ignore[arg-type]
    assert isinstance(caught.value, ClipassoError)
    assert isinstance(caught.value, ValueError)


def test_strokes_are_frozen(strokes: Strokes) -> None:
    with pytest.raises(FrozenInstanceError):
        strokes.canvas_size = (1, 1)  # type: ignore[misc]


def test_scaled_to_scales_each_axis_and_the_width_by_their_mean(strokes: Strokes) -> None:
    scaled = strokes.scaled_to((120, 40))  # y twice, x half: the area, and so the width, stays
    assert scaled.canvas_size == (120, 40)
    torch.testing.assert_close(scaled.control_points[..., 0], strokes.control_points[..., 0] / 2)
    torch.testing.assert_close(scaled.control_points[..., 1], strokes.control_points[..., 1] * 2)
    torch.testing.assert_close(scaled.stroke_width, strokes.stroke_width)
    assert strokes.scaled_to((180, 240)).stroke_width.unique().tolist() == [12.0]
    assert scaled.provenance == {"seed": 3}


def test_scaling_there_and_back_changes_nothing(strokes: Strokes) -> None:
    back = strokes.scaled_to((37, 511)).scaled_to((60, 80))
    torch.testing.assert_close(back.control_points, strokes.control_points)
    torch.testing.assert_close(back.stroke_width, strokes.stroke_width)


@pytest.mark.parametrize(("longest", "size"), [(160, (120, 160)), (40, (30, 40)), (1, (1, 1))])
def test_size_for_keeps_the_aspect(strokes: Strokes, longest: int, size: tuple[int, int]) -> None:
    assert strokes.size_for(longest) == size


def test_size_for_never_becomes_empty() -> None:
    assert Strokes.black(torch.zeros(1, 1, 4, 2), (1, 1000)).size_for(10) == (1, 10)


@pytest.mark.parametrize("index", [[1, 0, 1], torch.tensor([1, 0, 1])])
def test_select_takes_sketches_in_order(strokes: Strokes, index: list[int] | Tensor) -> None:
    coloured = replace(strokes, stroke_width=torch.tensor([[1.0, 2, 3], [4, 5, 6]]))
    chosen = coloured.select(index)
    assert chosen.batch_size == 3
    assert chosen.stroke_width.tolist() == [[4, 5, 6], [1, 2, 3], [4, 5, 6]]
    for i, j in enumerate([1, 0, 1]):
        assert torch.equal(chosen.control_points[i], strokes.control_points[j])
    assert chosen.provenance == {"seed": 3}


def test_to_changes_floats_only(strokes: Strokes) -> None:
    double = strokes.to(dtype=torch.float64)
    assert {t.dtype for t in (double.control_points, double.stroke_width, double.color)} == {torch.float64}
    assert double.alive.dtype == torch.bool
    assert strokes.to("meta").color.device.type == "meta"
    assert strokes.to("cpu").control_points.dtype == torch.float32


def test_with_points_shares_all_but_the_curves(strokes: Strokes) -> None:
    moved = strokes.with_points(strokes.control_points + 1)
    assert moved.stroke_width is strokes.stroke_width
    assert torch.equal(moved.control_points, strokes.control_points + 1)
    with pytest.raises(ShapeError, match="stroke_width must be"):
        strokes.with_points(torch.zeros(2, 5, 7, 2))


def test_detach_cuts_gradient_and_memory(strokes: Strokes) -> None:
    tracked = strokes.with_points(strokes.control_points.clone().requires_grad_())
    copy = tracked.detach()
    assert not copy.control_points.requires_grad
    copy.control_points.zero_()
    copy.stroke_width.zero_()
    assert float(tracked.control_points.detach().abs().sum()) > 0
    assert float(tracked.stroke_width.min()) == 4


def test_provenance_grows_and_leaves_the_first_alone(strokes: Strokes) -> None:
    more = strokes.with_provenance(encoder="x", seed=4)
    assert more.provenance == {"seed": 4, "encoder": "x"}
    assert strokes.provenance == {"seed": 3}
    assert more.select([0]).scaled_to((6, 8)).detach().to(dtype=torch.float64).provenance == more.provenance


@pytest.mark.parametrize(
    ("row", "alive", "black"),
    [
        ([0.0, 0.0, 0.0, 1.0], True, True),
        ([0.1, 0.0, 0.0, 1.0], True, False),
        ([0.0, 0.0, 0.0, 0.9], True, False),
        ([1.0, 0.5, 0.0, 0.3], False, True),
    ],
)
def test_is_opaque_black_asks_the_living(strokes: Strokes, row: list[float], alive: bool, black: bool) -> None:
    color, living = strokes.color.clone(), strokes.alive.clone()
    color[1, 2], living[1, 2] = torch.tensor(row), alive
    assert replace(strokes, color=color, alive=living).is_opaque_black() is black


def test_a_prefix_counts_living_strokes_in_each_sketch() -> None:
    alive = torch.tensor([[True, False, True, True], [True, True, True, True]])
    strokes = Strokes.black(torch.zeros(2, 4, 4, 2), (32, 32), alive=alive)
    assert strokes.prefix(2).alive.tolist() == [[True, False, True, False], [True, True, False, False]]
    each = strokes.prefix(torch.tensor([[1], [3]]))
    assert each.alive.sum(dim=1).tolist() == [1, 3]
    assert strokes.prefix(9).alive.equal(alive)


def test_another_drawing_order_takes_everything_along() -> None:
    width, alive = torch.tensor([[1.0, 2, 3], [4, 5, 6]]), torch.tensor([[True, True, False], [True, False, True]])
    color = torch.rand(2, 3, 4, generator=torch.Generator().manual_seed(0))
    strokes = Strokes(torch.arange(48.0).view(2, 3, 4, 2), width, color, alive, (32, 32), {"seed": 7})
    placed = strokes.in_order(torch.tensor([[2, 0, 1], [0, 2, 1]]))
    assert placed.stroke_width.tolist() == [[3, 1, 2], [4, 6, 5]]
    assert placed.alive.tolist() == [[False, True, True], [True, True, False]]
    assert torch.equal(placed.color[0], color[0, [2, 0, 1]])
    assert placed.control_points[1, 1, 0].tolist() == [40, 41]
    assert placed.provenance == {"seed": 7}


@pytest.fixture
def grouped(strokes: Strokes) -> Strokes:
    return strokes.with_groups(torch.tensor([[0, 1, 1], [-1, 0, 1]]), ["background", "object-1"])


def test_groups_know_their_names(strokes: Strokes, grouped: Strokes) -> None:
    assert grouped.names_of(0) == ["background", "object-1", "object-1"]
    assert grouped.names_of(1) == [None, "background", "object-1"]
    assert strokes.names_of(1) == [None, None, None]
    assert grouped.with_groups(torch.full((2, 3), -1), []).group is None


@pytest.mark.parametrize(
    ("group", "names", "error", "said"),
    [
        ([[0, 1, 2], [0, 0, 0]], ["a", "b"], ShapeError, "from -1 .no group. to 1, for 2 names, got 2"),
        ([[0, 1, -2], [0, 0, 0]], ["a", "b"], ShapeError, "got -2"),
        ([[0.0, 1, 1], [0, 0, 0]], ["a", "b"], ShapeError, "whole numbers"),
        ([[0, 1], [0, 0]], ["a", "b"], ShapeError, r"group must be \[2, 3\]"),
        ([[0, 1, 1], [0, 0, 0]], ["a", "a"], ConfigError, "Two groups are named 'a'"),
        ([[0, 1, 1], [0, 0, 0]], ["a", ""], ConfigError, "got ''"),
        ([[0, 1, 1], [0, 0, 0]], ["a", "b\x07"], ConfigError, "printable"),
        ([[0, 1, 1], [0, 0, 0]], ["a", "b\nc"], ConfigError, "printable"),
        ([[0, 1, 1], [0, 0, 0]], ["a", " b"], ConfigError, "no space at its ends"),
        ([[0, 1, 1], [0, 0, 0]], ["a", "b" * 129], ConfigError, "1 to 128"),
        ([[-1, -1, 0], [-1, -1, -1]], [], ShapeError, "for 0 names, got 0"),
    ],
)
def test_groups_that_cannot_be_are_refused(
    strokes: Strokes, group: list[list[float]], names: list[str], error: type[ClipassoError], said: str
) -> None:
    with pytest.raises(error, match=said):
        strokes.with_groups(torch.tensor(group), names)


def test_every_change_takes_the_groups_along(grouped: Strokes) -> None:
    swapped = grouped.in_order(torch.tensor([[2, 0, 1], [1, 2, 0]]))
    assert [swapped.names_of(0)[1], *swapped.names_of(1)] == ["background", "background", "object-1", None]
    assert grouped.select([1]).names_of(0) == grouped.names_of(1)
    assert grouped.select([1]).each_alone([2, 0]).group.tolist() == [[1], [-1]]
    assert grouped.slots([2, 0]).names_of(1) == ["object-1", None]
    for changed in (
        grouped.prefix(1),
        grouped.scaled_to((6, 8)),
        grouped.with_points(grouped.control_points + 1),
        grouped.to(dtype=torch.float64),
        grouped.detach(),
        grouped.with_provenance(seed=1),
        Strokes.joined([grouped.select([0]), grouped.select([1])]),
    ):
        assert changed.group is not None
        assert changed.group.dtype == torch.int64
        assert [changed.names_of(0), changed.names_of(1)] == [grouped.names_of(0), grouped.names_of(1)]
    copy = grouped.detach()
    copy.group.zero_()
    assert grouped.names_of(0)[1] == "object-1"


@pytest.mark.parametrize("dim", [0, 1])
def test_groups_of_one_name_are_one_group(grouped: Strokes, strokes: Strokes, dim: int) -> None:
    other = grouped.with_groups(torch.tensor([[0, 1, 0], [1, 1, -1]]), ["object-1", "tree"])
    both = concatenate([grouped, other, strokes], dim)
    assert both.group_names == ("background", "object-1", "tree")
    sketches = range(both.batch_size)
    parts = [[one.names_of(index) for index in range(2)] for one in (grouped, other, strokes)]
    wanted = parts[0] + parts[1] + parts[2] if dim == 0 else [a + b + c for a, b, c in zip(*parts, strict=True)]
    assert [both.names_of(index) for index in sketches] == wanted


def test_slots_take_what_was_given_along(strokes: Strokes) -> None:
    few = replace(strokes, num_given=2).slots([1, 2])
    assert few.num_given == 1
    assert torch.equal(few.control_points, strokes.control_points[:, 1:])
    assert strokes.slots([]).num_strokes == 0
