"""Listen to ComfyUI's websocket in a thread: progress, previews, start and end of nodes."""

from __future__ import annotations

import asyncio
import json
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

PREVIEW_IMAGE, PREVIEW_IMAGE_WITH_METADATA = 1, 4  # protocol.py: BinaryEventTypes


@dataclass(frozen=True)
class Event:
    """One message: its kind, its JSON, when it came (time.monotonic), and the picture of a preview."""

    kind: str
    data: dict[str, Any] = field(default_factory=dict)
    at: float = 0.0
    picture: bytes = b""


def parse_binary(message: bytes) -> Event:
    """Read a binary message; a preview's picture starts with the file's own signature (JPEG or PNG)."""
    (kind,) = struct.unpack(">I", message[:4])
    if kind == PREVIEW_IMAGE:
        return Event("preview", {}, time.monotonic(), message[8:])
    if kind == PREVIEW_IMAGE_WITH_METADATA:
        (length,) = struct.unpack(">I", message[4:8])
        return Event("preview", json.loads(message[8 : 8 + length]), time.monotonic(), message[8 + length :])
    return Event(f"binary_{kind}", {}, time.monotonic(), message[4:])


class EventStream:
    """Everything the host said to one client since the stream was opened; a context manager."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.events: list[Event] = []
        self._changed = threading.Condition()
        self._connected = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._listen, name="comfy-events", daemon=True)
        self._error: BaseException | None = None

    def _listen(self) -> None:
        try:
            self._task = self._loop.create_task(self._receive())
            self._loop.run_until_complete(self._task)
        except asyncio.CancelledError:
            pass
        except Exception as error:  # handed to the thread that waits
            self._error = error
        finally:
            self._connected.set()
            with self._changed:
                self._changed.notify_all()

    async def _receive(self) -> None:
        import aiohttp

        async with aiohttp.ClientSession() as session, session.ws_connect(self.url, max_msg_size=0) as socket:
            async for message in socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    said = json.loads(message.data)
                    self._add(Event(said["type"], said.get("data") or {}, time.monotonic()))
                elif message.type is aiohttp.WSMsgType.BINARY:
                    self._add(parse_binary(message.data))
                self._connected.set()  # the host greets with its status: from here nothing is missed

    def _add(self, event: Event) -> None:
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def wait_for(self, wanted: Callable[[Event], bool], timeout: float) -> Event:
        """Return the first event (past ones count) for which ``wanted`` holds.

        Raises:
            TimeoutError: none came within ``timeout`` seconds.
        """

        def found() -> Event | None:
            return next((event for event in self.events if wanted(event)), None)

        with self._changed:
            self._changed.wait_for(lambda: found() is not None or self._error is not None, timeout)
            event = found()
            if event is None:
                kinds = sorted({one.kind for one in self.events})
                raise TimeoutError(f"no such event within {timeout:.0f} s; came: {kinds}") from self._error
            return event

    def of_kind(self, kind: str) -> list[Event]:
        """List the events of one kind so far."""
        with self._changed:
            return [event for event in self.events if event.kind == kind]

    def __enter__(self) -> EventStream:
        self._thread.start()
        if not self._connected.wait(10) or self._error is not None:
            raise ConnectionError(f"no websocket at {self.url}") from self._error
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._task.cancel)
            self._thread.join(5)
        self._loop.close()
