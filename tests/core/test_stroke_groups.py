"""Groups of strokes go along with them, whatever makes strokes of strokes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from clipasso_core.animation import Timeline
from clipasso_core.framing import Frame, to_photos
from clipasso_core.given import part_given, place_given
from clipasso_core.levels import ladder
from clipasso_core.order import pen_order
from clipasso_core.simplify import SimplifyConfig, simplify
from clipasso_core.strokes import Strokes
from clipasso_core.style import StrokeStyle, restyle, with_style
from clipasso_core.transform import TransformConfig, transform

NAMES = ("sky", "tree")


@pytest.fixture
def scene() -> Strokes:
    """Six strokes on 32 px, of the sky, a tree and neither; each stroke's opacity says which group it is of."""
    points = torch.rand(1, 6, 7, 2, generator=torch.Generator().manual_seed(5)) * 30
    group = torch.tensor([[0, 1, 1, -1, 0, 1]])
    strokes = Strokes.black(points, (32, 32)).with_groups(group, NAMES)
    color = strokes.color.clone()
    color[..., 3] = 0.5 + group * 0.25
    return replace(strokes, color=color)


def by_opacity(strokes: Strokes, index: int = 0) -> list[str | None]:
    """Return the groups that the strokes' opacities say."""
    named = {0.25: None, 0.5: "sky", 0.75: "tree"}
    return [named[opacity] for opacity in strokes.color[index, :, 3].tolist()]


WAYS: dict[str, Callable[[Strokes], Strokes]] = {
    "style": lambda scene: with_style(scene, StrokeStyle(width=5, color="red")),
    "photo colours": lambda scene: restyle(scene, StrokeStyle(), photos=torch.rand(1, 3, 32, 32)),
    "transform": lambda scene: transform(scene, TransformConfig("left-right", 30, 0.5, (1, 2))),
    "fit": lambda scene: transform(scene, TransformConfig(canvas_size=(64, 48), fitted="drawing")),
    "ladder": lambda scene: ladder(scene, (2, 6)),
    "simplify": lambda scene: simplify(scene, SimplifyConfig(5, 0.1, 2, 1, 2)).strokes,
    "pen order": pen_order,
    "animation": lambda scene: Timeline.of(scene).at(0.5),
    "onto the photo": lambda scene: to_photos(scene, [Frame((480, 640), (80, 0, 560, 480))]),
    "given": lambda scene: place_given(scene, None, (32, 32)),
    "parted": lambda scene: part_given(replace(scene, num_given=2))[1],
}


@pytest.mark.parametrize("name", WAYS)
def test_each_stroke_keeps_its_group(scene: Strokes, name: str) -> None:
    made = WAYS[name](scene)
    assert made.group_names == NAMES
    for index in range(made.batch_size):
        assert made.names_of(index) == by_opacity(made, index)


def test_the_order_is_another_one(scene: Strokes) -> None:
    """Or the test before would show little."""
    assert by_opacity(WAYS["pen order"](scene)) != by_opacity(scene)
