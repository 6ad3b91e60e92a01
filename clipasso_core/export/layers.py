"""Layers: which paths belong to one pen, one colour, one level or one group of a sketch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, get_args

from PIL import ImageColor

from ..levels import LEVELS, check_levels
from ..svg.write import hex_colour
from .paths import PenPath

LayerRule = Literal["none", "level", "color", "width", "given", "group"]
LAYER_RULES: tuple[LayerRule, ...] = get_args(LayerRule)
"""One layer; one for what each level of abstraction adds; one for each colour; one for each width, to a tenth of a mm;
one for the strokes that a person gave, and one for the others; one for each group, and one for strokes of none."""

LONGEST_SPLIT = 1e7
"""mm of line in one layer, at most."""


@dataclass(frozen=True, eq=False)
class Layer:
    """Hold the paths of one layer, in drawing order.

    Args:
        name: what its paths have in common; files put the layer's number before it.
        paths: at least one.
    """

    name: str
    paths: tuple[PenPath, ...]

    @property
    def length(self) -> float:
        """Length of its lines in mm."""
        return sum(path.length for path in self.paths)

    def in_one_look(self) -> Layer:
        """Return the layer with the first path's colour and width for all, as one path of many pieces has them."""
        first = self.paths[0]
        return replace(self, paths=tuple(replace(path, width=first.width, color=first.color) for path in self.paths))


def into_layers(paths: Sequence[PenPath], rule: LayerRule, levels: Sequence[int] = ()) -> list[Layer]:
    """Sort paths into layers.

    Args:
        paths: in drawing order.
        rule: colours and groups come in the order in which they are first drawn, widths and levels rise, given strokes
            come first.
        levels: of ``level``, rising numbers of strokes; () for those of 4, 8, 16, 32 that the sketch has. What is drawn
            after the last level is the layer "rest".

    Raises:
        ConfigError: levels that ``check_levels`` refuses.

    >>> import numpy as np
    >>> point = np.zeros((4, 2))
    >>> red, black = PenPath(point, 0.5, (1.0, 0.0, 0.0, 1.0)), PenPath(point, 0.5)
    >>> [(layer.name, len(layer.paths)) for layer in into_layers([black, red, black], "color")]
    [('black', 2), ('red', 1)]
    """
    key = _keys(rule, sorted(check_levels(levels)) if levels else list(LEVELS))
    found: dict[tuple[float, str], list[PenPath]] = {}
    for path in paths:
        found.setdefault(key(path), []).append(path)
    kept = found if rule in ("color", "group") else dict(sorted(found.items()))
    return [Layer(name, tuple(members)) for (_, name), members in kept.items()]


def split_layers(layers: Sequence[Layer], most: float) -> list[Layer]:
    """Split layers whose lines are longer than a pen lasts, between two paths.

    Args:
        layers: whose parts are then named "black, part 1", "black, part 2", ...
        most: mm of line in one layer; a path that is longer alone has a layer alone.

    >>> import numpy as np
    >>> line = PenPath(np.array([[0.0, 0], [1, 0], [2, 0], [3, 0]]), 0.5)
    >>> [(layer.name, len(layer.paths)) for layer in split_layers([Layer("black", (line, line, line))], 6.0)]
    [('black, part 1', 2), ('black, part 2', 1)]
    """
    return [part for layer in layers for part in _parts(layer, most)]


def _keys(rule: LayerRule, levels: Sequence[int]) -> Callable[[PenPath], tuple[float, str]]:
    """Return what says to which layer a path belongs: a number that sorts layers, and the layer's name."""

    def level(path: PenPath) -> tuple[float, str]:
        fitting = (one for one in levels if path.rank < one)
        one = next(fitting, None)
        return (float("inf"), "rest") if one is None else (one, f"level {one}")

    def width(path: PenPath) -> tuple[float, str]:
        tenths = max(round(path.width * 10), 1)
        return tenths, f"{tenths / 10:g} mm"

    rules: dict[str, Callable[[PenPath], tuple[float, str]]] = {
        "none": lambda _: (0, "drawing"),
        "level": level,
        "color": lambda path: (0, _color_name(hex_colour(path.color))),
        "width": width,
        "given": lambda path: (0, "given") if path.is_given else (1, "new"),
        "group": lambda path: (0, path.group) if path.group else (1, "no group"),
    }
    return rules[rule]


def _parts(layer: Layer, most: float) -> list[Layer]:
    parts: list[list[PenPath]] = [[]]
    drawn = 0.0
    for path in layer.paths:
        length = path.length
        if parts[-1] and drawn + length > most:
            parts.append([])
            drawn = 0.0
        parts[-1].append(path)
        drawn += length
    if len(parts) == 1:
        return [layer]
    return [Layer(f"{layer.name}, part {number}", tuple(paths)) for number, paths in enumerate(parts, start=1)]


def _color_name(text: str) -> str:
    return _css_names().get(text, text)


@lru_cache(maxsize=1)
def _css_names() -> dict[str, str]:
    """Return the name of each colour that CSS names, by #rrggbb; the last in the alphabet of several (gray, grey)."""
    return {"#{:02x}{:02x}{:02x}".format(*ImageColor.getrgb(name)): name for name in sorted(ImageColor.colormap)}
