"""What the optimiser may be told."""

from __future__ import annotations

import pytest

from clipasso_core.errors import ConfigError
from clipasso_core.optimize import PRESETS, OptimizeConfig, preset_config
from clipasso_core.pipeline import SketchConfig


@pytest.mark.parametrize(
    ("name", "low", "high", "beyond"),
    [
        ("num_iterations", 1, 100_000, 1),
        ("learning_rate", 1e-4, 100, 1e-5),
        ("final_learning_rate", 0, 1, 0.01),
        ("num_views", 0, 64, 1),
        ("bank_size", 2, 4096, 3),
        ("simplify", 0, 1, 0.1),
        ("tidy", 0, 1, 0.1),
        ("images_per_pass", 0, 4096, 1),
        ("seed", 0, 2**64 - 1, 1),
        ("evaluation_interval", 1, 100_000, 1),
        ("stop_change", 0, 1, 0.1),
        ("opacity_weight", 0, 100, 0.1),
        ("num_stages", 1, 64, 1),
    ],
)
def test_ranges(name: str, low: float, high: float, beyond: float) -> None:
    for value in (low, high):
        assert getattr(OptimizeConfig(**{"bank_size": 64, name: value}), name) == value  # type: ignore[arg-type]
    for value in (low - beyond, high + beyond, float("nan")):
        with pytest.raises(ConfigError, match=f"{name} must lie between .* got"):
            OptimizeConfig(**{name: value})  # type: ignore[arg-type]


def test_no_more_views_than_the_bank_has() -> None:
    assert OptimizeConfig(num_views=3, bank_size=3).num_views == 3
    with pytest.raises(ConfigError, match=r"num_views \(4\) cannot exceed bank_size \(3\)"):
        OptimizeConfig(num_views=4, bank_size=3)


def test_no_stage_without_an_evaluation_of_what_it_draws() -> None:
    for iterations, stages, every in ((2, 3, 1), (3, 2, 1), (8, 2, 4), (600, 64, 10)):
        with pytest.raises(ConfigError, match=rf"num_stages \({stages}\) are too many for num_iterations"):
            OptimizeConfig(num_iterations=iterations, num_stages=stages, evaluation_interval=every)
    assert OptimizeConfig(num_iterations=4, num_stages=2).num_stages == 2
    assert OptimizeConfig(num_iterations=2001, num_stages=64, evaluation_interval=10).num_stages == 64
    assert OptimizeConfig(num_iterations=1, num_stages=1, evaluation_interval=10).num_stages == 1


def test_an_empty_bank_means_fresh_views() -> None:
    assert OptimizeConfig(num_views=3, bank_size=0).bank_views == 3
    assert OptimizeConfig(num_views=3, bank_size=8).bank_views == 8


def test_one_default_everywhere() -> None:
    assert OptimizeConfig() == preset_config("standard") == SketchConfig().optimize


def test_presets_ask_for_more_and_more() -> None:
    assert PRESETS == ("draft", "standard", "best", "paper")
    work = [config.num_iterations for config in map(preset_config, PRESETS)]
    assert work == sorted(set(work))


def test_an_unknown_preset_is_told_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="draft, standard, best, paper, got 'ultra'"):
        preset_config("ultra")  # type: ignore[arg-type]
