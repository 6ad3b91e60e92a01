"""The report is JSON, with every figure."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from clipasso_lab.evaluate import LeftOut, report
from clipasso_lab.evaluate.figures import Figures


def test_everything_stands_in_it(evaluation: Callable[..., Any], scored: Callable[..., Any]) -> None:
    sketches = [scored("a", "4", loss=1 / 3), scored("b", "4", class_place=2, class_guess="cup")]
    found = evaluation(
        *sketches, left_out=(LeftOut(Path("c.png"), "damaged"),), warnings=("mind",), classes=("b", "cup")
    )
    facts = json.loads(json.dumps(report(found), allow_nan=False))
    assert facts["judge"]["name"] == "efficientnet-lite2"
    assert facts["judge"]["fingerprint"] == found.judge.encoder.fingerprint
    assert set(facts["versions"]) == {"clipasso", "torch", "python"}
    assert facts["photos"] == ["a.png", "b.png"]
    assert facts["sketches"][0]["loss"] == 0.333333
    assert [one["sketch"] for one in facts["sketches"]] == ["a-4.svg", "b-4.svg"]
    assert set(Figures.__dataclass_fields__) | {"photo", "label", "strokes", "rank"} <= set(facts["sketches"][0])
    assert facts["sketches"][1]["class_guess"] == "cup"
    assert facts["groups"][0]["loss"] == 0.666667
    assert (facts["groups"][0]["sketches"], facts["groups"][0]["class_sketches"]) == (2, 1)
    assert facts["left_out"] == [{"file": "c.png", "why": "damaged"}]
    assert facts["warnings"] == ["mind"]
