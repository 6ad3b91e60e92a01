"""CLIPassoLoadSVG: strokes from a file of an SVG, a DXF or strokes in JSON, or from the text of an SVG."""

from __future__ import annotations

import hashlib

from ..clipasso_core.drawing_file import read_drawing
from ..clipasso_core.errors import ImageFileError
from ..clipasso_core.files import check_file_size, read_bytes
from ..clipasso_core.svg import read_svg
from ..clipasso_core.svg.document import MAX_BYTES
from ..clipasso_core.svg.elements import FILLS, Fills
from . import host
from .api import io
from .checks import before_run
from .page_hints import page_hints
from .types import CATEGORY, StrokesType
from .viewer_data import strokes_ui

NO_FILE = "none"
"""What stands in the list of files where there is none, so that there is something to choose."""


class LoadSVG(io.ComfyNode):
    """Read strokes from a file in the input folder, or from text."""

    @classmethod
    @page_hints(["import svg", "upload svg", "dxf", "vector"])
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="CLIPassoLoadSVG",
            display_name="CLIPasso Load SVG",
            category=CATEGORY,
            description="Reads the strokes of a drawing in ComfyUI's input folder (SVG, DXF, strokes in JSON), or of "
            "SVG text: lines, curves and shapes with their widths and colours. Use them as first strokes, or redraw "
            "them at another size.",
            inputs=[
                io.Combo.Input(
                    "file",
                    options=host.input_drawings() or [NO_FILE],
                    tooltip="An .svg, .dxf (needs ezdxf) or .json of strokes in ComfyUI's input folder (refresh with "
                    "R).",
                ),
                io.Int.Input(
                    "canvas_size",
                    default=224,
                    min=0,
                    max=4096,
                    tooltip="px of the square canvas that the drawing is fitted to; 0 keeps the file's own size. "
                    "224 suits CLIPasso Optimize.",
                ),
                io.String.Input(
                    "text",
                    default="",
                    multiline=True,
                    optional=True,
                    tooltip="The whole text of an SVG, which is read instead of the file. Empty reads the file.",
                ),
                io.Combo.Input(
                    "fills",
                    options=list(FILLS),
                    default="refuse",
                    optional=True,
                    tooltip="What becomes of an SVG's filled shapes without a stroke, which are no lines of a pen. "
                    "refuse: say so. outline: draw their outlines. skip: leave them out.",
                ),
            ],
            outputs=[
                StrokesType.Output(
                    "strokes", display_name="strokes", tooltip="The file's strokes; several sketches from a .json."
                )
            ],
        )

    @classmethod
    def execute(cls, file: str, canvas_size: int, text: str = "", fills: Fills = "refuse") -> io.NodeOutput:
        size = (canvas_size, canvas_size) if canvas_size else None
        with host.gradients():
            if text.strip():
                strokes, report = read_svg(text, size, fills=fills)
            else:
                strokes, report = read_drawing(host.input_file(file), size, fills=fills)
            report.warn()
            return io.NodeOutput(strokes, ui=strokes_ui(strokes))

    @classmethod
    def fingerprint_inputs(
        cls, file: str | None, canvas_size: int | None, text: str | None = "", fills: Fills | None = "refuse"
    ) -> str:
        """Run again when the file has changed; None comes by a link, whose other end says whether it has."""
        if file is None or text is None:
            return "linked"
        document = text.encode() if text.strip() else read_bytes(host.input_file(file), MAX_BYTES)
        return hashlib.sha256(document).hexdigest()

    @classmethod
    def validate_inputs(cls, file: str | None, text: str | None = "") -> bool | str:
        """Say before the run that the file is not there or too large; a linked text may be read instead."""
        return True if text is None or text.strip() else before_run((_check_file, file))


def _check_file(name: str) -> None:
    path = host.input_file(name)
    if not path.is_file():
        raise ImageFileError(f"There is no {'SVG file' if name == NO_FILE else name} in ComfyUI's input folder.")
    check_file_size(path, MAX_BYTES)
