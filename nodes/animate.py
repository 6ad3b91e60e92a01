"""CLIPassoAnimate: sketches as they are drawn, as frames and as SVG files that draw themselves."""

from __future__ import annotations

import torch
from torch import Tensor

from ..clipasso_core.animation import AnimationConfig, Timeline, drawing_frames
from ..clipasso_core.framing import Frame, to_photos
from ..clipasso_core.strokes import Strokes
from ..clipasso_core.svg import to_svg
from . import host
from .api import io
from .convert import image_to_host
from .page_hints import page_hints
from .types import BACKGROUNDS, CATEGORY, SketchFrameType, StrokesType


class Animate(io.ComfyNode):
    """Draw sketches stroke by stroke."""

    @classmethod
    @page_hints(["animated svg", "self drawing", "video frames", "timelapse"], ["hold", "title"])
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="CLIPassoAnimate",
            display_name="CLIPasso Animate",
            category=CATEGORY,
            is_output_node=True,
            hidden=[io.Hidden.prompt, io.Hidden.extra_pnginfo],
            description="Shows each sketch as it is drawn, stroke after stroke: frames for video nodes, and an SVG "
            "file in the output folder that draws itself in a browser.",
            inputs=[
                StrokesType.Input("strokes", tooltip="The sketches to animate; strokes are drawn in their order."),
                io.Int.Input(
                    "num_frames",
                    default=96,
                    min=1,
                    max=10_000,
                    tooltip="In how many frames a drawing comes to be; the last one shows all of it. Longer strokes "
                    "take more of them.",
                ),
                io.Float.Input(
                    "fps",
                    default=24.0,
                    min=1.0,
                    max=120.0,
                    step=1.0,
                    tooltip="Frames a second: how long the SVG takes to draw itself, and how many frames the hold has.",
                ),
                io.Float.Input(
                    "hold",
                    default=1.0,
                    min=0.0,
                    max=60.0,
                    step=0.1,
                    tooltip="s that the finished drawing stays in sight at the end of the frames.",
                ),
                io.Int.Input(
                    "longest_side",
                    default=512,
                    min=16,
                    max=4096,
                    step=2,
                    tooltip="px of the frames' longer side; the other one keeps the sketch's aspect. Both are made "
                    "even, as video files want them.",
                ),
                io.String.Input(
                    "filename_prefix",
                    default="clipasso/animation",
                    tooltip="Folder and start of the SVG files' names inside the output folder.",
                ),
                io.String.Input("title", default="CLIPasso sketch", tooltip="Written into the SVG as its title."),
                io.Combo.Input(
                    "page",
                    options=list(BACKGROUNDS),
                    default="white",
                    tooltip="What viewers show behind the SVG's ink. Frames are always on white.",
                ),
                SketchFrameType.Input(
                    "frame",
                    optional=True,
                    tooltip="From CLIPasso Mask: draws the sketch where the object is in the photo, in its aspect.",
                ),
            ],
            outputs=[
                io.Image.Output("frames", display_name="frames", tooltip="Ink on white, one sketch after another."),
                io.SVG.Output("svg", display_name="SVG", tooltip="Draws itself; for core nodes that take SVG."),
                io.Float.Output("rate", display_name="fps", tooltip="Frames a second, for Create Video."),
            ],
        )

    @classmethod
    def execute(
        cls,
        strokes: Strokes,
        num_frames: int,
        fps: float,
        hold: float,
        longest_side: int,
        filename_prefix: str,
        title: str,
        page: str,
        frame: tuple[Frame, ...] | None = None,
    ) -> io.NodeOutput:
        config, background = AnimationConfig(num_frames, fps, hold), BACKGROUNDS[page]
        with host.gradients(), torch.no_grad():
            placed = to_photos(strokes, frame)
            frames = image_to_host(_frames(placed, config, longest_side))
            timeline = Timeline.of(placed)
        metadata = {**host.host_metadata(cls.hidden), "clipasso": dict(placed.provenance)}

        def write(index: int, facts: dict[str, object] | None) -> str:
            times = timeline.pen_times(config.seconds, index)
            return to_svg(placed, index, title=title, metadata=facts, background=background, pen_times=times)

        saved = host.save_svgs([write(index, metadata) for index in range(placed.batch_size)], filename_prefix)
        plain = host.to_svg_type([write(index, None) for index in range(placed.batch_size)])
        return io.NodeOutput(frames, plain, fps, ui={"images": saved})


def _frames(strokes: Strokes, config: AnimationConfig, longest_side: int) -> Tensor:
    """Return the frames [B * F, 3, H, W] of one sketch after another; both sides are even."""
    height, width = strokes.size_for(longest_side)
    frames = drawing_frames(strokes, config, (height + height % 2, width + width % 2))
    return torch.stack(list(host.shown(frames, config.num_frames + config.num_hold_frames)), dim=1).flatten(0, 1)
