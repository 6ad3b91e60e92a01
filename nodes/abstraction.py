"""CLIPassoAbstraction: one sketch at several levels of abstraction."""

from __future__ import annotations

from ..clipasso_core.levels import ladder, parse_levels
from ..clipasso_core.strokes import Strokes
from . import host
from .api import io
from .checks import before_run
from .page_hints import page_hints
from .types import CATEGORY, StrokesType


class Abstraction(io.ComfyNode):
    """Cut a sketch after several numbers of strokes."""

    @classmethod
    @page_hints(["fewer strokes", "level of detail", "icon", "ladder"])
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="CLIPassoAbstraction",
            display_name="CLIPasso Abstraction",
            category=CATEGORY,
            description="Shows a sketch at several levels of abstraction: after its first 4, 8, 16, 32 strokes. One "
            "optimisation serves for all, where CLIPasso Optimize trained prefixes and ordered by importance.",
            inputs=[
                StrokesType.Input(
                    "strokes",
                    tooltip="The sketches, from CLIPasso Optimize with prefixes on and order importance. They must "
                    "have as many strokes as the highest level.",
                ),
                io.String.Input(
                    "levels",
                    default="4, 8, 16, 32",
                    tooltip="Numbers of strokes, with commas or spaces between, 1 to 4096: a sketch for each, in this "
                    "order.",
                ),
            ],
            outputs=[
                StrokesType.Output(
                    "sketches",
                    display_name="sketches",
                    tooltip="One batch: the levels of the first sketch, then those of the next.",
                ),
            ],
        )

    @classmethod
    def execute(cls, strokes: Strokes, levels: str) -> io.NodeOutput:
        with host.gradients():
            return io.NodeOutput(ladder(strokes, parse_levels(levels)))

    @classmethod
    def validate_inputs(cls, levels: str | None) -> bool | str:
        """Say before the run that the levels cannot be read."""
        return before_run((parse_levels, levels))
