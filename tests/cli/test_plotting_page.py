"""docs/plotting.md: its five commands, from a photo to a machine's file, as they stand there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from torch import Tensor

from clipasso_cli import main
from clipasso_core.files import save_png
from clipasso_core.pixels import resize

REPO = Path(__file__).parents[2]
PAGE = (REPO / "docs" / "plotting.md").read_text(encoding="utf-8")
QUICK = ("--preset", "draft", "--iterations", "2", "--sketches", "1", "--mask", "none")
"""What only the test says: a sketch of seconds."""


BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def block(language: str) -> str:
    """The text of the page's first code block in a language."""
    return next(text for name, text in BLOCKS if name == language)


def test_the_five_commands_do_what_the_page_says(
    cat: Tensor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    save_png(resize(cat, (96, 128))[0], Path("cat.jpg"))  # a photo is known by its bytes
    install, *commands = (shlex.split(line) for line in block("sh").splitlines())
    assert install == ["pip", "install", ".[cli,plot]"]
    assert [command[0] for command in commands] == ["clipasso"] * 4
    told = []
    for _, verb, *arguments in commands:
        assert main([verb, *arguments, *(QUICK if verb == "sketch" else ())]) == 0, capsys.readouterr().err
        said = capsys.readouterr().out.splitlines()
        told += said if verb == "export" else []
    files = sorted(path.name for path in tmp_path.iterdir())
    assert files == ["cat.jpg", "cat.svg", "page.gcode", "page.pdf", "page.svg"]
    shown = block("").splitlines()
    assert [forms(line) for line in told if not line.startswith("page.pdf")] == [forms(line) for line in shown]
    Path("plotter.toml").write_text(block("toml"), encoding="utf-8")
    assert main([*commands[-1][1:], "--profile", "plotter.toml"]) == 0, capsys.readouterr().err


def forms(line: str) -> str:
    """A line that a command prints, without the numbers that depend on the sketch."""
    return re.sub(r"\d+ paths|\d+\.\d+ m", "N", line)


def test_what_the_first_command_installs_is_what_formats_take() -> None:
    text = (REPO / "pyproject.toml").read_text(encoding="utf-8")
    extras = dict(re.findall(r"^(\w+) = (\[.*\])$", text, re.MULTILINE))
    assert '"vpype"' in extras["plot"]
    assert '"ezdxf"' in extras["plot"]
    assert "cli" in extras
