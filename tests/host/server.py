"""Start and stop a ComfyUI process on a free port of this machine."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import IO
from urllib.error import URLError

from .client import ComfyClient
from .comfy_tree import host_python

START_LIMIT_S = 120.0
STOP_LIMIT_S = 10.0
NOWHERE = "http://127.0.0.1:9"  # the discard port: nobody answers


class HostStartError(RuntimeError):
    """The host did not come up; the message ends with the end of its log."""


def free_port() -> int:
    """Ask the system for a port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def offline_environment() -> dict[str, str]:
    """Return this environment without a way out: whatever tries to download fails at once, and says so."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    proxies = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), NOWHERE)
    local = {"no_proxy": "127.0.0.1,localhost", "NO_PROXY": "127.0.0.1,localhost"}
    return {**kept, **proxies, **local, "HF_HUB_OFFLINE": "1", "PYTHONUNBUFFERED": "1"}


class ComfyServer:
    """One running ComfyUI; a context manager.

    Args:
        tree: the ComfyUI folder.
        base: its base directory (custom_nodes, input, output, ...).
        options: more options of ComfyUI's main.py.
    """

    def __init__(self, tree: Path, base: Path, options: tuple[str, ...] = ()) -> None:
        self.tree, self.base, self.options = tree, base, options
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log_path = base / "host.log"
        self.client = ComfyClient(self.url)
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None

    @property
    def log(self) -> str:
        """Read what the host has logged so far."""
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def command(self) -> list[str]:
        """Spell the command line."""
        fixed = ["--cpu", "--listen", "127.0.0.1", "--port", str(self.port), "--base-directory", str(self.base)]
        quiet = ["--disable-auto-launch", "--disable-api-nodes"]  # api nodes, and the page, would use the network
        database = ["--database-url", f"sqlite:///{self.base / 'user' / 'comfyui.db'}"]
        return [host_python(), "-s", "main.py", *fixed, *quiet, *database, *self.options]

    def start(self) -> None:
        """Start the process and wait until it answers.

        Raises:
            HostStartError: it ended, or did not answer in time.
        """
        self._log = self.log_path.open("wb")
        self._process = subprocess.Popen(
            self.command(), cwd=self.tree, env=offline_environment(), stdout=self._log, stderr=subprocess.STDOUT
        )
        limit = time.monotonic() + START_LIMIT_S
        while time.monotonic() < limit:
            if self._process.poll() is not None:
                break
            try:
                self.client.get("/system_stats")
            except (URLError, ConnectionError, TimeoutError):
                time.sleep(0.2)
            else:
                return
        self.stop()
        raise HostStartError(f"ComfyUI in {self.tree} did not start; its log ends with:\n{self.log[-3000:]}")

    def stop(self) -> None:
        """Stop the process: ask as Ctrl-C does, then insist."""
        process, self._process = self._process, None
        for ask in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            if process is None or process.poll() is not None:
                break
            process.send_signal(ask)
            try:
                process.wait(STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                continue
        if self._log is not None:
            self._log.close()

    def __enter__(self) -> ComfyServer:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()
