"""Many photos and their sketches: ranks among all, what is left out, and means of groups."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from clipasso_core.errors import DependencyError
from clipasso_core.strokes import Strokes
from clipasso_core.svg import from_svg, to_svg
from clipasso_lab.evaluation import evaluate_sketches
from clipasso_lab.judge import Judge
from clipasso_lab.metrics import ReferencePhoto, reference_photo
from clipasso_lab.sketch_files import SketchFile
from clipasso_lab.zero_shot import Classes


def save(folder: Path, photo: Path, strokes: Strokes, label: str, facts: dict[str, object] | None = None) -> SketchFile:
    path = folder / f"{photo.stem}-{label}.svg"
    path.write_text(to_svg(strokes, metadata={"clipasso": facts or {}}))
    return SketchFile(photo, path, label)


@pytest.fixture(autouse=True)
def cut_out(references: dict[str, ReferencePhoto], photos: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """The photos' objects were cut out once; their copies are alike."""
    known = {path.read_bytes(): references[path.stem] for path in photos}

    def look_up(path: Path) -> ReferencePhoto:
        return known.get(path.read_bytes()) or reference_photo(path)

    monkeypatch.setattr("clipasso_lab.evaluation.reference_photo", look_up)


@pytest.fixture
def sketches(photos: list[Path], traced: dict[str, Strokes], tmp_path: Path) -> list[SketchFile]:
    """Each photo's own edges, and the other one's labelled "wrong"."""
    cat, cup = photos
    return [
        save(tmp_path, cat, traced["cat"], "own"),
        save(tmp_path, cat, traced["cup"], "wrong"),
        save(tmp_path, cup, traced["cup"], "own"),
        save(tmp_path, cup, traced["cat"], "wrong"),
    ]


def test_own_edges_lead_to_the_own_photo(photos: list[Path], sketches: list[SketchFile], judge: Judge) -> None:
    steps: list[int] = []
    found = evaluate_sketches(photos, sketches, judge, on_photo=steps.append)
    assert steps == [1, 2]
    assert [one.file for one in found.sketches] == sketches
    assert [one.rank for one in found.sketches] == [1, 2, 1, 2]
    for own, wrong in (found.sketches[:2], found.sketches[2:]):
        assert own.metrics.loss < wrong.metrics.loss
    assert from_svg(found.sketches[0].svg).num_strokes == found.sketches[0].num_strokes > 100
    assert (found.left_out, found.warnings, found.classes) == ((), (), ())


def test_two_copies_of_a_photo_tie_and_lose_the_first_place(
    photos: list[Path], traced: dict[str, Strokes], judge: Judge, tmp_path: Path
) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    twins = [Path(shutil.copy(photos[0], folder / name)) for name in ("a.png", "b.png")]
    found = evaluate_sketches(twins, [save(tmp_path, one, traced["cat"], "16") for one in twins], judge)
    assert [one.rank for one in found.sketches] == [2, 2]


def test_photos_without_a_sketch_count_for_the_ranks(
    photos: list[Path], sketches: list[SketchFile], judge: Judge
) -> None:
    alone = evaluate_sketches(photos[:1], sketches[:2], judge)
    both = evaluate_sketches(photos, sketches[:2], judge)
    assert [one.rank for one in alone.sketches] == [1, 1]
    assert len(both.photos) == 2
    assert both.warnings == ("No sketch of cup.png was scored; they only count for the ranks.",)
    assert [one.metrics for one in both.sketches] == [one.metrics for one in alone.sketches]


def test_what_cannot_be_read_is_left_out_and_the_others_go_on(
    photos: list[Path], sketches: list[SketchFile], judge: Judge, tmp_path: Path
) -> None:
    broken, empty = tmp_path / "broken.png", tmp_path / "cat-empty.svg"
    broken.write_text("no photo")
    empty.write_text("<svg/>")
    found = evaluate_sketches([broken, *photos], [*sketches, SketchFile(photos[0], empty, "empty")], judge)
    assert [one.path for one in found.left_out] == [broken, empty]
    assert "no image that can be read" in found.left_out[0].why
    assert len(found.sketches) == 4
    assert [card.path for card in found.photos] == photos


def test_a_judge_that_drew_is_warned_of(
    photos: list[Path], traced: dict[str, Strokes], judge: Judge, tmp_path: Path
) -> None:
    own, other = {"encoder_sha256": judge.encoder.fingerprint}, {"encoder_sha256": "ab"}
    files = [
        save(tmp_path, photos[0], traced["cat"], label, facts) for label, facts in (("a", own), ("b", other), ("c", {}))
    ]
    (said,) = evaluate_sketches(photos[:1], files, judge).warnings
    assert said.startswith("1 of 3 sketches were optimised with the judge itself (efficientnet-lite2)")


def test_classes_are_those_in_the_names(photos: list[Path], sketches: list[SketchFile], judge: Judge) -> None:
    """What the judge makes of white paper stands in for the word "cat"."""
    alike = judge.look(torch.ones(1, 3, 64, 64)).embedding[0]
    classes = Classes(("dog", "cat"), torch.stack([-alike, alike]))
    found = evaluate_sketches(photos, sketches, judge, classes)
    assert [card.class_name for card in found.photos] == ["cat", None]
    assert [(one.class_rank, one.class_guess) for one in found.sketches] == [(1, "cat")] * 2 + [(None, None)] * 2
    assert found.warnings == ("No class stands in the names of cup.png; left out of zero-shot.",)


def test_the_same_twice(photos: list[Path], sketches: list[SketchFile], judge: Judge) -> None:
    first, second = (evaluate_sketches(photos[:1], sketches[:2], judge) for _ in range(2))
    assert first.sketches == second.sketches
    assert first.photos == second.photos


def test_groups_of_other_photos_are_warned_of(photos: list[Path], sketches: list[SketchFile], judge: Judge) -> None:
    (said,) = evaluate_sketches(photos, sketches[:3], judge).warnings
    assert said == "The groups are not of the same photos, so their means should not be compared."


def test_what_is_no_photos_fault_ends_it(
    photos: list[Path], sketches: list[SketchFile], judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object) -> None:
        raise DependencyError("pip install onnxruntime")

    monkeypatch.setattr("clipasso_lab.evaluation.reference_photo", missing)
    with pytest.raises(DependencyError):
        evaluate_sketches(photos, sketches, judge)
