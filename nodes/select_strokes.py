"""CLIPassoSelectStrokes: part a sketch into some strokes and the others."""

from __future__ import annotations

from torch import Tensor

from ..clipasso_core.selection import chosen_strokes, parse_group_names, parse_ranges, select
from ..clipasso_core.strokes import Strokes
from . import host
from .api import io
from .checks import before_run
from .convert import mask_to_core
from .page_hints import page_hints
from .types import CATEGORY, StrokesType


class SelectStrokes(io.ComfyNode):
    """Choose strokes by number, place, length and group."""

    @classmethod
    @page_hints(["filter strokes", "first strokes", "pick lines", "objects"], ["least_share"])
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="CLIPassoSelectStrokes",
            display_name="CLIPasso Select Strokes",
            category=CATEGORY,
            description="Parts each sketch into the strokes that are asked for, by number, by a mask, by length and by "
            "group, and all others. Restyle one part and merge both again.",
            inputs=[
                StrokesType.Input("strokes", tooltip="The sketches to part."),
                io.String.Input(
                    "numbers",
                    default="",
                    tooltip="Which strokes, in drawing order: 1-4, 7 the first four and the seventh, -1 the last, -3- "
                    "the last three, 5- all from the fifth. Empty for any.",
                ),
                io.Float.Input(
                    "min_length",
                    default=0.0,
                    min=0.0,
                    max=8192.0,
                    step=1.0,
                    tooltip="px of the canvas: shorter strokes are not selected. Takes dots and crumbs away.",
                ),
                io.Float.Input(
                    "least_share",
                    default=0.5,
                    min=0.0,
                    max=1.0,
                    step=0.05,
                    tooltip="How much of a stroke's length must lie inside the mask; 0 selects all that touch it.",
                ),
                io.Boolean.Input("invert", default=False, tooltip="Selects the other strokes instead."),
                io.Mask.Input(
                    "mask",
                    optional=True,
                    tooltip="Over the canvas, at any size of its aspect: strokes inside its white are selected. One "
                    "for all sketches, or one each.",
                ),
                io.String.Input(
                    "group",
                    default="",
                    optional=True,
                    tooltip="Which strokes, by the name of their group, such as object-1, or several with commas "
                    "between. Empty for any. CLIPasso Strokes Info tells the names.",
                ),
            ],
            outputs=[
                StrokesType.Output("selected", display_name="selected", tooltip="The strokes that were asked for."),
                StrokesType.Output("others", display_name="others", tooltip="All other strokes of the same sketches."),
            ],
        )

    @classmethod
    def execute(
        cls,
        strokes: Strokes,
        numbers: str,
        min_length: float,
        least_share: float,
        invert: bool,
        mask: Tensor | None = None,
        group: str = "",
    ) -> io.NodeOutput:
        ranges, groups = parse_ranges(numbers), parse_group_names(group, strokes.group_names)
        with host.gradients():
            chosen = chosen_strokes(strokes, ranges, mask_to_core(mask), least_share, min_length, invert, groups)
            return io.NodeOutput(*select(strokes, chosen))

    @classmethod
    def validate_inputs(cls, numbers: str | None = "") -> bool | str:
        """Say before the run that the numbers cannot be read."""
        return before_run((parse_ranges, numbers))
