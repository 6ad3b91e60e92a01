"""CLIPassoTransformStrokes: move, scale, rotate, mirror and fit sketches."""

from __future__ import annotations

from ..clipasso_core.strokes import Strokes
from ..clipasso_core.transform import FITTED, MIRRORS, Fitted, Mirror, TransformConfig, transform
from . import host
from .api import io
from .page_hints import page_hints
from .types import CATEGORY, StrokesType


class TransformStrokes(io.ComfyNode):
    """Bring sketches to another place, size, angle or canvas."""

    @classmethod
    @page_hints(["move", "scale", "rotate", "mirror", "flip", "fit", "resize"], ["margin", "scale_widths"])
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="CLIPassoTransformStrokes",
            display_name="CLIPasso Transform Strokes",
            category=CATEGORY,
            description="Mirrors, rotates, scales and moves sketches, in this order, and brings them to another "
            "canvas. They stay vectors: nothing gets blurred.",
            inputs=[
                StrokesType.Input("strokes", tooltip="The sketches to transform."),
                io.Float.Input(
                    "move_x",
                    default=0.0,
                    min=-8192.0,
                    max=8192.0,
                    step=1.0,
                    tooltip="px to the right; less than 0: left.",
                ),
                io.Float.Input(
                    "move_y", default=0.0, min=-8192.0, max=8192.0, step=1.0, tooltip="px down; less than 0: up."
                ),
                io.Float.Input(
                    "scale",
                    default=1.0,
                    min=0.01,
                    max=100.0,
                    step=0.05,
                    tooltip="Factor about the canvas's middle: 0.5 makes the drawing half as large.",
                ),
                io.Float.Input(
                    "rotate",
                    default=0.0,
                    min=-360.0,
                    max=360.0,
                    step=1.0,
                    tooltip="Degrees about the canvas's middle; clockwise, less than 0 the other way.",
                ),
                io.Combo.Input(
                    "mirror", options=list(MIRRORS), default="none", tooltip="Which sides of the canvas change places."
                ),
                io.Int.Input(
                    "canvas_width",
                    default=0,
                    min=0,
                    max=8192,
                    tooltip="px of the new canvas; 0 keeps the width. The SVG's page, and the aspect of pictures, are "
                    "the canvas's.",
                ),
                io.Int.Input(
                    "canvas_height", default=0, min=0, max=8192, tooltip="px of the new canvas; 0 keeps the height."
                ),
                io.Combo.Input(
                    "fitted",
                    options=list(FITTED),
                    default="nothing",
                    tooltip="What is brought whole, centred and undistorted onto the canvas: the old canvas, or what "
                    "is drawn on it. With nothing the canvas is cropped or extended around its middle.",
                ),
                io.Float.Input(
                    "margin",
                    default=0.0,
                    min=0.0,
                    max=4096.0,
                    step=1.0,
                    tooltip="px of the new canvas that stay free on each side of what is fitted.",
                ),
                io.Boolean.Input(
                    "scale_widths",
                    default=True,
                    tooltip="Whether lines get thicker and thinner with the drawing; off for a pen of one width.",
                ),
            ],
            outputs=[StrokesType.Output("transformed", display_name="strokes", tooltip="The same strokes elsewhere.")],
        )

    @classmethod
    def execute(
        cls,
        strokes: Strokes,
        move_x: float,
        move_y: float,
        scale: float,
        rotate: float,
        mirror: Mirror,
        canvas_width: int,
        canvas_height: int,
        fitted: Fitted,
        margin: float,
        scale_widths: bool,
    ) -> io.NodeOutput:
        size = (canvas_height or strokes.canvas_size[0], canvas_width or strokes.canvas_size[1])
        config = TransformConfig(mirror, rotate, scale, (move_x, move_y), size, fitted, margin, scale_widths)
        with host.gradients():
            return io.NodeOutput(transform(strokes, config))
