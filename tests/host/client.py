"""Speak ComfyUI's HTTP interface: queue a prompt, wait for it, read what it made."""

from __future__ import annotations

import json
import time
import urllib.parse
import urllib.request
import uuid
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

from .events import EventStream

Json = dict[str, Any]
Prompt = dict[str, Json]


class PromptRejectedError(RuntimeError):
    """The host refused the prompt, or part of it; ``node_errors`` says why, by node."""

    def __init__(self, answer: Json) -> None:
        self.node_errors: Json = answer.get("node_errors") or {}
        super().__init__(json.dumps(answer, indent=1)[:4000])


class ExecutionError(RuntimeError):
    """A node raised; ``message`` is what the user reads."""

    def __init__(self, data: Json) -> None:
        self.node_type = str(data.get("node_type"))
        self.kind = str(data.get("exception_type"))
        self.message = str(data.get("exception_message", "")).strip()
        self.traceback = "".join(data.get("traceback", []))
        super().__init__(f"{self.node_type}: {self.kind}: {self.message}\n{self.traceback}")


class ExecutionInterruptedError(RuntimeError):
    """The run was interrupted."""


class ComfyClient:
    """A client of one host at ``url``."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.client_id = uuid.uuid4().hex

    def request(self, method: str, path: str, body: bytes | None = None, kind: str = "application/json") -> bytes:
        """Send one request and return the answer's bytes."""
        request = urllib.request.Request(self.url + path, data=body, method=method, headers={"Content-Type": kind})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=30) as answer:
            return bytes(answer.read())

    def get(self, path: str) -> Any:
        """GET some JSON."""
        return json.loads(self.request("GET", path))

    def post(self, path: str, data: Any) -> Any:
        """POST some JSON; return the answer's JSON, or None if it has no body."""
        answer = self.request("POST", path, json.dumps(data).encode())
        return json.loads(answer) if answer.strip() else None

    def queue(self, prompt: Prompt, extra_pnginfo: Json | None = None) -> str:
        """Queue a prompt; return its id.

        Raises:
            PromptRejectedError: the host found an error in any node, even if other outputs could run.
        """
        data: Json = {"prompt": prompt, "client_id": self.client_id}
        if extra_pnginfo is not None:
            data["extra_data"] = {"extra_pnginfo": extra_pnginfo}
        try:
            answer = self.post("/prompt", data)
        except HTTPError as error:
            raise PromptRejectedError(json.loads(error.read())) from error
        if answer.get("node_errors"):
            raise PromptRejectedError(answer)
        return str(answer["prompt_id"])

    def wait(self, prompt_id: str, timeout: float) -> Json:
        """Wait until a prompt has ended well; return its history entry.

        Raises:
            ExecutionError: a node raised.
            ExecutionInterruptedError: somebody interrupted it.
            TimeoutError: it still runs after ``timeout`` seconds.
        """
        limit = time.monotonic() + timeout
        while time.monotonic() < limit:
            entry: Json | None = self.get(f"/history/{prompt_id}").get(prompt_id)
            if entry is not None:
                return self._judge(entry)
            time.sleep(0.1)
        raise TimeoutError(f"prompt {prompt_id} did not end within {timeout:.0f} s")

    @staticmethod
    def _judge(entry: Json) -> Json:
        for name, data in entry["status"]["messages"]:
            if name == "execution_error":
                raise ExecutionError(data)
            if name == "execution_interrupted":
                raise ExecutionInterruptedError(json.dumps(data)[:500])
        if entry["status"]["status_str"] != "success":
            raise ExecutionError({"exception_message": json.dumps(entry["status"])})
        return entry

    def run(self, prompt: Prompt, timeout: float = 300.0, extra_pnginfo: Json | None = None) -> Json:
        """Queue a prompt and wait for it."""
        return self.wait(self.queue(prompt, extra_pnginfo), timeout)

    def events(self) -> EventStream:
        """Listen to what the host tells this client while it works (a context manager)."""
        return EventStream(f"{self.url.replace('http', 'ws', 1)}/ws?clientId={self.client_id}")

    def interrupt(self) -> None:
        """Interrupt what runs now."""
        self.post("/interrupt", {})

    def cancel(self, prompt_id: str) -> None:
        """Cancel a prompt through the jobs API; where the host has none, interrupt what runs now.

        Raises:
            RuntimeError: the jobs API knew of nothing to cancel.
        """
        try:
            answer = self.post(f"/api/jobs/{prompt_id}/cancel", {})
        except HTTPError as error:
            if error.code not in (404, 405):
                raise
            self.interrupt()
        else:
            if not answer["cancelled"]:
                raise RuntimeError(f"the jobs API did not cancel {prompt_id}")

    def forget(self) -> None:
        """Drop every cached result and model, so that the next run computes everything again."""
        self.post("/free", {"unload_models": True, "free_memory": True})

    def object_info(self) -> Json:
        """Read what the host knows of every node."""
        info: Json = self.get("/object_info")
        return info

    def view(self, file: Json) -> bytes:
        """Fetch a file that a node put in its ``ui`` output: {filename, subfolder, type}."""
        return self.request("GET", "/view?" + urllib.parse.urlencode(file))

    def upload(self, path: Path) -> str:
        """Upload an image into the host's input folder; return its name there."""
        mark = uuid.uuid4().hex
        head = f'--{mark}\r\nContent-Disposition: form-data; name="image"; filename="{path.name}"\r\n\r\n'
        body = head.encode() + path.read_bytes() + f"\r\n--{mark}--\r\n".encode()
        answer = json.loads(self.request("POST", "/upload/image", body, f"multipart/form-data; boundary={mark}"))
        return str(answer["name"])
