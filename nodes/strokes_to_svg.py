"""CLIPassoStrokesToSVG: sketches as SVG on the wire, without a file."""

from __future__ import annotations

from ..clipasso_core.framing import Frame, to_photos
from ..clipasso_core.strokes import Strokes
from ..clipasso_core.svg import to_svg
from . import host
from .api import io
from .page_hints import page_hints
from .types import BACKGROUNDS, CATEGORY, SketchFrameType, StrokesType


class StrokesToSVG(io.ComfyNode):
    """Write SVG for other nodes, and save nothing."""

    @classmethod
    @page_hints(["convert strokes", "vector"], ["title"])
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="CLIPassoStrokesToSVG",
            display_name="CLIPasso Strokes to SVG",
            category=CATEGORY,
            description="Makes SVG of sketches for nodes that take SVG, one path a stroke, and saves nothing. To save "
            "files, use CLIPasso SVG Export.",
            inputs=[
                StrokesType.Input("strokes", tooltip="The sketches to write."),
                io.String.Input("title", default="CLIPasso sketch", tooltip="Written into the SVG as its title."),
                io.Combo.Input(
                    "page",
                    options=list(BACKGROUNDS),
                    default="white",
                    tooltip="What viewers show behind the ink. It is a style, not a shape: plotters do not draw it.",
                ),
                SketchFrameType.Input(
                    "frame",
                    optional=True,
                    tooltip="From CLIPasso Mask: the SVG gets the photo's size and aspect, and lies exactly over it.",
                ),
            ],
            outputs=[io.SVG.Output("svg", display_name="SVG", tooltip="One SVG a sketch.")],
        )

    @classmethod
    def execute(cls, strokes: Strokes, title: str, page: str, frame: tuple[Frame, ...] | None = None) -> io.NodeOutput:
        placed, background = to_photos(strokes, frame), BACKGROUNDS[page]
        each = range(placed.batch_size)
        texts = [to_svg(placed, index, title=title, background=background) for index in each]
        return io.NodeOutput(host.to_svg_type(texts))
