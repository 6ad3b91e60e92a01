"""CLIPassoPreviewSVG: show SVGs in the node, sharp at any zoom."""

from __future__ import annotations

from typing import Any

from ..clipasso_core.svg.safety import check_safe
from . import host
from .api import io
from .page_hints import page_hints
from .types import CATEGORY


class PreviewSVG(io.ComfyNode):
    """Show what comes as SVG; save nothing."""

    @classmethod
    @page_hints(["show svg", "view svg", "vector preview"])
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="CLIPassoPreviewSVG",
            display_name="CLIPasso Preview SVG",
            category=CATEGORY,
            is_output_node=True,
            description="Shows SVGs of any node, as vectors, and keeps nothing. An SVG that could run a program or "
            "load other files is refused.",
            inputs=[io.SVG.Input("svg", tooltip="One or several SVGs, from any node that gives SVG.")],
            outputs=[],
        )

    @classmethod
    def execute(cls, svg: Any) -> io.NodeOutput:
        documents = host.svg_documents(svg)
        for one in documents:
            check_safe(one)
        return io.NodeOutput(ui={"images": host.preview_svgs(documents)})
