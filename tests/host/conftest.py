"""Fixtures of the host tests: one real ComfyUI for the whole session."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from . import base_dir, graphs
from .client import Json
from .comfy_tree import HOW_TO_GET, REPO, find_tree
from .server import ComfyServer


def missing(reason: str) -> None:
    """Skip and say what is missing; fail where nothing may be missing (CI)."""
    if os.environ.get("CI"):
        pytest.fail(f"{reason} (CI is set, so this is not a reason to skip)")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def tree() -> Path:
    """The ComfyUI folder."""
    found = find_tree()
    if found is None:
        missing(HOW_TO_GET)
    assert found is not None
    return found


@pytest.fixture(scope="session")
def host(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComfyServer]:
    """A running ComfyUI with the pack in it; its log stays in its base directory."""
    base = base_dir.build(REPO, tree, tmp_path_factory.mktemp("host"))
    with ComfyServer(tree, base) as server:
        yield server
    if os.environ.get("CLIPASSO_KEEP_LOG"):
        shutil.copyfile(server.log_path, os.environ["CLIPASSO_KEEP_LOG"])


@pytest.fixture(scope="session")
def info(host: ComfyServer) -> Json:
    """What the host says of all its nodes."""
    return host.client.object_info()


@pytest.fixture
def sketch(info: Json) -> graphs.Graph:
    """A short sketch of one photo, ready to be changed: LoadImage to SVG Export, eight strokes, few iterations."""
    return graphs.sketch_graph(info)
