"""Fetch what drives a browser into ``.host/browser`` (git-ignored), and a Chromium where we are asked to.

playwright-core comes from npm, without a browser of its own, and axe-core, which looks for barriers to some users.
Chromium, Node.js and npm are yours to install, or to name (CLIPASSO_CHROMIUM). apt-get is run only by root, and only
when CLIPASSO_APT is set, as .ci/run does.

Usage: python tests/host/get_browser.py
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from comfy_tree import BROWSER

PACKAGES = ("playwright-core@1.65.1", "axe-core@4.14.1")
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
HOW_TO_INSTALL = (
    "get_browser: not there: %s. Install them, name a Chromium in CLIPASSO_CHROMIUM, or let this script run apt-get "
    "(as root, with CLIPASSO_APT=1)."
)
LOG = logging.getLogger("get_browser")


def lacking() -> list[str]:
    """List the system packages (Debian's names) that are not there."""
    has_chromium = os.environ.get("CLIPASSO_CHROMIUM") or any(map(shutil.which, CHROMIUMS))
    programs = {"nodejs": shutil.which("node"), "npm": shutil.which("npm"), "chromium": has_chromium}
    return [package for package, there in programs.items() if not there]


def may_install() -> bool:
    """Say whether apt-get is there, and ours to run: asked for, and as root."""
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return bool(os.environ.get("CLIPASSO_APT") and is_root and shutil.which("apt-get"))


def install_system_packages(packages: list[str]) -> None:
    """Install packages with apt-get."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages]):
        subprocess.run(["apt-get", *command], check=True, env=environment, stdout=subprocess.DEVNULL)


def install_packages() -> None:
    """Put the npm packages under .host/browser, unless those very versions are there."""
    stamp, wanted = BROWSER / "installed.txt", "\n".join(PACKAGES)
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return
    BROWSER.mkdir(parents=True, exist_ok=True)
    quiet = ["--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
    subprocess.run(["npm", "install", *quiet, "--prefix", str(BROWSER), *PACKAGES], check=True)
    stamp.write_text(wanted, encoding="utf-8")


def main() -> int:
    """Fetch all of it; return the exit status: 1 when something is still missing, and say what."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        if lacking() and may_install():
            install_system_packages(lacking())
        if lacking():
            LOG.error(HOW_TO_INSTALL, ", ".join(lacking()))
            return 1
        install_packages()
    except subprocess.CalledProcessError as error:
        LOG.error("get_browser: `%s` failed with status %d", " ".join(error.cmd[:2]), error.returncode)
        return 1
    LOG.info("browser: %s", BROWSER)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
