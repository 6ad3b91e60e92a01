"""The stand-ins for diffusion models have the names and sizes of the real files. (No host and no gigabytes needed.)"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from pathlib import Path

import pytest
import torch

from . import diffusion_files
from .comfy_tree import REPO
from .diffusion_files import Shapes, controlnet, text_encoder, unet, vae

PUBLISHED = {
    unet: (686, 859_520_964),
    vae: (248, 83_653_863),
    text_encoder: (196, 123_060_480),
    controlnet: (340, 361_279_120),
}
"""Tensors and parameters of Stable Diffusion 1.5 and its ControlNets; of CLIP without its buffer of positions."""


@pytest.mark.parametrize("part", PUBLISHED, ids=lambda part: part.__name__)
def test_a_part_has_as_many_parameters_as_the_real_one(part: Callable[[], Shapes]) -> None:
    shapes = list(part())
    assert (len(dict(shapes)), sum(prod(shape) for _, shape in shapes)) == PUBLISHED[part]


def test_random_weights_are_the_same_each_time_and_keep_values_in_bounds() -> None:
    shapes = [("norm.weight", (64,)), ("norm.bias", (64,)), ("conv.weight", (32, 64, 3, 3))]
    weights, again = (diffusion_files.random_weights(iter(shapes)) for _ in range(2))
    assert all(torch.equal(weights[name], again[name]) for name in weights)
    assert {value.dtype for value in weights.values()} == {torch.float16}
    assert weights["norm.weight"].float().mean().item() == pytest.approx(1, abs=0.02)
    image = torch.randn(1, 64, 16, 16, generator=torch.Generator().manual_seed(0))
    assert 0.5 < torch.nn.functional.conv2d(image, weights["conv.weight"].float()).std().item() < 2


def test_nothing_is_written_into_the_repository() -> None:
    with pytest.raises(ValueError, match="outside it"):
        diffusion_files.write_all(REPO / "models")
    assert not (REPO / "models").exists()


def test_files_that_are_there_stay(tmp_path: Path) -> None:
    for file in (diffusion_files.CHECKPOINT, diffusion_files.CONTROLNET):
        (tmp_path / file).parent.mkdir()
        (tmp_path / file).write_bytes(b"mine")
    diffusion_files.write_all(tmp_path)
    assert (tmp_path / diffusion_files.CHECKPOINT).read_bytes() == b"mine"
