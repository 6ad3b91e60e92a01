"""CLIPasso nodes for ComfyUI: one photo becomes a vector sketch of N strokes."""

from __future__ import annotations

from typing import Any

WEB_DIRECTORY = "./web"


async def comfy_entrypoint() -> Any:
    """Return the extension; imported lazily, because pytest imports this file without a ComfyUI."""
    try:
        from .nodes import CLIPassoExtension
    except Exception:
        import logging

        logging.getLogger(__name__).exception("CLIPasso could not be loaded")
        raise
    return CLIPassoExtension()
