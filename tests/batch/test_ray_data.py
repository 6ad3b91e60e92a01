"""A real Ray cluster on two cores of this machine, in which an actor and a driver are killed."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from clipasso_batch import BatchConfig
from clipasso_batch.out_folder import JOURNAL
from clipasso_batch.photo_sketcher import Row
from clipasso_batch.ray_data import RayPool, _TableSketcher, ray_cluster, sketch_dataset, sketch_in_ray
from clipasso_batch.run import run_batch
from clipasso_batch.workers import WorkerError
from clipasso_core.encoders import AttentionConfig
from clipasso_core.errors import ConfigError

from .conftest import OPTIONS, facts, killed_after_a_row, svgs

ray = pytest.importorskip("ray", reason='needs Ray: pip install "ray[data]"')
pytest.importorskip("ray.data", reason='needs Ray Data: pip install "ray[data]"')
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds Ray's actors in /proc")

POOL = RayPool(most=2)


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The address of a cluster of this machine."""
    with ray_cluster("local"):
        yield ray.get_runtime_context().gcs_address


def actors() -> list[int]:
    """Return the processes that sketch on the cluster."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes().startswith(b"ray::MapWorker(MapBatches(_FileSketcher"):
                found.append(int(path.parent.name))
        except OSError:
            continue  # it has ended meanwhile
    return found


def test_a_killed_actor_and_a_killed_driver_cost_nothing(
    cluster: str, many_photos: Path, quick: BatchConfig, tmp_path: Path
) -> None:
    out, killed, config = tmp_path / "out", [], replace(quick, saliency_encoder=quick.encoder)
    killed_after_a_row(
        ["batch", str(many_photos), "-o", str(out), "--ray", cluster, "--workers", "2", *OPTIONS], out, alone=False
    )
    done_before = (out / JOURNAL).read_bytes().count(b"\n")

    def kill_one(_: Row) -> None:
        if not killed:
            killed.append(actors()[-1])
            os.kill(killed[0], signal.SIGKILL)

    outcome = run_batch(many_photos, out, config, sketch=partial(sketch_in_ray, pool=POOL), on_row=kill_one)
    assert killed
    assert (outcome.photos, outcome.done_before, outcome.failed) == (24, done_before, 3)
    undisturbed = tmp_path / "undisturbed"
    run_batch(many_photos, undisturbed, config, num_workers=2)
    assert facts(out) == facts(undisturbed)
    assert svgs(out) == svgs(undisturbed)
    assert len(facts(out)) == 1 + 24


def test_a_dataset_of_bytes_becomes_one_of_rows(cluster: str, photos: Path, quick: BatchConfig) -> None:
    paths = [str(photos / name) for name in ("cup.png", "damaged.jpg")]
    ds = ray.data.read_binary_files(paths, include_paths=True)
    rows = {row["key"]: row for row in sketch_dataset(ds, quick, column="bytes", pool=POOL).take_all()}
    assert [rows[path]["strokes"] for path in paths] == [3, None]
    assert rows[paths[0]]["svg_text"].startswith("<")
    assert "damaged" in rows[paths[1]]["error"]
    with pytest.raises(ConfigError, match="column must be one of bytes, path, got 'jpg'"):
        sketch_dataset(ds, quick, column="jpg")


def test_an_actor_makes_rows_of_paths_and_of_bytes(photos: Path, quick: BatchConfig) -> None:
    pa = pytest.importorskip("pyarrow")
    sketcher, cup = _TableSketcher(quick, "photo", "name"), photos / "cup.png"
    paths = sketcher(pa.table({"name": ["cup.png", "none"], "photo": [str(cup), None]})).to_pylist()
    data = sketcher(pa.table({"name": ["cup.png", "none"], "photo": [cup.read_bytes(), b""]})).to_pylist()
    assert [(row["strokes"], row["seed"]) for row in paths] == [(3, 0), (None, None)]
    assert paths[0]["svg_text"] == data[0]["svg_text"]
    assert paths[0]["photo_sha256"] == data[0]["photo_sha256"]
    assert paths[1]["error"] == "The list names no file in this row."
    assert data[1]["error"] == "The table holds no photo in this row."


def test_settings_are_tried_on_the_cluster_before_a_photo_is_taken(cluster: str, quick: BatchConfig) -> None:
    wordy = replace(quick, sketch=replace(quick.sketch, attention=AttentionConfig(text="a cat")))
    with pytest.raises(ConfigError, match="knows no words"):
        next(sketch_in_ray(iter([]), wordy, POOL))


def test_nobody_at_the_address() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(WorkerError, match=f"There is no Ray cluster at '{address}'"), ray_cluster(address):
        pass
    with pytest.raises(WorkerError, match="Give host:port"), ray_cluster("nowhere"):
        pass
