"""Say which browser drives the page, and run ``drive.mjs`` in it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

from .client import Json
from .comfy_tree import BROWSER

DRIVER = Path(__file__).with_name("drive.mjs")
HOW_TO_GET = "run `python tests/host/get_browser.py`"


def chromium() -> str | None:
    """Find a Chromium: CLIPASSO_CHROMIUM, or one on the path."""
    named = os.environ.get("CLIPASSO_CHROMIUM")
    return named or next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def what_is_missing() -> str | None:
    """Say what a browser test lacks here, or None."""
    if shutil.which("node") is None:
        return "no node (Node.js)"
    if chromium() is None:
        return "no chromium: install one, or set CLIPASSO_CHROMIUM"
    if not (BROWSER / "node_modules" / "playwright-core").is_dir():
        return f"no playwright-core: {HOW_TO_GET}"
    return None


def drive(url: str, job: Json, timeout: float = 300.0) -> Json:
    """Let the browser do a job at ``url`` and return its report (see drive.mjs for both).

    Raises:
        RuntimeError: the driver failed; the message is what it said.
    """
    whole = {"url": url, "chromium": chromium(), "modules": str(BROWSER / "node_modules"), "limit_s": timeout, **job}
    done = subprocess.run(
        ["node", str(DRIVER)],
        input=json.dumps(whole),
        capture_output=True,
        text=True,
        timeout=timeout + 60,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"drive.mjs ended with {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}")
    report: Json = json.loads(done.stdout.splitlines()[-1])
    return report
