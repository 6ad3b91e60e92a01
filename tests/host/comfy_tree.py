"""Say which ComfyUI the host tests run, and where its files are kept.

Order: CLIPASSO_COMFYUI (a checkout of the user's own), then the tree that ``get_comfyui.py`` put under ``.host/``.
Nothing of ComfyUI is in this repository: it is GPL-3, the pack is Apache-2.0.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
CACHE = REPO / ".host"
FETCHED_TREE = CACHE / "ComfyUI"
BROWSER = CACHE / "browser"  # where npm puts playwright-core
HOW_TO_GET = "no ComfyUI: run `python tests/host/get_comfyui.py --with-requirements`, or set CLIPASSO_COMFYUI to one"


class NoTreeError(RuntimeError):
    """CLIPASSO_COMFYUI names a folder that is not a ComfyUI."""


def is_tree(path: Path) -> bool:
    """Say whether a folder is a ComfyUI: its entry, its node registry and its V3 interface are there."""
    return all((path / name).exists() for name in ("main.py", "nodes.py", "comfy_api/latest", "comfyui_version.py"))


def find_tree() -> Path | None:
    """Find the ComfyUI to test in, or None when there is none.

    Raises:
        NoTreeError: CLIPASSO_COMFYUI is set, and is not a ComfyUI. (Set and wrong is a mistake, not a reason to skip.)
    """
    named = os.environ.get("CLIPASSO_COMFYUI")
    if named:
        path = Path(named).expanduser().resolve()
        if not is_tree(path):
            raise NoTreeError(f"CLIPASSO_COMFYUI={named} is not a ComfyUI folder (no comfy_api/latest in it)")
        return path
    return FETCHED_TREE if is_tree(FETCHED_TREE) else None


def host_python() -> str:
    """Name the interpreter that runs the host: CLIPASSO_COMFYUI_PYTHON, or the one that runs the tests."""
    return os.environ.get("CLIPASSO_COMFYUI_PYTHON") or sys.executable
