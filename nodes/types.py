"""The socket types of this pack, and what several of its nodes let choose."""

from .api import io

CATEGORY = "CLIPasso"

StrokesType = io.Custom("STROKES")
"""clipasso_core.Strokes: a batch of sketches."""

SketchEncoderType = io.Custom("SKETCH_ENCODER")
"""SketchEncoder: the network that looks at drawing and photo, in ComfyUI's care."""

SketchFrameType = io.Custom("SKETCH_FRAME")
"""tuple[clipasso_core.framing.Frame, ...]: which part of each photo the canvas shows."""

SketchRegionsType = io.Custom("SKETCH_REGIONS")
"""clipasso_core.scenes.Regions: the parts of one photo that a scene is drawn of."""

BACKGROUNDS = {"white": "white", "transparent": None}
"""What viewers show behind an SVG's ink, by the words of the widget ``page``."""
