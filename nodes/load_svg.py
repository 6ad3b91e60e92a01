"""CLIPassoLoadSVG: strokes from an SVG file."""

from __future__ import annotations

import hashlib

from comfy_api.latest import io

from ..clipasso_core.strokes import Strokes
from ..clipasso_core.svg import from_svg
from . import host
from .types import CATEGORY, StrokesType


class LoadSVG(io.ComfyNode):
    """Read strokes from a file in the input folder."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="CLIPassoLoadSVG",
            display_name="CLIPasso Load SVG",
            category=CATEGORY,
            description="Reads the strokes of an SVG file in ComfyUI's input folder: paths, lines and polylines with "
            "their widths and colours. Use them as first strokes, or redraw them at another size.",
            inputs=[
                io.Combo.Input(
                    "file",
                    options=host.input_svgs(),
                    tooltip="An .svg file in ComfyUI's input folder (refresh with R).",
                ),
                io.Int.Input(
                    "canvas_size",
                    default=224,
                    min=0,
                    max=4096,
                    tooltip="px of the square canvas that the drawing is fitted to; 0 keeps the file's own size. "
                    "224 suits CLIPasso Optimize.",
                ),
            ],
            outputs=[
                StrokesType.Output("strokes", display_name="strokes", tooltip="The file's strokes, a batch of one.")
            ],
        )

    @classmethod
    def execute(cls, file: str, canvas_size: int) -> io.NodeOutput:
        with host.gradients():
            return io.NodeOutput(_read(file, canvas_size))

    @classmethod
    def fingerprint_inputs(cls, file: str, canvas_size: int) -> str:
        """Run again when the file has changed."""
        return hashlib.sha256(host.input_file(file).read_bytes()).hexdigest()

    @classmethod
    def validate_inputs(cls, file: str) -> bool | str:
        """Say before the run that the file is not there."""
        return True if host.input_file(file).is_file() else f"There is no {file} in ComfyUI's input folder."


def _read(file: str, canvas_size: int) -> Strokes:
    size = (canvas_size, canvas_size) if canvas_size else None
    return from_svg(host.input_file(file).read_bytes(), size)
