"""CLIPassoComposeScene: the sketches of a photo's regions become one drawing."""

from __future__ import annotations

from ..clipasso_core.scenes import Regions, compose_strokes
from ..clipasso_core.strokes import Strokes
from . import host
from .api import io
from .page_hints import page_hints
from .types import CATEGORY, SketchFrameType, SketchRegionsType, StrokesType


class ComposeScene(io.ComfyNode):
    """Lay the sketches of regions over their photo, as one."""

    @classmethod
    @page_hints(["scene", "join regions", "several objects", "background"])
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="CLIPassoComposeScene",
            display_name="CLIPasso Compose Scene",
            category=CATEGORY,
            description="Lays the sketches of a photo's regions where they belong, as one drawing with a group for "
            "each: what lies behind comes first, and ends where something lies before it.",
            inputs=[
                StrokesType.Input("strokes", tooltip="One sketch of each region, from CLIPasso Optimize."),
                SketchRegionsType.Input("regions", tooltip="The regions, from CLIPasso Regions."),
            ],
            outputs=[
                StrokesType.Output(
                    "scene",
                    display_name="strokes",
                    tooltip="One sketch, its strokes in groups: background, ..., object-2, object-1. All lines are as "
                    "wide as was asked for.",
                ),
                SketchFrameType.Output(
                    "frame", display_name="frame", tooltip="Takes the sketch to the photo's own size and place."
                ),
            ],
        )

    @classmethod
    def execute(cls, strokes: Strokes, regions: Regions) -> io.NodeOutput:
        with host.gradients():
            return io.NodeOutput(compose_strokes(strokes, regions), (regions.frame,))
