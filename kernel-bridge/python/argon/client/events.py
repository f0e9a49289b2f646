"""Changes as they happen."""

from __future__ import annotations

import queue
from collections.abc import Callable
from types import TracebackType
from typing import Any, cast

from ..protocol import ProtocolEvent
from ..rpc import Link
from ..rpc.connection import Connection


class Events:
    """An iterator over the events of one project, or of all; it waits for the next one.

    It goes on after the bridge was restarted; what happened while it was away is to be read from the log.

    Example:
        >>> with client.events("churn") as events:
        ...     for event in events:
        ...         print(event["type"])
    """

    def __init__(self, link: Link, project: str | None, on_event: Callable[[], None] | None = None) -> None:
        """
        Args:
            link: how to come to the bridge.
            project: of which project; None: of all.
            on_event: called when there is something to take, on the reading thread.
        """
        # A connection of its own: events carry no subscription id, and must not come twice.
        self._link = Link(link.address, link.kind)
        self._project = project
        self._queue: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._closed = False
        self._on_event = on_event
        self._link.listen(self._arrived)
        self._link.keep()
        self._link.greet(self._subscribe)
        _ = self._link.hello

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def _arrived(self, event: dict[str, Any] | None) -> None:
        self._queue.put(event)
        if self._on_event is not None:
            self._on_event()

    def _subscribe(self, connection: Connection) -> None:
        params = {} if self._project is None else {"project": self._project}
        connection.send("subscribe", params).result(10)

    def __iter__(self) -> Events:
        return self

    def __next__(self) -> ProtocolEvent:
        event = self.next(None)
        if event is None:
            raise StopIteration
        return event

    def next(self, seconds: float | None = None) -> ProtocolEvent | None:
        """The next event, or None when none came within `seconds` or the iterator was closed."""
        if self._closed:
            return None
        try:
            return cast("ProtocolEvent | None", self._queue.get(seconds != 0, seconds))
        except queue.Empty:
            return None

    def close(self) -> None:
        """Ends the subscription."""
        if self._closed:
            return
        self._closed = True
        self._arrived(None)
        self._link.close()

    def __enter__(self) -> Events:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
