"""The encoder in bfloat16: nearly the same gradient, and float32 where a device cannot."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from clipasso_core.errors import ConfigError
from clipasso_core.optimize import OptimizeConfig, SketchRun
from clipasso_core.optimize.photo_bank import usable_precision

Start = Callable[..., SketchRun]


def test_bfloat16_has_nearly_the_same_gradient(start: Start, cup: Tensor) -> None:
    full, half = (start(cup, precision=precision, num_iterations=1) for precision in ("float32", "bfloat16"))
    a, b = (run.step().losses["evaluation"] for run in (full, half))
    assert not torch.equal(a, b)  # it did compute otherwise
    assert a.dtype == b.dtype == torch.float32
    torch.testing.assert_close(b, a, rtol=0.02, atol=0)
    one, other = (run.work.points.grad for run in (full, half))
    assert one is not None
    assert other is not None
    assert other.dtype == torch.float32
    assert float((one * other).sum() / (one.norm() * other.norm())) > 0.9


def test_an_unknown_precision_is_refused() -> None:
    with pytest.raises(ConfigError, match="precision must be one of float32, bfloat16, got 'float16'"):
        OptimizeConfig(precision="float16")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("device", "generation", "expected"),
    [("cpu", 0, "bfloat16"), ("cuda", 8, "bfloat16"), ("cuda", 7, "float32"), ("mps", 0, "float32")],
)
def test_a_device_that_cannot_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, device: str, generation: int, expected: str
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (generation, 5))
    with caplog.at_level(logging.WARNING):
        assert usable_precision("bfloat16", torch.device(device)) == expected
        assert usable_precision("float32", torch.device(device)) == "float32"
    assert ("float32" in caplog.text) == (expected == "float32")
