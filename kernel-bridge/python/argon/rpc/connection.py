"""One live WebSocket to the bridge."""

from __future__ import annotations

import contextlib
import itertools
import json
import threading
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any

from websockets.exceptions import WebSocketException

from ..errors import ArgonError
from ..protocol import PROTOCOL_VERSION, HelloResult
from ..version import __version__
from .address import HANDSHAKE_SECONDS_MAX, Address


class Dropped(Exception):
    """The connection ended. `sent` says whether the bridge may have seen the request."""

    def __init__(self, sent: bool) -> None:
        super().__init__("the connection to the bridge ended")
        self.sent = sent


class Connection:
    """Sends requests and hands out their replies; a thread of its own reads."""

    def __init__(
        self,
        address: Address,
        kind: str,
        on_event: Callable[[dict[str, Any]], None],
        on_close: Callable[[Connection], None],
    ) -> None:
        self._on_event = on_event
        self._on_close = on_close
        self._waiting: dict[int, Future[Any]] = {}
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self.closed = False
        try:
            # Entered and never left: closing is ours, and newer versions insist on the form.
            self._socket = address.dial().__enter__()
        except (OSError, WebSocketException) as error:
            raise Dropped(sent=False) from error
        self._reader = threading.Thread(target=self._read, name="argon-rpc", daemon=True)
        self._reader.start()
        try:
            self.hello: HelloResult = self.send(
                "hello", {"client": {"kind": kind, "version": __version__}, "protocol": PROTOCOL_VERSION}
            ).result(HANDSHAKE_SECONDS_MAX)
        except BaseException as error:
            self.close()
            if isinstance(error, FutureTimeout):
                raise Dropped(sent=False) from error
            raise

    def send(self, method: str, params: dict[str, Any]) -> Future[Any]:
        """Sends a request. The future holds its result, its `ArgonError`, or `Dropped`."""
        future: Future[Any] = Future()
        with self._lock:
            if self.closed:
                raise Dropped(sent=False)
            number = next(self._numbers)
            self._waiting[number] = future
            try:
                self._socket.send(
                    json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
                )
            except (OSError, WebSocketException) as error:
                del self._waiting[number]
                # A frame may have left in part; the bridge does not act on a part.
                raise Dropped(sent=False) from error
        return future

    def close(self) -> None:
        """Ends the connection."""
        with contextlib.suppress(OSError, WebSocketException):
            self._socket.close()

    def _read(self) -> None:
        try:
            for text in self._socket:
                self._receive(text)
        except (OSError, WebSocketException, ValueError):
            pass
        finally:
            with self._lock:
                self.closed = True
                left = list(self._waiting.values())
                self._waiting.clear()
            for future in left:
                with _unless_given_up():
                    future.set_exception(Dropped(sent=True))
            self._on_close(self)

    def _receive(self, text: str | bytes) -> None:
        message = json.loads(text)
        if message.get("method") == "event":
            # A listener that fails must not take the connection with it.
            with contextlib.suppress(Exception):
                self._on_event(message["params"])
            return
        with self._lock:
            future = self._waiting.pop(message.get("id"), None)
        if future is None:
            return
        with _unless_given_up():
            if "error" in message:
                future.set_exception(_error(message["error"]))
            else:
                future.set_result(message.get("result"))


def _unless_given_up() -> contextlib.AbstractContextManager[None]:
    """A cancelled coroutine cancels its future, at any moment; its reply is then nobody's."""
    return contextlib.suppress(InvalidStateError)


def _error(wire: dict[str, Any]) -> ArgonError:
    """The error of a reply; see `Error` in schema/protocol/common.json."""
    outer = wire.get("data")
    data = outer if isinstance(outer, dict) else {}
    inner = data.get("data")
    return ArgonError(
        str(data.get("code", "INTERNAL")),
        str(wire.get("message", "the bridge answered with an error")),
        data=inner if isinstance(inner, dict) else {},
    )
