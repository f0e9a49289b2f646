"""A link to the bridge that heals itself: it starts the bridge, connects, and connects again."""

from __future__ import annotations

import contextlib
import os
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any

from ..errors import ArgonError
from ..protocol import HelloResult
from .address import Address
from .connection import Connection, Dropped
from .tries import WAIT_SECONDS_MAX, Tries

BACK_OFF_SECONDS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
HEAL_SECONDS_MAX = 120.0

Greeting = Callable[[Connection], None]


class Link:
    """Requests over one connection at a time.

    A connection that ends while somebody has asked to `keep` the link is made again in the background, and
    every greeting (such as opening the session) is sent before any other request.
    """

    def __init__(self, address: Address, kind: str = "script") -> None:
        self.address = address
        self.kind = kind
        self._greetings: list[Greeting] = []
        self._listeners: list[Callable[[dict[str, Any]], None]] = []
        self._connecting = threading.RLock()
        self._connection: Connection | None = None
        self._closed = False
        self._keep = False
        self._healing: threading.Thread | None = None
        self._process = os.getpid()

    @property
    def connected(self) -> bool:
        """Whether there is a live connection now."""
        return self._live() is not None

    @property
    def hello(self) -> HelloResult:
        """What the bridge said of itself; connects when needed."""
        return self.connect(time.monotonic() + WAIT_SECONDS_MAX).hello

    def keep(self) -> None:
        """From now on a lost connection is made again without waiting for the next request."""
        self._keep = True

    def greet(self, greeting: Greeting) -> None:
        """Sends something first on every new connection, and on the one that is there."""
        with self._connecting:
            self._greetings.append(greeting)
            connection = self._live()
            if connection is not None:
                greeting(connection)

    def listen(self, listener: Callable[[dict[str, Any]], None]) -> Callable[[], None]:
        """Calls `listener` with each event, on the reading thread. Returns the way to stop it."""
        self._listeners.append(listener)

        def stop() -> None:
            with contextlib.suppress(ValueError):
                self._listeners.remove(listener)

        return stop

    def call(
        self,
        method: str,
        params: dict[str, Any] | None = None,
        *,
        wait: float = WAIT_SECONDS_MAX,
        deadline: float | None = None,
    ) -> Any:
        """The result of a request.

        Args:
            method: a method of schema/protocol.
            params: its params.
            wait: seconds to wait for a bridge to be there.
            deadline: seconds after which the reply is not waited for either; default: as long as it takes.

        Raises:
            ArgonError: what the bridge answered; `BRIDGE_UNAVAILABLE`; `OUTCOME_UNKNOWN` when the bridge
                went away while it did something that cannot be asked for twice.
            KeyboardInterrupt: at once, when the kernel is interrupted; the reply is then ignored.
        """
        tries = Tries(method, params or {}, wait, deadline)
        while True:
            connection = self.connect(tries.until)
            try:
                return _result(connection.send(method, tries.params), tries.end)
            except (Dropped, FutureTimeout, ArgonError) as error:
                if tries.took_effect(error):
                    return tries.outcome(self.call)

    def call_together(self, *requests: tuple[str, dict[str, Any]]) -> list[Any]:
        """The results of requests that only read, sent at once: one way there and back for all of them.

        Raises:
            ArgonError: as `call`; of several that are refused, what the first one says.
        """
        connection = self.connect(time.monotonic() + WAIT_SECONDS_MAX)
        try:
            sent = [connection.send(method, params) for method, params in requests]
            return [future.result() for future in sent]
        except Dropped:
            return [self.call(method, params) for method, params in requests]

    def close(self) -> None:
        """Ends the link for good."""
        self._closed = True
        connection = self._connection
        if connection is not None and self._process == os.getpid():
            connection.close()

    def _live(self) -> Connection | None:
        if self._process != os.getpid():
            # A fork has the sockets of its parent but not its threads: it needs a connection of its own.
            self._process = os.getpid()
            self._connecting = threading.RLock()
            self._connection = None
            self._healing = None
        connection = self._connection
        return None if connection is None or connection.closed else connection

    def connect(self, until: float, *, asked: bool = True) -> Connection:
        """The live connection, or a new one, looked for until that moment of `time.monotonic()`.

        Args:
            until: when to give up.
            asked: false when nobody waits, and only a lost connection is made again.

        Raises:
            ArgonError: `BRIDGE_UNAVAILABLE`, `BRIDGE_STARTING`, `CLOSED`.
        """
        connection = self._live()
        if connection is not None:
            return connection
        if not self._connecting.acquire(timeout=max(0.0, until - time.monotonic())):
            # Somebody of us is at it, and it takes long.
            raise self.address.starting(again=self._connection is not None)
        try:
            tries = 0
            while True:
                connection = self._live()
                if connection is not None:
                    return connection
                if self._closed:
                    raise ArgonError(
                        "CLOSED", "this client has been closed", next=["make a new argon.Client()"]
                    )
                try:
                    self.address.ensure(max(0.1, until - time.monotonic()), asked=asked)
                    self._connection = self._greeted()
                except Dropped:
                    pause = BACK_OFF_SECONDS[min(tries, len(BACK_OFF_SECONDS) - 1)] * random.uniform(0.5, 1)
                    if time.monotonic() + pause > until:
                        raise self.address.unavailable() from None
                    tries += 1
                    time.sleep(pause)
        finally:
            self._connecting.release()

    def _greeted(self) -> Connection:
        connection = Connection(self.address, self.kind, self._tell, self._lost)
        try:
            for greeting in self._greetings:
                greeting(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _tell(self, event: dict[str, Any]) -> None:
        for listener in list(self._listeners):
            with contextlib.suppress(Exception):
                listener(event)

    def _lost(self, connection: Connection) -> None:
        if connection is not self._connection or self._closed or not self._keep:
            return
        if self._healing is None or not self._healing.is_alive():
            self._healing = threading.Thread(target=self._heal, name="argon-heal", daemon=True)
            self._healing.start()

    def _heal(self) -> None:
        until = time.monotonic() + HEAL_SECONDS_MAX
        tries = 0
        while not self._closed and time.monotonic() < until:
            # What stands in the way is told by the next request, in words.
            with contextlib.suppress(ArgonError, OSError):
                self.connect(time.monotonic() + WAIT_SECONDS_MAX, asked=False)
                return
            time.sleep(BACK_OFF_SECONDS[min(tries, len(BACK_OFF_SECONDS) - 1)] * random.uniform(0.5, 1))
            tries += 1


def _result(future: Future[Any], end: float | None) -> Any:
    return future.result(None if end is None else max(0.0, end - time.monotonic()))
