"""Changes as they happen, for coroutines."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import TracebackType

from ..client.events import Events
from ..protocol import ProtocolEvent
from ..rpc import Link


class AsyncEvents:
    """An asynchronous iterator over the events of one project, or of all.

    It goes on after the bridge was restarted; what happened while it was away is to be read from the log.

    Example:
        >>> async with client.events("churn") as events:
        ...     async for event in events:
        ...         print(event["type"])
    """

    def __init__(self, link: Link, project: str | None) -> None:
        self._link = link
        self._project = project
        self._events: Events | None = None
        self._arrived = asyncio.Event()

    async def open(self) -> AsyncEvents:
        """Subscribes; `async with` and the first event that is asked for do it by themselves.

        Raises:
            ArgonError: `BRIDGE_UNAVAILABLE`, `PROJECT_NOT_FOUND`.
        """
        if self._events is None:
            loop = asyncio.get_running_loop()

            def arrived() -> None:
                # A loop that has ended has nobody to tell.
                with suppress(RuntimeError):
                    loop.call_soon_threadsafe(self._arrived.set)

            self._events = await asyncio.to_thread(Events, self._link, self._project, arrived)
        return self

    def __aiter__(self) -> AsyncEvents:
        return self

    async def __anext__(self) -> ProtocolEvent:
        event = await self.next(None)
        if event is None:
            raise StopAsyncIteration
        return event

    async def next(self, seconds: float | None = None) -> ProtocolEvent | None:
        """The next event, or None when none came within `seconds` or the iterator was closed."""
        await self.open()
        assert self._events is not None
        end = None if seconds is None else asyncio.get_running_loop().time() + seconds
        while True:
            self._arrived.clear()
            event = self._events.next(0)
            if event is not None or self._events.closed:
                return event
            left = None if end is None else end - asyncio.get_running_loop().time()
            try:
                await asyncio.wait_for(self._arrived.wait(), left)
            except asyncio.TimeoutError:
                return None

    async def close(self) -> None:
        """Ends the subscription."""
        if self._events is not None:
            await asyncio.to_thread(self._events.close)
            self._arrived.set()

    async def __aenter__(self) -> AsyncEvents:
        return await self.open()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
