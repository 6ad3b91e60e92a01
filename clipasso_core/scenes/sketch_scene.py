"""Sketch scene: every region of a photo in one optimisation, and one drawing in the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace

import torch
from torch import Tensor

from ..detail import cut_detail, favour_detail
from ..encoders import FeatureRecipe, ImageEncoder
from ..errors import ConfigError
from ..framing import GOES_ON, cut_map
from ..layering import as_batch
from ..optimize import Places, SketchRun, SketchStep, mean_active
from ..pipeline import Sketch, SketchConfig, both_encoders, run_to_end, sketch
from ..pixels import check_images
from ..saliency import compute_saliency
from ..stroke_init import StrokeInitConfig, init_strokes
from ..strokes import Strokes
from .fade import fade_background
from .objects import objects_of
from .one_drawing import asked_width, compose
from .regions import Regions, SceneConfig, check_one_photo, make_regions, side_of
from .stroke_shares import how_busy, room_for_strokes, share_strokes

THICKEST = 2.0
"""How much wider than asked for the pen is at most on the canvas of a small object, while it is drawn."""

SLOWER, LEAST_ITERATIONS = 1.35, 120
"""How much more of the encoder's time a scene may take than one photo, and how many iterations it has at least, unless
half as many as were asked for are fewer."""

ENOUGH_ITERATIONS = 200
"""A region has two sketches only where so many iterations, or all that were asked for, remain affordable."""

LEAST_COUNT = 0.1
"""How much a place counts that does not stand out, where the background is ignored."""


def sketch_scene(
    image: Tensor,
    config: SketchConfig | None = None,
    scene: SceneConfig | None = None,
    *,
    masks: Tensor | None = None,
    detail: Tensor | None = None,
    encoder: ImageEncoder | None = None,
    saliency_encoder: ImageEncoder | None = None,
    recipe: FeatureRecipe | None = None,
    device: torch.device | str | None = None,
    on_step: Callable[[SketchStep], None] | None = None,
) -> Sketch:
    """Turn a photo of objects before a background into one sketch, whose strokes know what they draw.

    Every region is optimised on a canvas of its own, all at once, and laid back over the photo. A single object without
    a background is ``sketch``'s, byte for byte, unless it has a share.

    Args:
        image: [1, 3, H, W] in 0-1.
        config: how; None for the defaults. Its number of strokes and its width are those of the whole scene.
        scene: what is drawn; None for the defaults.
        masks: [K, H, W] in 0-1, the objects, front to back; None to find them.
        detail, encoder, saliency_encoder, recipe, device, on_step: as ``sketch`` takes them; a step holds a sketch of
            each region, on its own canvas.

    Returns:
        One sketch, whose groups are the regions: strokes that lie behind come first. There may be a few more of them
        than asked for, where a line was cut in two.

    Raises:
        ShapeError, MaskError, ConfigError: bad input, before the long work starts.
        SketchError: as ``sketch``.

    >>> from clipasso_core.optimize import OptimizeConfig
    >>> photo = torch.full((1, 3, 64, 96), 0.9)
    >>> photo[..., 16:48, 8:40], photo[..., 20:44, 56:88], photo[..., 60:, :] = 0.2, 0.4, 0.6
    >>> masks = torch.zeros(2, 64, 96)
    >>> masks[0, 16:48, 8:40], masks[1, 20:44, 56:88] = 1, 1
    >>> quick = SketchConfig(optimize=OptimizeConfig(num_iterations=1))
    >>> sketch_scene(photo, quick, masks=masks).result.strokes.group_names
    ('object-2', 'object-1')
    """
    config, scene = config or SketchConfig(), scene or SceneConfig()
    encoder, looking = both_encoders(encoder, saliency_encoder, device)
    image = check_images(image.to(encoder.device))
    check_one_photo(image)
    if scene.background == "ignore":
        _check_together(config)
        faded = fade_background(image, masks, looking, scene, config.mask, config.attention)
        return _sketch_regions(faded, config, detail, encoder, looking, recipe, on_step)
    objects, found = objects_of(image, masks, scene.most_objects, config.mask)
    covers_all = bool((objects >= config.mask.threshold).all())
    if len(objects) == 1 and (scene.background == "remove" or covers_all) and not scene.shares:
        return sketch(
            image,
            config,
            mask=objects if scene.most_objects == 1 else masks,
            detail=detail,
            encoder=encoder,
            saliency_encoder=looking,
            recipe=recipe,
            on_step=on_step,
        )
    _check_together(config)
    regions = make_regions(image, objects, scene, config.mask, found)
    config = affordable(config, len(regions.names))
    return _sketch_regions(regions, config, detail, encoder, looking, recipe, on_step)


def _sketch_regions(
    regions: Regions,
    config: SketchConfig,
    detail: Tensor | None,
    encoder: ImageEncoder,
    looking: ImageEncoder,
    recipe: FeatureRecipe | None,
    on_step: Callable[[SketchStep], None] | None,
) -> Sketch:
    """Sketch all regions at once, and make one drawing of them."""
    details = None if detail is None else cut_detail(detail.to(encoder.device), regions.frames)
    maps = compute_saliency(regions.images, looking, regions.canvas_masks, config.attention, config.edges)
    saliency = maps.saliency if details is None else favour_detail(maps.saliency, details)
    strokes = first_strokes(saliency, regions, config.init)
    strokes = strokes.with_provenance(**regions.facts, **maps.facts)
    places = places_of(regions, strokes)
    run = SketchRun(regions.images, strokes, encoder, config.optimize, recipe, regions.canvas_masks, details, places)
    return run_to_end(run, lambda result: compose(result, regions), on_step)


def affordable(config: SketchConfig, regions: int) -> SketchConfig:
    """Return a config that sketches some regions in at most ``SLOWER`` times the time that it takes for one photo.

    Time goes with the pictures that the encoder sees. A photo has several sketches, of which the worse ones are dropped
    on the way, and several views; a region has two sketches (or one, where two would leave too few iterations), one
    random view besides the whole, and as many iterations as the time allows. Of many regions it takes longer: there are
    no fewer iterations than 120, or half of all.

    >>> [affordable(SketchConfig(), regions).optimize.num_iterations for regions in (2, 3, 4, 16)]
    [300, 264, 227, 120]
    """
    optimize, init = config.optimize, config.init
    asked, views = optimize.num_iterations, min(optimize.num_views, 1)
    photo_looks = mean_active(init.num_sketches, optimize.halving) * (1 + optimize.num_views) * asked
    region_looks = {count: mean_active(count, optimize.halving) * (1 + views) * regions for count in (1, 2)}
    most = {count: min(asked, int(SLOWER * photo_looks / looks)) for count, looks in region_looks.items()}
    sketches = min(init.num_sketches, 2)
    if most[sketches] < min(asked, ENOUGH_ITERATIONS):
        sketches = 1
    iterations = max(most[sketches], min(LEAST_ITERATIONS, asked // 2), 1)
    optimize = replace(optimize, num_views=views, num_iterations=iterations)
    return replace(config, init=replace(init, num_sketches=sketches), optimize=optimize)


def first_strokes(saliency: Tensor, regions: Regions, config: StrokeInitConfig) -> Strokes:
    """Draw the first strokes of every region on its own canvas.

    Args:
        saliency: [R, S, S] in 0-1.
        regions: R.
        config: of the whole scene; the pen is as wide on each canvas as makes it so wide over the photo, but at most
            ``THICKEST`` times as wide as on the whole.

    Returns:
        [R * num_sketches, most shares, K, 2], region by region; what a region does not get is dead.
    """
    regions.check_one_each(len(saliency), "saliency maps")
    room = room_for_strokes(regions, config.stroke_width)
    shares = share_strokes(config.num_strokes, regions.names, how_busy(regions), regions.config.shares, room)
    batches = []
    for index, share in enumerate(shares):
        wider = min(THICKEST, side_of(regions.frame) / side_of(regions.frames[index]))
        own = replace(config, num_strokes=share, spare=0.0, stroke_width=config.stroke_width * wider)
        batches.append(init_strokes(saliency[index : index + 1], own, [regions.images[index]]))
    facts = {"background": regions.config.background, "shares": dict(zip(regions.names, shares, strict=True))}
    return replace(as_batch(batches), provenance={"stroke_init": asdict(config), "scene": facts})


def places_of(regions: Regions, strokes: Strokes) -> Places:
    """Return what of each region's canvas counts, and where its lines should not lie; strokes: its first ones."""
    if regions.config.background == "ignore":
        stands_out = cut_map(regions.masks[0], regions.frames[0], 0.0)
        return Places([stands_out.clamp_min(LEAST_COUNT)], [torch.zeros_like(stands_out)])
    count, off_limits = [], []
    allowed = regions.allowed(asked_width(strokes)).float()
    for index, (where, frame) in enumerate(zip(allowed, regions.frames, strict=True)):
        is_object = index < regions.num_objects
        off_limits.append(1 - cut_map(where, frame, float(is_object)))
        hidden = regions.masks[:index].sum(dim=0) if is_object and regions.config.occlusion else torch.zeros_like(where)
        seen = 1 - cut_map(hidden, frame, 0.0)
        count.append(seen if is_object else (regions.canvas_masks[index] != GOES_ON).float())
    return Places(count, off_limits)


def _check_together(config: SketchConfig) -> None:
    """Raise ConfigError for what a scene cannot be."""
    cannot = {
        "one line": config.init.one_line,
        "a number of strokes that is found on the way": config.optimize.auto_detail is not None,
        "beginnings that are drawings of their own": config.optimize.prefixes,
        "widths that move": config.optimize.widths != "keep",
        "several stages": config.optimize.num_stages > 1,
    }
    for what, asked in cannot.items():
        if asked:
            raise ConfigError(f"A scene of several regions cannot have {what}. Leave that out, or sketch one object.")
