"""The formats of sheets: which there are, what each cannot hold, and the one call that writes any of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ..errors import JsonError, check_choice, check_range
from ..files import encode_png, is_our_png
from ..pixels import MIN_SIDE
from ..strokes_json import strokes_from_json, strokes_to_json
from . import dxf, gcode, hpgl, pdf
from .dxf import check_ezdxf, lineweight, sheet_to_dxf
from .gcode import GcodeProfile, sheet_to_gcode
from .hpgl import PLOTTER, check_plotter, sheet_to_hpgl
from .page_pixels import sheet_to_pixels
from .page_svg import is_our_page, sheet_to_svg
from .pdf import sheet_to_pdf
from .sheet import Sheet

LARGEST_SIDE = 8192
"""px, of a PNG."""


@dataclass(frozen=True)
class FormatOptions:
    """Say what only some formats ask for.

    Args:
        side: px of a PNG's longer side.
        transparent: whether a PNG has no paper behind the ink.
        profile: the machine that G-code is for.
        plotter: the plotter that HPGL is for, as vpype names it.

    Raises:
        ConfigError: side is out of range.

    >>> FormatOptions().side
    2048
    """

    side: int = 2048
    transparent: bool = False
    profile: GcodeProfile = field(default_factory=GcodeProfile)
    plotter: str = PLOTTER

    def __post_init__(self) -> None:
        check_range("side", self.side, MIN_SIDE, LARGEST_SIDE)


class Exported(NamedTuple):
    """A sheet in a format.

    Args:
        data: the file's bytes.
        notes: sentences about what the format could not hold, and what else is to be known.
    """

    data: bytes
    notes: tuple[str, ...] = ()


class Format(NamedTuple):
    """How a format is written.

    Args:
        encode: returns the bytes.
        check: raises what would keep it from being written with these options, before any work.
        keeps: what it holds of "width", "colour", "opacity", "layers", of "groups" within these, and of styles; see
            ``_not_held``.
    """

    encode: Callable[[Sheet, FormatOptions], Exported]
    check: Callable[[FormatOptions], None]
    keeps: tuple[str, ...]


def encode_sheet(sheet: Sheet, ending: str, options: FormatOptions | None = None) -> Exported:
    """Write a sheet in the format of a file's ending.

    Args:
        sheet: the page.
        ending: with the dot, one of ``FORMATS``.
        options: what only some formats ask for; None for the defaults.

    Raises:
        ConfigError: no such format, or what the format's own writer refuses.
        DependencyError: a package is missing for it.

    >>> import torch
    >>> from clipasso_core.export import lay_out
    >>> from clipasso_core.strokes import Strokes
    >>> sheet = lay_out([Strokes.black(torch.rand(1, 3, 4, 2), (9, 9))])
    >>> encode_sheet(sheet, ".gcode").notes
    ('.gcode holds no width: the pen decides it.',)
    """
    options = options or FormatOptions()
    check_format(ending, options)
    chosen = FORMATS[ending]
    data, notes = chosen.encode(sheet, options)
    return Exported(data, (*_not_held(sheet, ending, chosen.keeps), *notes))


def check_format(ending: str, options: FormatOptions | None = None) -> None:
    """Raise now what ``encode_sheet`` would raise later, whatever the sheet; to be called before any work.

    Args:
        ending, options: as for ``encode_sheet``.

    >>> check_format(".eps")
    Traceback (most recent call last):
    clipasso_core.errors.ConfigError: The ending must be one of .svg, .pdf, .png, ..., got '.eps'.
    """
    check_choice("The ending", ending, tuple(FORMATS))
    FORMATS[ending].check(options or FormatOptions())


def is_our_export(data: bytes) -> bool:
    """Whether a file's bytes are those of an export of ours.

    >>> is_our_export(gcode.MARK + b"G21"), is_our_export(b"G21")
    (True, False)
    """
    if data.startswith((pdf.MARK, gcode.MARK, hpgl.MARK)) or data[:64].split()[:2] == [b"999", dxf.MARK]:
        return True
    return is_our_page(data) or is_our_png(data) or _is_our_json(data)


def _svg(sheet: Sheet, options: FormatOptions) -> Exported:
    paper = (".svg tells browsers and Inkscape the paper's colour; other programs show none.",)
    return Exported(sheet_to_svg(sheet).encode(), (*_one_look(sheet), *(paper if sheet.style.paper else ())))


def _pdf(sheet: Sheet, options: FormatOptions) -> Exported:
    return Exported(sheet_to_pdf(sheet), _one_look(sheet))


def _png(sheet: Sheet, options: FormatOptions) -> Exported:
    return Exported(encode_png(sheet_to_pixels(sheet, options.side, options.transparent)))


def _gcode(sheet: Sheet, options: FormatOptions) -> Exported:
    return Exported(sheet_to_gcode(sheet.in_dashes(), options.profile).encode())


def _hpgl(sheet: Sheet, options: FormatOptions) -> Exported:
    text, notes = sheet_to_hpgl(sheet.in_dashes(), options.plotter)
    return Exported(text.encode(), notes)


def _dxf(sheet: Sheet, options: FormatOptions) -> Exported:
    off = sum(round(path.width * 100) != lineweight(path.width) for path in sheet.paths)
    note = f".dxf knows some widths only: {_paths(off)} have the nearest one."
    return Exported(sheet_to_dxf(sheet.in_dashes()).encode(), (note,) if off else ())


def _json(sheet: Sheet, options: FormatOptions) -> Exported:
    return Exported(strokes_to_json(sheet.to_page_strokes()).encode())


def _is_our_json(data: bytes) -> bool:
    """Whether strokes_to_json would write these very bytes: other programs leave blanks, or order keys otherwise."""
    try:
        return data.startswith(b"{") and strokes_to_json(strokes_from_json(data)).encode() == data
    except JsonError:
        return False


def _nothing(options: FormatOptions) -> None:
    """What a format needs that needs nothing."""


def _ezdxf(options: FormatOptions) -> None:
    check_ezdxf()


def _plotter(options: FormatOptions) -> None:
    check_plotter(options.plotter)


_PICTURE = ("width", "colour", "opacity", "width profile", "dashes", "jitter", "paper")
_MACHINE = ("layers", "dashes", "jitter")

FORMATS: dict[str, Format] = {
    ".svg": Format(_svg, _nothing, (*_PICTURE, "layers", "groups", "texture")),
    ".pdf": Format(_pdf, _nothing, (*_PICTURE, "layers")),
    ".png": Format(_png, _nothing, _PICTURE),
    ".gcode": Format(_gcode, _nothing, _MACHINE),
    ".hpgl": Format(_hpgl, _plotter, _MACHINE),
    ".dxf": Format(_dxf, _ezdxf, ("width", "colour", "opacity", *_MACHINE)),
    ".json": Format(_json, _nothing, ("width", "colour", "opacity", "groups")),
}
"""Each ending, with its dot."""


def _not_held(sheet: Sheet, ending: str, keeps: Sequence[str]) -> list[str]:
    """Say what of this sheet a format cannot hold."""
    paths, style = sheet.paths, sheet.style
    faint, coloured = sum(path.color[3] < 1 for path in paths), len({path.color[:3] for path in paths}) > 1
    grouped = "layers" in keeps and any(len({path.group for path in layer.paths}) > 1 for layer in sheet.layers)
    lost = {
        "width": f"{ending} holds no width: the pen decides it.",
        "colour": f"{ending} holds no colour: export layers by colour, and change pens." if coloured else "",
        "opacity": f"{ending} holds no opacity: {_paths(faint)} are drawn opaque." if faint else "",
        "layers": f"{ending} holds no layers: all {len(sheet.layers)} are one." if len(sheet.layers) > 1 else "",
        "groups": f"{ending} holds groups only as layers: export layers by group to keep them." if grouped else "",
        "width profile": f"{ending} holds no change of width: lines are even." if style.width_profile != "even" else "",
        "texture": f"{ending} holds no texture: lines are solid." if style.texture != "none" else "",
        "dashes": f"{ending} holds no dashes: lines are whole." if style.dashes else "",
        "jitter": f"{ending} holds lines as they were meant: without jitter." if style.jitter else "",
        "paper": f"{ending} holds no colour of paper." if style.paper else "",
    }
    return [note for name, note in lost.items() if note and name not in keeps]


def _one_look(sheet: Sheet) -> tuple[str, ...]:
    """Say which layers lose looks by being one path."""
    mixed = sum(len({path.look for path in layer.paths}) > 1 for layer in sheet.layers)
    if not (sheet.one_path and mixed):
        return ()
    return (
        "One path has one colour and width: those of a layer's first stroke. Choose layers by colour to keep them.",
    )


def _paths(count: int) -> str:
    return f"{count} path" if count == 1 else f"{count} paths"
