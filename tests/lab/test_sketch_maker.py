"""Sketches that an evaluation makes itself, and does not make again."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from clipasso_core.encoders import ImageEncoder
from clipasso_core.errors import ConfigError
from clipasso_core.files import load_image
from clipasso_core.optimize import OptimizeConfig
from clipasso_core.pipeline import SketchConfig, sketch
from clipasso_core.stroke_init import StrokeInitConfig
from clipasso_core.svg import facts_in_svg, from_svg
from clipasso_lab.sketch_maker import SketchMaker

CONFIG = SketchConfig(
    init=StrokeInitConfig(num_strokes=3, num_sketches=1), optimize=OptimizeConfig(num_iterations=2, num_views=0)
)


@pytest.fixture
def photo_file(photos: list[Path], tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return Path(shutil.copy(photos[1], tmp_path))


@pytest.fixture
def maker(encoder: ImageEncoder, tmp_path: Path) -> Callable[..., SketchMaker]:
    return lambda *configs: SketchMaker(tmp_path / "out", configs, encoder, torch.device("cpu"))


def test_a_sketch_is_what_the_library_makes(
    maker: Callable[..., SketchMaker], photo_file: Path, encoder: ImageEncoder
) -> None:
    one = maker(CONFIG)
    ((file, config),) = one.plan(photo_file)
    assert (file.path.name, file.label) == ("cup-3.svg", "3")
    assert not one.is_made(file, config)
    steps: list[int] = []
    svg = one.draw(file, config, lambda step: steps.append(step.iteration))
    assert steps == [1, 2]
    assert not file.path.exists()
    file.path.write_text(svg)
    wanted = sketch(load_image(photo_file), CONFIG, encoder=encoder).result.strokes
    drawn = from_svg(file.path.read_bytes())
    torch.testing.assert_close(drawn.control_points, wanted.control_points, atol=1e-3, rtol=0)
    assert one.is_made(file, config)


def test_other_settings_another_version_or_another_photo_are_made_anew(
    maker: Callable[..., SketchMaker], photo_file: Path, photos: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = maker(CONFIG)
    ((file, _),) = one.plan(photo_file)
    file.path.write_text(one.draw(file, CONFIG, lambda _: None))
    assert one.is_made(file, replace(CONFIG))
    assert not one.is_made(file, replace(CONFIG, init=replace(CONFIG.init, seed=1)))
    assert not one.is_made(file, replace(CONFIG, init=replace(CONFIG.init, num_strokes=4)))
    assert not one.is_made(file, replace(CONFIG, optimize=replace(CONFIG.optimize, num_iterations=3)))
    assert not one.is_made(file, replace(CONFIG, mask=replace(CONFIG.mask, fit="squash")))
    assert not one.is_made(file, replace(CONFIG, edges="published"))
    with monkeypatch.context() as patch:
        patch.setattr("clipasso_core.optimize.result.__version__", "9.9.9")
        assert not one.is_made(file, CONFIG)
    with monkeypatch.context() as patch:
        patch.setattr(one.encoder, "fingerprint", "ab")
        assert not one.is_made(file, CONFIG)
    shutil.copy(photos[0], photo_file)
    assert not one.is_made(file, CONFIG)
    assert "photo_sha256" in facts_in_svg(file.path.read_bytes())


def test_an_interrupted_sketch_is_none(maker: Callable[..., SketchMaker], photo_file: Path) -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    one = maker(CONFIG)
    ((file, config),) = one.plan(photo_file)
    with pytest.raises(KeyboardInterrupt):
        one.draw(file, config, interrupt)


def test_the_users_own_svg_is_not_replaced(maker: Callable[..., SketchMaker], photo_file: Path) -> None:
    one = maker(CONFIG)
    one.check([photo_file])
    for text in ("<svg xmlns='http://www.w3.org/2000/svg'/>", "no svg"):
        (photo_file.parent / "out" / "cup-3.svg").write_text(text)
        with pytest.raises(ConfigError, match=r"cup-3\.svg' is there already and was not made by an evaluation"):
            one.check([photo_file])
