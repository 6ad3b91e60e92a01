"""What prefixes are worth: areas, orders of the same strokes, and sketches made for fewer strokes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from clipasso_core.order import importance_order
from clipasso_core.strokes import Strokes
from clipasso_core.svg import to_svg
from clipasso_lab.judge import Judge, cosines, embedding_of
from clipasso_lab.metrics import ReferencePhoto, see_photo
from clipasso_lab.prefix_curve import measure_folders, normalized_area, similarity_curve


@pytest.fixture(scope="module")
def eight(traced: dict[str, Strokes]) -> Strokes:
    """The cup's edges in eight strokes of 15 dashes: a piece of the picture each, so that prefixes differ much."""
    points = traced["cup"].control_points[0]
    chunks = points[: 8 * 15].reshape(8, 15, 4, 2)[:, :, 0]
    joined = torch.cat([chunks[:, :1], chunks.repeat_interleave(3, dim=1)], dim=1)
    return Strokes.black(joined[None], (224, 224), 2.0)


def test_the_area_is_one_where_all_is_there_at_once_and_less_the_later_it_comes() -> None:
    assert normalized_area([0.7]) == 1
    early, late = normalized_area([0.6, 0.7, 0.8]), normalized_area([0.1, 0.2, 0.8])
    assert early == pytest.approx((0.65 + 0.75) / 2 / 0.8)
    assert 1 > early > late > 0


def test_a_curve_ends_with_the_whole_sketchs_similarity(
    eight: Strokes, references: dict[str, ReferencePhoto], judge: Judge
) -> None:
    from clipasso_core.rasterizer import rasterize

    seen = see_photo(references["cup"], judge)
    curve = similarity_curve(eight, seen, judge)
    assert len(curve) == 8
    drawn = judge.look(rasterize(eight, judge.size))
    assert curve[-1] == pytest.approx(float(cosines(embedding_of(seen.image)[0], embedding_of(drawn))), abs=1e-5)


def test_a_folder_is_measured_beside_random_orders_and_separate_sketches(
    eight: Strokes, references: dict[str, ReferencePhoto], photos: list[Path], judge: Judge, tmp_path: Path
) -> None:
    """Sketches in the order that the judge itself likes best have more area than in random ones."""
    seen = see_photo(references["cup"], judge)
    own = embedding_of(seen.image)[0]
    order = importance_order(
        eight.scaled_to(judge.size), lambda drawings: 1 - cosines(own, embedding_of(judge.look(drawings)))
    )
    best = eight.in_order(order[None])
    made, separate, beside = (tmp_path / name for name in ("made", "separate", "beside"))
    for folder in (made, separate, beside):
        folder.mkdir()
    (beside / "cup-8.svg").write_text(to_svg(best.in_order(torch.arange(8).flip(0)[None])))
    (made / "cup-8.svg").write_text(to_svg(best))
    (separate / "cup-3.svg").write_text(to_svg(best.prefix(3)))
    (separate / "cup-5.svg").write_text(to_svg(eight.in_order(order.flip(0)[None]).prefix(5)))
    (separate / "cup-old.svg").write_text(to_svg(best))
    found = json.loads(
        json.dumps(measure_folders(photos[0].parent, [made], judge, [separate], [beside], random_orders=2))
    )
    (sketch,) = found["sketches"]
    assert (sketch["photo"], sketch["label"], len(sketch["curve"])) == ("cup", "8", 8)
    assert sketch["area"] > sketch["random_area"]
    assert found["gain"]["mean"] == pytest.approx(sketch["area"] - sketch["random_area"])
    assert sketch["beside_area"] < sketch["area"]
    assert found["gain_beside"]["mean"] == pytest.approx(sketch["area"] - sketch["beside_area"])
    same, other = sketch["rungs"]
    assert (same["strokes"], other["strokes"]) == (3, 5)
    assert same["loss_ratio"] == pytest.approx(1, abs=1e-3)
    assert same["similarity"] == pytest.approx(sketch["curve"][2], abs=1e-3)
    assert other["loss_ratio"] < 1
    assert found["loss_ratio"]["5"]["mean"] == other["loss_ratio"]
