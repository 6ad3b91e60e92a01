"""CLIPassoSVGExport: save sketches as SVG files."""

from __future__ import annotations

from ..clipasso_core.framing import Frame, to_photos
from ..clipasso_core.strokes import Strokes
from ..clipasso_core.svg import to_svg
from . import host
from .api import io
from .page_hints import ESSENTIAL, page_hints
from .types import BACKGROUNDS, CATEGORY, SketchFrameType, StrokesType
from .viewer_data import strokes_ui


class SVGExport(io.ComfyNode):
    """Write SVG files and show them."""

    @classmethod
    @page_hints(["save svg", "vector file", "download"], essentials_category=ESSENTIAL)
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="CLIPassoSVGExport",
            display_name="CLIPasso SVG Export",
            category=CATEGORY,
            is_output_node=True,
            hidden=[io.Hidden.prompt, io.Hidden.extra_pnginfo],
            description="Saves each sketch as an SVG file in the output folder, one path a stroke, and shows it. "
            "The workflow is inside: drop the file on ComfyUI to get it back.",
            inputs=[
                StrokesType.Input("strokes", tooltip="The sketches to save."),
                io.String.Input(
                    "filename_prefix",
                    default="clipasso/sketch",
                    tooltip="Folder and start of the file names inside the output folder.",
                ),
                io.String.Input("title", default="CLIPasso sketch", tooltip="Written into the file as its title."),
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
            outputs=[io.SVG.Output("svg", display_name="SVG", tooltip="For core nodes that take SVG.")],
        )

    @classmethod
    def execute(
        cls,
        strokes: Strokes,
        filename_prefix: str,
        title: str,
        page: str,
        frame: tuple[Frame, ...] | None = None,
    ) -> io.NodeOutput:
        placed = to_photos(strokes, frame)
        facts, background = dict(placed.provenance), BACKGROUNDS[page]
        plain, full = [], []
        for index in range(placed.batch_size):
            plain.append(to_svg(placed, index, title=title, background=background))
            metadata = {**host.host_metadata(cls.hidden), "clipasso": facts}
            full.append(to_svg(placed, index, title=title, metadata=metadata, background=background))
        saved = host.save_svgs(full, filename_prefix)
        return io.NodeOutput(host.to_svg_type(plain), ui={"images": saved, **strokes_ui(placed)})
