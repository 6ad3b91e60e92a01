"""CLIPassoStrokesFromSVG: strokes of an SVG on the wire."""

from __future__ import annotations

from typing import Any

from ..clipasso_core.layering import as_batch
from ..clipasso_core.svg import from_svg
from ..clipasso_core.svg.elements import FILLS, Fills
from . import host
from .api import io
from .page_hints import page_hints
from .types import CATEGORY, StrokesType


class StrokesFromSVG(io.ComfyNode):
    """Read the strokes of what other nodes give as SVG."""

    @classmethod
    @page_hints(["svg to strokes", "parse svg", "convert svg"], ["fills"])
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="CLIPassoStrokesFromSVG",
            display_name="CLIPasso Strokes from SVG",
            category=CATEGORY,
            description="Reads the strokes of an SVG that another node made: lines, curves and shapes with their "
            "widths and colours. For a file, use CLIPasso Load SVG.",
            inputs=[
                io.SVG.Input("svg", tooltip="One or several SVGs, from any node that gives SVG."),
                io.Combo.Input(
                    "items",
                    options=["all", "first"],
                    default="all",
                    tooltip="all: each SVG becomes a sketch of one batch, fitted to the canvas of the first. first: "
                    "only the first SVG.",
                ),
                io.Int.Input(
                    "canvas_size",
                    default=0,
                    min=0,
                    max=4096,
                    tooltip="px of the square canvas that each drawing is fitted to; 0 keeps the SVG's own size. 224 "
                    "suits CLIPasso Optimize.",
                ),
                io.Combo.Input(
                    "fills",
                    options=list(FILLS),
                    default="refuse",
                    tooltip="What becomes of filled shapes without a stroke: an error, their outlines as strokes, or "
                    "nothing.",
                ),
            ],
            outputs=[StrokesType.Output("strokes", display_name="strokes", tooltip="One sketch an SVG.")],
        )

    @classmethod
    def execute(cls, svg: Any, items: str, canvas_size: int, fills: Fills) -> io.NodeOutput:
        size = (canvas_size, canvas_size) if canvas_size else None
        documents = host.svg_documents(svg)
        with host.gradients():
            sketches = [from_svg(one, size, fills=fills) for one in documents[: 1 if items == "first" else None]]
            return io.NodeOutput(as_batch(sketches))
