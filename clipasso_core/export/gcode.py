"""Sheets as G-code, and what is to be known of a machine for it.

Written here and not by vpype-gcode: that knows no bed, and its last release is of 2022.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ConfigError, DependencyError, check_range
from ..files import read_bytes
from ..svg.numerals import format_number
from .layers import Layer
from .paths import DECIMALS, Points, flatten
from .sheet import Sheet

MARK = b"; clipasso\n"
"""How G-code of ours begins."""

Size = tuple[float, float]


@dataclass(frozen=True)
class GcodeProfile:
    """Say what a machine understands. All lengths are in mm, all feeds in mm a minute.

    Args:
        bed: how far the pen reaches, x and y; None where nobody knows: then the page is the bed.
        offset: where on the bed the page's lower left corner lies, x and y.
        y_up: whether y grows away from the one who stands before the page, as on most machines; else it grows downwards
            from the page's upper left corner.
        feed: of the pen on paper.
        travel_feed: of the lifted pen.
        pen_up: lines that lift the pen.
        pen_down: lines that lower it.
        start: lines at the beginning.
        end: lines at the end, after the pen is lifted.
        pause: lines before every layer but the first one, for another pen.
        tolerance: by which straight moves may leave the curve.

    Raises:
        ConfigError: a value is out of range.

    >>> GcodeProfile(bed=(300, 200)).pen_up
    ('G0 Z5',)
    """

    bed: Size | None = None
    offset: Size = (0.0, 0.0)
    y_up: bool = True
    feed: float = 2000.0
    travel_feed: float = 6000.0
    pen_up: tuple[str, ...] = ("G0 Z5",)
    pen_down: tuple[str, ...] = ("G1 Z0 F1000",)
    start: tuple[str, ...] = ("G21", "G90")
    end: tuple[str, ...] = ("G0 X0 Y0", "M2")
    pause: tuple[str, ...] = ("M0",)
    tolerance: float = 0.05

    def __post_init__(self) -> None:
        for number in self.bed or ():
            check_range("bed in mm", number, 1, 100_000)
        for number in self.offset:
            check_range("offset in mm", number, -100_000, 100_000)
        check_range("feed in mm a minute", self.feed, 1, 1_000_000)
        check_range("travel_feed in mm a minute", self.travel_feed, 1, 1_000_000)
        check_range("tolerance in mm", self.tolerance, 0.001, 10)

    @classmethod
    def read(cls, path: str | Path) -> GcodeProfile:
        """Read a profile from a TOML file whose keys are the fields; those that it leaves out keep their defaults.

        Raises:
            ConfigError: no TOML, a key that is no field, or a value that does not fit.
            DependencyError: this Python (3.10) reads no TOML by itself.
            ImageFileError: the file cannot be read.

        >>> Path("plotter.toml").write_text('bed = [300, 200]\\npen_up = "M3 S0"\\n') > 0
        True
        >>> GcodeProfile.read("plotter.toml").pen_up
        ('M3 S0',)
        """
        values = _toml(path)
        known = {field.name: field.default for field in fields(cls)}
        for name in values:
            if name not in known:
                raise ConfigError(f"{str(path)!r} holds the key {name!r}. A profile has {', '.join(known)}.")
        return cls(**{name: _value(name, value, known[name]) for name, value in values.items()})


def sheet_to_gcode(sheet: Sheet, profile: GcodeProfile | None = None) -> str:
    """Write a page as G-code: straight moves that leave the curves by at most the profile's tolerance.

    Args:
        sheet: the page; layers follow each other, with the profile's pause between them.
        profile: the machine; None for one whose bed is the page.

    Raises:
        ConfigError: a line would leave the bed.

    >>> import torch
    >>> from clipasso_core.strokes import Strokes
    >>> from clipasso_core.export import SheetConfig, lay_out
    >>> line = Strokes.black(torch.tensor([[[[0.0, 4], [3, 4], [6, 4], [9, 4]]]]), (9, 9))
    >>> print(*sheet_to_gcode(lay_out([line], SheetConfig(pen_width=0.5))).splitlines()[5:9], sep="\\n")
    ; layer 1 drawing
    G0 X10.25 Y148.5 F6000
    G1 Z0 F1000
    G1 X199.75 Y148.5 F2000
    """
    profile = profile or GcodeProfile()
    bed = profile.bed or sheet.page.size
    lines = [f"; {_comment(sheet.title)}, {sheet.page}", *profile.start, *profile.pen_up]
    for number, layer in enumerate(sheet.layers, start=1):
        lines += profile.pause if number > 1 else ()
        lines += [f"; layer {number} {_comment(layer.name)}", *_moves(layer, sheet, profile, bed)]
    return MARK.decode() + "\n".join([*lines, *profile.end]) + "\n"


def _moves(layer: Layer, sheet: Sheet, profile: GcodeProfile, bed: Size) -> list[str]:
    lines: list[str] = []
    feed, travel_feed = (format_number(one, DECIMALS) for one in (profile.feed, profile.travel_feed))
    for path in layer.paths:
        points = _on_bed(flatten(path.points, profile.tolerance), sheet, profile)
        _check_on_bed(points, bed, profile)
        places = [f"X{x} Y{y}" for x, y in ([format_number(v, DECIMALS) for v in point] for point in points.tolist())]
        lines += [f"G0 {places[0]} F{travel_feed}", *profile.pen_down]
        lines += [f"G1 {place} F{feed}" for place in places[1:]]
        lines += profile.pen_up
    return lines


def _on_bed(points: Points, sheet: Sheet, profile: GcodeProfile) -> Points:
    """Return where on the bed points [M, 2] of the page lie."""
    x, y = points.T
    away = sheet.page.height - y if profile.y_up else y
    placed: Points = np.stack([x, away], axis=1) + np.array(profile.offset)
    return placed


def _check_on_bed(points: Points, bed: Size, profile: GcodeProfile) -> None:
    low, high = points.min(axis=0), points.max(axis=0)
    if (low < 0).any() or (high > np.array(bed)).any():
        raise ConfigError(
            f"The drawing would leave the bed of {bed[0]:g} x {bed[1]:g} mm: it reaches from "
            f"({low[0]:.1f}, {low[1]:.1f}) to ({high[0]:.1f}, {high[1]:.1f}) mm. Take a smaller page, a larger margin, "
            f"or another offset in the profile (now {profile.offset[0]:g}, {profile.offset[1]:g})."
        )


def _comment(text: str) -> str:
    """Return a text as a comment can hold it: one line of ASCII without the signs that end one, or that machines obey
    wherever they stand (GRBL's hold, resume and status; the end of a tape)."""
    return "".join(sign if sign.isprintable() and sign.isascii() and sign not in "()!~?%" else " " for sign in text)


def _toml(path: str | Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = _toml_reader().loads(read_bytes(path).decode("utf-8"))
    except ValueError as error:  # the reader's own error, and text that is not UTF-8
        raise ConfigError(f"{str(path)!r} is no TOML: {error}. Correct it.") from error
    return found


def _toml_reader() -> Any:
    """Return the module that reads TOML: Python's own since 3.11, tomli before."""
    for name in ("tomllib", "tomli"):
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    raise DependencyError("A profile is TOML, which takes a package with this Python: pip install tomli")


def _value(name: str, value: Any, default: Any) -> Any:
    """Return a value of a profile in the type of its field, or say what it should be."""
    if name in ("bed", "offset"):
        if isinstance(value, Sequence) and len(value) == 2 and all(_is_number(one) for one in value):
            return float(value[0]), float(value[1])
        raise ConfigError(f"{name} must be two numbers in mm, such as [300, 200], got {value!r}.")
    if isinstance(default, tuple):
        lines = value.splitlines() if isinstance(value, str) else value
        if isinstance(lines, list) and all(isinstance(one, str) and "\n" not in one for one in lines):
            return tuple(lines)
        raise ConfigError(f"{name} must be a line of G-code or a list of lines, got {value!r}.")
    if isinstance(default, bool):
        if isinstance(value, bool):
            return value
        raise ConfigError(f"{name} must be true or false, got {value!r}.")
    if _is_number(value):
        return float(value)
    raise ConfigError(f"{name} must be a number, got {value!r}.")


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
