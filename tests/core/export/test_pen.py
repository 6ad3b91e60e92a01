"""Travel, order and joining of paths, and layers."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from clipasso_core.errors import ConfigError
from clipasso_core.export import Page, SheetConfig, lay_out, place
from clipasso_core.export.layers import into_layers, split_layers
from clipasso_core.export.paths import PenPath
from clipasso_core.export.pen import join_paths, order_paths, travel
from clipasso_core.strokes import Strokes


def line(start: tuple[float, float], end: tuple[float, float], width: float = 0.5, rank: int = 0) -> PenPath:
    shares = np.linspace(0, 1, 4)[:, None]
    return PenPath(np.array(start) * (1 - shares) + np.array(end) * shares, width, rank=rank)


def geometry(paths: list[PenPath]) -> list[object]:
    return [path.points.tolist() for path in paths]


@pytest.mark.parametrize("seed", range(5))
def test_the_pen_travels_forty_percent_less_and_its_order_is_kept(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    points = torch.rand(1, 32, 1, 2, generator=generator) * 200 + torch.randn(1, 32, 4, 2, generator=generator) * 15
    paths = place([Strokes.black(points, (224, 224))], Page())
    ordered = order_paths(paths)
    assert travel(ordered) < 0.6 * travel(paths)
    assert geometry(order_paths(ordered)) == geometry(ordered)
    mixed = [
        ordered[index].turned() if index % 3 else ordered[index] for index in np.random.default_rng(0).permutation(32)
    ]
    assert geometry(order_paths(mixed)) == geometry(ordered), "only where paths lie counts"


def test_an_order_that_is_shorter_already_stays() -> None:
    paths = [line((0, 0), (10, 0)), line((10, 0), (10, 10)), line((10, 10), (0, 10))]
    assert geometry(order_paths(paths)) == geometry(paths)
    assert order_paths([]) == []


def test_a_square_in_pieces_becomes_one_path() -> None:
    sides = [line((0, 0), (9, 0)), line((0, 9), (0, 0)), line((9, 9), (9, 0)), line((9, 9), (0, 9))]
    (joined,) = join_paths(sides, 0)
    assert joined.points.shape == (13, 2)
    assert joined.length == pytest.approx(36)
    assert joined.ends.tolist() == [[0, 0], [0, 0]], "it went all the way round"


def test_only_what_is_near_and_of_one_look_is_joined() -> None:
    first, near, wide, far = (
        line((0, 0), (9, 0)),
        line((9.2, 0), (15, 0)),
        line((9, 0), (9, 5), 0.8),
        line((20, 0), (30, 0)),
    )
    joined = join_paths([first, wide, near, far], 0.3)
    assert [path.ends.tolist() for path in joined] == [[[0, 0], [15, 0]], [[9, 0], [9, 5]], [[20, 0], [30, 0]]]
    assert joined[0].points.shape == (10, 2), "the gap is a segment of its own"
    assert len(join_paths([first, near], 0.1)) == 2
    assert geometry(join_paths(joined, 0.3)) == geometry(joined)


def test_layers_by_each_rule(sketch: Strokes) -> None:
    given = replace(sketch, num_given=5)
    paths = place([given], Page())

    def names(rule: str, **options: object) -> dict[str, int]:
        return {layer.name: len(layer.paths) for layer in into_layers(paths, rule, **options)}  # type: ignore[arg-type]

    assert names("none") == {"drawing": 32}
    assert names("level") == {"level 4": 4, "level 8": 4, "level 16": 8, "level 32": 16}
    assert names("level", levels=(10, 3)) == {"level 3": 3, "level 10": 7, "rest": 22}
    assert names("color") == {"black": 7, "red": 7, "blue": 6, "green": 6, "#336699": 6}
    assert names("given") == {"given": 5, "new": 27}
    assert names("group") == {"no group": 32}
    widths = [float(name.removesuffix(" mm")) for name in names("width")]
    assert widths == sorted(widths)
    assert len(widths) > 5


def test_ranks_stay_in_order_inside_a_layer(sketch: Strokes) -> None:
    for layer in lay_out([sketch], SheetConfig(layers="color")).layers:
        ranks = [path.rank for path in layer.paths]
        assert ranks == sorted(ranks)


def test_a_layer_is_split_between_paths(sketch: Strokes) -> None:
    (layer,) = into_layers(place([sketch], Page()), "none")
    parts = split_layers([layer], 300)
    assert [part.name for part in parts] == [f"drawing, part {number}" for number in range(1, len(parts) + 1)]
    assert len(parts) > 2
    assert all(part.length <= 300 or len(part.paths) == 1 for part in parts)
    assert all(one.length + other.paths[0].length > 300 for one, other in pairwise(parts))
    assert [path for part in parts for path in part.paths] == list(layer.paths)
    assert split_layers([layer], 1e6) == [layer]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"layers": "pen"}, "layers must be one of none, level, color, width, given, group"),
        ({"order": "short"}, "order must be one of drawn, pen"),
        ({"join": -1.0}, "join in mm must lie between 0"),
        ({"levels": (4,)}, "Choose layers by level"),
        ({"levels": (0,), "layers": "level"}, "levels must lie between"),
        ({"split_after": 0.0}, "split_after in mm must lie between"),
        ({"split_after": float("nan")}, "split_after in mm must lie between"),
    ],
)
def test_wrong_settings_are_one_sentence(options: dict[str, object], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        SheetConfig(**options)  # type: ignore[arg-type]
