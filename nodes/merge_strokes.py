"""CLIPassoMergeStrokes: two drawings become one, or one batch."""

from __future__ import annotations

from ..clipasso_core.layering import as_batch, lay_over
from ..clipasso_core.strokes import Strokes
from . import host
from .api import io
from .page_hints import page_hints
from .types import CATEGORY, StrokesType


class MergeStrokes(io.ComfyNode):
    """Lay sketches over others, or put them beside each other in a batch."""

    @classmethod
    @page_hints(["combine", "layers", "batch sketches"])
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="CLIPassoMergeStrokes",
            display_name="CLIPasso Merge Strokes",
            category=CATEGORY,
            description="Draws one sketch over another, or puts both into one batch. Where the canvases differ, the "
            "second one is fitted to the first, whole and centred.",
            inputs=[
                StrokesType.Input("below", tooltip="The sketches that lie below, or come first. The canvas is theirs."),
                StrokesType.Input(
                    "above",
                    tooltip="The sketches that lie above, or come next. For layers as many as below, or one for all.",
                ),
                io.Combo.Input(
                    "how",
                    options=["layers", "batch"],
                    default="layers",
                    tooltip="layers: the strokes of both in one sketch, those of above drawn last. batch: one sketch "
                    "after another.",
                ),
            ],
            outputs=[StrokesType.Output("merged", display_name="strokes", tooltip="One drawing, or one batch.")],
        )

    @classmethod
    def execute(cls, below: Strokes, above: Strokes, how: str) -> io.NodeOutput:
        with host.gradients():
            return io.NodeOutput(lay_over(below, above) if how == "layers" else as_batch([below, above]))
