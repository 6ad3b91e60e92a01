"""The Triton kernels: under Triton's interpreter anywhere, compiled without a GPU, and on one where there is one."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import logging
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import torch
from torch import Tensor

from clipasso_core.errors import ConfigError, DependencyError
from clipasso_core.rasterizer import analytic, choose, coverage, edge, fused, get_rasterizer, reference, render

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
_SPEC = importlib.util.spec_from_file_location("triton_scenes", HERE / "triton_scenes.py")
assert _SPEC is not None
assert _SPEC.loader is not None
scenes = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(scenes)

needs_triton = pytest.mark.skipif(
    importlib.util.find_spec("triton") is None, reason="triton is not installed (Linux and Windows only)"
)


def python(*arguments: str, **environment: str) -> None:
    """Run Python in a process of its own, on one thread."""
    setting = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **environment}
    done = subprocess.run([sys.executable, *arguments], env=setting, capture_output=True, text=True, timeout=800)
    assert done.returncode == 0, done.stderr[-3000:]


def cosine(a: Tensor, b: Tensor) -> float:
    return float((a.double() * b.double()).sum() / (a.double().norm() * b.double().norm()))


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Tensor]]:
    """What the kernels draw under the interpreter."""
    path = tmp_path_factory.mktemp("triton") / "drawn.pt"
    python(str(HERE / "triton_scenes.py"), str(path), TRITON_INTERPRET="1")
    result: dict[str, list[Tensor]] = torch.load(path)
    return result


@needs_triton
@pytest.mark.parametrize("name", list(scenes.SCENES))
def test_picture_and_gradient(name: str, drawn: dict[str, list[Tensor]]) -> None:
    """Against plain PyTorch and against the oracle, both in float64; the ends of thin strokes are hard for both."""
    scene = scenes.SCENES[name].to(dtype=torch.float64)
    oracle = SimpleNamespace(render=partial(reference.render, squares=16, lines=32))
    loose = (0.985, 0.12) if name == "thin" else (0.9985, 0.03)
    for truth, (least, slack) in ((get_rasterizer("analytic"), (0.9995, 0.01)), (oracle, loose)):
        wanted = scenes.draw(truth, scene)
        assert float((drawn[name][0] - wanted[0]).abs().max()) < 0.02
        assert float((drawn[name][0] - wanted[0]).abs().mean()) < 0.0005
        for mine, true in zip(drawn[name][1:], wanted[1:], strict=True):
            assert cosine(mine, true) > least
            assert float(mine.norm() / true.norm()) == pytest.approx(1, abs=slack)


@needs_triton
def test_two_runs_give_the_same_bits(drawn: dict[str, list[Tensor]]) -> None:
    for first, again in zip(drawn["wide"], drawn["again"], strict=True):
        assert torch.equal(first, again)


@needs_triton
def test_dead_strokes_and_strokes_off_the_canvas_get_no_gradient(drawn: dict[str, list[Tensor]]) -> None:
    for gradient in drawn["painted"][1:]:
        assert bool((gradient[:, :15] == 0).all())
        assert bool((gradient[1, 15] == 0).all())
        assert bool((gradient[:, 18] == 0).all())
        assert bool((gradient[0, 15] != 0).any())


@needs_triton
def test_another_size_and_an_empty_batch(drawn: dict[str, list[Tensor]]) -> None:
    assert float((drawn["size"][0] - render(scenes.SCENES["wide"], (36, 20))).abs().max()) < 0.03
    assert drawn["nobody"][0].shape == (0, 4, *scenes.SIZE)


@needs_triton
@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="triton's assembler is x86-64's here")
def test_the_kernels_compile_for_a_gpu_that_is_not_there(tmp_path: Path) -> None:
    """Down to the machine code of an H100 or H200."""
    python(str(HERE / "triton_compile.py"), TRITON_CACHE_DIR=str(tmp_path), TRITON_INTERPRET="0")


def test_the_host_never_asks_for_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """Meta tensors have none: whoever waited for the GPU, or let a shape depend on it, would fail here."""
    seen: list[Tensor] = []

    def keep(*arguments: Tensor) -> Tensor:
        seen.extend(arguments[:5])
        return arguments[0]

    monkeypatch.setattr(fused, "why_not", lambda *_: None)
    monkeypatch.setattr(fused.PaintTiles, "apply", keep)
    fused.render(scenes.SCENES["joined"].to("meta"), (30, 50))
    assert [tuple(t.shape) for t in seen] == [(2, 2, 2, 8), (2, 2), (2, 2, 4), (2, 2, 2), (2, 2, 4)]


def test_importing_the_rasterizer_does_not_import_triton() -> None:
    python("-c", "import sys, torch; sys.modules.pop('triton', None); import clipasso_core.rasterizer.fused\n"
                 "assert 'triton' not in sys.modules")  # fmt: skip


def test_what_the_kernels_cannot_draw_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRITON_INTERPRET", raising=False)
    monkeypatch.setattr(fused, "installed", lambda: True)
    scene = scenes.SCENES["wide"]
    with pytest.raises(ConfigError, match="need a CUDA device"):
        fused.render(scene)
    with pytest.raises(ConfigError, match="float64"):
        fused.render(scene.to(dtype=torch.float64))
    monkeypatch.setattr(fused, "installed", lambda: False)
    with pytest.raises(DependencyError, match="pip install triton"):
        get_rasterizer("triton")


@pytest.fixture
def untried() -> Iterator[None]:
    """Forget what earlier trials of the kernels found, and afterwards what this test's found."""
    choose._trouble.cache_clear()
    yield
    choose._trouble.cache_clear()


@pytest.mark.usefixtures("untried")
def test_a_gpu_that_cannot_run_the_kernels_still_draws(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A compiler that is missing shows when the kernels are first tried; the log says so once."""

    def broken(*_: object) -> Tensor:
        raise RuntimeError("Failed to find C compiler")

    monkeypatch.setattr(fused, "render", broken)
    why = choose._trouble(torch.device("cpu"))
    assert why is not None
    with caplog.at_level(logging.INFO):
        choose._say(why)
        choose._say(why)
    assert caplog.text.count("Failed to find C compiler") == 1


@pytest.mark.usefixtures("untried")
@pytest.mark.parametrize("mode", [torch.inference_mode, torch.no_grad])
def test_who_draws_first_does_not_decide_about_the_kernels(
    monkeypatch: pytest.MonkeyPatch, mode: Callable[[], AbstractContextManager[None]]
) -> None:
    """Without gradients, or with tensors that can have none, the trial still takes its gradient; plain PyTorch plays
    the kernels.
    """
    monkeypatch.setattr(fused, "render", analytic.render)
    with mode():
        assert choose._trouble(torch.device("cpu")) is None


@pytest.mark.usefixtures("untried")
def test_a_trial_without_memory_says_nothing_about_the_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> Tensor:
        raise torch.cuda.OutOfMemoryError

    monkeypatch.setattr(fused, "render", full)
    with pytest.raises(torch.cuda.OutOfMemoryError):
        choose._trouble(torch.device("cpu"))
    monkeypatch.setattr(fused, "render", analytic.render)
    assert choose._trouble(torch.device("cpu")) is None


@pytest.mark.parametrize("stage", [edge, coverage])
def test_both_backends_have_the_same_functions(stage: ModuleType) -> None:
    """Read, not imported: the kernels' files need triton."""
    source = Path(fused.__file__).with_name(Path(stage.__file__ or "").name).read_text(encoding="utf-8")
    theirs = {node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}
    functions = inspect.getmembers(stage, inspect.isfunction)
    ours = {name for name, f in functions if f.__module__ == stage.__name__ and not name.startswith("_")}
    assert ours
    assert ours <= theirs


@pytest.mark.gpu
@needs_triton
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("name", list(scenes.SCENES))
def test_a_graph_captures_drawing_and_gradient(name: str) -> None:
    """Replays give the bits of the first run, also after the strokes have moved and come back."""
    assert choose._trouble(torch.device("cuda")) is None
    scene = scenes.SCENES[name].to("cuda")
    ours = get_rasterizer("triton")
    control = scene.control_points.clone().requires_grad_()
    weights = scenes.weights().cuda()

    def step() -> tuple[Tensor, Tensor]:
        image = ours.render(replace(scene, control_points=control))
        return image, torch.autograd.grad((image * weights).sum(), control)[0]

    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        first = [t.detach().clone() for t in step()]
        step()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        captured = step()
    for shift in (0.0, 3.0, -3.0):
        with torch.no_grad():
            control += shift
        graph.replay()
    control.data.copy_(scene.control_points)
    graph.replay()
    torch.cuda.synchronize()
    here = scenes.draw(get_rasterizer("analytic"), scenes.SCENES[name])
    for replayed, once, truth in zip(captured, first, here, strict=False):
        assert torch.equal(replayed.detach(), once)
        assert float((once.cpu() - truth).abs().max()) < 0.05 * float(truth.abs().max())
