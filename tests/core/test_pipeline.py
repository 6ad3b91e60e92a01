"""From a photo to strokes in one call."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from clipasso_core.encoders import ImageEncoder
from clipasso_core.errors import ConfigError, MaskError, ShapeError
from clipasso_core.mask import MaskConfig
from clipasso_core.optimize import OptimizeConfig, SketchStep
from clipasso_core.pipeline import Sketch, SketchConfig, SketchError, choose_device, sketch
from clipasso_core.stroke_init import StrokeInitConfig
from clipasso_core.svg import from_svg, to_svg

INIT = StrokeInitConfig(num_strokes=4, num_sketches=2, canvas_size=64, spare=0.0)
OPTIMIZE = OptimizeConfig(  # without the outline, so that losses of all iterations are of one kind
    num_iterations=4, num_views=1, bank_size=2, learning_rate=4.0, halving=False, outline_weight=0.0
)
WHOLE = SketchConfig(mask=MaskConfig(source="none", fit="pad"), init=INIT, optimize=OPTIMIZE)


def test_a_real_photo_becomes_strokes(photo: Callable[[str], Tensor], encoder: ImageEncoder) -> None:
    seen: list[SketchStep] = []
    image = photo("coffee")
    made = sketch(image, SketchConfig(init=INIT, optimize=OPTIMIZE), encoder=encoder, on_step=seen.append)
    assert made.result.strokes.control_points.shape == (1, 4, 7, 2)
    assert made.result.strokes.canvas_size == (64, 64)
    assert made.result.num_iterations == len(seen) == 4
    assert made.result.loss[0] < made.result.history[0][0]
    placed = made.frames[0].to_photo(made.result.strokes)
    assert placed.canvas_size == (400, 600)
    x, y = placed.control_points[0].flatten(0, 1).mean(dim=0).tolist()
    assert 76 < x < 479  # where the cup and its saucer are
    assert 18 < y < 390


def test_a_given_mask_is_followed(cup: Tensor, encoder: ImageEncoder) -> None:
    mask = torch.zeros(1, 64, 64)
    mask[:, 10:50, 30:60] = 1
    made = sketch(
        cup, SketchConfig(mask=MaskConfig(margin=0), init=INIT, optimize=OPTIMIZE), mask=mask, encoder=encoder
    )
    assert made.frames[0].box == (25, 10, 65, 50)


def test_the_same_call_gives_the_same_bytes(cup: Tensor, encoder: ImageEncoder) -> None:
    first, second = (
        sketch(cup, WHOLE, encoder=encoder).result.strokes.control_points.numpy().tobytes() for _ in range(2)
    )
    assert first == second


def test_provenance_tells_how_the_strokes_were_made(cup: Tensor, encoder: ImageEncoder) -> None:
    facts = sketch(cup, WHOLE, encoder=encoder).result.strokes.provenance
    assert facts["encoder"] == "efficientnet-lite0"
    assert StrokeInitConfig(**facts["stroke_init"]) == INIT  # type: ignore[arg-type]
    assert OptimizeConfig(**facts["optimize"]) == OPTIMIZE  # type: ignore[arg-type]


def test_provenance_names_what_decided_the_first_strokes(cup: Tensor, encoder: ImageEncoder) -> None:
    plain = sketch(cup, WHOLE, encoder=encoder).result.strokes.provenance
    given = sketch(cup, WHOLE, mask=torch.ones(1, *cup.shape[-2:]), encoder=encoder).result.strokes.provenance
    assert plain["mask"] == asdict(WHOLE.mask)
    assert given["mask"] == {**asdict(WHOLE.mask), "source": "given"}
    looking = encoder
    assert plain["saliency"] == {
        "method": "auto", "text": "", "edges": "drawing", "encoder": looking.name,
        "encoder_sha256": looking.fingerprint,
    }  # fmt: skip


def test_edges_decide_where_strokes_start(cup: Tensor, encoder: ImageEncoder) -> None:
    usual, published = (
        sketch(cup, replace(WHOLE, edges=edges), encoder=encoder).result.strokes  # type: ignore[arg-type]
        for edges in ("drawing", "published")
    )
    assert published.provenance["saliency"] == {**usual.provenance["saliency"], "edges": "published"}  # type: ignore[dict-item]
    assert not torch.equal(published.control_points, usual.control_points)
    with pytest.raises(ConfigError, match="edges must be one of drawing, textbook, published"):
        SketchConfig(edges="sobel")  # type: ignore[arg-type]


def test_photos_of_a_list_have_their_own_masks_and_facts(cup: Tensor, cat: Tensor, encoder: ImageEncoder) -> None:
    masks = torch.zeros(2, 64, 64)
    masks[0, 10:50, 10:50], masks[1, 4:30, 30:60] = 1, 1
    one = replace(WHOLE, optimize=OptimizeConfig(num_iterations=1))
    made = sketch([cup, cat], one, mask=masks, encoder=encoder)
    alone = sketch(cat, one, mask=masks[1:], encoder=encoder).result.strokes.control_points
    assert torch.equal(made.result.strokes.control_points[1], alone[0])
    stripes = (torch.arange(64) // 8 % 2).float().expand(1, 3, 64, -1)
    found = replace(one, mask=MaskConfig())
    facts = sketch([cup, stripes], found, encoder=encoder).result.strokes.provenance["mask"]
    assert facts["whole"] == [1]  # type: ignore[index, call-overload]


def test_what_is_wrong_with_a_photo_of_a_list_names_it(cup: Tensor, encoder: ImageEncoder) -> None:
    with pytest.raises(ShapeError, match="empty list; give at least one photo"):
        sketch([], WHOLE, encoder=encoder)
    with pytest.raises(ShapeError, match=r"^mask has a batch of 2 for 3 photos"):
        sketch([cup] * 3, WHOLE, mask=torch.ones(2, 64, 64), encoder=encoder)
    with pytest.raises(ShapeError, match=r"^Photo 1 of the list.* must be \[1, 3, H, W\], got \[2"):
        sketch([cup, cup.expand(2, -1, -1, -1)], WHOLE, encoder=encoder)
    noise = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with pytest.raises(MaskError, match=r"^Photo 1 of the list, here image 0: Image 0 is noise"):
        sketch([cup, noise], WHOLE, encoder=encoder)


def interrupted_at(iteration: int, image: Tensor, encoder: ImageEncoder) -> tuple[Sketch, list[float]]:
    """Sketch until a step, and return what came back and the losses until then."""
    losses: list[float] = []

    def on_step(step: SketchStep) -> None:
        losses.append(float(step.losses["evaluation"].min()))
        if step.iteration == iteration:
            raise KeyboardInterrupt

    return sketch(image, WHOLE, encoder=encoder, on_step=on_step), losses


@pytest.mark.parametrize("iteration", [1, 3])
def test_an_interrupt_leaves_the_best_so_far(cup: Tensor, encoder: ImageEncoder, iteration: int) -> None:
    made, losses = interrupted_at(iteration, cup, encoder)
    assert made.result.stopped == "interrupted"
    assert made.result.num_iterations == len(losses) == iteration
    assert made.result.loss[0] == pytest.approx(min(losses))


def test_an_interrupt_before_the_first_step_goes_on_up(cup: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("clipasso_core.optimize.run.SketchRun.step", interrupt)
    with pytest.raises(KeyboardInterrupt):
        sketch(cup, WHOLE)


def test_an_error_before_the_first_step_is_the_error_itself(cup: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clipasso_core.optimize.run.SketchRun.step", lambda run: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        sketch(cup, WHOLE)


def test_an_error_later_keeps_the_best_so_far(cup: Tensor, encoder: ImageEncoder) -> None:
    losses: list[float] = []

    def on_step(step: SketchStep) -> None:
        losses.append(float(step.losses["evaluation"].min()))
        if step.iteration == 3:
            raise MemoryError("no more")

    with pytest.raises(SketchError, match="failed after 3 iterations: no more") as caught:
        sketch(cup, WHOLE, encoder=encoder, on_step=on_step)
    assert isinstance(caught.value.__cause__, MemoryError)
    result = caught.value.sketch.result
    assert (result.stopped, result.num_iterations) == ("failed", 3)
    assert result.loss[0] == pytest.approx(min(losses))


def test_a_photo_alone_and_in_a_batch_is_the_same_sketch(photo: Callable[[str], Tensor], encoder: ImageEncoder) -> None:
    """To the byte, whatever the size of its object beside the others'."""
    photos = torch.cat([photo("coffee"), photo("coffee").flip(3), photo("coffee") * 0.9])
    masks = torch.zeros(3, 400, 600)
    masks[0, 20:380, 120:480], masks[1, 200:240, 300:330], masks[2, 100:300, 100:500] = 1, 1, 1
    config = SketchConfig(init=INIT, optimize=OPTIMIZE)
    together = sketch(photos, config, mask=masks, encoder=encoder)
    for index in range(3):
        one = slice(index, index + 1)
        alone = sketch(photos[one], config, mask=masks[one], encoder=encoder)
        assert torch.equal(together.result.strokes.control_points[one], alone.result.strokes.control_points)
        assert together.frames[index] == alone.frames[0]


class Elsewhere:
    """Pass everything on to an encoder that says it is on another device, and cannot be moved."""

    device = torch.device("meta")

    def __init__(self, encoder: ImageEncoder) -> None:
        self.encoder = encoder

    def __getattr__(self, name: str) -> object:
        return getattr(self.encoder, name)

    def to(self, device: object) -> None:
        raise AssertionError("the caller's encoder was moved")


@pytest.mark.parametrize("which", ["encoder", "saliency_encoder"])
def test_an_encoder_elsewhere_is_said_and_not_moved(cup: Tensor, encoder: ImageEncoder, which: str) -> None:
    encoders = {"encoder": encoder, which: Elsewhere(encoder)}
    with pytest.raises(ConfigError, match=r"is on meta, but the sketch is to be made on cpu. Move it first"):
        sketch(cup, WHOLE, device="cpu", **encoders)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("image", "mask", "error"),
    [
        (torch.rand(1, 1, 64, 64), None, ShapeError),
        (torch.rand(1, 3, 12, 64), None, ShapeError),
        (torch.rand(1, 3, 64, 64), None, MaskError),
        (torch.rand(1, 3, 64, 64), torch.ones(1, 32, 64), ShapeError),
        (torch.rand(1, 3, 64, 64), torch.zeros(1, 64, 64), MaskError),
        (torch.full((1, 3, 64, 64), 0.7), None, MaskError),
    ],
)
def test_bad_input_is_refused_before_the_long_work(
    monkeypatch: pytest.MonkeyPatch, image: Tensor, mask: Tensor | None, error: type[Exception]
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("the long work started")

    monkeypatch.setattr("clipasso_core.optimize.run.SketchRun.step", never)
    with pytest.raises(error):
        sketch(image, WHOLE, mask=mask)


@pytest.mark.parametrize("name", ["gpu", "", "cuda:99", "xpu"])
def test_a_device_that_is_not_there(name: str) -> None:
    with pytest.raises(ConfigError, match="Use auto, cpu, cuda or mps"):
        choose_device(name)


def test_a_drawing_over_a_real_photo_is_gone_on_from(photo: Callable[[str], Tensor], encoder: ImageEncoder) -> None:
    drawing = (Path(__file__).parents[2] / "workflows" / "coffee_lines.svg").read_text(encoding="utf-8")
    config = SketchConfig(init=replace(INIT, num_strokes=6), optimize=OPTIMIZE)
    detail = torch.full((1, 400, 600), 0.5)
    made = sketch(photo("coffee"), config, given=from_svg(drawing), detail=detail, encoder=encoder)
    assert made.result.strokes.provenance["given"] == 3
    text = to_svg(made.frames[0].to_photo(made.result.strokes))
    assert re.findall(r' d="([^"]*)"', text)[:3] == re.findall(r' d="([^"]*)"', drawing)
    assert len(re.findall("<path", text)) == 6
