"""The core knows nothing of ComfyUI, of the lab and of the command line, and costs nothing until it is used."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import clipasso_core

PACKAGE = Path(clipasso_core.__file__).parent
NODES = Path(__file__).resolve().parents[2] / "nodes"
CLIENTS = ("clipasso_batch", "clipasso_cli", "clipasso_lab")
HOST = ("comfy", "comfy_api", "comfy_execution", "comfy_extras", "execution", "folder_paths", "nodes", "server")

IMPORT_ALL = f"""
import importlib, json, pkgutil, sys
tried = []
class Watch:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {HOST + CLIENTS!r}:
            tried.append(name)
sys.meta_path.insert(0, Watch())
import clipasso_core
names = [m.name for m in pkgutil.walk_packages(clipasso_core.__path__, "clipasso_core.")]
for name in names:
    importlib.import_module(name)
print(json.dumps({{"names": names, "tried": tried, "callable": callable(clipasso_core.rasterize)}}))
"""

IMPORT_ALONE = """
import sys
before = set(sys.modules)
import clipasso_core
print(*sorted(set(sys.modules) - before))
"""


def python(code: str, folder: Path) -> str:
    """Run code in a fresh interpreter, in a folder where none of our files can be met by chance."""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def all_imported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    return json.loads(python(IMPORT_ALL, tmp_path_factory.mktemp("empty")))


def test_no_module_imports_the_host_or_a_client(all_imported: dict[str, list[str]]) -> None:
    assert all_imported["tried"] == []
    modules = {path.stem for path in PACKAGE.rglob("*.py")} - {"__init__"}
    assert modules <= {name.rpartition(".")[2] for name in all_imported["names"]}


def test_rasterize_is_the_function_after_every_import(all_imported: dict[str, object]) -> None:
    assert all_imported["callable"] is True


def imported_packages(path: Path) -> set[str]:
    """Find what a file imports by name, inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add((node.module or "").split(".")[0])
    return found


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_line_imports_the_host_or_a_client(path: Path) -> None:
    assert not imported_packages(path) & {*HOST, *CLIENTS}


def test_no_node_imports_the_lab_or_the_command_line() -> None:
    paths = sorted(NODES.rglob("*.py"))
    assert paths
    assert [path.name for path in paths if imported_packages(path) & set(CLIENTS)] == []


def test_the_package_alone_is_light(tmp_path: Path) -> None:
    loaded = python(IMPORT_ALONE, tmp_path).split()
    assert [name for name in loaded if name.split(".")[0] == "clipasso_core"] == ["clipasso_core"]
    heavy = {"torch", "numpy", "scipy", "PIL", "onnxruntime", "rich", "open_clip"}
    assert not heavy & {name.split(".")[0] for name in loaded}
    assert len(loaded) < 60
