"""The link to the bridge, for coroutines."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any

from ..errors import ArgonError
from ..rpc import Link
from ..rpc.connection import Dropped
from ..rpc.tries import WAIT_SECONDS_MAX, Tries


async def call(
    link: Link,
    method: str,
    params: dict[str, Any] | None = None,
    *,
    wait: float = WAIT_SECONDS_MAX,
    deadline: float | None = None,
) -> Any:
    """As `Link.call`, without holding up the loop. A cancelled coroutine leaves its reply to nobody.

    Raises:
        ArgonError: what the bridge answered; `BRIDGE_UNAVAILABLE`; `OUTCOME_UNKNOWN`.
    """
    tries = Tries(method, params or {}, wait, deadline)
    while True:
        # Connecting and sending may block; the reply comes by itself.
        connection = await asyncio.to_thread(link.connect, tries.until)
        try:
            reply = asyncio.wrap_future(await asyncio.to_thread(connection.send, method, tries.params))
            return await _until(reply, tries.end)
        except (Dropped, FutureTimeout, ArgonError) as error:
            if tries.took_effect(error):
                return await asyncio.to_thread(tries.outcome, link.call)


async def _until(reply: asyncio.Future[Any], end: float | None) -> Any:
    if end is None:
        return await reply
    try:
        return await asyncio.wait_for(reply, max(0.0, end - time.monotonic()))
    except asyncio.TimeoutError:
        raise FutureTimeout from None
