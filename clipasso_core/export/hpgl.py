"""Sheets as HPGL, by vpype: it knows where old plotters have their origin, how they lay paper, and how far they reach.

A machine that vpype does not know is told to it in ~/.vpype.toml.
"""

from __future__ import annotations

import io
import re
from typing import Any

from ..errors import ConfigError, DependencyError, check_choice, first_line
from ..svg.numerals import PX_PER_UNIT
from .paths import flatten
from .sheet import Sheet

PLOTTER = "hp7475a"
"""The plotter that is written for where none is named."""

_BEGIN = "IN;"
MARK = b"IN;PU;PU;PU;"
"""How HPGL of ours begins. It has no comments, so that a pen that is up already is lifted three times: that does
nothing, and no other program writes it."""

TOLERANCE = 0.025
"""mm by which straight moves may leave a curve: a plotter's step."""

SAME_PAPER = 0.6
"""mm by which a page's sides may differ from those of a paper."""

_DRAWN = re.compile(r"PU(-?[0-9]+,-?[0-9]+);PD([-0-9,]+)")


def sheet_to_hpgl(sheet: Sheet, plotter: str = PLOTTER) -> tuple[str, tuple[str, ...]]:
    """Write a page as HPGL, a pen for each layer.

    Args:
        sheet: the page.
        plotter: one that vpype knows.

    Returns:
        The text, and what vpype has to say about plotter and paper.

    Raises:
        DependencyError: vpype is missing.
        ConfigError: no such plotter, one that vpype describes wrongly, a page that it does not take, or a line beyond
            what its pen reaches.
    """
    vpype = _vpype()
    machine = _machine(vpype, plotter)
    paper = _paper(machine, sheet)
    output = io.StringIO()
    upright = sheet.page.width <= sheet.page.height
    document = _document(vpype, sheet)
    vpype.write_hpgl(output, document, paper.name, not upright, False, plotter, None, absolute=True, quiet=True)
    _check_reach(output.getvalue(), len(sheet.paths), paper, plotter)
    pens = min(len(sheet.layers), machine.pen_count)
    shared = f"{plotter} holds {machine.pen_count} pens; later layers begin again with pen 1."
    notes = [
        *(" ".join(said.split()) for said in (machine.info, paper.info)),
        shared if pens < len(sheet.layers) else "",
    ]
    text = MARK.decode() + output.getvalue().removeprefix(_BEGIN)
    return text, tuple(note for note in notes if note)


def check_plotter(plotter: str) -> None:
    """Raise what ``sheet_to_hpgl`` would raise of this plotter, whatever the page."""
    _machine(_vpype(), plotter)


def _machine(vpype: Any, plotter: str) -> Any:
    check_choice("plotter", plotter, sorted(vpype.config_manager.get_plotter_list()))
    try:
        return vpype.config_manager.get_plotter_config(plotter)
    except ValueError as error:  # vpype 1.15 cannot read its own description of the designmate
        raise ConfigError(
            f"vpype cannot read how it describes {plotter}: {first_line(error)}. Choose another plotter, or describe "
            "this one in ~/.vpype.toml."
        ) from error


def _document(vpype: Any, sheet: Sheet) -> Any:
    px = PX_PER_UNIT["mm"]
    document = vpype.Document(page_size=(sheet.page.width * px, sheet.page.height * px))
    for number, layer in enumerate(sheet.layers, start=1):
        lines = [flatten(path.points, TOLERANCE) * px for path in layer.paths]
        document.add(vpype.LineCollection([line[:, 0] + 1j * line[:, 1] for line in lines]), number)
    return document


def _paper(machine: Any, sheet: Sheet) -> Any:
    """Return the paper of a plotter that has the page's size, lying or upright, or one of any size."""
    wanted = sorted(sheet.page.size)
    for paper in machine.paper_configs:
        sides = sorted(side / PX_PER_UNIT["mm"] for side in paper.paper_size or ())
        if all(abs(one - other) <= SAME_PAPER for one, other in zip(sides, wanted, strict=False)):
            return paper
    names = ", ".join(paper.name for paper in machine.paper_configs)
    raise ConfigError(f"{machine.name} takes no page of {sheet.page}; it takes {names}. Choose one of these.")


def _check_reach(text: str, count: int, paper: Any, plotter: str) -> None:
    """Raise ConfigError where vpype has cut lines at the end of what the pen reaches, which it does without a word."""
    drawn = [[int(number) for number in ",".join(match.groups()).split(",")] for match in _DRAWN.finditer(text)]
    limits = ((paper.x_range or (), 0), (paper.y_range or (), 1))
    cut = any(value in ends for ends, axis in limits for line in drawn for value in line[axis::2])
    if cut or len(drawn) != count:
        raise ConfigError(
            f"The pen of {plotter} does not reach all of the drawing on this page. Take a larger margin: most plotters "
            "hold the paper by 10 to 20 mm of its edges."
        )


def _vpype() -> Any:
    try:
        import vpype
    except ImportError as error:
        raise DependencyError("HPGL takes vpype: pip install vpype") from error
    return vpype
