"""Styles: how the lines of a page look, by name or part by part; all of it stays vector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from ..errors import ConfigError, check_choice, check_range
from ..svg.css import parse_colour
from .dashes import check_dashes
from .paths import PenPath
from .pen_colors import MOST_PENS, with_few_colors
from .width_profile import WIDTH_PROFILES, WidthProfile

Texture = Literal["none", "pencil", "chalk"]
TEXTURES: tuple[Texture, ...] = get_args(Texture)
"""What paper leaves of a line: all; what a pencil's grain leaves; what chalk's does. Filters of SVG make them."""

MOST_JITTER = 20.0
"""mm."""

Rgb = tuple[float, float, float]


@dataclass(frozen=True)
class LineStyle:
    """Say how the lines of a page look.

    Args:
        width_profile: how the width changes along each line.
        texture: what paper leaves of it.
        dashes: mm of dash and gap in turn; () for whole lines.
        jitter: mm by which an unsteady hand misses a line, at most.
        seed: of the hand's random numbers.
        pens: how many colours there are at most, the nearest for each line; None for as many as the drawing has.
        ink: a CSS colour for all lines; None for their own.
        paper: a CSS colour for the paper; None for none.

    Raises:
        ConfigError: a value out of range, dashes of lines whose width changes, or a colour that is not opaque.
        SvgError: no colour that can be read.

    >>> LineStyle.named("brush", pens=2).width_profile
    'brush'
    >>> LineStyle(width_profile="pen", dashes=(4, 2))
    Traceback (most recent call last):
    clipasso_core.errors.ConfigError: dashes are of one width, and width_profile is 'pen'. Leave one of them out.
    """

    width_profile: WidthProfile = "even"
    texture: Texture = "none"
    dashes: tuple[float, ...] = ()
    jitter: float = 0.0
    seed: int = 0
    pens: int | None = None
    ink: str | None = None
    paper: str | None = None

    def __post_init__(self) -> None:
        check_choice("width_profile", self.width_profile, WIDTH_PROFILES)
        check_choice("texture", self.texture, TEXTURES)
        check_dashes(self.dashes)
        if self.dashes and self.width_profile != "even":
            raise ConfigError(
                f"dashes are of one width, and width_profile is {self.width_profile!r}. Leave one of them out."
            )
        check_range("jitter in mm", self.jitter, 0, MOST_JITTER)
        if self.pens is not None:
            check_range("pens", self.pens, 1, MOST_PENS)
        _ = self.ink_rgb, self.paper_rgb

    @classmethod
    def named(cls, name: str, **changes: Any) -> LineStyle:
        """Return the style of a name of ``STYLES``, with some of its parts changed.

        Raises:
            ConfigError, SvgError: no such name, or as the class.
        """
        check_choice("style", name, tuple(STYLES))
        return replace(STYLES[name], **changes)

    @property
    def ink_rgb(self) -> Rgb | None:
        """The ink's red, green and blue in 0-1, or None."""
        return _opaque("ink", self.ink)

    @property
    def paper_rgb(self) -> Rgb | None:
        """The paper's red, green and blue in 0-1, or None."""
        return _opaque("paper", self.paper)

    def inked(self, paths: Sequence[PenPath]) -> list[PenPath]:
        """Return paths in the style's colours; what else there is of it changes no path.

        >>> import numpy as np
        >>> LineStyle(ink="red").inked([PenPath(np.zeros((4, 2)), 0.5)])[0].color
        (1.0, 0.0, 0.0, 1.0)
        """
        if (ink := self.ink_rgb) is not None:
            return [replace(path, color=(*ink, path.color[3])) for path in paths]
        return list(paths) if self.pens is None else with_few_colors(paths, self.pens)


def _opaque(name: str, text: str | None) -> Rgb | None:
    if text is None:
        return None
    rgba = parse_colour(text, where=name)
    if rgba is None or rgba[3] < 1:
        raise ConfigError(f"{name} must be an opaque colour such as 'white' or '#fafafa', got {text!r}.")
    return rgba[:3]


STYLES: dict[str, LineStyle] = {
    "plain": LineStyle(),
    "pen": LineStyle(width_profile="pen"),
    "brush": LineStyle(width_profile="brush"),
    "pencil": LineStyle(width_profile="pen", texture="pencil", jitter=0.3),
    "chalk": LineStyle(texture="chalk", ink="#f4f1e8", paper="#2f3e38"),
    "dashed": LineStyle(dashes=(6.0, 5.0)),
    "unsteady": LineStyle(width_profile="pen", jitter=1.0),
}
"""The presets."""
