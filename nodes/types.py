"""The socket types of this pack."""

from comfy_api.latest import io

CATEGORY = "CLIPasso"

StrokesType = io.Custom("STROKES")
"""clipasso_core.Strokes: a batch of sketches."""

SketchEncoderType = io.Custom("SKETCH_ENCODER")
"""SketchEncoder: the network that looks at drawing and photo, in ComfyUI's care."""

SketchFrameType = io.Custom("SKETCH_FRAME")
"""tuple[clipasso_core.framing.Frame, ...]: which part of each photo the canvas shows."""
