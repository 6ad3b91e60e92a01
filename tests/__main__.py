"""Run everything that must pass: fetch the host and the browser, lint, check types, test.

Usage: python -m tests [pytest's arguments]

The exit status is that of the first step that failed, in the end pytest's; pytest's summary is the last output.
Without a ComfyUI or a browser the tests that need one are skipped and say so; with CI set, they fail. Nothing is
installed outside this environment and .host/, unless CLIPASSO_APT is set (see tests/host/get_browser.py).
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
PYTEST = Path(sysconfig.get_path("scripts")) / "pytest"  # not `-m pytest`: that puts our nodes/ on sys.path
FETCH = (
    [sys.executable, "tests/host/get_comfyui.py", "--with-requirements"],
    [sys.executable, "tests/host/get_browser.py"],
)
CHECK = (
    [sys.executable, "-m", "ruff", "check", "--quiet"],
    [sys.executable, "-m", "ruff", "format", "--check", "--quiet"],
    [sys.executable, "-m", "mypy", "--no-error-summary"],
)


def step(command: list[str]) -> int:
    """Run one command in the repository, after a line that says which; return its exit status."""
    sys.stdout.write(f"tests: {' '.join(map(os.path.basename, command[:4]))}\n")
    sys.stdout.flush()
    return subprocess.run(command, cwd=REPO, check=False).returncode


def main(arguments: list[str]) -> int:
    """Run all steps; return the exit status."""
    for command in FETCH:
        if step(command) != 0 and os.environ.get("CI"):
            return 1
    for command in CHECK:
        status = step(command)
        if status != 0:
            return status
    return step([str(PYTEST), *arguments])


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
