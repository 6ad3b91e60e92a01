"""Saliency: lines inside the object, weighted by where the encoder looks."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from clipasso_core.encoders import AttentionConfig, ImageEncoder
from clipasso_core.errors import ConfigError, MaskError, ShapeError
from clipasso_core.line_drawing import line_drawing
from clipasso_core.pixels import resize
from clipasso_core.saliency import (
    CONTOUR_SHARE,
    EDGE_METHODS,
    FAINT_ATTENTION,
    LEAST_ATTENTION,
    EdgeMethod,
    compute_saliency,
)
from clipasso_core.stroke_init import StrokeInitConfig, init_strokes
from clipasso_core.xdog import XdogMethod, xdog

SIDE = 224


@pytest.fixture(scope="module")
def cup(photo: Callable[[str], Tensor]) -> Tensor:
    """The coffee cup and its saucer on the paper's canvas: [1, 3, 224, 224]."""
    return resize(photo("coffee")[:, :, 20:380, 120:480], (SIDE, SIDE))


class Looking:
    """Stand in for an encoder whose attention is given."""

    def __init__(self, attention: Tensor) -> None:
        self.attention = attention

    name, fingerprint = "looking", "0"

    def attention_map(self, images: Tensor, method: str = "auto", text: Tensor | None = None) -> Tensor:
        return self.attention.expand(len(images), *images.shape[-2:])


def half(left: float, right: float, side: int = SIDE) -> Tensor:
    values = torch.full((1, side, side), right)
    values[..., : side // 2] = left
    return values


def test_saliency_of_a_real_photo(cup: Tensor, encoder: ImageEncoder) -> None:
    maps = compute_saliency(cup, encoder)
    for one in (maps.saliency, maps.attention, maps.edges):
        assert one.shape == (1, SIDE, SIDE)
        assert float(one.min()) == 0
        assert float(one.max()) == pytest.approx(1)
    assert not maps.saliency[maps.edges == 0].any()
    drawn = 1 - line_drawing(cup)  # the stronger the darker, and not what is too faint
    clear = drawn > 0.3
    torch.testing.assert_close(maps.edges[clear], drawn[clear])
    assert not maps.edges[drawn < 0.2].any()


@pytest.mark.parametrize("edges", ["drawing", "textbook"])
def test_it_is_attention_times_edges(cup: Tensor, edges: EdgeMethod) -> None:
    attention, least = half(0.25, 1.0), LEAST_ATTENTION if edges == "drawing" else FAINT_ATTENTION
    maps = compute_saliency(cup, Looking(attention), edges=edges)  # type: ignore[arg-type]
    product = (attention + least) * maps.edges
    torch.testing.assert_close(maps.saliency, product / product.max())
    assert float(maps.edges[..., : SIDE // 2].max()) == float(maps.edges[..., SIDE // 2 :].max()) == 1


@pytest.mark.parametrize("edges", ["textbook", "published"])
def test_the_lines_may_be_xdogs(cup: Tensor, encoder: ImageEncoder, edges: XdogMethod) -> None:
    maps, usual = compute_saliency(cup, encoder, edges=edges), compute_saliency(cup, encoder)
    assert torch.equal(maps.edges, xdog(cup, edges))
    assert not torch.equal(maps.saliency, usual.saliency)
    assert not maps.saliency[maps.edges == 0].any()
    said = [one.facts["saliency"] for one in (maps, usual)]
    assert [facts["edges"] for facts in said if isinstance(facts, dict)] == [edges, "drawing"]


def test_unknown_edges_are_refused(cup: Tensor, encoder: ImageEncoder) -> None:
    with pytest.raises(ConfigError, match="edges must be one of drawing, textbook, published"):
        compute_saliency(cup, encoder, edges="sobel")  # type: ignore[arg-type]


@pytest.mark.parametrize("edges", EDGE_METHODS)
def test_the_edges_are_those_that_strokes_may_start_on(cup: Tensor, edges: EdgeMethod) -> None:
    """Whichever way they are found: inside the mask, and its contour among them."""
    mask = half(0, 1)
    maps = compute_saliency(cup, Looking(torch.ones(1, 1, 1)), mask, edges=edges)  # type: ignore[arg-type]
    assert torch.equal(maps.edges > 0, maps.saliency > 0)
    assert not maps.edges[mask == 0].any()
    assert bool((maps.edges[0, :, SIDE // 2] > 0).all())


@pytest.mark.parametrize(("edges", "share"), [("drawing", 0.15 / 1.15), ("textbook", 0.001 / 1.001)])
def test_a_line_that_nobody_looks_at_still_counts(cup: Tensor, edges: EdgeMethod, share: float) -> None:
    maps = compute_saliency(cup, Looking(half(0.0, 1.0)), edges=edges)  # type: ignore[arg-type]
    lines = (maps.edges > 0) & (half(1, 0) > 0)
    assert bool(lines.any())
    torch.testing.assert_close(maps.saliency[lines], share * maps.edges[lines])
    assert float(maps.saliency[lines].min()) > 1e-4  # what stroke_init counts as positive


def test_a_contour_is_a_weaker_line_than_the_strongest_inside() -> None:
    photo, mask = torch.ones(1, 3, SIDE, SIDE), torch.zeros(1, SIDE, SIDE)
    photo[..., 40:184, 40:184], mask[..., 40:184, 40:184] = 0.8, 1
    photo[..., 100:108, 100:108] = 0.1
    edges = compute_saliency(photo, Looking(torch.ones(1, 1, 1)), mask).edges[0]  # type: ignore[arg-type]
    assert float(edges[103, 103]) == 1
    assert float(edges[41:183, 40].min()) == float(edges[41:183, 40].max()) == pytest.approx(CONTOUR_SHARE)


def test_only_inside_the_mask(cup: Tensor) -> None:
    looking, mask = Looking(torch.ones(1)[:, None]), half(0, 1)
    everywhere = compute_saliency(cup, looking, edges="textbook").saliency  # type: ignore[arg-type]
    inside = compute_saliency(cup, looking, mask, edges="textbook").saliency  # type: ignore[arg-type]
    assert bool(everywhere[mask == 0].any())
    assert not inside[mask == 0].any()
    rim = mask.clone()
    rim[..., SIDE // 2 + 4 :] = 0  # the mask is the right half; its contour may add to the photo's own lines there
    assert torch.equal(inside[(mask == 1) & (rim == 0)], everywhere[(mask == 1) & (rim == 0)])
    assert bool((inside[rim == 1] >= everywhere[rim == 1]).all())


@pytest.mark.parametrize("side", [100, 500])
def test_maps_come_on_the_canvas_where_strokes_start(
    photo: Callable[[str], Tensor], encoder: ImageEncoder, side: int
) -> None:
    """No way through the photo's size and back: every stroke starts on a line, not beside it."""
    image = resize(photo("coffee")[:, :, 20:380, 120:480], (side, side))
    maps = compute_saliency(image, encoder, torch.ones(1, side, side))
    assert maps.saliency.shape == maps.attention.shape == maps.edges.shape == (1, SIDE, SIDE)
    assert torch.equal(maps.saliency[0] > 0, maps.edges[0] > 0)
    starts = init_strokes(maps.saliency, StrokeInitConfig(num_strokes=64, follow=0)).control_points[:, :, 0]
    x, y = starts.flatten(0, 1).long().unbind(-1)
    assert bool((maps.edges[0, y, x] > 0).all())


def test_a_photo_alone_and_in_a_batch_is_the_same(cup: Tensor, encoder: ImageEncoder) -> None:
    photos = (cup, cup.flip(3), resize(cup, (150, 150)))
    together = compute_saliency([photo[0] for photo in photos], encoder)
    for index, one in enumerate(photos):
        assert torch.equal(together.saliency[index], compute_saliency(one, encoder).saliency[0])


def test_the_hosts_choice_of_kernels_plays_no_part(
    cup: Tensor, encoder: ImageEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ComfyUI --fast autotune lets cuDNN try which kernel is fastest today."""
    cudnn, seen = torch.backends.cudnn, []

    def looking(*_: object) -> Tensor:
        seen.append((cudnn.deterministic, cudnn.benchmark))
        return torch.ones(1, SIDE, SIDE)

    monkeypatch.setattr(cudnn, "benchmark", True)
    stand_in = Looking(torch.ones(1, 1, 1))
    monkeypatch.setattr(stand_in, "attention_map", looking)
    compute_saliency(cup, stand_in)  # type: ignore[arg-type]
    assert seen == [(True, False)]
    assert cudnn.benchmark


@pytest.mark.parametrize(
    ("asked", "said"),
    [({"method": "rollout"}, "attention by auto or grad-cam, not 'rollout'"), ({"text": "a cup"}, "knows no words")],
)
def test_what_the_embedded_encoder_cannot_do(
    cup: Tensor, encoder: ImageEncoder, asked: dict[str, str], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        compute_saliency(cup, encoder, attention=AttentionConfig(**asked))


def test_a_flat_photo_of_a_batch_is_named(cup: Tensor, encoder: ImageEncoder) -> None:
    with pytest.raises(MaskError, match=r"Image 1 has no lines inside its object"):
        compute_saliency(torch.cat([cup, torch.full_like(cup, 0.5)]), encoder)


def test_no_lines_inside_the_mask(encoder: ImageEncoder) -> None:
    with pytest.raises(MaskError, match="no lines inside its object"):
        compute_saliency(torch.full((1, 3, 64, 64), 0.9), encoder, torch.ones(1, 64, 64))


def test_a_pale_object_is_salient_along_its_contour(encoder: ImageEncoder) -> None:
    mask = torch.zeros(1, SIDE, SIDE)
    mask[:, 56:168, 56:168] = 1
    saliency = compute_saliency(torch.full((1, 3, SIDE, SIDE), 0.99), encoder, mask).saliency[0]
    assert not saliency[60:164, 60:164].any()
    assert bool((saliency > 0).sum() > 4 * 100)
    assert not saliency[mask[0] == 0].any()


@pytest.mark.parametrize(
    ("image", "mask", "error"),
    [
        (torch.zeros(1, 4, 64, 64), None, ShapeError),
        (torch.rand(1, 3, 64, 128), None, ShapeError),
        (torch.full((1, 3, 64, 64), float("nan")), None, ShapeError),
        (torch.rand(1, 3, 64, 64), torch.ones(1, 32, 32), ShapeError),
        (torch.rand(1, 3, 64, 64), torch.ones(2, 64, 64), ShapeError),
        (torch.rand(1, 3, 64, 64), torch.zeros(1, 64, 64), MaskError),
    ],
)
def test_bad_input(encoder: ImageEncoder, image: Tensor, mask: Tensor | None, error: type[Exception]) -> None:
    with pytest.raises(error):
        compute_saliency(image, encoder, mask)
