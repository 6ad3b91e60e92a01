"""The fuzzing of the SVG reader, with few cases: nothing but our own errors, fast, and alone; and it would notice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clipasso_core.errors import SvgError
from clipasso_lab import fuzz_reader
from clipasso_lab.fuzz_reader import DRAWINGS, fuzz, main, make_case

FILES = Path(__file__).parents[1] / "core" / "svg" / "files"


def test_three_hundred_damaged_files_are_read_or_refused() -> None:
    drawings = (*DRAWINGS, *(path.read_text(encoding="utf-8") for path in sorted(FILES.glob("*.svg"))))
    found = fuzz(300, seed=1, drawings=drawings)
    assert found["failed"] == {}
    assert found["requests"] == []
    assert int(str(found["read"])) > 30
    assert int(str(found["refused"])) > 100
    assert float(str(found["slowest_s"])) < 3  # 1 s on a machine that does nothing else
    assert found["peak_mb"] is None or float(str(found["peak_mb"])) < 200


def test_what_is_damaged_is_whole_before() -> None:
    for drawing in DRAWINGS:
        assert fuzz_reader.from_svg(drawing).num_strokes >= 2


def test_a_case_is_made_by_its_number() -> None:
    cases = [make_case(number) for number in range(60)]
    assert cases == [make_case(number) for number in range(60)]
    assert len(set(cases)) > 50
    assert max(map(len, cases[1:50])) < 100_000
    assert make_case(5, seed=1) != make_case(5, seed=2)


def test_a_fault_of_the_reader_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x")

    def faulty(data: str | bytes) -> None:
        if isinstance(data, str):
            return  # the first one, which is whole
        if b"polyline" in data:
            raise KeyError("polyline")
        if b"symbol" in data:
            secret.read_text()
        raise SvgError("refused")

    monkeypatch.setattr(fuzz_reader, "from_svg", faulty)
    found = fuzz(40)
    assert list(found["failed"]) == ["KeyError: 'polyline'"]  # type: ignore[call-overload]
    assert str(secret) in str(found["requests"])


def test_the_command_prints_json_and_writes_one_case(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--cases", "20", "--drawings", str(FILES)]) == 0
    assert json.loads(capsys.readouterr().out)["cases"] == 20
    assert main(["--case", "7", "-o", str(tmp_path / "case.svg")]) == 0
    assert (tmp_path / "case.svg").read_bytes() == make_case(7)
