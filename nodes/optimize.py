"""CLIPassoOptimize: move the strokes until they look like the photo."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from ..clipasso_core.animation import History
from ..clipasso_core.framing import Frame
from ..clipasso_core.optimize import (
    COLORS,
    PRECISIONS,
    PRESETS,
    WIDTHS,
    Colors,
    OptimizeConfig,
    Precision,
    Preset,
    SketchRun,
    Widths,
    preset_config,
)
from ..clipasso_core.order import ORDERS, StrokeOrder
from ..clipasso_core.rasterizer import rasterize
from ..clipasso_core.scenes import Regions, places_of
from ..clipasso_core.stroke_count import FEWEST, PLOT_SIZE, plot_losses
from ..clipasso_core.strokes import MAX_STROKES, Strokes
from . import host
from .api import io
from .convert import details_to_core, image_to_host, photos_and_masks
from .page_hints import ESSENTIAL, page_hints
from .sketch_encoder import SketchEncoder, embedded
from .types import CATEGORY, SketchEncoderType, SketchFrameType, SketchRegionsType, StrokesType
from .viewer_data import sketch_ui

AS_PRESET = -1.0
"""The widget's value that leaves a share (0-1) to the preset."""

ALL_STAY = -1.0
"""The widget's value that keeps all strokes."""


class Optimize(io.ComfyNode):
    """Run the optimiser."""

    @classmethod
    @page_hints(
        ["photo to sketch", "image to svg", "vectorize", "trace", "line drawing"],
        ["precision", "opacity_weight", "num_stages", "fewest_strokes", "min_width", "max_width", "given_freedom"],
        essentials_category=ESSENTIAL,
    )
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="CLIPassoOptimize",
            display_name="CLIPasso Optimize",
            category=CATEGORY,
            description="Moves the strokes until drawing and photo look alike to the encoder, and keeps the best "
            "sketch of each photo. Shows a live preview; interrupting saves the best so far.",
            inputs=[
                io.Image.Input("image", tooltip="The object on white, from CLIPasso Mask."),
                StrokesType.Input("strokes", tooltip="The first strokes, from CLIPasso Stroke Init or Load SVG."),
                SketchEncoderType.Input(
                    "encoder", optional=True, tooltip="The network that compares; the embedded one if left open."
                ),
                io.Combo.Input(
                    "preset",
                    options=list(PRESETS),
                    default="standard",
                    tooltip="draft: a first look, 80 iterations. standard: a finished sketch, 300 iterations. best: "
                    "500, every sketch to the end: several times slower, and better. paper: as published, 2001 "
                    "iterations, very slow; the help says what other nodes need for it. The report lists every "
                    "setting.",
                ),
                io.Int.Input(
                    "num_iterations",
                    default=0,
                    min=0,
                    max=100_000,
                    tooltip="Most iterations; 0 takes the preset's number.",
                ),
                io.Int.Input(
                    "seed",
                    default=0,
                    min=0,
                    max=2**53,
                    control_after_generate=False,
                    tooltip="Seed of the random views that drawing and photo are compared in. For another variant "
                    "change the seed of CLIPasso Stroke Init.",
                ),
                io.Combo.Input(
                    "precision",
                    optional=True,
                    options=list(PRECISIONS),
                    default=PRECISIONS[0],
                    tooltip="In which numbers the encoder computes. bfloat16 may be faster on a GPU; it is less exact, "
                    "and slower on a CPU.",
                ),
                io.Float.Input(
                    "opacity_weight",
                    optional=True,
                    default=0.0,
                    min=0.0,
                    max=100.0,
                    step=0.01,
                    tooltip="Above 0 opacity moves along with the points, and strokes fade that the sketch can do "
                    "without: the weight of their mean opacity in the loss. 0 leaves opacity as it is.",
                ),
                io.Int.Input(
                    "num_stages",
                    optional=True,
                    default=1,
                    min=1,
                    max=64,
                    tooltip="Draws the strokes in so many shares, one after another; earlier ones stay as they are. 1 "
                    "moves all strokes all the time.",
                ),
                io.Float.Input(
                    "tidy",
                    optional=True,
                    default=AS_PRESET,
                    min=AS_PRESET,
                    max=1.0,
                    step=0.05,
                    tooltip="How much strokes keep off each other and themselves, 0 to 1. 0 lets them pile up, as in "
                    "the paper; -1: as the preset says.",
                ),
                io.Float.Input(
                    "simplify",
                    optional=True,
                    default=AS_PRESET,
                    min=AS_PRESET,
                    max=1.0,
                    step=0.05,
                    tooltip="How much of what the sketch is compared with is the photo's line drawing, without "
                    "texture, tone and shading, 0 to 1. 0 is the photo alone, as in the paper; -1: as the preset says.",
                ),
                io.Mask.Input(
                    "mask",
                    optional=True,
                    tooltip="White where the object is, from CLIPasso Mask: sharpens the object's contour in the line "
                    "drawing. Left open, whatever is not white is the object.",
                ),
                io.Boolean.Input(
                    "prefixes",
                    optional=True,
                    default=False,
                    tooltip="Trains the first 4, 8, 16, ... strokes to be a sketch of their own, for CLIPasso "
                    "Abstraction. Takes up to 1.4 times as long. Set order to importance as well.",
                ),
                io.Combo.Input(
                    "order",
                    optional=True,
                    options=list(ORDERS),
                    default="drawn",
                    tooltip="In which order the strokes are drawn, and stand in the SVG. drawn: as they came. "
                    "importance: by what each adds to those before it. pen: short ways between them, for plotters. "
                    "outline: the object's contour first, then by importance.",
                ),
                io.Float.Input(
                    "auto_detail",
                    optional=True,
                    default=ALL_STAY,
                    min=ALL_STAY,
                    max=1.0,
                    step=0.05,
                    tooltip="Finds the number of strokes: starts with those of CLIPasso Stroke Init (give it 48) and "
                    "drops what does not pay. 0 keeps few, 1 many, on a busy object more than on a plain one; -1 keeps "
                    "all.",
                ),
                io.Int.Input(
                    "fewest_strokes",
                    optional=True,
                    default=FEWEST,
                    min=1,
                    max=MAX_STROKES,
                    tooltip="How many strokes auto_detail keeps at least.",
                ),
                io.Boolean.Input(
                    "smooth",
                    optional=True,
                    default=OptimizeConfig.smooth,
                    tooltip="Keeps strokes of several segments smooth where the segments meet: for drawings of one "
                    "line. Off: they may have corners there.",
                ),
                io.Combo.Input(
                    "widths",
                    optional=True,
                    options=list(WIDTHS),
                    default=OptimizeConfig.widths,
                    tooltip="keep: widths stay as they are. one: the width that all strokes of a sketch share moves "
                    "along with the points. each: every stroke's own.",
                ),
                io.Float.Input(
                    "min_width",
                    optional=True,
                    default=OptimizeConfig.min_width,
                    min=0.1,
                    max=100.0,
                    step=0.1,
                    tooltip="Least width of widths that move, in px on a canvas of 224 px.",
                ),
                io.Float.Input(
                    "max_width",
                    optional=True,
                    default=OptimizeConfig.max_width,
                    min=0.1,
                    max=100.0,
                    step=0.1,
                    tooltip="Largest width of widths that move, in px on a canvas of 224 px.",
                ),
                io.Combo.Input(
                    "colors",
                    optional=True,
                    options=list(COLORS),
                    default=OptimizeConfig.colors,
                    tooltip="keep: strokes stay black, or as a loaded SVG has them. photo: in the end each gets the "
                    "photo's mean colour under its ink. optimized: colours move along with the points.",
                ),
                io.Mask.Input(
                    "detail",
                    optional=True,
                    tooltip="Where likeness counts more (lighter than grey) and where less (darker). Over the photo if "
                    "frame is connected, else over the square image.",
                ),
                SketchFrameType.Input(
                    "frame",
                    optional=True,
                    tooltip="From CLIPasso Mask, for a detail mask that was painted over the photo.",
                ),
                io.Float.Input(
                    "given_freedom",
                    optional=True,
                    default=0.0,
                    min=0.0,
                    max=1.0,
                    step=0.01,
                    tooltip="How far given strokes (of CLIPasso Stroke Init) may move, as a share of the others' "
                    "steps, 0 to 1. 0 keeps them exactly as they are.",
                ),
                SketchRegionsType.Input(
                    "regions",
                    optional=True,
                    tooltip="From CLIPasso Regions: keeps each region's lines where they belong. CLIPasso Compose "
                    "Scene makes one drawing of them.",
                ),
            ],
            outputs=[
                StrokesType.Output(
                    "sketch", display_name="sketch", tooltip="The best sketch of each photo, as strokes."
                ),
                io.Image.Output(
                    "sketch_image", display_name="sketch image", tooltip="The same as pixels, 512 px, ink on white."
                ),
                io.String.Output(
                    "report", display_name="report", tooltip="Loss, winning seed, time and all settings, as JSON."
                ),
                io.Image.Output(
                    "lines",
                    display_name="lines",
                    tooltip="What of the photo is drawn: its line drawing, black on white, at the size that the "
                    "encoder looks at.",
                ),
                StrokesType.Output(
                    "history",
                    display_name="history",
                    tooltip="How the strokes moved until then: the first photo's sketch at about 48 moments of the "
                    "run, a batch. CLIPasso Rasterize makes frames of it.",
                ),
                io.Image.Output(
                    "stroke_plot",
                    display_name="stroke plot",
                    tooltip="Loss against strokes and the number that auto_detail chose, one picture per photo; white "
                    "where it is off.",
                ),
            ],
        )

    @classmethod
    def execute(
        cls,
        image: Tensor,
        strokes: Strokes,
        preset: Preset,
        num_iterations: int,
        seed: int,
        encoder: SketchEncoder | None = None,
        precision: Precision = "float32",
        opacity_weight: float = 0.0,
        num_stages: int = 1,
        tidy: float = AS_PRESET,
        simplify: float = AS_PRESET,
        mask: Tensor | None = None,
        prefixes: bool = OptimizeConfig.prefixes,
        order: StrokeOrder = OptimizeConfig.order,
        auto_detail: float = ALL_STAY,
        fewest_strokes: int = FEWEST,
        smooth: bool = OptimizeConfig.smooth,
        widths: Widths = OptimizeConfig.widths,
        min_width: float = OptimizeConfig.min_width,
        max_width: float = OptimizeConfig.max_width,
        colors: Colors = OptimizeConfig.colors,
        detail: Tensor | None = None,
        frame: tuple[Frame, ...] | None = None,
        given_freedom: float = OptimizeConfig.given_freedom,
        regions: Regions | None = None,
    ) -> io.NodeOutput:
        others = {"seed": seed, "precision": precision, "opacity_weight": opacity_weight, "num_stages": num_stages}
        counted = {"prefixes": prefixes, "order": order, "fewest_strokes": fewest_strokes}
        looks = {"smooth": smooth, "widths": widths, "min_width": min_width, "max_width": max_width, "colors": colors}
        others["given_freedom"] = given_freedom
        config = _config(preset, num_iterations, tidy, simplify, auto_detail, **others, **counted, **looks)
        with host.gradients():
            chosen = encoder or embedded()
            looking = chosen.ready(host.run_memory(config, chosen.encoder.input_size))
            photos, masks = photos_and_masks(image, mask, host.device())
            details = details_to_core(detail, frame)
            places = None if regions is None else places_of(regions, strokes)
            run = SketchRun(photos, strokes, looking, config, chosen.recipe, masks, details, places)
            history = History()
            shown = host.save_for_page(photos)
            host.run_to_end(run, history.record, shown)
            result = run.result()
            moments = history.of(result).to("cpu")
            drawn = image_to_host(rasterize(result.strokes, result.strokes.size_for(512)))
            lines = image_to_host(run.subject.lines[:, None].expand(-1, 3, -1, -1))
            plots = image_to_host(
                torch.stack([plot_losses(one) for one in result.counts] or [torch.ones(3, *PLOT_SIZE)])
            )
            ui = sketch_ui(result, moments, shown)
        report = host.as_json(result.report())
        return io.NodeOutput(result.strokes.to("cpu"), drawn, report, lines, moments, plots, ui=ui)


def _config(
    preset: Preset, num_iterations: int, tidy: float, simplify: float, auto_detail: float, **others: Any
) -> OptimizeConfig:
    """Return the preset's config with what the widgets say; 0 iterations and shares below 0 leave it to the preset."""
    config = preset_config(preset)
    return replace(
        config,
        num_iterations=num_iterations or config.num_iterations,
        tidy=config.tidy if tidy < 0 else tidy,
        simplify=config.simplify if simplify < 0 else simplify,
        auto_detail=config.auto_detail if auto_detail < 0 else auto_detail,
        **others,
    )
