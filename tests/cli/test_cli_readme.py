"""The commands that the README shows are commands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from clipasso_cli.main import build_parser

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
(SHELL,) = re.findall(r"## From the shell\n```sh\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("line", SHELL.splitlines())
def test_the_commands_of_the_readme_are_understood(line: str) -> None:
    program, *arguments = shlex.split(line, comments=True)
    assert program == "clipasso"
    assert build_parser().parse_args(arguments).run


def test_the_readme_shows_every_command() -> None:
    commands = re.findall(r"^    (\w+) +\w", build_parser().format_help(), re.MULTILINE)
    assert commands
    assert sorted({line.split()[1] for line in SHELL.splitlines()}) == sorted(commands)
