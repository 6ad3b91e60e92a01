"""CLIPassoStyleStrokes: another width, colour or opacity for strokes."""

from __future__ import annotations

from torch import Tensor

from ..clipasso_core.selection import parse_ranges
from ..clipasso_core.strokes import Strokes
from ..clipasso_core.style import StrokeStyle, restyle
from . import host
from .api import io
from .checks import before_run
from .convert import image_to_core, mask_to_core
from .page_hints import page_hints
from .types import CATEGORY, StrokesType

AS_IT_IS = -1.0


class StyleStrokes(io.ComfyNode):
    """Change how strokes look."""

    @classmethod
    @page_hints(["color", "colour", "recolor", "width", "opacity", "thickness"])
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="CLIPassoStyleStrokes",
            display_name="CLIPasso Style Strokes",
            category=CATEGORY,
            description="Gives strokes another width, colour or opacity: all of them, or some by their numbers. "
            "Colours may come from a photo.",
            inputs=[
                StrokesType.Input("strokes", tooltip="The sketches to restyle."),
                io.String.Input(
                    "numbers",
                    default="",
                    tooltip="Which strokes, in drawing order: 1-4, 7 the first four and the seventh, -1 the last, 5- "
                    "all from the fifth. Empty for all.",
                ),
                io.Float.Input(
                    "width",
                    default=AS_IT_IS,
                    min=AS_IT_IS,
                    max=1000.0,
                    step=0.1,
                    tooltip="px of the canvas, the full width of the line; -1 keeps each stroke's own.",
                ),
                io.String.Input(
                    "color",
                    default="",
                    tooltip="A CSS colour such as red, #cc3300 or rgb(204, 51, 0). Empty keeps each stroke's own.",
                ),
                io.Float.Input(
                    "opacity",
                    default=AS_IT_IS,
                    min=AS_IT_IS,
                    max=1.0,
                    step=0.05,
                    tooltip="0 (not seen) to 1 (opaque); -1 keeps each stroke's own.",
                ),
                io.Image.Input(
                    "image",
                    optional=True,
                    tooltip="A photo over the canvas, from CLIPasso Mask: each stroke gets the mean colour that lies "
                    "under it. Leave color empty then.",
                ),
                io.Mask.Input(
                    "mask",
                    optional=True,
                    tooltip="Where the photo's object is (white): what lies beside it does not count for the colours.",
                ),
            ],
            outputs=[
                StrokesType.Output("styled", display_name="strokes", tooltip="The same strokes, looking otherwise.")
            ],
        )

    @classmethod
    def execute(
        cls,
        strokes: Strokes,
        numbers: str,
        width: float,
        color: str,
        opacity: float,
        image: Tensor | None = None,
        mask: Tensor | None = None,
    ) -> io.NodeOutput:
        style = _style(width, color, opacity)
        with host.gradients():
            photos = None if image is None else image_to_core(image)
            return io.NodeOutput(restyle(strokes, style, parse_ranges(numbers), photos, mask_to_core(mask)))

    @classmethod
    def validate_inputs(cls, numbers: str | None = "", color: str | None = "") -> bool | str:
        """Say before the run that the numbers or the colour cannot be read."""
        return before_run((parse_ranges, numbers), (lambda one: _style(AS_IT_IS, one, AS_IT_IS), color))


def _style(width: float, color: str, opacity: float) -> StrokeStyle:
    return StrokeStyle(None if width < 0 else width, color.strip() or None, None if opacity < 0 else opacity)
