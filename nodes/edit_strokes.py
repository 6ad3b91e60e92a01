"""CLIPassoEditStrokes: change strokes by hand, in the page."""

from __future__ import annotations

from torch import Tensor

from ..clipasso_core.edits import apply_edits, parse_edits
from ..clipasso_core.strokes import Strokes
from . import host
from .api import io
from .checks import before_run
from .convert import image_to_core
from .page_hints import page_hints
from .types import CATEGORY, StrokesType
from .viewer_data import strokes_ui


class EditStrokes(io.ComfyNode):
    """Make a person's edits on strokes."""

    @classmethod
    @page_hints(["editor", "draw", "delete lines", "bezier", "vector editor"], hidden=("edits",))
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="CLIPassoEditStrokes",
            display_name="CLIPasso Edit Strokes",
            category=CATEGORY,
            is_output_node=True,
            description="An editor in the node: select, move, delete, draw and reorder strokes. Run it once to see the "
            "strokes; the edits are kept in the workflow and made again at every run.",
            inputs=[
                StrokesType.Input("strokes", tooltip="The sketches to change, from CLIPasso Optimize or Load SVG."),
                io.String.Input(
                    "edits",
                    default="",
                    tooltip="What was changed, as JSON that the editor writes; empty for nothing. The help describes "
                    "it, for programs that edit.",
                ),
                io.Image.Input(
                    "image",
                    optional=True,
                    tooltip="The photo, from CLIPasso Mask, to draw after: the editor shows it beneath the strokes.",
                ),
            ],
            outputs=[
                StrokesType.Output("edited", display_name="edited strokes", tooltip="The strokes with the edits made.")
            ],
        )

    @classmethod
    def execute(cls, strokes: Strokes, edits: str, image: Tensor | None = None) -> io.NodeOutput:
        with host.gradients():
            photos = [] if image is None else host.save_for_page(list(image_to_core(image)))
            return io.NodeOutput(apply_edits(strokes, parse_edits(edits)), ui=strokes_ui(strokes, photos=photos))

    @classmethod
    def validate_inputs(cls, edits: str | None = "") -> bool | str:
        """Say before the run that the edits cannot be read."""
        return before_run((parse_edits, edits))
