"""An iteration as a graph: nothing in it asks the device, capturing leaves no trace, and a wrong replay is noticed.

CUDA graphs are played here by stand-ins that run the iteration itself; the tests at the end need a GPU.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from clipasso_core.augment import Adjoint
from clipasso_core.optimize import SketchRun, capture, prefixes
from clipasso_core.optimize import iteration as iteration_module
from clipasso_core.optimize.iteration import Iteration
from clipasso_core.optimize.photo_bank import PhotoBank
from clipasso_core.strokes import Strokes

Start = Callable[..., SketchRun]
TWO_STAGES = {"num_iterations": 8, "opacity_weight": 0.5, "num_stages": 2, "evaluation_interval": 2}
WAITING = ("_local_scalar_dense", "nonzero", "masked_select", "unique", "repeat_interleave.Tensor", "is_nonzero")


class NoWaiting(TorchDispatchMode):
    """Refuse every operation whose result the host must know before it can go on."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = str(func)
        bool_index = "index.Tensor" in name and any(i is not None and i.dtype == torch.bool for i in args[1])
        if bool_index or any(waiting in name for waiting in WAITING):
            raise AssertionError(f"{name} waits for the device")
        return func(*args, **(kwargs or {}))


def blot(strokes: Strokes) -> Tensor:
    """Draw ink [B, H, W] without asking anything: a soft dot at each control point. Stands for the fused kernels."""
    height, width = strokes.canvas_size
    y, x = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
    at = strokes.control_points[..., None, None]
    distance = (at[:, :, :, 0] - x).square() + (at[:, :, :, 1] - y).square()
    return torch.exp(-distance / 8).sum((1, 2)).clamp(max=1)


@pytest.mark.parametrize("sees_prefixes", [False, True])
@pytest.mark.parametrize("options", [{}, TWO_STAGES])
def test_nothing_in_an_iteration_waits_for_the_device(
    start: Start, cup: Tensor, monkeypatch: pytest.MonkeyPatch, options: dict[str, float], sees_prefixes: bool
) -> None:
    monkeypatch.setattr(iteration_module, "ink", blot)
    run = start(cup, 2, **options)
    run._begin_stage()
    work = run.work
    work.sees_prefixes = sees_prefixes
    work.prepare(0, [0, 2], 1.0, length=2)
    monkeypatch.setattr(work.optimizer, "step", lambda: None)  # on a CPU Adam counts its steps on the host
    with NoWaiting():
        work.run()
    assert torch.isfinite(work.losses["evaluation"]).all()
    assert work.points.grad is not None


def test_the_guard_itself_notices() -> None:
    with NoWaiting(), pytest.raises(AssertionError, match="waits for the device"):
        torch.arange(3)[torch.arange(3) > 1]
    with NoWaiting(), pytest.raises(AssertionError, match="waits for the device"):
        float(torch.ones(1))


def test_on_a_cpu_the_iteration_runs_as_it_is(start: Start, cup: Tensor) -> None:
    work = start(cup).work
    assert capture.fastest(work) == work.run


class StandInGraph:
    """A graph whose replay runs the iteration again, or does something wrong."""

    fault = ""

    def __init__(self) -> None:
        self.work: Iteration | None = None

    def replay(self) -> None:
        assert self.work is not None
        self.work.run()
        with torch.no_grad():
            if self.fault == "moves elsewhere":
                self.work.points += 1
            if self.fault == "not a number":
                self.work.points.fill_(torch.nan)


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> type[StandInGraph]:
    """Make this machine look as if it had CUDA graphs."""

    class Graph(StandInGraph):
        """This test's own."""

    class Stream:
        """A stream that waits for nobody."""

        def wait_stream(self, other: object) -> None: ...

    @contextmanager
    def recording(*arguments: object) -> Iterator[None]:
        if Graph.fault == "cannot capture":
            raise RuntimeError("operation not permitted when stream is capturing\nand more")
        yield

    run = Iteration.run

    def noted(self: Iteration) -> None:
        Graph.last = self  # type: ignore[attr-defined]
        run(self)

    monkeypatch.setattr(Iteration, "run", noted)
    monkeypatch.setattr(Graph, "work", property(lambda _: Graph.last, lambda *_: None), raising=False)  # type: ignore[attr-defined]
    monkeypatch.setattr(capture, "can_capture", lambda device: True)
    contexts = dict.fromkeys(("stream", "device", "graph"), recording)
    for name, fake in {"CUDAGraph": Graph, "Stream": Stream, "current_stream": Stream, **contexts}.items():
        monkeypatch.setattr(torch.cuda, name, fake)
    return Graph


def moved(run: SketchRun) -> list[float]:
    steps = list(run)
    return [*steps[-1].strokes.control_points.flatten().tolist(), *(h[0] for h in run.result().history)]


@pytest.mark.parametrize("fault", ["", "cannot capture", "moves elsewhere", "not a number"])
def test_capturing_leaves_no_trace(
    start: Start, cup: Tensor, stand_in: type[StandInGraph], caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    """Halving captures anew in the middle of a run. With every fault the run goes on as without graphs."""
    options = {"num_iterations": 6, "halving": True, "learning_rate": 8.0}
    stand_in.fault = fault
    with caplog.at_level(logging.WARNING):
        found = moved(start(cup, 2, **options))
    assert caplog.text.count("is not captured as a CUDA graph") == (2 if fault else 0)
    if fault == "cannot capture":
        assert "RuntimeError: operation not permitted when stream is capturing" in caplog.text
        assert "and more" not in caplog.text
    if fault in ("moves elsewhere", "not a number"):
        assert "has other points" in caplog.text
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(capture, "can_capture", lambda device: False)
        assert found == moved(start(cup, 2, **options))


def test_fresh_views_are_captured_anew_only_where_their_gradient_takes_more_work(
    start: Start, cup: Tensor, stand_in: type[StandInGraph], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bank gathers gradients as on a GPU; the graph's tensors are the same ones all along."""
    init = PhotoBank.__init__

    def as_on_a_gpu(self: PhotoBank, *arguments: Any) -> None:
        init(self, *arguments)
        self._adjoint = Adjoint(self.grids)

    monkeypatch.setattr(PhotoBank, "__init__", as_on_a_gpu)
    captured: list[int] = []
    capture_it = capture._capture

    def noted(work: Iteration, memory: list[Tensor]) -> Callable[[], None]:
        assert work.bank._adjoint is not None
        captured.append(work.bank._adjoint.most)
        return capture_it(work, memory)

    monkeypatch.setattr(capture, "_capture", noted)
    run = start(cup, num_iterations=12, num_views=2, bank_size=0)
    found = moved(run)
    assert captured == sorted(set(captured))  # each time it had grown
    assert run.bank._adjoint is not None
    assert captured[-1] == run.bank._adjoint.most
    monkeypatch.setattr(capture, "can_capture", lambda device: False)
    assert found == moved(start(cup, num_iterations=12, num_views=2, bank_size=0))


@pytest.mark.parametrize("options", [{"num_stages": 3, "opacity_weight": 0.5}, {"prefixes": True, "halving": True}])
def test_stages_opacity_and_prefixes_are_captured_too(
    start: Start,
    cup: Tensor,
    stand_in: type[StandInGraph],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    options: dict[str, float],
) -> None:
    monkeypatch.setattr(prefixes, "LEAST", 2)
    options = {"num_iterations": 10, **options}
    with caplog.at_level(logging.WARNING):
        found = moved(start(cup, 2, **options))
    assert "not captured" not in caplog.text
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(capture, "can_capture", lambda device: False)
        assert found == moved(start(cup, 2, **options))


@pytest.mark.parametrize("before", [(False, True), (True, False)])
def test_the_hosts_choice_of_kernels_comes_back(
    start: Start, cup: Tensor, monkeypatch: pytest.MonkeyPatch, before: tuple[bool, bool]
) -> None:
    cudnn, seen = torch.backends.cudnn, []
    monkeypatch.setattr(cudnn, "deterministic", before[0])
    monkeypatch.setattr(cudnn, "benchmark", before[1])
    run, learn = Iteration.run, PhotoBank.learn

    def looking(self: Iteration) -> None:
        seen.append((cudnn.deterministic, cudnn.benchmark))
        run(self)

    def learning(self: PhotoBank, views: list[int]) -> None:
        seen.append((cudnn.deterministic, cudnn.benchmark))
        learn(self, views)

    monkeypatch.setattr(Iteration, "run", looking)
    monkeypatch.setattr(PhotoBank, "learn", learning)
    start(cup).step()
    assert seen == [(True, False), (True, False)]
    assert (cudnn.deterministic, cudnn.benchmark) == before


def test_a_host_that_set_precisions_the_new_way(start: Start, cup: Tensor) -> None:
    """Asking such a host for allow_tf32 raises."""
    convolutions = torch.backends.cudnn.conv
    before = convolutions.fp32_precision
    convolutions.fp32_precision = "ieee"
    try:
        start(cup).step()
        assert convolutions.fp32_precision == "ieee"
    finally:
        convolutions.fp32_precision = before


def test_a_replay_of_what_is_no_number_is_right() -> None:
    nan = torch.tensor([torch.nan, 1.0])
    capture.check_replay([nan, nan], [nan.clone(), nan.clone()])
    with pytest.raises(RuntimeError, match="other losses"):
        capture.check_replay([torch.ones(2), nan], [nan, nan])


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_on_a_gpu_the_graph_does_as_the_cpu_and_repeats_itself(
    start: Start, cup: Tensor, caplog: pytest.LogCaptureFixture
) -> None:
    """Twice the same bytes; the first evaluation as on the CPU."""
    options = {"num_iterations": 10, "halving": True, "learning_rate": 4.0}
    here = list(start(cup, 2, **options))
    with caplog.at_level(logging.WARNING):
        there, again = (list(start(cup.cuda(), 2, **options)) for _ in range(2))
    assert "not captured" not in caplog.text
    assert torch.equal(there[-1].strokes.control_points, again[-1].strokes.control_points)
    torch.testing.assert_close(there[0].losses["evaluation"].cpu(), here[0].losses["evaluation"], rtol=1e-2, atol=1e-3)
