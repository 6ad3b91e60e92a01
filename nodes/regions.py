"""CLIPassoRegions: take a photo apart into its objects and what lies behind them."""

from __future__ import annotations

from torch import Tensor

from ..clipasso_core.mask import MaskConfig
from ..clipasso_core.scenes import BACKGROUNDS, MOST_OBJECTS, Background, SceneConfig, find_regions, parse_shares
from . import host
from .api import io
from .checks import before_run
from .convert import image_to_core, image_to_host, mask_to_core, mask_to_host, with_origin
from .page_hints import page_hints
from .sketch_encoder import SketchEncoder, embedded
from .types import CATEGORY, SketchEncoderType, SketchRegionsType


class Regions(io.ComfyNode):
    """Take a photo apart, each part framed as a square of its own."""

    @classmethod
    @page_hints(["scene", "several objects", "background", "group photo", "segment"], ["margin", "occlusion"])
    def define_schema(cls) -> io.Schema:
        default = SceneConfig()
        return io.Schema(
            node_id="CLIPassoRegions",
            display_name="CLIPasso Regions",
            category=CATEGORY,
            description="Takes a photo apart into its objects and, if you like, what lies behind them: each on a "
            "square canvas of its own, to be sketched together and put back by CLIPasso Compose Scene.",
            inputs=[
                io.Image.Input("image", tooltip="One photo; of a batch, sketch one after another."),
                io.Mask.Input(
                    "masks",
                    optional=True,
                    tooltip="A batch of masks, one an object, white = object, of the photo's size, the foremost first. "
                    "Leave it open to find the objects.",
                ),
                io.Combo.Input(
                    "background",
                    options=list(BACKGROUNDS),
                    default="keep",
                    tooltip="keep: what lies behind the objects is drawn, too, with fewer strokes. remove: it is left "
                    "out. ignore: nothing is cut out, but the photo fades to white by how little a place stands out: "
                    "for photos whose mask is poor.",
                ),
                io.Int.Input(
                    "most_objects",
                    default=0,
                    min=0,
                    max=MOST_OBJECTS,
                    tooltip="How many of the objects that are found are drawn, the largest first; 0 for all. Ignored "
                    "with masks.",
                ),
                io.String.Input(
                    "shares",
                    default="",
                    tooltip="Strokes of some regions, such as: object-1=10 background=6. The others share what is "
                    "left, by how busy they are.",
                ),
                io.Float.Input(
                    "margin",
                    default=MaskConfig.margin,
                    min=0.0,
                    max=1.0,
                    step=0.05,
                    tooltip="White around each object on its square, as a fraction of the object's longer side.",
                ),
                io.Boolean.Input(
                    "occlusion",
                    default=default.occlusion,
                    tooltip="Lines of what lies behind an object end beside it. Off, they may run through it.",
                ),
                SketchEncoderType.Input(
                    "encoder",
                    optional=True,
                    tooltip="Whose attention says what stands out where the background is ignored and the mask is not "
                    "certain; the embedded encoder's if left open.",
                ),
            ],
            outputs=[
                SketchRegionsType.Output(
                    "regions",
                    display_name="regions",
                    tooltip="To CLIPasso Stroke Init, CLIPasso Optimize and CLIPasso Compose Scene.",
                ),
                io.Image.Output(
                    "region_images",
                    display_name="images",
                    tooltip="Every region as a square image, a batch: the objects on white, the background last.",
                ),
                io.Mask.Output(
                    "region_masks", display_name="masks", tooltip="White where each region is, on its square."
                ),
            ],
        )

    @classmethod
    def execute(
        cls,
        image: Tensor,
        background: Background,
        most_objects: int,
        shares: str,
        margin: float,
        occlusion: bool,
        masks: Tensor | None = None,
        encoder: SketchEncoder | None = None,
    ) -> io.NodeOutput:
        scene = SceneConfig(background, most_objects or None, parse_shares(shares), occlusion)
        with host.gradients():
            looking = (encoder or embedded()).ready() if background == "ignore" else None
            photo, config = image_to_core(image), MaskConfig(margin=margin)
            found = find_regions(photo, mask_to_core(masks), scene, config, looking)
        images = with_origin(image_to_host(found.image), found.facts, found.images)
        return io.NodeOutput(found, images, with_origin(mask_to_host(found.mask), found.facts, found.canvas_masks))

    @classmethod
    def validate_inputs(cls, shares: str | None = "") -> bool | str:
        """Say before the run that the shares cannot be read."""
        return before_run((parse_shares, shares))
