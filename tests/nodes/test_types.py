"""The nodes pass mypy with the project's configuration, their calls into the core included.

Plain `mypy` cannot check them: `from ..clipasso_core` leads out of the repository, which is a package in ComfyUI only.
Here it becomes one, named `pack`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the nodes and the core inside a package."""
    folder = tmp_path_factory.mktemp("typed") / "pack"
    for name in ("nodes", "clipasso_core"):
        shutil.copytree(REPO / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "data"))
    shutil.copyfile(REPO / "__init__.py", folder / "__init__.py")
    return folder


def errors_in(pack: Path) -> list[str]:
    """What mypy finds in the nodes, a line each."""
    command = [sys.executable, "-m", "mypy", "--config-file", str(REPO / "pyproject.toml")]
    options = ["--cache-dir", str(REPO / ".mypy_cache"), "--no-error-summary", "-p", "pack.nodes"]
    path = {**os.environ, "MYPYPATH": str(pack.parent)}
    done = subprocess.run([*command, *options], cwd=pack, env=path, capture_output=True, text=True, check=False)
    assert not done.stderr
    return done.stdout.splitlines()


def test_the_nodes_are_typed(pack: Path) -> None:
    assert errors_in(pack) == []


def test_a_wrong_call_into_the_core_is_noticed(pack: Path) -> None:
    with (pack / "nodes" / "convert.py").open("a", encoding="utf-8") as file:
        file.write("\nfrom ..clipasso_core.pixels import min_max\n\nWRONG: int = min_max(3)\n")
    found = "\n".join(errors_in(pack))
    assert 'Argument 1 to "min_max" has incompatible type "int"' in found
    assert 'expression has type "Tensor", variable has type "int"' in found
