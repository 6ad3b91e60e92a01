"""ComfyUI's node API at the version that stays as it is, where the host offers that; ``latest`` may change."""

from __future__ import annotations

try:
    from comfy_api.v0_0_2 import ComfyExtension, io
except ImportError:
    from comfy_api.latest import ComfyExtension, io

__all__ = ["ComfyExtension", "io"]
