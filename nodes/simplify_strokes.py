"""CLIPassoSimplifyStrokes: fewer, longer and simpler strokes, after the fact."""

from __future__ import annotations

import torch

from ..clipasso_core.simplify import SimplifyConfig, simplify
from ..clipasso_core.strokes import Strokes
from . import host
from .api import io
from .page_hints import page_hints
from .types import CATEGORY, StrokesType


class SimplifyStrokes(io.ComfyNode):
    """Take away short and double strokes, let ends meet, draw with fewer curves."""

    @classmethod
    @page_hints(["clean up", "fewer points", "reduce", "merge lines"], ["snap", "decimals"])
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="CLIPassoSimplifyStrokes",
            display_name="CLIPasso Simplify Strokes",
            category=CATEGORY,
            description="Simplifies a finished or imported drawing: takes away short strokes and duplicates, lets "
            "ends meet that nearly do, and draws curves with fewer segments. Lengths are px of the drawing's canvas.",
            inputs=[
                StrokesType.Input(
                    "strokes",
                    tooltip="The sketches to simplify, from CLIPasso Optimize or CLIPasso Load SVG. Strokes that a "
                    "person gave stay as they are.",
                ),
                io.Float.Input(
                    "min_length",
                    default=2.0,
                    min=0.0,
                    max=4096.0,
                    step=0.5,
                    tooltip="px: shorter strokes are taken away, for they are specks. 0 keeps them.",
                ),
                io.Float.Input(
                    "merge",
                    default=0.5,
                    min=0.0,
                    max=256.0,
                    step=0.1,
                    tooltip="px: of strokes of one colour that lie this near to each other all along, either way "
                    "round, one stays. A plotter would draw them twice. 0 keeps them.",
                ),
                io.Float.Input(
                    "snap",
                    default=1.0,
                    min=0.0,
                    max=256.0,
                    step=0.1,
                    tooltip="px: ends of strokes that are this near to each other meet in their middle, so that lines "
                    "join. 0 leaves them.",
                ),
                io.Float.Input(
                    "tolerance",
                    default=0.5,
                    min=0.0,
                    max=64.0,
                    step=0.1,
                    tooltip="px: strokes are drawn by as few curves as stay this near to them; corners stay. 0.5 is "
                    "not seen. 0 leaves them.",
                ),
                io.Int.Input(
                    "decimals",
                    default=-1,
                    min=-1,
                    max=8,
                    tooltip="Decimals of px that coordinates are rounded to, for small files and exact grids; -1 does "
                    "not round.",
                ),
            ],
            outputs=[
                StrokesType.Output("simplified", display_name="strokes", tooltip="What is left of the sketches."),
                io.String.Output("report", display_name="report", tooltip="What was taken away, moved and saved."),
            ],
        )

    @classmethod
    def execute(
        cls, strokes: Strokes, min_length: float, merge: float, snap: float, tolerance: float, decimals: int
    ) -> io.NodeOutput:
        config = SimplifyConfig(min_length, merge, snap, tolerance, None if decimals < 0 else decimals)
        with host.gradients(), torch.no_grad():
            done = simplify(strokes.detach(), config)
        return io.NodeOutput(done.strokes, "\n".join(done.sentences()))
