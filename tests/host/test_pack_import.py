"""The pack loads as a folder of custom_nodes/, in a process of its own and without a server."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from . import base_dir
from .client import Json
from .comfy_tree import REPO, host_python
from .server import offline_environment
from .test_load import NODE_IDS

pytestmark = pytest.mark.host


@pytest.fixture(scope="module")
def loaded(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Json:
    """What load_pack.py reports of a copy of the pack."""
    pack = base_dir.copy_pack(REPO, tmp_path_factory.mktemp("custom.nodes"))  # a dot in the path, as users have
    command = [host_python(), "-s", str(Path(__file__).with_name("load_pack.py")), str(tree), str(pack)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=120, env=offline_environment(), cwd=pack.parent, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    report: Json = json.loads(done.stdout.splitlines()[-1])
    return report


def test_lists_its_nodes(loaded: Json) -> None:
    assert sorted(loaded["nodes"]) == sorted(NODE_IDS)
    assert loaded["is_extension"]


def test_keeps_to_the_third_interface(loaded: Json) -> None:
    assert not loaded["has_old_mappings"], "NODE_CLASS_MAPPINGS would win over comfy_entrypoint"
    assert loaded["clashing_ids"] == [], "ComfyUI 0.3.64 drops a pack whose output id equals an input id"


def test_leaves_the_hosts_modules_alone(loaded: Json) -> None:
    assert loaded["comfy_nodes_untouched"]
    assert not loaded["absolute_core"], "the pack imported an installed clipasso_core; users have none"


def test_heavy_imports_are_lazy(loaded: Json) -> None:
    assert loaded["heavy"] == []
    assert loaded["cpu_seconds"] < 0.3
