"""Freed memory stays while a run lasts, and goes back afterwards."""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch

from clipasso_core import allocator
from clipasso_core.allocator import keeping_freed_memory
from clipasso_core.encoders import ImageEncoder
from clipasso_core.optimize import OptimizeConfig, SketchRun
from clipasso_core.strokes import Strokes

ITERATE = """
import resource, sys, torch
from contextlib import nullcontext
from clipasso_core.allocator import keeping_freed_memory
from clipasso_core.encoders import get_encoder
from clipasso_core.optimize import OptimizeConfig, SketchRun
from clipasso_core.strokes import Strokes

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize() >> 20

torch.set_num_threads(1)
points = torch.rand(3, 8, 4, 2, generator=torch.Generator().manual_seed(0)) * 224
photo = torch.linspace(0, 1, 224 * 224).expand(1, 3, -1).view(1, 3, 224, 224)
run = SketchRun(photo, Strokes.black(points, (224, 224)), get_encoder(), OptimizeConfig(num_views=0, bank_size=0))
with keeping_freed_memory() if sys.argv[1] == "keep" else nullcontext():
    for _ in range(4):
        run.step()
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(4):
        run.step()
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - faults
    inside = resident()
print(faults, inside - resident())
"""


def iterated(how: str) -> tuple[int, int]:
    """Return the page faults of four iterations, and how many MiB went back to the system after them."""
    done = subprocess.run([sys.executable, "-c", ITERATE, how], capture_output=True, text=True, check=True)
    faults, given_back = map(int, done.stdout.split())
    return faults, given_back


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is not glibc")
def test_pages_are_made_once_and_go_back() -> None:
    kept, given_back = iterated("keep")
    assert given_back > 20
    assert 4 * kept < iterated("plainly")[0]


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allocator.platform, "libc_ver", lambda: ("", ""))
    assert allocator._glibc() is None
    with keeping_freed_memory():
        pass


@pytest.mark.parametrize("stop_at", [1, 3])
def test_iterating_over_a_run_keeps_memory_and_lets_it_go(
    encoder: ImageEncoder, monkeypatch: pytest.MonkeyPatch, stop_at: int
) -> None:
    """Whether the run is iterated to its end or left in the middle."""
    said: list[str] = []

    @contextmanager
    def noted() -> Iterator[None]:
        said.append("keep")
        try:
            yield
        finally:
            said.append("let go")

    monkeypatch.setattr("clipasso_core.optimize.run.keeping_freed_memory", noted)
    points = torch.rand(1, 2, 4, 2, generator=torch.Generator().manual_seed(0)) * 64
    photo = torch.linspace(0, 1, 64 * 64).view(1, 1, 64, 64).expand(1, 3, -1, -1)
    run = SketchRun(photo, Strokes.black(points, (64, 64)), encoder, OptimizeConfig(num_iterations=3))
    for step in run:
        assert said == ["keep"]
        if step.iteration == stop_at:
            break
    assert said == ["keep", "let go"]
