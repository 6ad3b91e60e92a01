"""Build a throw-away base directory for one host: the pack, the test nodes and some photos."""

from __future__ import annotations

import compileall
import shutil
import subprocess
from pathlib import Path

from PIL import Image

PHOTOS = ("astronaut", "chelsea", "coffee", "rocket")
PACK_NAME = "clipasso"  # the folder's name under custom_nodes/
TESTKIT = Path(__file__).parent / "testkit"
NOT_NEEDED = ("tests/", "clipasso_lab/", ".ci/")  # left out of the copy: ComfyUI reads none of them


def pack_files(repo: Path) -> list[Path]:
    """List what a user would clone: tracked files and new ones that git does not ignore, relative to ``repo``.

    Raises:
        RuntimeError: ``repo`` is not a git checkout.
    """
    command = ["git", "-C", str(repo), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"the host tests copy what git lists, and git says of {repo}: {done.stderr.strip()}")
    listed = done.stdout.split("\0")
    wanted = [name for name in listed if name and not name.startswith(NOT_NEEDED)]
    return [Path(name) for name in wanted if (repo / name).is_file()]


def copy_pack(repo: Path, custom_nodes: Path) -> Path:
    """Copy the pack (so that nothing a host writes lands in the repository), compiled as after a first start."""
    target = custom_nodes / PACK_NAME
    for name in pack_files(repo):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(repo / name, target / name)
    compileall.compile_dir(target, quiet=2)
    return target


def save_photos(folder: Path) -> None:
    """Save scikit-image's own photos (they are inside its wheel) as PNG."""
    from skimage import data

    for name in PHOTOS:
        Image.fromarray(getattr(data, name)()).save(folder / f"{name}.png")


def build(repo: Path, tree: Path, base: Path) -> Path:
    """Lay out ``base`` as ComfyUI's base directory, with the photo that every ComfyUI comes with; return it.

    The drawings that lie beside the templates are in its input folder, as a user would put them there.
    """
    for name in ("custom_nodes", "input", "output", "temp", "user", "models"):
        (base / name).mkdir(parents=True, exist_ok=True)
    copy_pack(repo, base / "custom_nodes")
    shutil.copytree(TESTKIT, base / "custom_nodes" / "testkit", ignore=shutil.ignore_patterns("__pycache__"))
    save_photos(base / "input")
    for drawing in (repo / "workflows").glob("*.svg"):
        shutil.copyfile(drawing, base / "input" / drawing.name)
    if (tree / "input" / "example.png").is_file():
        shutil.copyfile(tree / "input" / "example.png", base / "input" / "example.png")
    return base
