"""Sketch scene: one run for all regions, one drawing in the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from clipasso_core.bezier import curve_points, segments_of
from clipasso_core.errors import ConfigError
from clipasso_core.optimize import OptimizeConfig, Preset
from clipasso_core.pipeline import Sketch, SketchConfig, sketch
from clipasso_core.presets import sketch_preset
from clipasso_core.scenes import Background, SceneConfig, make_regions, sketch_scene
from clipasso_core.scenes.sketch_scene import affordable, first_strokes
from clipasso_core.stroke_init import StrokeInitConfig
from clipasso_core.svg import to_svg

QUICK = SketchConfig(
    init=StrokeInitConfig(num_strokes=12, num_sketches=2), optimize=OptimizeConfig(num_iterations=2, num_views=1)
)


@pytest.fixture(scope="module")
def kept() -> Sketch:
    return scene_of_boxes()


def scene_of_boxes() -> Sketch:
    photo, masks = photo_and_masks()
    return sketch_scene(photo, QUICK, SceneConfig("keep"), masks=masks)


def photo_and_masks() -> tuple[Tensor, Tensor]:
    photo = (0.6 + 0.3 * (torch.arange(96) // 12 % 2)).view(1, 1, -1, 1).expand(1, 3, 96, 128).clone()
    masks = torch.zeros(2, 96, 128)
    masks[0, 30:80, 16:60], masks[1, 50:80, 84:112] = 1, 1
    photo[..., 30:80, 16:60], photo[..., 50:80, 84:112] = 0.1, 0.35
    return photo, masks


def test_regions_are_groups_and_what_lies_behind_comes_first(kept: Sketch) -> None:
    strokes = kept.result.strokes
    assert strokes.group_names == ("background", "object-2", "object-1")
    names = strokes.names_of(0)
    assert [name for index, name in enumerate(names) if name not in names[:index]] == list(strokes.group_names)
    assert names.count("object-1") >= 3
    assert strokes.batch_size == len(kept.frames) == len(kept.result.loss) == 1


def test_every_line_lies_in_its_region_and_is_as_wide_as_asked(kept: Sketch) -> None:
    photo, masks = photo_and_masks()
    regions = make_regions(photo, masks, SceneConfig("keep"))
    allowed = dict(zip(regions.names, regions.allowed(3.0), strict=True))
    over_photo = kept.frames[0].to_photo(kept.result.strokes)
    along = torch.linspace(0.02, 0.98, 30)
    for points, name in zip(over_photo.control_points[0], over_photo.names_of(0), strict=True):
        x, y = curve_points(segments_of(points), along).reshape(-1, 2).floor().long().unbind(-1)
        assert bool(allowed[str(name)][y, x].all())
    assert over_photo.stroke_width.unique().tolist() == pytest.approx([3 * 128 / 224])
    assert kept.result.strokes.stroke_width.unique().tolist() == pytest.approx([3.0])


def test_the_same_photo_gives_the_same_bytes(kept: Sketch) -> None:
    assert to_svg(scene_of_boxes().result.strokes) == to_svg(kept.result.strokes)


def test_a_single_object_alone_is_todays_sketch() -> None:
    photo, masks = photo_and_masks()
    config = replace(QUICK, init=replace(QUICK.init, num_strokes=4))
    scene = sketch_scene(photo, config, SceneConfig("remove"), masks=masks[:1])
    plain = sketch(photo, config, mask=masks[:1])
    texts = [to_svg(one.result.strokes, metadata=dict(one.result.strokes.provenance)) for one in (scene, plain)]
    assert texts[0] == texts[1]


def test_a_background_is_kept_where_a_soft_mask_is_nowhere_black() -> None:
    photo, masks = photo_and_masks()
    config = replace(QUICK, optimize=OptimizeConfig(num_iterations=1, num_views=1))
    made = sketch_scene(photo, config, SceneConfig("keep"), masks=masks[:1].clamp(0.2, 0.9))
    assert made.result.strokes.group_names == ("background", "object-1")


def test_shares_count_for_a_single_object_too() -> None:
    photo, masks = photo_and_masks()
    config = replace(QUICK, optimize=OptimizeConfig(num_iterations=1, num_views=1))
    made = sketch_scene(photo, config, SceneConfig("remove", shares={"object-1": 3}), masks=masks[:1])
    assert int(made.result.strokes.provenance["scene"]["shares"]["object-1"]) == 3  # type: ignore[index, call-overload, arg-type]
    with pytest.raises(ConfigError, match="no region 'background'"):
        sketch_scene(photo, config, SceneConfig("remove", shares={"background": 3}), masks=masks[:1])


@pytest.mark.parametrize(
    ("preset", "plain", "regions"),  # plain: iterations x sketches on average x views
    [("draft", 80 * 1.5 * 2, regions) for regions in (2, 3, 4)]
    + [("standard", 300 * 1.5 * 3, regions) for regions in (2, 3, 4, 6)]
    + [("best", 500 * 3 * 4, regions) for regions in (2, 3, 4, 6)],
)
def test_a_scene_takes_at_most_half_as_long_again(preset: Preset, plain: float, regions: int) -> None:
    asked = sketch_preset(preset)
    config = affordable(asked, regions)
    halved = {1: 1.0, 2: 1.15}[config.init.num_sketches]
    sketches = halved if config.optimize.halving else config.init.num_sketches
    looks = config.optimize.num_iterations * sketches * regions * (1 + config.optimize.num_views)
    has_all = config.init.num_sketches == 2 and config.optimize.num_iterations == asked.optimize.num_iterations
    assert looks <= 1.4 * plain
    assert looks > 0.9 * plain or (preset == "best" and has_all)


@pytest.mark.parametrize(
    "config",
    [
        replace(QUICK, init=StrokeInitConfig(one_line=True)),
        replace(QUICK, optimize=OptimizeConfig(auto_detail=0.5)),
        replace(QUICK, optimize=OptimizeConfig(prefixes=True)),
        replace(QUICK, optimize=OptimizeConfig(widths="each")),
        replace(QUICK, optimize=OptimizeConfig(num_stages=2)),
    ],
    ids=["one_line", "auto_detail", "prefixes", "widths", "stages"],
)
def test_what_a_scene_cannot_be_is_refused(config: SketchConfig) -> None:
    photo, masks = photo_and_masks()
    with pytest.raises(ConfigError, match="A scene of several regions cannot have"):
        sketch_scene(photo, config, SceneConfig("keep"), masks=masks)


def test_a_scene_whose_background_is_ignored_is_one_region() -> None:
    photo, masks = photo_and_masks()
    config = replace(QUICK, init=StrokeInitConfig(num_strokes=4, num_sketches=1))
    strokes = sketch_scene(photo, config, SceneConfig("ignore"), masks=0.8 * masks[:1]).result.strokes
    assert strokes.names_of(0) == ["object-1"] * strokes.num_strokes
    assert strokes.provenance["mask"]["objects"] == "given"  # type: ignore[index, call-overload]


def test_the_face_of_each_person_has_strokes_of_its_own(photo: Callable[[str], Tensor]) -> None:
    """Eileen Collins twice; her eye lies at (247, 103) of each photo of 512 px."""
    masks = torch.zeros(2, 512, 1024)
    masks[0, 20:, 60:452], masks[1, 20:, 572:964] = 1, 1
    regions = make_regions(photo("astronaut").repeat(1, 1, 1, 2), masks)
    lines = torch.zeros(2, 224, 224)
    lines[:, 20:200, [20, 200]] = 1
    strokes = first_strokes(lines, regions, StrokeInitConfig(num_strokes=32, num_sketches=1))
    for index, frame in enumerate(regions.frames):
        middles = frame.to_photo(strokes.select([index])).control_points[0].mean(dim=1)
        away = (middles - torch.tensor([247.0 + 512 * index, 103.0])).norm(dim=-1)
        assert float(away.min()) < 8


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("background", ["remove", "ignore", "keep"])
def test_a_scene_is_made_on_a_gpu(background: Background) -> None:
    photo, masks = photo_and_masks()
    made = sketch_scene(photo, QUICK, SceneConfig(background), masks=masks, device="cuda")
    assert made.result.strokes.control_points.device.type == "cuda"
    assert "object-1" in made.result.strokes.names_of(0)
