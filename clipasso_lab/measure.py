"""How a machine is measured: times as medians beside one fixed calibration, memory, and in a process of its own."""

from __future__ import annotations

import json
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import conv2d

WARM_UP = 3
"""Runs that do not count."""


def median_ms(work: Callable[[], object], runs: int, device: str) -> float:
    """Return the median time of ``work`` in ms.

    >>> median_ms(lambda: sum(range(1000)), runs=3, device="cpu") > 0
    True
    """
    times = []
    for i in range(runs + WARM_UP):
        start = time.perf_counter()
        work()
        wait_for(device)
        if i >= WARM_UP:
            times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def calibrate(device: str) -> float:
    """Return the ms of conv2d of [5, 3, 224, 224] with [32, 3, 3, 3], stride 2: to compare machines by."""
    image, kernel = torch.ones(5, 3, 224, 224, device=device), torch.ones(32, 3, 3, 3, device=device)
    return median_ms(lambda: conv2d(image, kernel, stride=2), 30, device)


def timing_facts(device: str) -> dict[str, Any]:
    """Return what stands at the head of every timing, as JSON values: the machine, and the calibration on it."""
    cuda = device.startswith("cuda")
    machine = {
        "platform": platform.platform(),
        "processor": torch.cuda.get_device_name() if cuda else platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "device": device,
    }
    return {"machine": machine, "conv2d_5x3x224x224_ms": calibrate(device)}


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


def peak_memory_mb() -> float | None:
    """Return the most memory in MB that this process ever held; None where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1e6 if platform.system() == "Darwin" else 1e3), 1)


def resident_memory_mb(process: int | None = None) -> float | None:
    """Return the memory in MB that a process holds now, this one by default; None where the system does not tell it."""
    status = Path(f"/proc/{process or 'self'}/status")
    if not status.exists():
        return None
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1e3


def peak_extra_mib(work: Callable[[], object], device: str) -> float:
    """Return the most memory in MiB that ``work`` holds at once in tensors of its own."""
    if device.startswith("cuda"):
        torch.cuda.reset_peak_memory_stats()
        held = torch.cuda.memory_allocated()
        work()
        return (torch.cuda.max_memory_allocated() - held) / 2**20
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
        work()
    held, peak = 0, 0
    for event in profile.profiler.kineto_results.events():
        if event.name() == "[memory]":
            held += event.nbytes()
            peak = max(peak, held)
    return peak / 2**20


def in_own_process(module: str, arguments: list[str]) -> Any:
    """Run ``python -m module`` and read the JSON that it prints: memory is a process's, and so is a warm cache."""
    done = subprocess.run([sys.executable, "-m", module, *arguments], stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def print_json(found: object) -> None:
    """Print what a study found."""
    sys.stdout.write(json.dumps(found, indent=1) + "\n")
