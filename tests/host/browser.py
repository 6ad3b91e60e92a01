"""Say which browser drives the page, and run a driver in it: ``drive.mjs`` or ``viewer.mjs``."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

from .client import Json
from .comfy_tree import BROWSER

DRIVERS = Path(__file__).parent
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
    lacking = [name for name in ("playwright-core", "axe-core") if not (BROWSER / "node_modules" / name).is_dir()]
    return f"no {lacking[0]}: {HOW_TO_GET}" if lacking else None


def drive(url: str, job: Json, timeout: float = 300.0, driver: str = "drive.mjs") -> Json:
    """Let the browser do a job at ``url`` and return its report (see the driver for both).

    Raises:
        RuntimeError: the driver failed; the message is what it said.
    """
    whole = {"url": url, "chromium": chromium(), "modules": str(BROWSER / "node_modules"), "limit_s": timeout, **job}
    done = subprocess.run(
        ["node", str(DRIVERS / driver)],
        input=json.dumps(whole),
        capture_output=True,
        text=True,
        timeout=timeout + 60,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{driver} ended with {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}")
    report: Json = json.loads(done.stdout.splitlines()[-1])
    return report
