"""Many machines, by way of Ray Data: it schedules, queues, retries and moves; what is ours makes rows of photos."""

from __future__ import annotations

import json
import logging
import os
import socket
import warnings
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import PurePath
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import torch

from clipasso_core.errors import ClipassoError, ConfigError, DependencyError, check_choice, check_range, first_line

from .photo_sketcher import BatchConfig, PhotoSketcher, Row, in_groups, versions
from .sources import Photo, PhotoFile
from .workers import WorkerError

RETRIES = 3
"""How often Ray tries photos anew whose actor died, or whose machine went."""

PHOTOS_A_BLOCK = 10_000
"""Of the list of photos, as Ray is given it."""

CONNECT_SECONDS = 5.0
"""After which nobody is at a cluster's address."""


@dataclass(frozen=True)
class RayPool:
    """Actors that sketch, each with an encoder of its own and one thread.

    Args:
        fewest, most: how many there are; Ray has as many as there is work and room for. None for no limit.
        num_gpus: that each takes; 0.25 for four on one GPU, 0 for the CPU.

    Raises:
        ConfigError: out of range.

    >>> RayPool(fewest=0)
    Traceback (most recent call last):
    clipasso_core.errors.ConfigError: fewest must lie between 1 and 100000, got 0.
    """

    fewest: int = 1
    most: int | None = None
    num_gpus: float = 0.0

    def __post_init__(self) -> None:
        check_range("fewest", self.fewest, 1, 100_000)
        if self.most is not None:
            check_range("most", self.most, self.fewest, 100_000)
        check_range("num_gpus", self.num_gpus, 0, 64)


def sketch_dataset(
    ds: Any,
    config: BatchConfig | None = None,
    *,
    column: str = "path",
    key_column: str = "path",
    pool: RayPool | None = None,
) -> Any:
    """Sketch the photos of a Ray Dataset; lazily, as all of Ray Data: write or iterate over what comes back.

    Args:
        ds: a ``ray.data.Dataset``, as from ``read_parquet``, ``read_csv``, ``read_webdataset``, or from
            ``read_binary_files(..., include_paths=True)`` with ``column="bytes"``.
        config: how; None for the defaults.
        column: of the photos: their paths or addresses, which all machines can read, or their bytes.
        key_column: what they are called.
        pool: the actors; None for as many as there is room for.

    Returns:
        A ``ray.data.Dataset`` with a row for each photo and the columns of ``Row``. A photo that cannot be sketched has
        a row with its reason; one of which an actor died 4 times ends the run, unless
        ``DataContext.max_errored_blocks`` lets it be left out.

    Raises:
        ConfigError: no such column.
    """
    for name, one in (("column", column), ("key_column", key_column)):
        check_choice(name, one, ds.columns() or (one,))
    arguments = {"config": config or BatchConfig(), "column": column, "key_column": key_column}
    return _mapped(ds, _TableSketcher, arguments, pool or RayPool())


def sketch_in_ray(
    photos: Iterable[PhotoFile], config: BatchConfig, pool: RayPool | None = None
) -> Generator[Row, None, None]:
    """Sketch photos on a cluster that ``ray_cluster`` has connected; yield rows as they come, in any order.

    Photos of which an actor died each time have no row.

    Args:
        photos: the photos; their files must lie where all machines find them.
        config: how.
        pool: the actors; None for as many as there is room for.

    Raises:
        ConfigError, WeightsError, DependencyError: the settings do not work on the cluster, told before the first photo
            is taken, or it has other versions than this process.
        WorkerError: the cluster went.
    """
    ray, pool = _ray(), pool or RayPool()
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars, context.max_errored_blocks = False, -1
    context.target_max_block_size = 1  # byte: each row that comes is a block, and on its way at once
    try:
        _try_settings(config, pool)
        lists = (_listed(some) for some in in_groups(photos, PHOTOS_A_BLOCK))
        ds = ray.data.from_arrow_refs([ray.put(one) for one in lists])
        # Blocks are what Ray tries anew, and what it passes on. Parting a list takes no core: actors may have them all.
        each = ds.map_batches(_same, batch_size=config.photos_at_once, batch_format="pyarrow", num_cpus=0)
        found = _mapped(each, _FileSketcher, {"config": config}, pool)
        for table in found.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0):
            yield from (Row(**json.loads(row)) for row in table["row"].to_pylist())
    except ray.exceptions.RayError as error:
        raise WorkerError(f"The Ray cluster gave up: {first_line(error)}. Run the same command again.") from error


@contextmanager
def ray_cluster(address: str | None) -> Iterator[None]:
    """Connect with a Ray cluster inside a with statement.

    Args:
        address: "host:port", "ray://host:port" or "auto"; "local" for a new one on this machine; None for the one that
            this process belongs to (RAY_ADDRESS), else for a new one.

    Raises:
        WorkerError: nobody is there.
        DependencyError: Ray is missing.
    """
    ray = _ray()
    if address not in (None, "auto", "local"):
        _check_listens(str(address))
    light = {"include_dashboard": False} if address == "local" else {}
    try:
        ray.init(address, log_to_driver=False, logging_level=logging.ERROR, configure_logging=False, **light)
    except Exception as error:  # Ray raises a bare one where a machine is too busy to start it in 30 s
        where = "on this machine" if address in (None, "local") else f"at {address!r}"
        raise WorkerError(f"There is no Ray cluster {where}: {first_line(error)}.") from error
    try:
        yield
    finally:
        ray.shutdown()


class _PhotoInHand(NamedTuple):
    """A photo whose bytes have come with it."""

    key: str
    data: bytes | None
    path: str = ""

    @property
    def name(self) -> str:
        return PurePath(self.key).stem

    def read(self) -> bytes:
        if not self.data:
            raise ConfigError("The table holds no photo in this row.")
        return self.data


class _TableSketcher:
    """The actor of ``sketch_dataset``: a table of photos becomes one of rows."""

    def __init__(self, config: BatchConfig, column: str, key_column: str) -> None:
        torch.set_num_threads(1)
        self._sketcher, self._column, self._key_column = PhotoSketcher(config), column, key_column

    def __call__(self, table: Any) -> Any:
        keys, values = (table[name].to_pylist() for name in (self._key_column, self._column))
        photos: list[Photo] = [
            _PhotoInHand(str(key), value) if isinstance(value, bytes) else PhotoFile(str(key), value or "")
            for key, value in zip(keys, values, strict=True)
        ]
        return _row_table(self._sketcher.sketch_together(photos))


class _FileSketcher:
    """The actor of ``sketch_in_ray``: photos and rows are JSON, as names of files may be no Unicode."""

    def __init__(self, config: BatchConfig) -> None:
        torch.set_num_threads(1)
        self._sketcher = PhotoSketcher(config)

    def __call__(self, table: Any) -> Any:
        import pyarrow as pa

        photos = [PhotoFile(*json.loads(text)) for text in table["photo"].to_pylist()]
        return pa.table({"row": [json.dumps(asdict(row)) for row in self._sketcher.sketch_together(photos)]})


def _mapped(ds: Any, actor: type, arguments: dict[str, Any], pool: RayPool) -> Any:
    """Return a dataset of what actors make of another one."""
    compute = _ray().data.ActorPoolStrategy(min_size=pool.fewest, max_size=pool.most)
    with warnings.catch_warnings():
        # Ray 2.60 calls the number of retries old-fashioned, and has nothing in its place: hence "<2.64" in our extra.
        warnings.simplefilter("ignore", DeprecationWarning)
        return ds.map_batches(
            actor,
            fn_constructor_kwargs=arguments,
            batch_size=arguments["config"].photos_at_once,
            batch_format="pyarrow",
            compute=compute,
            max_restarts=-1,
            max_task_retries=RETRIES,
            **_resources(pool),
        )


def _same(table: Any) -> Any:
    return table


def _resources(pool: RayPool) -> dict[str, float]:
    return {"num_cpus": 1, **({"num_gpus": pool.num_gpus} if pool.num_gpus else {})}


def _try_settings(config: BatchConfig, pool: RayPool) -> None:
    """Let the cluster try the settings, once; raise what is wrong with them."""
    ray = _ray()
    trial = ray.remote(**_resources(pool))(_versions_that_sketch)
    try:
        there = ray.get(trial.remote(config))
    except ray.exceptions.RayTaskError as error:
        raise error.cause if isinstance(error.cause, ClipassoError) else error from None
    if there != versions():
        raise ConfigError(f"The cluster runs {there}, this process {versions()}. Install the same on both.")


def _versions_that_sketch(config: BatchConfig) -> dict[str, str]:
    torch.set_num_threads(1)
    PhotoSketcher(config)
    return versions()


def _listed(photos: Iterable[PhotoFile]) -> Any:
    """Return photos as a table for ``_FileSketcher``; its folder may be another one than ours."""
    import pyarrow as pa

    there = (photo if "://" in photo.path else photo._replace(path=_absolute(photo.path)) for photo in photos)
    return pa.table({"photo": [json.dumps(photo) for photo in there]})


def _absolute(path: str) -> str:
    return os.path.abspath(path) if path else path


def _row_table(rows: list[Row]) -> Any:
    import pyarrow as pa

    kinds = {"int": pa.int64(), "float": pa.float64(), "str": pa.string()}
    schema = pa.schema([(one.name, kinds[str(one.type).split(" ", 1)[0]]) for one in fields(Row)])
    return pa.Table.from_pylist([asdict(row) for row in rows], schema)


def _check_listens(address: str) -> None:
    """Raise WorkerError unless somebody listens at "host:port"."""
    parts = urlsplit(address if "://" in address else f"//{address}")
    try:
        with socket.create_connection((parts.hostname or "", parts.port or 0), CONNECT_SECONDS):
            return
    except (OSError, ValueError) as error:
        raise WorkerError(
            f"There is no Ray cluster at {address!r}: {first_line(error)}. Give host:port of its head, or leave it out."
        ) from error


def _ray() -> Any:
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise DependencyError('--ray takes Ray: pip install "ray[data]"') from error
    return ray
