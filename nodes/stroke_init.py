"""CLIPassoStrokeInit: draw the first strokes."""

from __future__ import annotations

import torch
from torch import Tensor

from ..clipasso_core.detail import favour_detail
from ..clipasso_core.errors import ConfigError
from ..clipasso_core.framing import Frame
from ..clipasso_core.given import continue_strokes, place_given
from ..clipasso_core.preview import first_strokes_preview
from ..clipasso_core.scenes import Regions, first_strokes
from ..clipasso_core.stroke_init import StrokeInitConfig, init_strokes
from ..clipasso_core.strokes import MAX_STROKES, Strokes
from . import host
from .api import io
from .convert import details_to_core, facts_of, image_to_core, image_to_host, mask_to_core, photos_to_core
from .page_hints import ESSENTIAL, page_hints
from .types import CATEGORY, SketchFrameType, SketchRegionsType, StrokesType
from .viewer_data import SALIENCY_KEY, saliency_pictures


class StrokeInit(io.ComfyNode):
    """Sample first strokes from a saliency map."""

    @classmethod
    @page_hints(
        ["first strokes", "seed", "number of strokes", "sample"],
        ["temperature", "spread", "canvas_size", "follow", "accents", "spare"],
        essentials_category=ESSENTIAL,
    )
    def define_schema(cls) -> io.Schema:
        default = StrokeInitConfig()
        return io.Schema(
            node_id="CLIPassoStrokeInit",
            display_name="CLIPasso Stroke Init",
            category=CATEGORY,
            description="Draws first strokes where the saliency is high, along its lines, from a seed. Several "
            "sketches per photo compete in CLIPasso Optimize.",
            inputs=[
                io.Mask.Input("saliency", tooltip="Where strokes may start; brighter is likelier."),
                io.Int.Input(
                    "num_strokes",
                    default=default.num_strokes,
                    min=1,
                    max=MAX_STROKES,
                    tooltip="Strokes per sketch, 1 to 4096: the level of abstraction. 32 is detailed, 4 an icon.",
                ),
                io.Int.Input(
                    "seed",
                    default=default.seed,
                    min=0,
                    max=2**53,
                    control_after_generate=True,
                    tooltip="Seed of the random numbers: the same seed gives the same strokes.",
                ),
                io.Int.Input(
                    "num_sketches",
                    default=default.num_sketches,
                    min=1,
                    max=64,
                    tooltip="Sketches tried per photo, from seed, seed + 1000, seed + 2000, ...; the best one wins. "
                    "More take longer.",
                ),
                io.Float.Input(
                    "stroke_width",
                    default=default.stroke_width,
                    min=0.1,
                    max=100.0,
                    step=0.1,
                    tooltip="Full line width in px on a canvas of 224 px (3 in the paper); it scales with canvas_size.",
                ),
                io.Int.Input(
                    "num_segments",
                    default=default.num_segments,
                    min=1,
                    max=64,
                    tooltip="Cubic Bézier segments per stroke, joined. 2 follow a line twice as far, round corners; "
                    "1 as in the paper. More bend more.",
                ),
                io.Float.Input(
                    "temperature",
                    default=default.temperature,
                    min=0.01,
                    max=10.0,
                    step=0.01,
                    tooltip="How strictly starts keep to salient places. Raise it when strokes crowd in one spot.",
                ),
                io.Float.Input(
                    "spread",
                    default=default.spread,
                    min=0.0,
                    max=2.0,
                    step=0.1,
                    tooltip="How far starts keep from earlier strokes, so that strokes cover the object. 0 lets them "
                    "crowd, as in the paper.",
                ),
                io.Int.Input(
                    "canvas_size",
                    default=default.canvas_size,
                    min=32,
                    max=1024,
                    step=32,
                    tooltip="px of the square canvas that control points are counted in, and of the SVG's page. It "
                    "changes no sketch: drawing and photo are compared at the size that the encoder looks at.",
                ),
                io.Image.Input(
                    "image",
                    optional=True,
                    tooltip="The object on white, from CLIPasso Mask: people's eyes, nose and mouth and dark spots "
                    "that stand alone get a stroke each (not beside given ones), and the preview shows it.",
                ),
                io.Float.Input(
                    "follow",
                    optional=True,
                    default=default.follow,
                    min=0.0,
                    max=1.0,
                    step=0.05,
                    tooltip="How far first strokes follow the saliency's lines at most, as a share of the canvas: they "
                    "are as long as the line. 0 lets them set off at random, as in the paper.",
                ),
                io.Boolean.Input(
                    "one_line",
                    optional=True,
                    default=default.one_line,
                    tooltip="Joins the lines of all strokes by short ways to a single stroke, of num_strokes x "
                    "num_segments curves, at most 512. Take 2 segments, and in CLIPasso Optimize smooth and tidy 1.",
                ),
                io.Float.Input(
                    "accents",
                    optional=True,
                    default=default.accents,
                    min=0.0,
                    max=1.0,
                    step=0.05,
                    tooltip="Most strokes, as a share of all, that start short: on people's eyes, nose and mouth and "
                    "on dark spots that stand alone, such as eyes of animals, if image is connected, where they stay; "
                    "and on other strong small spots. With 16 first strokes or fewer there are no spots: the outline "
                    "needs them. Only where strokes follow lines.",
                ),
                StrokesType.Input(
                    "given",
                    optional=True,
                    tooltip="Lines of yours that stay, from CLIPasso Load SVG with canvas_size 0: the sketch goes on "
                    "from them. num_strokes counts them, too.",
                ),
                io.Mask.Input(
                    "detail",
                    optional=True,
                    tooltip="Where more strokes start (lighter than grey) and where fewer (darker). Over the photo if "
                    "frame is connected, else over the square image.",
                ),
                SketchFrameType.Input(
                    "frame",
                    optional=True,
                    tooltip="From CLIPasso Mask: says where on the canvas lines or a detail mask lie that were drawn "
                    "over the photo.",
                ),
                io.Float.Input(
                    "spare",
                    optional=True,
                    default=default.spare,
                    min=0.0,
                    max=4.0,
                    step=0.25,
                    tooltip="Strokes to begin with beyond num_strokes, as a share of them, up to 32 in all: CLIPasso "
                    "Optimize drops those that tell least. 0 begins with num_strokes, as in the "
                    "paper.",
                ),
                SketchRegionsType.Input(
                    "regions",
                    optional=True,
                    tooltip="From CLIPasso Regions: num_strokes are the whole scene's, shared among its regions. spare "
                    "is not used then, and given not allowed.",
                ),
            ],
            outputs=[
                StrokesType.Output(
                    "strokes",
                    display_name="strokes",
                    tooltip="num_sketches first sketches per photo, of num_strokes strokes and the spare ones.",
                ),
                io.Image.Output("preview", display_name="preview", tooltip="The first strokes over the photo."),
            ],
        )

    @classmethod
    def execute(
        cls,
        saliency: Tensor,
        num_strokes: int,
        seed: int,
        num_sketches: int,
        stroke_width: float,
        num_segments: int,
        temperature: float,
        spread: float,
        canvas_size: int,
        image: Tensor | None = None,
        follow: float = StrokeInitConfig.follow,
        one_line: bool = StrokeInitConfig.one_line,
        accents: float = StrokeInitConfig.accents,
        given: Strokes | None = None,
        detail: Tensor | None = None,
        frame: tuple[Frame, ...] | None = None,
        spare: float = StrokeInitConfig.spare,
        regions: Regions | None = None,
    ) -> io.NodeOutput:
        config = StrokeInitConfig(
            num_strokes,
            num_segments,
            num_sketches,
            stroke_width,
            temperature,
            spread,
            canvas_size=canvas_size,
            seed=seed,
            follow=follow,
            one_line=one_line,
            accents=accents,
            spare=spare,
        )
        with host.gradients(), torch.no_grad():
            maps, details = mask_to_core(saliency), details_to_core(detail, frame)
            wanted = maps if details is None else favour_detail(maps, details)
            photos = None if image is None else photos_to_core(image, torch.device("cpu"))
            drawn = _first_strokes(wanted, photos, given, frame, regions, config)
            strokes = drawn.with_provenance(**facts_of(saliency, "saliency"))
            photo = None if image is None else image_to_core(image)
            preview = image_to_host(first_strokes_preview(strokes, maps, photo))
            ui = {SALIENCY_KEY: host.save_for_page(list(saliency_pictures(maps)))}
            return io.NodeOutput(strokes, preview, ui=ui)


def _first_strokes(
    saliency: Tensor,
    photos: tuple[Tensor, ...] | None,
    given: Strokes | None,
    frame: tuple[Frame, ...] | None,
    regions: Regions | None,
    config: StrokeInitConfig,
) -> Strokes:
    if regions is not None and given is not None:
        raise ConfigError("A scene cannot go on from given strokes. Disconnect given, or regions.")
    if regions is not None:
        return first_strokes(saliency, regions, config)
    if given is None:
        return init_strokes(saliency, config, photos)
    return continue_strokes(saliency, place_given(given, frame, (config.canvas_size,) * 2), config)
