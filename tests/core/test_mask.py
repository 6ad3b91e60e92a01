"""The mask: the object is found, refined and cut out; what has no object is refused."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from torch import Tensor

from clipasso_core import u2net as module
from clipasso_core.errors import ConfigError, DependencyError, MaskError, ShapeError, WeightsError
from clipasso_core.mask import MaskConfig, MaskSource, mask_object
from clipasso_core.u2net import salient_object

PLAIN = {"fit": "pad", "source": "none"}


@pytest.fixture
def fresh_session() -> Iterator[None]:
    """Forget the loaded network before and after a test that breaks it."""
    module._session.cache_clear()
    yield
    module._session.cache_clear()


def square(side: int = 40, low: int = 10, high: int = 30) -> Tensor:
    mask = torch.zeros(1, side, side)
    mask[:, low:high, low:high] = 1
    return mask


def refined(mask: Tensor, **options: object) -> Tensor:
    """Return the binary mask [H, W] made of a given square one."""
    return mask_object(torch.zeros(1, 3, *mask.shape[-2:]), mask, MaskConfig(fit="pad", **options)).mask[0]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "inside", "share"),
    [("coffee", (210, 278), (0.2, 0.7)), ("rocket", (250, 321), (0.005, 0.1))],
)
def test_the_object_of_a_real_photo(
    photo: Callable[[str], Tensor], name: str, inside: tuple[int, int], share: tuple[float, float]
) -> None:
    """The cup's and the rocket's middle (y, x) belong to the object, the photo's corners do not."""
    image = photo(name)
    found = salient_object(image)
    assert found.shape == (1, *image.shape[-2:])
    assert (float(found.min()), float(found.max())) == pytest.approx((0, 1), abs=0.02)
    assert float(found[0][inside]) > 0.9
    assert float(found[0, [0, 0, -1, -1], [0, -1, 0, -1]].max()) < 0.1
    assert share[0] < float((found >= 0.5).float().mean()) < share[1]


def test_each_photo_of_a_batch_is_looked_at_alone(cup: Tensor, cat: Tensor) -> None:
    both = salient_object(torch.cat([cup, cat]))
    torch.testing.assert_close(both[1:], salient_object(cat))
    assert not torch.allclose(both[0], both[1], atol=0.1)


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0], ids=["black", "grey", "white"])
def test_no_object_in_one_colour(cup: Tensor, value: float) -> None:
    images = torch.cat([cup, torch.full_like(cup, value)])
    with pytest.raises(MaskError, match=r"No object found in image 1 .*mask source 'none'"):
        mask_object(images)


def test_a_given_mask_passes_and_the_rest_becomes_white() -> None:
    images = torch.full((1, 3, 40, 40), 0.25)
    cut = mask_object(images, square(), MaskConfig(fit="pad"))
    assert torch.equal(cut.mask, square())
    assert torch.equal(cut.image, torch.where(square()[:, None] > 0, 0.25, 1.0).expand(1, 3, 40, 40))
    assert cut.frames[0].box == (0, 0, 40, 40)


def test_a_given_mask_overrides_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(_: Tensor) -> Tensor:
        raise AssertionError("the network ran")

    monkeypatch.setattr("clipasso_core.mask.salient_object", never)
    image = torch.zeros(1, 3, 40, 40)
    mask_object(image, square(), MaskConfig(source="auto"))
    mask_object(image, None, MaskConfig(source="none"))
    with pytest.raises(AssertionError, match="the network ran"):
        mask_object(image)


def test_without_a_mask_the_whole_photo_is_kept() -> None:
    images = torch.linspace(0, 1, 2 * 3 * 24 * 36).view(2, 3, 24, 36)
    cut = mask_object(images, None, MaskConfig(**PLAIN))  # type: ignore[arg-type]
    assert cut.image.shape == (2, 3, 36, 36)
    assert torch.equal(cut.image[:, :, 6:30], images)
    assert bool(cut.mask.all())  # and goes on beyond its own borders, which cut it


def test_a_batch_with_different_crops() -> None:
    masks = torch.cat([square(60, 10, 30), square(60, 5, 55)])
    cut = mask_object(torch.zeros(2, 3, 60, 60), masks, MaskConfig(margin=0))
    assert [frame.box for frame in cut.frames] == [(10, 10, 30, 30), (5, 5, 55, 55)]
    assert [tuple(image.shape) for image in cut.images] == [(3, 20, 20), (3, 50, 50)]
    assert cut.image.shape == (2, 3, 50, 50)  # a large object loses nothing to a small one beside it
    assert bool(cut.mask.all())


@pytest.mark.parametrize("size", [(40, 40), (224, 224), (480, 640), (97, 1031)])
@pytest.mark.parametrize("source", ["auto", "none"])
@pytest.mark.parametrize("kind", ["uniform", "normal"])
def test_noise_is_refused(size: tuple[int, int], source: MaskSource, kind: str, cup: Tensor) -> None:
    generator = torch.Generator().manual_seed(sum(size))
    noise = torch.rand(1, 3, *size, generator=generator)
    if kind == "normal":
        noise = (0.5 + 0.15 * torch.randn(1, 3, *size, generator=generator)).clamp(0, 1)
    with pytest.raises(MaskError, match=r"Image 0 is noise: .* give a mask of your own"):
        mask_object(noise, None, MaskConfig(source))
    whole = mask_object(noise, torch.ones(1, *size))  # who gives a mask knows what is in it
    assert whole.facts == {"mask": {**asdict(MaskConfig()), "source": "given"}}


def checkers(cell: int) -> Tensor:
    y, x = torch.meshgrid(torch.arange(480) // cell, torch.arange(480) // cell, indexing="ij")
    return ((x + y) % 2).float()


def dot_on_a_page() -> Tensor:
    page = torch.ones(1500, 1500)
    page[690:718, 690:718] = 0.2  # inside one of the patches that are compared
    return page


def stars() -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return (torch.rand(480, 480, generator=generator) > 0.999).float()


@pytest.mark.parametrize("grey", [checkers(8), checkers(10), checkers(20), dot_on_a_page(), stars()])
def test_what_is_sparse_or_regular_is_no_noise(grey: Tensor) -> None:
    assert mask_object(grey.expand(1, 3, -1, -1), None, MaskConfig("none")).images[0].shape[0] == 3


def test_an_object_too_small_to_see_is_said_with_its_photo() -> None:
    masks = torch.zeros(2, 60, 60)
    masks[0, 10:50, 10:50], masks[1, 30:36, 30:36] = 1, 1
    with pytest.raises(MaskError, match="The object in image 1 is 8 px large with its margin; at least 16 px"):
        mask_object(torch.zeros(2, 3, 60, 60), masks)


@pytest.mark.parametrize("name", ["gravel", "grass", "brick", "text", "page", "camera"])
def test_textures_and_writing_are_no_noise(name: str) -> None:
    from skimage import data

    grey = torch.from_numpy(getattr(data, name)()).float() / 255
    assert mask_object(grey.expand(1, 3, -1, -1), None, MaskConfig("none")).images[0].shape[0] == 3


@pytest.mark.parametrize(("threshold", "side"), [(0.5, 20), (0.7, 20), (0.71, 10), (0.9, 10)])
def test_threshold(threshold: float, side: int) -> None:
    soft = square() * 0.7
    soft[:, 15:25, 15:25] = 0.9
    assert int(refined(soft, threshold=threshold).sum()) == side**2


def test_a_low_threshold_reaches_faint_masks() -> None:
    assert int(refined(square() * 0.3, threshold=0.2).sum()) == 400


def test_a_threshold_above_the_mask_leaves_nothing() -> None:
    with pytest.raises(MaskError, match="is empty"):
        refined(square() * 0.7, threshold=0.8)


def test_nothing_cannot_be_grown() -> None:
    with pytest.raises(MaskError, match="is empty"):
        refined(square() * 0.7, threshold=0.8, grow=5)


def test_a_whole_photo_does_not_shrink_in_one_corner() -> None:
    mask = refined(torch.ones(1, 40, 40), grow=-5)
    assert torch.equal(mask, mask.flip(0))
    assert torch.equal(mask, mask.flip(1))


@pytest.mark.parametrize("grow", [1, 5, 20])
def test_grow_reaches_as_far_as_it_says(grow: int) -> None:
    point = torch.zeros(1, 61, 61)
    point[0, 30, 30] = 1
    y, x = torch.meshgrid(torch.arange(61) - 30, torch.arange(61) - 30, indexing="ij")
    assert torch.equal(refined(point, grow=grow), (y**2 + x**2 <= grow**2).float())


@pytest.mark.parametrize("shrink", [1, 4, 9])
def test_shrink_takes_from_every_side(shrink: int) -> None:
    assert torch.equal(refined(square(), grow=-shrink)[None], square(40, 10 + shrink, 30 - shrink))


def test_shrinking_everything_away_is_said() -> None:
    with pytest.raises(MaskError, match="is empty"):
        refined(square(), grow=-11)


@pytest.mark.parametrize(("keep", "area"), [(True, 400), (False, 436)])
def test_keep_largest(keep: bool, area: int) -> None:
    mask = square()
    mask[:, 0:4, 0:4] = 1
    mask[:, 35:40, 0:4] = 1
    assert int(refined(mask, keep_largest=keep).sum()) == area


@pytest.mark.parametrize(
    ("mask", "error", "said"),
    [
        (torch.ones(1, 64, 64), ShapeError, "64 x 64 px but the image is 40 x 40"),
        (torch.ones(3, 40, 40), ShapeError, "batch of 3 for 2 images"),
        (torch.zeros(1, 40, 40), MaskError, "is empty"),
        (torch.full((1, 40, 40), float("nan")), ShapeError, "NaN"),
    ],
)
def test_bad_masks_are_refused(mask: Tensor, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        mask_object(torch.zeros(2, 3, 40, 40), mask)


def test_one_mask_for_two_photos() -> None:
    assert mask_object(torch.zeros(2, 3, 40, 40), square()).mask.shape[0] == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"source": "sam"}, "auto, none, got 'sam'"),
        ({"threshold": 0.0}, "threshold"),
        ({"threshold": 1.0}, "threshold"),
        ({"threshold": float("nan")}, "threshold"),
        ({"grow": 513}, "-512 and 512 px, got 513"),
        ({"grow": -513}, "got -513"),
        ({"fit": "stretch"}, "pad, crop, squash, got 'stretch'"),
        ({"margin": -0.01}, "margin"),
        ({"margin": 1.01}, "margin"),
    ],
)
def test_options_out_of_range(options: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        MaskConfig(**options)  # type: ignore[arg-type]


@pytest.mark.usefixtures("fresh_session")
@pytest.mark.parametrize("damage", ["missing", "cut", "flipped"])
def test_a_damaged_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, cup: Tensor, damage: str) -> None:
    data = module.WEIGHTS.read_bytes()
    path = tmp_path / "u2netp.onnx"
    if damage != "missing":
        path.write_bytes(data[:-1000] if damage == "cut" else data[:2000] + bytes(8) + data[2008:])
    monkeypatch.setattr(module, "WEIGHTS", path)
    with pytest.raises(WeightsError, match=r"u2netp.onnx is missing or damaged. Reinstall"):
        salient_object(cup)


@pytest.mark.usefixtures("fresh_session")
def test_without_onnxruntime(monkeypatch: pytest.MonkeyPatch, cup: Tensor) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(DependencyError, match="pip install onnxruntime"):
        salient_object(cup)


def test_specks_of_a_found_object_are_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts and holes below half a percent of the object; those of a given mask are a person's, and stay."""
    soft = torch.zeros(1, 100, 100)
    soft[:, 20:80, 20:80] = 1
    soft[:, 40:43, 40:43] = 0  # a hole of 9 px, of 3600
    soft[:, 5:8, 5:8] = 1
    soft[:, 60:66, 60:66] = 0  # a hole of 36 px
    soft[:, 2:12, 90:98] = 1
    monkeypatch.setattr("clipasso_core.mask.salient_object", lambda images: soft)
    photo = torch.rand(1, 3, 100, 100).cumsum(dim=-1) / 100
    config = MaskConfig(fit="pad")
    found = mask_object(photo, config=config).mask[0]
    assert [float(found[place]) for place in ((41, 41), (6, 6), (62, 62), (5, 95))] == [1, 0, 0, 1]
    given = mask_object(photo, soft, config).mask[0]
    assert [float(given[place]) for place in ((41, 41), (6, 6))] == [0, 1]
