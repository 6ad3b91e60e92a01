"""Nothing is installed on the system without being asked. Needs no ComfyUI."""

from __future__ import annotations

import os
import subprocess

import pytest

from . import get_browser

APT = "/usr/bin/apt-get"


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What is run by root on a machine that has apt-get and nothing else."""
    run: list[list[str]] = []
    monkeypatch.setattr(subprocess, "run", lambda command, **_: run.append(command))
    monkeypatch.setattr(get_browser.shutil, "which", lambda name: APT if name == "apt-get" else None)
    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
    for name in ("CLIPASSO_APT", "CLIPASSO_CHROMIUM"):
        monkeypatch.delenv(name, raising=False)
    return run


def test_root_alone_is_no_permission(commands: list[list[str]], caplog: pytest.LogCaptureFixture) -> None:
    assert get_browser.main() == 1
    assert commands == []
    assert "nodejs, npm, chromium" in caplog.text
    assert "CLIPASSO_APT=1" in caplog.text


def test_asked_for_it_installs_what_is_lacking(commands: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLIPASSO_APT", "1")
    get_browser.main()
    assert [command[0] for command in commands] == ["apt-get", "apt-get"]
    assert commands[1][-3:] == ["nodejs", "npm", "chromium"]
