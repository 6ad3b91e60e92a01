"""Downloads against a hub on loopback that cuts, lies, redirects and is not there."""

from __future__ import annotations

import errno
import hashlib
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from clipasso_core.errors import ConfigError, WeightsError
from clipasso_core.weights import ModelStore, record
from clipasso_core.weights import download as download_module
from clipasso_core.weights import store as store_module
from clipasso_core.weights.known import KNOWN, KnownNetwork, find_known

hub = pytest.importorskip("huggingface_hub", reason="needs huggingface_hub")
constants = pytest.importorskip("huggingface_hub.constants")

CONTENT = random.Random(0).randbytes(300_000)
NAME = "clip-rn101-openai"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """Say how the server behaves, and remember what it was asked."""

    endpoint: str = ""
    content: bytes = CONTENT
    etag: str = hashlib.sha256(CONTENT).hexdigest()
    commit: str = COMMIT
    says_size: bool = True
    there: str = "open_clip_model.safetensors"
    cut_after: int | None = None
    broken: bool = False
    gate: threading.Event | None = None
    ranges: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)


def handler(state: Hub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            state.headers.append(dict(self.headers))
            if not self.path.endswith(f"/resolve/main/{state.there}"):
                self._answer(404, {"X-Error-Code": "EntryNotFound", "Content-Length": "0"})
                return
            self._answer(200, {"Content-Length": str(len(state.content))} if state.says_size else {})

        def do_GET(self) -> None:
            self.close_connection = True
            start = 0
            wanted = self.headers.get("Range", "")
            state.ranges.append(wanted)
            if state.gate is not None:
                state.gate.wait(5)
            if state.broken:
                self._answer(403, {"Content-Length": "0"})
                return
            if wanted:
                start = int(wanted.removeprefix("bytes=").split("-")[0])
            if wanted and start >= len(state.content):
                self._answer(416, {"Content-Length": "0", "Content-Range": f"bytes */{len(state.content)}"})
                return
            body = state.content[start:]
            headers = {"Content-Length": str(len(body))}
            if wanted:
                headers["Content-Range"] = f"bytes {start}-{len(state.content) - 1}/{len(state.content)}"
            self._answer(206 if wanted else 200, headers)
            if state.cut_after is None:
                self.wfile.write(body)
                return
            self.wfile.write(body[: state.cut_after])
            state.cut_after = None

        def _answer(self, status: int, headers: dict[str, str]) -> None:
            self.send_response(status)
            marks = {"X-Repo-Commit": state.commit, "ETag": f'"{state.etag}"' if state.etag else ""}
            for name, value in headers.items() | {(name, mark) for name, mark in marks.items() if mark}:
                self.send_header(name, value)
            if self.close_connection:  # without saying so, a client may send its next request into the closing line
                self.send_header("Connection", "close")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub on loopback, found through HF_ENDPOINT, which is how users choose a mirror."""
    state = Hub()
    http = ThreadingHTTPServer(("127.0.0.1", 0), handler(state))
    state.endpoint = f"http://127.0.0.1:{http.server_port}"
    monkeypatch.setenv("HF_ENDPOINT", state.endpoint)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 16_384)  # 10 MB would hide what is cut here
    monkeypatch.setattr("time.sleep", lambda _seconds: None)  # the hub waits between its tries
    threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True).start()
    yield state
    http.shutdown()
    http.server_close()


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


def test_pull(server: Hub, tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    store = ModelStore([tmp_path / "models"])
    path = store.pull(NAME, lambda done, total: told.append((done, total)))
    assert path == tmp_path / "models" / f"{NAME}.safetensors"
    assert path.read_bytes() == CONTENT
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert leftovers(path.parent) == []
    found = store.verify(NAME)
    assert (found.ok, found.basis) == (True, "hub")
    assert not any("Authorization" in headers for headers in server.headers)
    count = len(server.ranges)
    assert store.pull(NAME) == path
    assert len(server.ranges) == count


def test_verify_notices_a_change(server: Hub, tmp_path: Path) -> None:
    store = ModelStore([tmp_path])
    path = store.pull(NAME)
    path.write_bytes(CONTENT[:-1] + bytes([CONTENT[-1] ^ 1]))
    assert store.verify(NAME).ok is False


def test_goes_on_by_itself_after_a_cut(server: Hub, tmp_path: Path) -> None:
    server.cut_after = 100_000
    path = ModelStore([tmp_path]).pull(NAME)
    assert path.read_bytes() == CONTENT
    assert server.ranges[0] == ""
    assert server.ranges[1] in (f"bytes={chunks * 16_384}-" for chunks in range(1, 7))


def test_a_later_pull_goes_on_where_the_first_stopped(server: Hub, tmp_path: Path) -> None:
    store = ModelStore([tmp_path])
    with pytest.raises(StoppedError):
        store.pull(NAME, stop)
    (part,) = (name for name in leftovers(tmp_path) if name.endswith(".part"))
    there = (tmp_path / part).stat().st_size
    assert there >= 100_000
    assert store.files() == ()
    assert store.pull(NAME).read_bytes() == CONTENT
    assert server.ranges[-1] == f"bytes={there}-"
    assert leftovers(tmp_path) == []


def test_a_whole_part_is_not_fetched_again(server: Hub, tmp_path: Path) -> None:
    (tmp_path / f".{NAME}.safetensors.{server.etag[:12]}.part").write_bytes(CONTENT)
    assert ModelStore([tmp_path]).pull(NAME).read_bytes() == CONTENT
    assert server.ranges == []


class StoppedError(Exception):
    pass


def stop(done: int, _total: int | None) -> None:
    if done >= 100_000:
        raise StoppedError


@pytest.mark.parametrize("marks", [("abc", COMMIT, "abc", "1" * 40), ("abc", "", "abcd", ""), ("", "", "", "")])
def test_what_came_of_another_version_is_not_gone_on_with(
    marks: tuple[str, str, str, str], server: Hub, tmp_path: Path
) -> None:
    """The server says no hash: the revision, or else the mark of the file, tells versions apart."""
    server.etag, server.commit, *others = marks
    store = ModelStore([tmp_path])
    with pytest.raises(StoppedError):
        store.pull(NAME, stop)
    (server.etag, server.commit), server.content = others, CONTENT[::-1]
    assert store.pull(NAME).read_bytes() == CONTENT[::-1]
    assert leftovers(tmp_path) == []


def test_without_a_hash_the_same_version_is_gone_on_with(server: Hub, tmp_path: Path) -> None:
    server.etag = "abc"
    store = ModelStore([tmp_path])
    with pytest.raises(StoppedError):
        store.pull(NAME, stop)
    assert store.pull(NAME).read_bytes() == CONTENT
    assert server.ranges[-1].startswith("bytes=1")


def test_a_whole_part_of_a_size_that_nobody_says_is_fetched_anew(server: Hub, tmp_path: Path) -> None:
    server.says_size = False
    (tmp_path / f".{NAME}.safetensors.{server.etag[:12]}.part").write_bytes(CONTENT)
    assert ModelStore([tmp_path]).pull(NAME).read_bytes() == CONTENT
    assert server.ranges == [f"bytes={len(CONTENT)}-", ""]


def test_a_record_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = record.DownloadRecord("repo", "file", "https://example.org", "", "0" * 64, 3, "hub")
    record.write_record(tmp_path / "clip.safetensors", written)
    assert record.read_record(tmp_path / "clip.safetensors") == written
    assert leftovers(tmp_path) == []
    before = (tmp_path / "clip.safetensors.json").read_bytes()

    def cut(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(record.os, "replace", cut)
    with pytest.raises(OSError, match="No space"):
        record.write_record(tmp_path / "clip.safetensors", replace(written, size_bytes=4))
    assert (tmp_path / "clip.safetensors.json").read_bytes() == before


HOLD = """
import sys, filelock
lock = filelock.FileLock(sys.argv[1])
lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def another_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock of the download into ``tmp_path``, as one that fetches the file would."""
    monkeypatch.setattr(download_module, "WAIT_SECONDS", 0.05)
    command = [sys.executable, "-c", HOLD, str(tmp_path / f".{NAME}.safetensors.lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_download_waits_for_the_first(server: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server lets the first go on only when the second waits."""
    monkeypatch.setattr(download_module, "WAIT_SECONDS", 0.05)
    server.gate = threading.Event()

    def second() -> Path:
        while not server.ranges:
            time.sleep(0)
        return ModelStore([tmp_path]).pull(NAME, lambda _done, _total: server.gate.set())

    with ThreadPoolExecutor() as pool:
        pulls = [pool.submit(ModelStore([tmp_path]).pull, NAME), pool.submit(second)]
        paths = {pull.result(timeout=20) for pull in pulls}
    assert paths == {tmp_path / f"{NAME}.safetensors"}
    assert paths.pop().read_bytes() == CONTENT
    assert server.ranges == [""]
    assert leftovers(tmp_path) == []


def test_a_lock_ends_with_its_process(
    server: Hub, tmp_path: Path, another_process: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int] = []

    def kill(done: int, _total: int | None) -> None:
        told.append(done)
        another_process.kill()

    (tmp_path / f".{NAME}.safetensors.{server.etag[:12]}.part").write_bytes(CONTENT[:1000])
    assert ModelStore([tmp_path]).pull(NAME, kill).read_bytes() == CONTENT
    assert told[0] == 1000
    assert server.ranges == ["bytes=1000-"]


@pytest.mark.usefixtures("another_process")
def test_another_process_that_does_not_get_on(server: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download_module, "STALL_SECONDS", 0.1)
    with pytest.raises(WeightsError, match=r"another process is fetching .*clip-rn101-openai\.safetensors"):
        ModelStore([tmp_path]).pull(NAME)
    assert server.ranges == []


def test_wrong_hash_is_refused(server: Hub, tmp_path: Path) -> None:
    server.content = CONTENT[:-1] + bytes([CONTENT[-1] ^ 1])
    with pytest.raises(WeightsError, match="not what was promised"):
        ModelStore([tmp_path]).pull(NAME)
    assert [path for path in tmp_path.iterdir() if path.suffix != ".lock"] == []


def test_the_tables_hash_wins_over_the_servers(server: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pinned = replace(find_known(NAME), sha256="0" * 64)
    monkeypatch.setattr(store_module, "find_known", lambda _name: pinned)
    with pytest.raises(WeightsError, match="expected 0000000000000000"):
        ModelStore([tmp_path]).pull(NAME)
    assert server.ranges == [], "nothing of it has come"
    server.etag = "abc"
    with pytest.raises(WeightsError, match="expected 0000000000000000"):
        ModelStore([tmp_path]).pull(NAME)


def test_a_server_without_hashes(server: Hub, tmp_path: Path) -> None:
    server.etag = "abc"
    store = ModelStore([tmp_path])
    store.pull(NAME)
    assert store.verify(NAME).basis == "first download"


def test_second_choice_of_file(server: Hub, tmp_path: Path) -> None:
    server.there = "open_clip_pytorch_model.bin"
    assert ModelStore([tmp_path]).pull(NAME).name == f"{NAME}.bin"
    server.there = "nothing"
    with pytest.raises(WeightsError, match=r"has none of open_clip_model\.safetensors, open_clip_pytorch_model\.bin"):
        ModelStore([tmp_path / "other"]).pull(NAME)


def test_disk_full_before(server: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(download_module.shutil, "disk_usage", lambda _folder: usage)
    with pytest.raises(WeightsError, match="the disk is full") as caught:
        ModelStore([tmp_path]).pull(NAME)
    assert "479 MB" in str(caught.value)
    assert server.ranges == []


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EDQUOT])
def test_disk_full_while_writing(error: int, server: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_self: object, _data: object) -> int:
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(download_module._Part, "write", full)
    with pytest.raises(WeightsError, match="the disk is full"):
        ModelStore([tmp_path]).pull(NAME)


@pytest.mark.parametrize("error", [errno.EACCES, errno.EROFS])
@pytest.mark.parametrize(("owner", "name"), [(Path, "mkdir"), (download_module.FileLock, "acquire")])
def test_read_only_folder(
    error: int, owner: type, name: str, server: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Simulated, because root may write anywhere."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(error, os.strerror(error), str(tmp_path))

    monkeypatch.setattr(owner, name, refuse)
    with pytest.raises(WeightsError, match="cannot be written to"):
        ModelStore([tmp_path / "models"]).pull(NAME)


def test_folder_is_a_file(server: Hub, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("")
    with pytest.raises(WeightsError, match="cannot be written to"):
        ModelStore([tmp_path / "models"]).pull(NAME)


def assert_says_everything(message: str, folder: Path) -> None:
    for part in ("open_clip_model.safetensors", "479 MB", "licence mit", f"clipasso models pull {NAME} --to"):
        assert part in message
    assert str(folder / f"{NAME}.safetensors") in message


def test_no_network(tmp_path: Path, server: Hub) -> None:
    store = ModelStore([tmp_path], endpoint="http://127.0.0.1:1")
    with pytest.raises(WeightsError, match="cannot fetch") as caught:
        store.pull(NAME)
    assert_says_everything(str(caught.value), tmp_path)
    assert "HF_ENDPOINT" in str(caught.value)


def test_offline_mode(server: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(WeightsError, match="cannot fetch") as caught:
        ModelStore([tmp_path]).pull(NAME)
    assert_says_everything(str(caught.value), tmp_path)
    assert server.headers == []


def test_server_refuses(server: Hub, tmp_path: Path) -> None:
    server.broken = True
    with pytest.raises(WeightsError, match="403"):
        ModelStore([tmp_path]).pull(NAME)


def test_unknown_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="clip-rn101-openai"):
        ModelStore([tmp_path]).pull("clip-rn1000")


@pytest.mark.parametrize("network", KNOWN, ids=lambda network: network.name)
def test_addresses(network: KnownNetwork) -> None:
    url = hub.hf_hub_url(network.repo, network.files[0], endpoint="https://hf-mirror.com")
    assert url == f"https://hf-mirror.com/{network.repo}/resolve/main/{network.files[0]}"
