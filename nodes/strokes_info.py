"""CLIPassoStrokesInfo: the facts about sketches."""

from __future__ import annotations

from ..clipasso_core.strokes import Strokes
from ..clipasso_core.summary import describe, summarize
from . import host
from .api import io
from .page_hints import page_hints
from .types import CATEGORY, StrokesType
from .viewer_data import strokes_ui


class StrokesInfo(io.ComfyNode):
    """Show sketches, and tell what they hold, in the node and as text."""

    @classmethod
    @page_hints(["count strokes", "statistics", "bounds"])
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="CLIPassoStrokesInfo",
            display_name="CLIPasso Strokes Info",
            category=CATEGORY,
            is_output_node=True,
            hidden=[io.Hidden.unique_id],
            description="Shows sketches, and tells of each how many strokes and segments it has, its canvas, length of "
            "line, share of ink, bounds, widths and colours, and groups, seed and loss where they are known.",
            inputs=[StrokesType.Input("strokes", tooltip="The sketches to tell of.")],
            outputs=[
                io.String.Output("text", display_name="text", tooltip="The facts as lines of text."),
                io.String.Output("facts", display_name="JSON", tooltip="The same as a JSON list, one entry a sketch."),
            ],
        )

    @classmethod
    def execute(cls, strokes: Strokes) -> io.NodeOutput:
        with host.gradients():
            facts = summarize(strokes)
        text = describe(facts)
        host.show_text(text, cls.hidden.unique_id)
        return io.NodeOutput(
            text, host.as_json([one.report() for one in facts]), ui={"text": (text,), **strokes_ui(strokes)}
        )
