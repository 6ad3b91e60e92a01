"""clipasso batch: what it says, and the one sentence for wrong usage, before any work."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from clipasso_batch.photo_sketcher import BatchConfig, Row
from clipasso_batch.ray_data import RayPool
from clipasso_batch.sources import PhotoFile
from clipasso_cli import main


@pytest.fixture
def configs(monkeypatch: pytest.MonkeyPatch) -> list[BatchConfig]:
    """Spare the processes: every photo takes 2 s, all but "bad.png" get a sketch; return how they were asked for."""
    asked: list[BatchConfig] = []

    def made(photos: Iterable[PhotoFile], config: BatchConfig, num_workers: int) -> Iterator[Row]:
        asked.append(config)
        for photo in photos:
            if photo.key == "bad.png":
                yield Row(photo.key, 0.0, "It is damaged.")
            else:
                yield Row(photo.key, 2.0, svg_text="<svg/>", strokes=16)

    monkeypatch.setattr("clipasso_batch.run.sketch_in_workers", made)
    monkeypatch.setattr("clipasso_batch.plan.sketch_in_workers", made)
    return asked


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder photos/ with cup.png and bad.png, and a list of them, in the current folder."""
    (tmp_path / "photos").mkdir()
    for name in ("cup.png", "bad.png"):
        (tmp_path / "photos" / name).touch()
    (tmp_path / "list.csv").write_text("id,path\n1,photos/cup.png\n")
    (tmp_path / "void").mkdir()
    (tmp_path / "file").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_batch_and_the_rest_of_it(here: Path, configs: list[BatchConfig], capsys: pytest.CaptureFixture[str]) -> None:
    command = ["batch", "photos", "-o", "out", "--workers", "1"]
    assert main(command) == 0
    said = capsys.readouterr()
    assert said.out.startswith("out: 2 photos, 1 of them without a sketch (results.csv says why); 2 now, ")
    assert "1 failed" in said.err
    assert main([*command, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["out"], facts["photos"], facts["done_before"], facts["failed"]) == ("out", 2, 2, 1)
    (here / "photos" / "new.png").touch()
    assert main([*command, "--json", "--retry-errors", "--time-limit", "9"]) == 0
    assert json.loads(capsys.readouterr().out)["done_before"] == 1
    assert sorted(path.name for path in (here / "out").glob("*.svg")) == ["cup.svg", "new.svg"]


def test_options_are_those_of_sketch(here: Path, configs: list[BatchConfig]) -> None:
    options = "--preset draft --iterations 7 --levels 4 8 --levels-in-one --page photo --mask none --seed 5 --width 2"
    assert main(["batch", "list.csv", "-o", "out", "--device", "cpu", "--time-limit", "60", *options.split()]) == 0
    (config,) = configs
    assert (config.levels, config.page, config.device, config.time_limit) == ((4, 8), "photo", "cpu", 60)
    made = config.sketch
    assert (made.optimize.num_iterations, made.optimize.num_views, made.optimize.prefixes) == (7, 1, True)
    assert (made.mask.source, made.init.num_strokes, made.init.seed, made.init.stroke_width) == ("none", 8, 5, 2)


def test_shards(here: Path, configs: list[BatchConfig]) -> None:
    assert main(["batch", "photos", "-o", "out", "--to", "tar", "--shard-size", "1", "--batch", "3"]) == 0
    assert sorted(path.name for path in (here / "out").glob("*.tar")) == ["shard-000000.tar", "shard-000001.tar"]
    assert [config.photos_at_once for config in configs] == [3]


def test_a_cluster_makes_the_rows(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    @contextmanager
    def cluster(address: str | None) -> Iterator[None]:
        asked.append(address)
        yield

    def made(photos: Iterable[PhotoFile], config: BatchConfig, pool: RayPool) -> Iterator[Row]:
        asked.extend([config.device, pool])
        yield Row(next(iter(photos)).key, 2.0, svg_text="<svg/>", strokes=16)

    monkeypatch.setattr("clipasso_batch.ray_data.ray_cluster", cluster)
    monkeypatch.setattr("clipasso_batch.ray_data.sketch_in_ray", made)
    assert main(["batch", "photos", "-o", "out", "--ray", "head:6379", "--workers", "2000", "--gpus", "0.25"]) == 0
    assert asked == ["head:6379", "cuda", RayPool(most=2000, num_gpus=0.25)]
    lost = (here / "out" / "results.csv").read_text().splitlines()[2]
    assert "The photo was given up" in lost


def test_a_plan(here: Path, configs: list[BatchConfig], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["batch", "photos", "--plan", "--workers", "2"]) == 0
    head, *rest = capsys.readouterr().out.splitlines()
    assert head == "2 photos, 2 at a time, 2.0 s each (measured on 2 of them): 2 s"
    assert [line.split(":")[0].strip() for line in rest] == [
        "--iterations 150, not 300",
        "--sketches 1, not 3",
        "twice the workers, on twice the cores",
    ]
    assert [config.sketch.optimize.num_iterations for config in configs] == [300, 150, 300]
    assert {path.name for path in here.iterdir()} == {"photos", "list.csv", "void", "file"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("photos", "-o OUT"),
        ("nowhere -o out", "'nowhere' does not exist"),
        ("void -o out", "'void' holds no photos"),
        ("photos -o photos/out", "lies inside the photos' folder"),
        ("photos -o photos", "lies inside the photos' folder"),
        ("photos -o file", "no folder"),
        ("photos -o file/out", "Cannot write"),
        ("list.csv -o out --column file", "--column must be one of id, path, got 'file'"),
        ("photos -o out --workers 0", "workers must lie between 1 and 1024, got 0"),
        ("photos -o out --time-limit 0", "time_limit must be more than 0 s"),
        ("photos -o out --levels 4 8", "Add --levels-in-one"),
        ("photos -o out --to tar --shard-size 0", "shard_size must lie between 1 and 10000, got 0"),
        ("photos -o out --batch 0", "photos_at_once must lie between 1 and 256, got 0"),
        ("photos -o out --gpus 0.5", "--gpus is for --ray"),
        ("photos --plan --ray", "Leave out --ray"),
        ("photos -o out --strokes 0", "num_strokes must lie between 1 and 4096, got 0"),
        ("photos --plan --workers 0", "workers must lie between 1 and 1024, got 0"),
    ],
)
def test_bad_input_gets_one_sentence(
    here: Path, configs: list[BatchConfig], capsys: pytest.CaptureFixture[str], arguments: str, said: str
) -> None:
    assert main(["batch", *arguments.split()]) == 1
    *_, last = capsys.readouterr().err.splitlines()
    assert last.startswith("clipasso: ")
    assert said in last
    assert configs == []
    assert {path.name for path in here.iterdir()} == {"photos", "list.csv", "void", "file"}


def test_other_options_on_the_same_folder(
    here: Path, configs: list[BatchConfig], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["batch", "photos", "-o", "out"]) == 0
    assert main(["batch", "photos", "-o", "out", "--seed", "1"]) == 1
    assert "sketch.init.seed: 0 there, 1 now" in capsys.readouterr().err
    assert main(["batch", "list.csv", "-o", "out"]) == 1
    assert "source: " in capsys.readouterr().err


def test_ctrl_c_says_that_nothing_is_lost(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> Iterator[Row]:
        yield Row("cup.png", 1.0, svg_text="<svg/>")
        raise KeyboardInterrupt

    monkeypatch.setattr("clipasso_batch.run.sketch_in_workers", interrupted)
    assert main(["batch", "photos", "-o", "out"]) == 130
    assert "the same command goes on" in capsys.readouterr().err
    assert (here / "out" / "cup.svg").exists()
