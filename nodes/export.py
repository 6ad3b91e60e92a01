"""CLIPassoExport: sketches on pages in mm, for plotters, cutters, lasers and printers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import torch

from ..clipasso_core.export import (
    FORMATS,
    Exported,
    FormatOptions,
    GcodeProfile,
    Grid,
    Page,
    Sheet,
    SheetConfig,
    check_format,
    encode_sheet,
    lay_out,
)
from ..clipasso_core.export.hpgl import PLOTTER
from ..clipasso_core.export.layers import LAYER_RULES, LayerRule
from ..clipasso_core.export.page import ALIGNS, Align
from ..clipasso_core.export.page_svg import sheet_to_svg
from ..clipasso_core.export.pen import PATH_ORDERS, PathOrder
from ..clipasso_core.export.styles import STYLES, LineStyle
from ..clipasso_core.files import read_bytes
from ..clipasso_core.levels import parse_levels
from ..clipasso_core.strokes import Strokes
from . import host
from .api import io
from .checks import before_run
from .page_hints import page_hints
from .types import CATEGORY, StrokesType

AS_THE_STYLE = -1.0
"""The widget's value for jitter that nobody asks for."""

NO_PROFILE = "none"
"""The widget's value for G-code whose machine nobody describes."""


class Export(io.ComfyNode):
    """Lay sketches on pages and write them as the next tool takes them."""

    @classmethod
    @page_hints(
        ["plotter", "gcode", "g-code", "hpgl", "dxf", "pdf", "axidraw", "laser", "cutter", "print"],
        [
            "title",
            "align",
            "grid",
            "levels",
            "join",
            "one_path",
            "split_after",
            "plotter",
            "ink",
            "jitter",
            "jitter_seed",
        ],
    )
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="CLIPassoExport",
            display_name="CLIPasso Export",
            category=CATEGORY,
            is_output_node=True,
            hidden=[io.Hidden.prompt, io.Hidden.extra_pnginfo],
            description="Lays sketches on a page in mm, in layers and in the order of a pen, and saves them for "
            "plotters, cutters, lasers and printers: SVG, PDF, PNG, G-code, HPGL, DXF or strokes in JSON.",
            inputs=[
                StrokesType.Input("strokes", tooltip="The sketches to lay on pages."),
                io.Combo.Input(
                    "format",
                    options=[ending.removeprefix(".") for ending in FORMATS],
                    default="svg",
                    tooltip="svg: Inkscape, AxiDraw, vpype. pdf: print. png: pixels. gcode: machines that speak it. "
                    "hpgl: old plotters (needs vpype). dxf: lasers and CAD (needs ezdxf). json: strokes for programs.",
                ),
                io.String.Input(
                    "filename_prefix",
                    default="clipasso/page",
                    tooltip="Folder and start of the file names inside the output folder.",
                ),
                io.String.Input("title", default="CLIPasso sketch", tooltip="Written into the file as its title."),
                io.String.Input(
                    "page",
                    default="a4",
                    tooltip="The paper: a6, a5, a4, a3, letter, legal or tabloid, or a size such as 210x297mm or "
                    "8.5x11in.",
                ),
                io.Boolean.Input("landscape", default=False, tooltip="Lays the page on its side."),
                io.Float.Input(
                    "margin",
                    default=10.0,
                    min=0.0,
                    max=500.0,
                    step=0.5,
                    tooltip="mm that stay free of ink on every side, and between the cells of a grid. Plotters hold "
                    "the paper by 10 to 20 mm of its edges.",
                ),
                io.Combo.Input(
                    "align",
                    options=list(ALIGNS),
                    default="center",
                    tooltip="Where the drawing lies where the page has more room than it needs.",
                ),
                io.String.Input(
                    "grid",
                    default="",
                    tooltip="Columns x rows of a contact sheet, such as 2x3, filled row by row with all sketches. "
                    "Empty: every sketch gets a page and a file of its own.",
                ),
                io.Float.Input(
                    "pen_width",
                    default=0.0,
                    min=0.0,
                    max=100.0,
                    step=0.05,
                    tooltip="mm that the real pen draws, so that the file looks like the paper. 0 keeps the widths as "
                    "drawn, scaled with the drawing.",
                ),
                io.Combo.Input(
                    "layers",
                    options=list(LAYER_RULES),
                    default="none",
                    tooltip="What each numbered layer holds. none: one layer. level: what each level of abstraction "
                    "adds. color, width: one for each pen. given: strokes that a person gave, and new ones. "
                    "group: one for each object of a scene.",
                ),
                io.String.Input(
                    "levels",
                    default="",
                    tooltip="With layers level: numbers of strokes, such as 4, 8, 16. Empty: those of 4, 8, 16, 32 "
                    "that the sketch has.",
                ),
                io.Combo.Input(
                    "order",
                    options=list(PATH_ORDERS),
                    default="drawn",
                    tooltip="Of the lines in each layer. drawn: as the sketch is drawn. pen: short ways between them, "
                    "some drawn backwards; where lines of several colours cross, another one may lie on top.",
                ),
                io.Float.Input(
                    "join",
                    default=0.0,
                    min=0.0,
                    max=100.0,
                    step=0.05,
                    tooltip="mm: lines of one look whose ends are so near become one, and the pen stays down. 0 joins "
                    "none.",
                ),
                io.Boolean.Input(
                    "one_path",
                    default=False,
                    tooltip="Makes each layer a single path of many pieces, which programs of cutters move as one "
                    "thing. SVG and PDF.",
                ),
                io.Float.Input(
                    "split_after",
                    default=0.0,
                    min=0.0,
                    max=10_000.0,
                    step=0.5,
                    tooltip="m of line after which another layer begins, so that a pen can be changed before it is "
                    "empty. 0: never.",
                ),
                io.Int.Input(
                    "side",
                    default=2048,
                    min=16,
                    max=8192,
                    tooltip="png: px of the page's longer side.",
                ),
                io.Boolean.Input("transparent", default=False, tooltip="png: no paper behind the ink."),
                io.Combo.Input(
                    "profile",
                    options=[NO_PROFILE, *host.input_files(".toml")],
                    default=NO_PROFILE,
                    tooltip="gcode: what the machine understands (bed, pen up and down, feed), a .toml file in "
                    "ComfyUI's input folder (refresh with R). The help shows one.",
                ),
                io.String.Input(
                    "plotter",
                    default=PLOTTER,
                    tooltip="hpgl: a plotter that vpype knows, such as hp7475a, hp7550, dxy or sketchmate.",
                ),
                io.Combo.Input(
                    "style",
                    options=list(STYLES),
                    default="plain",
                    optional=True,
                    tooltip="How lines look. pen, brush: tapered, as filled shapes. pencil, chalk: with the grain of "
                    "paper (SVG). dashed. unsteady: by a shaking hand. For real pens: plain.",
                ),
                io.Int.Input(
                    "pens",
                    default=0,
                    min=0,
                    max=64,
                    optional=True,
                    tooltip="Colours at most: each line gets the likest of so many pens, and layers by color are one "
                    "for each. 0 keeps all colours.",
                ),
                io.String.Input(
                    "ink",
                    default="",
                    optional=True,
                    tooltip="A CSS colour for all lines, such as #223355. Empty: their own, or the style's.",
                ),
                io.String.Input(
                    "paper",
                    default="",
                    optional=True,
                    tooltip="A CSS colour for the paper, which no plotter draws. Empty: none, or the style's.",
                ),
                io.Float.Input(
                    "jitter",
                    default=AS_THE_STYLE,
                    min=AS_THE_STYLE,
                    max=20.0,
                    step=0.1,
                    optional=True,
                    tooltip="mm by which an unsteady hand misses a line, at most. -1: as the style says.",
                ),
                io.Int.Input(
                    "jitter_seed",
                    default=0,
                    min=0,
                    max=0xFFFFFFFF,
                    optional=True,
                    tooltip="Seed of the unsteady hand: the same one gives the same lines.",
                ),
            ],
            outputs=[
                io.SVG.Output("svg", display_name="SVG", tooltip="The pages as SVG, for core nodes that take SVG."),
                io.String.Output(
                    "notes",
                    display_name="notes",
                    tooltip="A line for each page: its file, lines, layers and pen travel; and what the format could "
                    "not hold.",
                ),
            ],
        )

    @classmethod
    def execute(
        cls,
        strokes: Strokes,
        format: str,
        filename_prefix: str,
        title: str,
        page: str,
        landscape: bool,
        margin: float,
        align: Align,
        grid: str,
        pen_width: float,
        layers: LayerRule,
        levels: str,
        order: PathOrder,
        join: float,
        one_path: bool,
        split_after: float,
        side: int,
        transparent: bool,
        profile: str,
        plotter: str,
        style: str = "plain",
        pens: int = 0,
        ink: str = "",
        paper: str = "",
        jitter: float = AS_THE_STYLE,
        jitter_seed: int = 0,
    ) -> io.NodeOutput:
        config = SheetConfig(
            Page.named(page, landscape, margin, align),
            pen_width or None,
            layers,
            _levels(levels),
            order,
            join or None,
            one_path,
            _mm(split_after),
            _grid(grid),
            _style(style, pens, ink, paper, jitter, jitter_seed),
        )
        options = FormatOptions(side, transparent, _profile(profile), plotter)
        facts = {**host.host_metadata(cls.hidden), "clipasso": dict(strokes.provenance)}
        with host.gradients(), torch.no_grad():
            sheets = [lay_out([one], config, title=title, metadata=facts) for one in _batches(strokes, config)]
            exported = [encode_sheet(sheet, f".{format}", options) for sheet in sheets]
        saved = host.save_files([one.data for one in exported], filename_prefix, f".{format}")
        pages = [sheet_to_svg(replace(sheet, metadata=None)) for sheet in sheets]
        shown = saved if format in ("svg", "png") else host.preview_svgs([one.encode() for one in pages])
        notes = _notes(sheets, exported, [one["filename"] for one in saved])
        return io.NodeOutput(host.to_svg_type(pages), notes, ui={"images": shown})

    @classmethod
    def fingerprint_inputs(cls, profile: str | None = NO_PROFILE, **_others: object) -> str:
        """Run again when the profile has changed; None comes by a link, whose other end says whether it has."""
        if profile is None or profile == NO_PROFILE:
            return "no file"
        return hashlib.sha256(read_bytes(host.input_file(profile))).hexdigest()

    @classmethod
    def validate_inputs(
        cls,
        format: str | None = None,
        page: str | None = None,
        margin: float | None = None,
        grid: str | None = None,
        levels: str | None = None,
        ink: str | None = None,
        paper: str | None = None,
        profile: str | None = None,
        plotter: str | None = None,
    ) -> bool | str:
        """Say before the run what of a text, the profile or the plotter is wrong, or that a package is missing."""
        options = FormatOptions(plotter=plotter or PLOTTER)
        return before_run(
            (lambda color: _style(ink=color), ink),
            (lambda color: _style(paper=color), paper),
            (lambda name: check_format(f".{name}", options), format),
            (lambda name: Page.named(name, margin=margin or 0), page),
            (_profile, profile),
            (_grid, grid),
            (_levels, levels),
        )


def _style(
    name: str = "plain", pens: int = 0, ink: str = "", paper: str = "", jitter: float = AS_THE_STYLE, seed: int = 0
) -> LineStyle:
    parts = {"pens": pens or None, "ink": ink.strip(), "paper": paper.strip(), "jitter": jitter}
    return LineStyle.named(name, seed=seed, **{part: value for part, value in parts.items() if value not in ("", -1.0)})


def _levels(text: str) -> tuple[int, ...]:
    return parse_levels(text) if text.strip() else ()


def _grid(text: str) -> Grid | None:
    return Grid.named(text) if text.strip() else None


def _mm(metres: float) -> float | None:
    return metres * 1000 or None


def _profile(name: str) -> GcodeProfile:
    return GcodeProfile() if name == NO_PROFILE else GcodeProfile.read(host.input_file(name))


def _batches(strokes: Strokes, config: SheetConfig) -> list[Strokes]:
    """Return what lies on each page: all sketches in the cells of one, or each on its own."""
    return [strokes] if config.grid else [strokes.select([index]) for index in range(strokes.batch_size)]


def _notes(sheets: Sequence[Sheet], exported: Sequence[Exported], names: Sequence[str]) -> str:
    """Return a line for each page, and then each note once."""
    told = [f"{name}: {sheet.summary()}" for name, sheet in zip(names, sheets, strict=True)]
    return "\n".join([*told, *dict.fromkeys(note for one in exported for note in one.notes)])
