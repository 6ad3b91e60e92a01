"""CLIPassoMask: cut the object out of the photo."""

from __future__ import annotations

from torch import Tensor

from ..clipasso_core.framing import FITS, Fit
from ..clipasso_core.mask import MASK_SOURCES, MaskConfig, MaskSource, mask_object
from . import host
from .api import io
from .convert import image_to_core, image_to_host, mask_to_core, mask_to_host, with_origin
from .page_hints import ESSENTIAL, page_hints
from .types import CATEGORY, SketchFrameType


class Mask(io.ComfyNode):
    """Cut the object out and frame it as a square."""

    @classmethod
    @page_hints(
        ["remove background", "segment", "cut out", "u2net", "object"],
        ["threshold", "grow", "keep_largest", "margin"],
        essentials_category=ESSENTIAL,
    )
    def define_schema(cls) -> io.Schema:
        default = MaskConfig()
        return io.Schema(
            node_id="CLIPassoMask",
            display_name="CLIPasso Mask",
            category=CATEGORY,
            description="Puts the photo's object on white and frames it as a square canvas. Finds the object with "
            "U²-Net, or uses the mask you connect (hand-drawn, SAM, RemoveBackground, ...).",
            inputs=[
                io.Image.Input("image", tooltip="The photo, or a batch of photos."),
                io.Mask.Input(
                    "mask",
                    optional=True,
                    tooltip="Your own mask, white = object, of the photo's size. Leave it open to find the object.",
                ),
                io.Combo.Input(
                    "source",
                    options=list(MASK_SOURCES),
                    default=default.source,
                    tooltip="Ignored with a mask. 'auto' finds the most salient object, 'none' keeps the whole "
                    "photo (choose fit 'pad' with it).",
                ),
                io.Boolean.Input(
                    "invert_mask",
                    default=False,
                    tooltip="Turn the connected mask round (LoadImage's mask is white where the photo is transparent). "
                    "Does nothing without one.",
                ),
                io.Float.Input(
                    "threshold",
                    default=default.threshold,
                    min=0.05,
                    max=0.95,
                    step=0.05,
                    tooltip="From which mask value (0-1) on a pixel belongs to the object. Lower keeps more.",
                ),
                io.Int.Input(
                    "grow",
                    default=default.grow,
                    min=-512,
                    max=512,
                    tooltip="Grow the object, in px of the photo; negative shrinks it.",
                ),
                io.Boolean.Input(
                    "keep_largest",
                    default=default.keep_largest,
                    tooltip="Keep only the largest connected part of the mask.",
                ),
                io.Combo.Input(
                    "fit",
                    options=list(FITS),
                    default=default.fit,
                    tooltip="How the photo becomes a square: 'crop' to the object with a margin, 'pad' the whole photo "
                    "(white beside it; an object that the photo cuts goes on), 'squash' it (as the paper's code does; "
                    "distorts).",
                ),
                io.Float.Input(
                    "margin",
                    default=default.margin,
                    min=0.0,
                    max=1.0,
                    step=0.05,
                    tooltip="White around the object with fit 'crop', as a fraction of the object's longer side; none "
                    "where the photo's border cuts the object.",
                ),
            ],
            outputs=[
                io.Image.Output(
                    "object_image",
                    display_name="image",
                    tooltip="The object on white, square. The crops of a batch come at the largest one's size.",
                ),
                io.Mask.Output("object_mask", display_name="mask", tooltip="White where the object is, square."),
                SketchFrameType.Output(
                    "frame", display_name="frame", tooltip="Takes a sketch back to the photo's own size and place."
                ),
            ],
        )

    @classmethod
    def execute(
        cls,
        image: Tensor,
        source: MaskSource,
        invert_mask: bool,
        threshold: float,
        grow: int,
        keep_largest: bool,
        fit: Fit,
        margin: float,
        mask: Tensor | None = None,
    ) -> io.NodeOutput:
        config = MaskConfig(source, threshold, grow, keep_largest, fit, margin)
        with host.gradients():
            cut = mask_object(image_to_core(image), mask_to_core(mask, invert_mask), config)
        objects = with_origin(image_to_host(cut.image), cut.facts, cut.images)
        return io.NodeOutput(objects, with_origin(mask_to_host(cut.mask), cut.facts, cut.masks), cut.frames)
