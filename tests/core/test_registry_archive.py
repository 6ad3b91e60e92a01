"""What the Comfy Registry ships: git's files without those of .comfyignore, as comfy-cli packs them."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
NEEDED = (
    *("__init__.py", "pyproject.toml", "requirements.txt", "README.md", "LICENSE", "NOTICE", "CHANGELOG.md"),
    *("clipasso_core/", "clipasso_cli/", "clipasso_batch/", "nodes/", "web/", "locales/", "workflows/", "subgraphs/"),
)
"""What ComfyUI, its manager, a reader of the licence or the command looks for."""

LEFT_OUT = ("tests/", ".ci/", ".github/", "docs/images/", "docs/benchmarks.md")


def git_files(*options: str) -> set[str]:
    if not (REPO / ".git").exists():
        pytest.skip("not a clone of the repository")
    command = ["git", "ls-files", "--cached", *options]
    return set(subprocess.run(command, cwd=REPO, capture_output=True, text=True, check=True).stdout.splitlines())


@pytest.fixture(scope="module")
def ignored() -> set[str]:
    """Files that .comfyignore leaves out; git reads its lines as comfy-cli does."""
    return git_files("--ignored", "--exclude-from=.comfyignore")


def patterns() -> list[str]:
    lines = (REPO / ".comfyignore").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def of_the_lab(path: Path) -> set[str]:
    """Modules of the lab that a file imports, inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom):
            continue
        names = [node.module or "", *(f"{node.module or ''}.{one.name}" for one in node.names)]
        inside = path.parent.name == "clipasso_lab" and node.level == 1
        dotted = [f"clipasso_lab.{name.strip('.')}" if inside else name for name in names]
        found |= {name.split(".")[1] for name in dotted if name.startswith("clipasso_lab.")}
    return {name for name in found if (REPO / "clipasso_lab" / f"{name}.py").is_file()}


def needed_by_the_command() -> set[str]:
    found: set[str] = set()
    waiting = set().union(*(of_the_lab(path) for path in (REPO / "clipasso_cli").glob("*.py")))
    while waiting:
        found |= waiting
        waiting = set().union(*(of_the_lab(REPO / "clipasso_lab" / f"{name}.py") for name in waiting)) - found
    return found


def test_what_is_needed_is_shipped(ignored: set[str]) -> None:
    assert sorted(file for file in ignored if file.startswith(NEEDED)) == []
    shipped = git_files() - ignored
    for name in NEEDED:
        assert any(file.startswith(name) for file in shipped), name
    single = ("web/js/viewer.js", "web/docs/CLIPassoMask/zh.md", "subgraphs/Photo to sketch.json")
    for name in ("clipasso_core/data/u2netp.onnx", "clipasso_core/data/mtcnn.npz", *single):
        assert name in shipped


def test_tests_and_pictures_stay_at_home(ignored: set[str]) -> None:
    for start in LEFT_OUT:
        files = {file for file in git_files() if file.startswith(start)}
        assert files, start
        assert files <= ignored, start


def test_of_the_lab_only_what_the_command_needs_is_shipped(ignored: set[str]) -> None:
    modules = {path.stem for path in (REPO / "clipasso_lab").glob("*.py")} - {"__init__"}
    studies = {Path(file).stem for file in ignored if file.startswith("clipasso_lab/") and file.endswith(".py")}
    assert "bench" in needed_by_the_command()
    assert studies == modules - needed_by_the_command(), "list the studies of the lab in .comfyignore, one a line"


def test_no_line_is_left_over() -> None:
    assert [name for name in patterns() if not (REPO / name).exists()] == []
