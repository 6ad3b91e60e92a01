"""How things are timed: medians, beside a fixed calibration, on a machine that is named."""

from __future__ import annotations

import platform
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch.nn.functional import conv2d

WARM_UP = 3
"""Runs that do not count."""


def median_ms(work: Callable[[], object], runs: int, device: str) -> float:
    """Return the median time of ``work`` in ms."""
    times = []
    for i in range(runs + WARM_UP):
        start = time.perf_counter()
        work()
        wait_for(device)
        if i >= WARM_UP:
            times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def calibrate(device: str, runs: int = 30) -> float:
    """Return the ms of conv2d of [5, 3, 224, 224] with [32, 3, 3, 3], stride 2: to compare machines by."""
    image, kernel = torch.ones(5, 3, 224, 224, device=device), torch.ones(32, 3, 3, 3, device=device)
    return median_ms(lambda: conv2d(image, kernel, stride=2), runs, device)


def wait_for(device: str) -> None:
    """Wait until the device has done all that it was asked for."""
    if device.startswith("cuda"):
        torch.cuda.synchronize()
    elif device.startswith("mps"):
        torch.mps.synchronize()


@contextmanager
def cpu_threads(count: int) -> Iterator[None]:
    """Compute with ``count`` CPU threads inside; 0 leaves them as they are."""
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def describe_machine(device: str) -> dict[str, object]:
    """Return what a timing depends on, as JSON values."""
    cuda = device.startswith("cuda")
    return {
        "platform": platform.platform(),
        "processor": torch.cuda.get_device_name() if cuda else platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "device": device,
    }


def peak_memory_mb() -> float | None:
    """Return the most memory in MB that this process ever held; None where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1e6 if platform.system() == "Darwin" else 1e3), 1)
