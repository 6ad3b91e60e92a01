"""What nodes do inside, in a host that is nothing but names: patchers, drawings, memory, presets and masks."""

from __future__ import annotations

import importlib
import json
import re
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor

from .conftest import PACK


def module(name: str) -> ModuleType:
    return importlib.import_module(f"{PACK}.nodes.{name}")


@pytest.mark.usefixtures("pack")
def test_embedded_is_the_network_of_the_open_sockets() -> None:
    """Two patchers would each think that they alone move the weights."""
    nodes = module("load_encoder")
    first = nodes.embedded()
    loaded = nodes.LoadEncoder.execute("embedded", False, "stage4: 1", 0.2)
    assert loaded.patcher is first.patcher
    assert loaded.encoder is first.encoder
    assert loaded.patcher == [loaded.encoder.network]
    assert dict(loaded.recipe.layer_weights) == {"stage4": 1.0}
    assert loaded.recipe.semantic_weight == 0.2
    assert first.recipe is first.encoder.recipe


@pytest.mark.usefixtures("pack")
def test_load_encoder_as_it_comes_is_the_open_socket() -> None:
    nodes = module("load_encoder")
    loaded = nodes.LoadEncoder.execute("embedded", False, "", nodes.THE_NETWORKS_OWN)
    assert loaded.recipe == nodes.embedded().recipe
    assert nodes.LoadEncoder.execute("embedded", False, "", 0.0).recipe.semantic_weight == 0


@pytest.mark.usefixtures("pack")
def test_weights_go_to_the_device_as_a_whole() -> None:
    """A ModelPatcher that is short of memory moves some layers alone; ours then fail on tensors of two devices."""
    nodes = module("sketch_encoder")
    nodes.embedded().ready(5)
    call = nodes.comfy.model_management.load_models_gpu.call_args
    assert call.kwargs == {"memory_required": 5, "force_full_load": True}


@pytest.mark.usefixtures("pack")
@pytest.mark.parametrize("vision", [object(), None])
def test_a_clip_vision_without_weights_is_refused(vision: object) -> None:
    error = importlib.import_module(f"{PACK}.clipasso_core.errors").WeightsError
    with pytest.raises(error, match=rf"clip_vision is a {type(vision).__name__}, whose weights cannot be read"):
        module("encoder_from_clip_vision").EncoderFromCLIPVision.execute(vision, "", -1.0)


@pytest.mark.usefixtures("pack")
def test_rasterize_draws_once(monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = module("rasterize")
    strokes = importlib.import_module(f"{PACK}.clipasso_core.strokes").Strokes
    two = strokes.black(torch.rand(1, 2, 4, 2, generator=torch.Generator().manual_seed(0)) * 64, (64, 64))
    drawn = []

    def noted(*arguments: object) -> torch.Tensor:
        drawn.append(arguments)
        found: torch.Tensor = render(*arguments)
        return found

    render = nodes.render
    monkeypatch.setattr(nodes, "render", noted)
    image, mask = nodes.Rasterize.execute(two, 64)
    assert len(drawn) == 1
    torch.testing.assert_close(image[..., 0], 1 - mask)
    assert float(mask.max()) > 0.9


@pytest.mark.usefixtures("pack")
def test_the_host_is_asked_for_memory_by_size() -> None:
    host, config = module("host"), importlib.import_module(f"{PACK}.clipasso_core.optimize").OptimizeConfig
    usual = host.run_memory(config(), 224)
    assert usual > 2 * 1024**3
    assert host.run_memory(config(bank_size=64), 224) > usual
    assert host.run_memory(config(), 384) > 2.5 * usual


# --- CLIPasso Optimize -------------------------------------------------------------------------------------------


@pytest.fixture
def optimize(pack: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Call CLIPassoOptimize for one iteration on a grey square of 64 px; the first strokes are two lines in it."""
    nodes, strokes = module("optimize"), importlib.import_module(f"{pack.__name__}.clipasso_core.strokes").Strokes
    monkeypatch.setattr(nodes.host, "device", lambda: torch.device("cpu"))
    monkeypatch.setattr(nodes.host, "save_for_page", lambda photos: [])
    image = torch.ones(1, 64, 64, 3)
    image[:, 16:48, 16:48] = 0.5
    two = torch.tensor([[80.0, 80], [100, 80], [120, 80], [140, 80]]) + torch.tensor([[[0.0, 0]], [[0, 60]]])

    def call(preset: str = "draft", **others: object) -> Any:
        return nodes.Optimize.execute(image, strokes.black(two[None], (224, 224)), preset, 1, 7, **others)

    return call


def settings(sketch: Any) -> dict[str, object]:
    """Return the config that a sketch says it was made with."""
    found: dict[str, object] = sketch.provenance["optimize"]
    return found


@pytest.mark.parametrize("preset", ["draft", "paper"])
def test_optimize_without_the_newer_inputs_does_as_the_preset_says(optimize: Callable[..., Any], preset: str) -> None:
    """Files that were saved before these inputs were there do not name them."""
    config = importlib.import_module(f"{PACK}.clipasso_core.optimize").preset_config(preset)
    sketch, drawn, _, lines, _, plot = optimize(preset)
    wanted = {**vars(config), "num_iterations": 1, "seed": 7}
    assert settings(sketch) == wanted
    assert settings(optimize(preset, tidy=-1.0, simplify=-1.0)[0]) == wanted
    assert drawn.shape == (1, 512, 512, 3)
    assert lines.shape == (1, 224, 224, 3)
    assert plot.shape == (1, 320, 480, 3)
    assert float(plot.min()) == 1  # nothing was counted


def test_optimize_takes_tidy_and_simplify_from_the_widgets(optimize: Callable[..., Any]) -> None:
    told = settings(optimize(tidy=0.0, simplify=1.0)[0])
    assert (told["tidy"], told["simplify"]) == (0.0, 1.0)
    told = settings(optimize("paper", tidy=0.25, simplify=0.0)[0])
    assert (told["tidy"], told["simplify"]) == (0.25, 0.0)


def test_optimize_takes_looks_and_smooth_joints_from_the_widgets(optimize: Callable[..., Any]) -> None:
    looks = {"smooth": True, "widths": "each", "min_width": 2.0, "max_width": 4.0, "colors": "photo"}
    sketch = optimize(**looks)[0]
    assert {name: settings(sketch)[name] for name in looks} == looks
    assert sketch.color[0, 0, :3].tolist() == pytest.approx([0.5] * 3, abs=0.02)  # the square's grey


@pytest.mark.usefixtures("pack")
def test_stroke_init_joins_all_lines_where_one_line_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = module("stroke_init")
    monkeypatch.setattr(nodes.host, "save_for_page", lambda photos: [])
    numbers = (4, 0, 2, 3.0, 2, 0.3, 0.6, 224)
    strokes = nodes.StrokeInit.execute(torch.ones(1, 64, 64), *numbers)[0]
    assert (strokes.control_points.shape, strokes.num_wanted) == ((2, 8, 7, 2), 4)  # with spare ones
    one = nodes.StrokeInit.execute(torch.ones(1, 64, 64), *numbers, one_line=True)[0]
    assert one.control_points.shape == (2, 1, 25, 2)


def test_optimize_takes_prefixes_and_order_from_the_widgets(optimize: Callable[..., Any]) -> None:
    told = settings(optimize(prefixes=True, order="importance")[0])
    assert (told["prefixes"], told["order"], told["auto_detail"]) == (True, "importance", None)
    told = settings(optimize(auto_detail=0.25, fewest_strokes=2)[0])
    assert (told["auto_detail"], told["fewest_strokes"]) == (0.25, 2)
    points = [optimize(order=order)[0].control_points for order in ("drawn", "pen")]
    middles = [sorted(each.mean(dim=2)[0].round(decimals=3).tolist()) for each in points]
    assert middles[0] == middles[1]


def test_abstraction_cuts_each_sketch_at_its_levels(pack: ModuleType) -> None:
    nodes = module("abstraction")
    strokes = importlib.import_module(f"{pack.__name__}.clipasso_core.strokes").Strokes
    six = strokes.black(torch.rand(2, 6, 4, 2), (32, 32))
    assert nodes.Abstraction.execute(six, "2, 5").alive.sum(dim=1).tolist() == [2, 5, 2, 5]
    assert nodes.Abstraction.validate_inputs("2, 5") is True
    assert "numbers of strokes" in nodes.Abstraction.validate_inputs("two")
    error = importlib.import_module(f"{PACK}.clipasso_core.errors").ConfigError
    with pytest.raises(error, match="Level 7 needs as many strokes"):
        nodes.Abstraction.execute(six, "7")


def test_simplify_strokes_says_what_it_did(pack: ModuleType) -> None:
    nodes = module("simplify_strokes")
    strokes = importlib.import_module(f"{pack.__name__}.clipasso_core.strokes").Strokes
    line = torch.linspace(0, 90, 10)[:, None] * torch.tensor([1.0, 0.5])
    twice = strokes.black(torch.stack([line, line.flip(0), line / 100])[None], (100, 100))
    done, report = nodes.SimplifyStrokes.execute(twice, 2.0, 0.5, 1.0, 0.5, -1)
    assert done.alive.tolist() == [[True, False, False]]
    assert done.num_segments == 1
    assert report.splitlines()[0] == "Taken away: 1 short strokes, 1 duplicates; 1 strokes are left."
    assert nodes.SimplifyStrokes.execute(twice, 0.0, 0.0, 0.0, 0.0, 0)[0].control_points[0, 2, -1].tolist() == [1, 0]


def test_the_mask_says_where_the_contour_of_the_line_drawing_is(optimize: Callable[..., Any]) -> None:
    mask = torch.zeros(1, 64, 64)
    mask[:, 16:48, 16:32] = 1
    whole, half = (optimize(mask=where)[3][0, 112, :, 0] for where in (None, mask))
    darkest = {name: line[104:113].min().item() for name, line in (("whole", whole), ("half", half))}
    assert darkest["whole"] == pytest.approx(1, abs=0.05)  # the middle of the square
    assert darkest["half"] < 0.6  # the mask's right border


@pytest.mark.parametrize(
    ("mask", "says"),
    [
        (torch.zeros(1, 32, 32), "mask is 32 x 32 px but the image is 64 x 64 px"),
        (torch.ones(2, 64, 64), "mask has a batch of 2 for 1 images"),
        (torch.full((1, 64, 64), torch.nan), "mask contains NaN"),
    ],
)
def test_optimize_refuses_a_mask_of_another_picture(optimize: Callable[..., Any], mask: Tensor, says: str) -> None:
    error = importlib.import_module(f"{PACK}.clipasso_core.errors").ShapeError
    with pytest.raises(error, match=says):
        optimize(mask=mask)


def test_one_mask_serves_a_batch_of_photos(pack: ModuleType) -> None:
    convert = importlib.import_module(f"{pack.__name__}.nodes.convert")
    photos, masks = convert.photos_and_masks(torch.rand(3, 16, 16, 3), torch.ones(16, 16), torch.device("cpu"))
    assert len(photos) == len(masks) == 3
    photos, masks = convert.photos_and_masks(torch.rand(3, 16, 16, 3), None, torch.device("cpu"))
    assert (len(photos), masks) == (3, None)


def test_the_history_ends_with_the_sketch(optimize: Callable[..., Any]) -> None:
    sketch, _, _, _, history, _ = optimize("draft")
    assert history.batch_size == 2  # the one iteration's, and the end
    assert torch.equal(history.control_points[-1:], sketch.control_points)


# --- CLIPasso Animate --------------------------------------------------------------------------------------------


@pytest.fixture
def animate(pack: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Call CLIPassoAnimate on two sketches of two lines; return its outputs, and the texts that it saved."""
    nodes, strokes = module("animate"), importlib.import_module(f"{pack.__name__}.clipasso_core.strokes").Strokes
    saved: list[str] = []
    monkeypatch.setattr(nodes.Animate, "hidden", None, raising=False)
    monkeypatch.setattr(nodes.host, "save_svgs", lambda texts, prefix: saved.extend(texts))
    monkeypatch.setattr(nodes.host, "to_svg_type", list)
    monkeypatch.setattr(nodes.host, "host_metadata", lambda hidden: {"workflow": {}})
    two = torch.rand(2, 2, 4, 2, generator=torch.Generator().manual_seed(0)) * 64

    def call(*widgets: object, size: tuple[int, int] = (64, 64)) -> Any:
        sketches = strokes.black(two, size)
        return sketches, nodes.Animate.execute(sketches, *widgets, "a/b", "A title", "white"), saved

    return call


def test_animate_gives_one_sketch_after_another_and_whole_ones_last(animate: Callable[..., Any]) -> None:
    sketches, (frames, _, fps), _ = animate(5, 10.0, 0.2, 96)
    assert frames.shape == (2 * 7, 96, 96, 3)
    assert fps == 10.0
    whole = module("animate").image_to_host(module("host").rasterize(sketches, (96, 96)))
    for index in (0, 1):
        assert torch.equal(frames[7 * index + 4 : 7 * index + 7], whole[index].expand(3, -1, -1, -1))
        assert not torch.equal(frames[7 * index + 3], whole[index])


def test_animate_saves_svgs_that_draw_themselves(animate: Callable[..., Any]) -> None:
    _, (_, plain, _), saved = animate(48, 24.0, 0.0, 32)
    for text in (*plain, *saved):
        ends = [float(lasts) + float(begins) for lasts, begins in re.findall(r"draw ([\d.]+)s linear ([\d.]+)s", text)]
        assert len(ends) == 2
        assert ends[-1] == pytest.approx(2.0, abs=0.002)
    assert len(plain) == len(saved) == 2
    assert ["workflow" in text for text in (*plain, *saved)] == [False, False, True, True]


def test_frames_have_even_sides(animate: Callable[..., Any]) -> None:
    _, (frames, _, _), _ = animate(2, 24.0, 0.0, 75, size=(64, 43))
    assert frames.shape == (4, 76, 50, 3)


# --- given strokes and the detail mask ---------------------------------------------------------------------------


@pytest.fixture
def start_strokes(pack: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Call CLIPassoStrokeInit for one sketch of six strokes on two level lines, at y = 60 and y = 160."""
    monkeypatch.setattr(module("stroke_init").host, "save_for_page", lambda photos: [])
    saliency = torch.zeros(1, 224, 224)
    saliency[:, [60, 160], 20:200] = 1

    def call(number: int = 6, **others: object) -> Any:
        return module("stroke_init").StrokeInit.execute(
            saliency, number, 0, 1, 3.0, 1, 0.3, 0.6, 224, spare=0.0, **others
        )

    return call


def test_given_strokes_over_the_photo_come_to_the_canvas_and_are_gone_on_from(
    start_strokes: Callable[..., Any],
) -> None:
    core = f"{PACK}.clipasso_core"
    strokes, frame = (
        importlib.import_module(f"{core}.strokes").Strokes,
        importlib.import_module(f"{core}.framing").Frame,
    )
    line = torch.tensor([[110.0, 160], [180, 160], [250, 160], [320, 160]])[None, None]
    sketch = start_strokes(given=strokes.black(line, (480, 640)), frame=(frame((480, 640), (100, 100, 324, 324)),))[0]
    assert sketch.control_points.shape == (1, 6, 4, 2)
    assert sketch.control_points[0, 0, 0].tolist() == [10.0, 60.0]
    assert sketch.num_given == sketch.provenance["given"] == 1
    assert float(sketch.control_points[0, 1:, 0, 1].min()) > 150
    with pytest.raises(ValueError, match="connect the frame"):
        start_strokes(given=strokes.black(line, (480, 640)))


def test_faces_of_the_image_get_strokes(start_strokes: Callable[..., Any], photo: Callable[[str], Tensor]) -> None:
    """One eye of Eileen Collins lies at (247, 103) of 512 px, off the saliency's lines."""
    eye = torch.tensor([247.0, 103.0]) * 224 / 512
    near = [
        float((start_strokes(32, **given)[0].control_points.mean(dim=2) - eye).norm(dim=-1).min())
        for given in ({}, {"image": photo("astronaut").movedim(1, -1)})
    ]
    assert near[0] > 8
    assert near[1] < 3


def test_more_strokes_start_where_the_detail_mask_is_white(start_strokes: Callable[..., Any]) -> None:
    mask = torch.zeros(1, 64, 64)
    mask[:, 40:] = 1
    low = [
        float((start_strokes(detail=one)[0].control_points[..., 1] > 112).float().mean()) for one in (mask, 1 - mask)
    ]
    assert low[0] > 0.6
    assert low[1] < 0.4


def test_optimize_takes_a_detail_mask_and_freedom_for_given_strokes(optimize: Callable[..., Any]) -> None:
    mask = torch.zeros(1, 64, 64)
    mask[:, :32] = 1
    sketch = optimize(detail=mask, given_freedom=0.25)[0]
    assert settings(sketch)["given_freedom"] == 0.25
    assert sketch.provenance["detail"] is True
    assert "detail" not in optimize()[0].provenance


# --- what the page is told, and CLIPasso Edit Strokes ------------------------------------------------------------


def ui_of(pack: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let outputs be (values, ui)."""
    outputs = sys.modules["comfy_api.latest"].io  # type: ignore[attr-defined]
    monkeypatch.setattr(outputs, "NodeOutput", lambda *values, ui=None: (values, ui))


def test_edit_strokes_makes_the_edits_and_shows_its_input(pack: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    nodes, strokes = module("edit_strokes"), importlib.import_module(f"{pack.__name__}.clipasso_core.strokes").Strokes
    ui_of(pack, monkeypatch)
    two = strokes.black(torch.rand(1, 2, 4, 2) * 32, (32, 32))
    made_for = {"num_strokes": 2, "num_points": 4, "canvas_size": [32, 32]}
    whole = {"format": "clipasso-edits", "version": 1, "made_for": made_for}
    text = json.dumps({**whole, "operations": [{"do": "delete", "strokes": [0]}]})
    (edited,), ui = nodes.EditStrokes.execute(two, text)
    assert edited.alive.tolist() == [[False, True]]
    (shown,) = ui["clipasso_strokes"]
    assert len(shown["strokes"]["sketches"][0]["strokes"]) == 2
    assert not any(stroke.get("alive") is False for stroke in shown["strokes"]["sketches"][0]["strokes"])
    assert "photos" not in shown
    monkeypatch.setattr(nodes.host, "save_for_page", lambda photos: [list(photo.shape) for photo in photos])
    (shown,) = nodes.EditStrokes.execute(two, text, torch.rand(1, 24, 24, 3))[1]["clipasso_strokes"]
    assert shown["photos"] == [[3, 24, 24]]
    assert nodes.EditStrokes.validate_inputs(text) is True
    assert nodes.EditStrokes.validate_inputs("") is True
    assert "no edits in JSON" in nodes.EditStrokes.validate_inputs("{")


def test_the_page_gets_few_sketches_and_moments(pack: ModuleType) -> None:
    page, strokes = module("viewer_data"), importlib.import_module(f"{pack.__name__}.clipasso_core.strokes").Strokes
    many = strokes.black(torch.rand(100, 2, 4, 2) * 32, (32, 32)).with_provenance(workflow="x" * 1000)
    (shown,) = page.strokes_ui(many)["clipasso_strokes"]
    assert (len(shown["strokes"]["sketches"]), shown["num_sketches"]) == (16, 100)
    assert len(json.dumps(shown)) < 16 * 400  # rounded, and without provenance
    assert page.spread(5, 40) == [0, 1, 2, 3, 4]
    spread = page.spread(300, 40)
    assert (len(spread), spread[0], spread[-1]) == (40, 0, 299)


def test_stroke_init_tells_the_page_of_the_saliency(
    start_strokes: Callable[..., Any], pack: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    ui_of(pack, monkeypatch)
    saved: list[torch.Tensor] = []
    monkeypatch.setattr(module("stroke_init").host, "save_for_page", lambda photos: saved.extend(photos) or ["a file"])
    _, ui = start_strokes()
    assert ui == {"clipasso_saliency": ["a file"]}
    (picture,) = saved
    assert picture[:, 60, 100].tolist() == pytest.approx([0.84, 0.0, 0.42])
    assert picture[:, 0, 0].tolist() == [1, 1, 1]


def test_a_map_without_anything_salient_is_white(pack: ModuleType) -> None:
    assert module("viewer_data").saliency_pictures(torch.zeros(2, 4, 4)).tolist() == torch.ones(2, 3, 4, 4).tolist()


def test_the_photo_is_shown_while_the_run_goes_on(
    optimize: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    nodes, sent = module("optimize"), []
    monkeypatch.setattr(nodes.host, "save_for_page", lambda photos: [{"filename": f"{one}.jpg"} for one in "ab"])
    monkeypatch.setattr(nodes.host, "LIVE_SECONDS", -1.0)
    server = sys.modules["server"].PromptServer.instance  # type: ignore[attr-defined]
    monkeypatch.setattr(server, "send_sync", lambda kind, message, _client: sent.append((kind, message)))
    optimize()
    assert [(kind, message["photos"]) for kind, message in sent] == [("clipasso_strokes", [{"filename": "a.jpg"}])]


def test_optimize_tells_the_page_of_its_run(
    optimize: Callable[..., Any], pack: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    ui_of(pack, monkeypatch)
    _, ui = optimize()
    (shown,) = ui["clipasso_strokes"]
    assert json.loads(json.dumps(shown)) == shown
    assert len(shown["history"]["sketches"]) == 2
    (run,) = shown["runs"]
    assert run["iterations"] == len(run["losses"]) == 1
    assert run["loss"] == run["losses"][0]


def test_a_host_without_the_pinned_api_has_the_newest(pack: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "comfy_api.v0_0_2", None)
    assert module("api").io is sys.modules["comfy_api.latest"].io  # type: ignore[attr-defined]
